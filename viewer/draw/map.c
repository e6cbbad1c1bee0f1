/* SPDX-License-Identifier: MIT */
/* map.c - the view `map`: the heap's address space at one moment. */
#include "map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *zoom;

static const struct option_row map_options[] = {
	{0, "zoom", &option_text, &zoom, "A..B", "only the addresses from A up to B, in hex"},
	OPTION_END,
};

/* The table is of the whole heap. */
static const char *map_idle(enum form form)
{
	return zoom && form & (FORM_JSON | FORM_CSV) ? "--zoom" : NULL;
}

/* --- loading -------------------------------------------------------------------------------- */

static struct moment map_moment(struct map *m, struct scope *s, const struct options *o)
{
	bool peak = o->at.kind == WHEN_NONE || o->at.kind == WHEN_PEAK;

	snprintf(m->why, sizeof(m->why), "%s",
	         s->at.seq                ? s->why
	         : peak                   ? "at the peak of its extent"
	         : o->at.kind == WHEN_END ? "at the end"
	                                  : "");
	return s->at.seq ? s->at : peak ? snapshot_peak(s) : scope_moment(s, &o->at, WHEN_END);
}

static void map_describe(struct map *m, const struct scope *s)
{
	const struct snapshot *n = &m->snapshot;

	m->who = s->who;
	m->loss = s->loss;
	snprintf(m->when, sizeof(m->when), "after %s, fact %s of %s, %s asked for so far",
	         text_span((double)(n->moment.time - s->start)).text,
	         count_text(n->moment.seq).text, count_text(s->last_seq).text,
	         text_size((double)n->asked).text);
}

static enum status zoom_apply(struct map *m)
{
	uint64_t from, to;
	size_t length = strlen(m->when);
	char *rest;

	from = strtoull(zoom, &rest, 16);
	if (strncmp(rest, "..", 2) || (to = strtoull(rest + 2, &rest, 16)) <= from || *rest)
		return msg_fail(STATUS_USAGE, "--zoom wants two addresses, A..B: zoom=\"%s\"",
		                zoom);
	heapmap_clip(&m->snapshot.heap, from, to);
	snprintf(m->when + length, sizeof(m->when) - length,
	         "; only %#" PRIx64 "..%#" PRIx64 " is drawn", from, to);
	if (!m->snapshot.heap.spans)
		return msg_fail(STATUS_USAGE,
		                "no heap at these addresses at that moment: zoom=\"%s\"", zoom);
	return STATUS_OK;
}

static enum status map_load(struct viewing *v)
{
	struct map *m = v->data;
	enum status status;

	status = snapshot_load(&m->snapshot, v->scope, map_moment(m, v->scope, v->options));
	if (status)
		return status;
	map_describe(m, v->scope);
	return zoom ? zoom_apply(m) : STATUS_OK;
}

static void map_release(void *data)
{
	struct map *m = data;

	snapshot_release(&m->snapshot);
}

static const char *map_missing(const void *data)
{
	const struct map *m = data;

	return m->snapshot.heap.split.extent ? NULL : "the heap is empty at that moment";
}

/* --- the table ------------------------------------------------------------------------------ */

static void split_row(struct sheet *t, const char *part, int64_t bytes, int64_t extent,
                      const char *meaning)
{
	sheet_text(t, "%s", part);
	sheet_bytes(t, bytes);
	sheet_integer(t, bytes);
	sheet_ratio(t, (double)bytes / (double)extent);
	sheet_text(t, "%s", meaning);
}

static enum status map_table(const struct viewing *v, struct sheet *t)
{
	const struct map *m = v->data;
	const struct heapmap *heap = &m->snapshot.heap;
	const struct sample *s = &heap->split;

	sheet_init(t, "<part|>size=size_bytes|>bytes|>share=share_ratio|<what it is");
	split_row(t, "live", s->live, s->extent, "asked for by the program and not freed (L)");
	if (v->scope->single || (v->scope->window && !v->scope->moment))
		split_row(t, "selected", m->snapshot.chosen, s->extent,
		          "live, of the blocks that the options choose; in L");
	split_row(t, "slack", s->slack, s->extent, "usable beyond what was asked for");
	split_row(t, "headers", s->headers, s->extent, "the allocator's bookkeeping");
	if (s->tracer)
		split_row(t, "tracer", s->tracer, s->extent, "blocks of lttng-ust itself");
	if (m->snapshot.outside) {
		split_row(t, "free", s->pool_free + s->deferred + s->bins, s->extent,
		          "free, wherever the allocator keeps it");
	} else {
		split_row(t, "pool slots", s->pool_free, s->extent, "free objects in pools");
		split_row(t, "deferred", s->deferred, s->extent, "freed, not yet merged");
		split_row(t, "bins", s->bins, s->extent, "free chunks");
	}
	split_row(t, "top", s->top, s->extent, "free, at the end of the break");
	split_row(t, "extent", s->extent, s->extent,
	          "all that came from the system; sum of the above");
	if (s->tracer)
		split_row(t, "H", s->extent - s->tracer, s->extent,
		          "extent less the tracer's blocks");
	sheet_note(t,
	           "%" PRId64 " live blocks; largest free run %s; %s of the free part returned to "
	           "the system",
	           s->blocks, text_size((double)s->largest_free).text,
	           text_size((double)heap->returned).text);
	return STATUS_OK;
}

const struct view view_map = {
	VIEW_COMMAND(
		"map", "the address space at one moment",
		"The heap at one moment, by default at the peak of its extent. Address space runs from\n"
		"left to right, then down; regions far apart start rows of their own. Each colour's area\n"
		"is its share of the bytes; a chunk's header and slack are drawn with it and told apart\n"
		"in the table. Live blocks that the options do not select keep their place, in a colour\n"
		"of their own.",
		"map t.db\n"
		"map t.db --at 20% -o map.svg\n"
		"map t.db --at end --min-size 1K",
		map_options, picture_options),
	.idle = map_idle,
	.heap = true,
	.size = sizeof(struct map),
	.load = map_load,
	.release = map_release,
	.missing = map_missing,
	.tables = {"split"},
	.table = map_table,
	.text = map_print,
	.pair = "Heap maps, base on the left, new on the right, at the same bytes per pixel, at the "
		"same point of the program. Address space runs from left to right, then down; each "
		"colour's area is its share of the bytes. Of an allocator traced from outside only "
		"live, free and top are known.",
	.plot_size = map_plot_size,
	.plot = map_plot,
};

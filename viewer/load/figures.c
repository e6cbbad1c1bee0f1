/* SPDX-License-Identifier: MIT */
/* figures.c - peaks and timeline; see figures.h. */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

static const char *const figure_names[FIGURES] = {
	[FIGURE_LIVE] = "live",
	[FIGURE_USABLE] = "usable",
	[FIGURE_EXTENT] = "extent",
	[FIGURE_HEAP] = "heap",
	[FIGURE_FREE] = "free",
	[FIGURE_BLOCKS] = "blocks",
	[FIGURE_EXTERNAL] = "external",
	[FIGURE_WASTE] = "waste",
	[FIGURE_HEADERS] = "headers",
	[FIGURE_DEFERRED] = "deferred",
	[FIGURE_POOL_FREE] = "pool_free",
	[FIGURE_TOP] = "top",
	[FIGURE_TRACER] = "tracer",
	[FIGURE_RSS_ANON] = "rss_anon",
	[FIGURE_HEAP_RESIDENT] = "heap_resident",
};

static int64_t free_bytes(const struct sample *s)
{
	return s->pool_free + s->deferred + s->bins + s->top;
}

/* External fragmentation is 1 - largest/free: the figures are compared as doubles, all alike. */
static void all_figures(const struct sample *s, double v[FIGURES])
{
	int64_t unused = free_bytes(s);

	v[FIGURE_LIVE] = (double)s->live;
	v[FIGURE_USABLE] = (double)(s->live + s->slack);
	v[FIGURE_EXTENT] = (double)s->extent;
	v[FIGURE_HEAP] = (double)(s->extent - s->tracer);
	v[FIGURE_FREE] = (double)unused;
	v[FIGURE_BLOCKS] = (double)s->blocks;
	v[FIGURE_EXTERNAL] = unused > 0 ? 1 - (double)s->largest_free / (double)unused : 0;
	v[FIGURE_WASTE] = (double)(s->extent - s->tracer - s->live);
	v[FIGURE_HEADERS] = (double)s->headers;
	v[FIGURE_DEFERRED] = (double)s->deferred;
	v[FIGURE_POOL_FREE] = (double)s->pool_free;
	v[FIGURE_TOP] = (double)s->top;
	v[FIGURE_TRACER] = (double)s->tracer;
	v[FIGURE_RSS_ANON] = s->rss_anon == DB_NULL ? 0 : (double)s->rss_anon;
	v[FIGURE_HEAP_RESIDENT] = s->heap_resident == DB_NULL ? 0 : (double)s->heap_resident;
}

void figures_init(struct figures *f)
{
	memset(f, 0, sizeof(*f));
	f->step_width = 1;
}

void figures_release(struct figures *f)
{
	free(f->steps);
	figures_init(f);
}

static void note_peaks(struct figures *f, const struct sample *s)
{
	double v[FIGURES];

	all_figures(s, v);
	for (int i = 0; i < FIGURES; i++) {
		if (v[i] > f->peak[i].value || !f->any) {
			f->peak[i].value = v[i];
			f->peak[i].at = *s;
		}
	}
	f->any = true;
}

/* Of two states with the same value the earlier one is kept. */
static void step_note(struct step *t, const struct sample *s)
{
	if (s->live < t->kept[KEEP_LIVE_MIN].live)
		t->kept[KEEP_LIVE_MIN] = *s;
	if (s->live > t->kept[KEEP_LIVE_MAX].live)
		t->kept[KEEP_LIVE_MAX] = *s;
	if (s->extent < t->kept[KEEP_EXTENT_MIN].extent)
		t->kept[KEEP_EXTENT_MIN] = *s;
	if (s->extent > t->kept[KEEP_EXTENT_MAX].extent)
		t->kept[KEEP_EXTENT_MAX] = *s;
	if (free_bytes(s) > free_bytes(&t->kept[KEEP_FREE_MAX]))
		t->kept[KEEP_FREE_MAX] = *s;
	t->kept[KEEP_LAST] = *s;
}

static void join_steps(struct figures *f)
{
	for (uint32_t i = 0; i < f->step_count / 2; i++) {
		struct step joined = f->steps[2 * i];

		/* The later step's kept states, its last one last. */
		for (int k = 0; k < KEEPS; k++)
			step_note(&joined, &f->steps[2 * i + 1].kept[k]);
		f->steps[i] = joined;
	}
	f->step_count /= 2;
	f->step_width *= 2;
}

static int new_step(struct figures *f, const struct sample *s)
{
	if (f->step_count == STEPS_MAX)
		join_steps(f);
	if (f->step_count == f->step_room) {
		uint32_t room = f->step_room ? 4 * f->step_room : 16;
		struct step *steps = realloc(f->steps, room * sizeof(*steps));

		if (!steps)
			return -1;
		f->steps = steps;
		f->step_room = room;
	}
	for (int k = 0; k < KEEPS; k++)
		f->steps[f->step_count].kept[k] = *s;
	f->step_count++;
	f->in_step = 1;
	return 0;
}

int figures_add(struct figures *f, const struct sample *s)
{
	note_peaks(f, s);
	if (!f->step_count || f->in_step == f->step_width)
		return new_step(f, s);
	f->in_step++;
	step_note(&f->steps[f->step_count - 1], s);
	return 0;
}

static int compare_samples(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void store_sample(const struct sample *s, int64_t process, struct bulk *timeline)
{
	const int64_t row[] = {
		process,         s->seq,       s->time,     s->live,          s->slack,  s->tracer,
		s->headers,      s->pool_free, s->deferred, s->bins,          s->top,    s->extent,
		s->largest_free, s->asked,     s->rss_anon, s->heap_resident, s->blocks,
	};

	bulk_add(timeline, row);
}

/* Kept states and peaks, each once, in order. */
static void store_timeline(struct figures *f, int64_t process, struct bulk *timeline)
{
	size_t n = 0, room = (size_t)f->step_count * KEEPS + FIGURES;
	struct sample *all = malloc(room * sizeof(*all));

	if (!all) {
		db_fail(bulk_db(timeline), "cannot keep the timeline");
		return;
	}
	for (uint32_t i = 0; i < f->step_count; i++)
		for (int k = 0; k < KEEPS; k++)
			all[n++] = f->steps[i].kept[k];
	for (int i = 0; i < FIGURES; i++)
		all[n++] = f->peak[i].at;
	qsort(all, n, sizeof(*all), compare_samples);
	for (size_t i = 0; i < n; i++)
		if (!i || all[i].seq != all[i - 1].seq)
			store_sample(&all[i], process, timeline);
	free(all);
}

void figures_store(struct figures *f, int64_t process, struct figures_tables *tables)
{
	if (!f->any)
		return;
	store_timeline(f, process, tables->timeline);
	for (int i = 0; i < FIGURES; i++) {
		struct query *q = tables->peak;

		db_bind_int(q, 1, process);
		db_bind_text(q, 2, figure_names[i]);
		db_bind_real(q, 3, f->peak[i].value);
		db_bind_int(q, 4, f->peak[i].at.seq);
		db_bind_int(q, 5, f->peak[i].at.time);
		db_run(q);
	}
}

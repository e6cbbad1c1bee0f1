/* SPDX-License-Identifier: MIT */
/*
 * heapmap.c - spans, split, layout and cells of a heap at one moment; see heapmap.h.
 */
#include "heapmap.h"

#include <stdlib.h>
#include <string.h>

const struct heap_look heap_looks[HEAP_STATES] = {
	[HEAP_LIVE_64] = {"live, up to 64 B", "#9ecae1", "░", 'a', 117},
	[HEAP_LIVE_1K] = {"live, up to 1 KiB", "#4a98c9", "▒", 'b', 74},
	[HEAP_LIVE_64K] = {"live, up to 64 KiB", "#1f5fa6", "▓", 'c', 25},
	[HEAP_LIVE_BIG] = {"live, larger", "#08306b", "█", 'd', 18},
	[HEAP_OTHER] = {"live, not selected", "#d5dde6", "=", '=', 252},
	[HEAP_TRACER] = {"tracer's own", "#a6761d", "u", 'u', 130},
	[HEAP_HEADER] = {"pool headers, bookkeeping", "#636363", "h", 'h', 241},
	[HEAP_POOL_FREE] = {"pool slot, free", "#f0e442", "o", 'o', 227},
	[HEAP_DEFERRED] = {"deferred", "#cc79a7", "x", 'x', 175},
	[HEAP_FREE] = {"free", "#e69f00", "·", '.', 214},
	[HEAP_TOP] = {"top", "#7fcdae", "-", '-', 115},
	[HEAP_RETURNED] = {"free, returned", "#b8bcc2", "~", '~', 250},
	[HEAP_UNMAPPED] = {"not of the heap", "#f3f4f6", " ", ' ', 255},
};

enum heap_state heap_live_state(uint64_t size)
{
	return size <= 64          ? HEAP_LIVE_64
	       : size <= 1024      ? HEAP_LIVE_1K
	       : size <= 64 * 1024 ? HEAP_LIVE_64K
	                           : HEAP_LIVE_BIG;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- spans ---------------------------------------------------------------------------------- */

static bool span_add(struct heapmap *heap, uint64_t from, uint64_t to, enum heap_state state)
{
	struct heap_span *last = heap->spans ? &heap->span[heap->spans - 1] : NULL;

	if (from >= to)
		return true;
	if (last && last->state == state && last->address + last->length == from) {
		last->length += to - from;
		return true;
	}
	if (heap->spans == heap->room) {
		size_t room = heap->room ? 2 * heap->room : 1024;
		struct heap_span *span = realloc(heap->span, room * sizeof(*span));

		if (!span)
			return false;
		heap->span = span;
		heap->room = room;
	}
	heap->span[heap->spans++] = (struct heap_span){from, to - from, state};
	return true;
}

/* Where the building stands: every array is walked once, from low addresses to high ones. */
struct build {
	uint64_t top_end; /* a free run that ends here is top, 0 none */
	struct heapmap *heap;
	const struct heap_input *in;
	size_t pool, returned;
};

/* A run that no pool and no block claims. */
static bool free_add(struct build *b, uint64_t from, uint64_t to)
{
	struct sample *split = &b->heap->split;
	enum heap_state state = to == b->top_end ? HEAP_TOP : HEAP_FREE;
	const struct heap_input *in = b->in;
	bool ok = true;

	if (from >= to)
		return true;
	*(state == HEAP_TOP ? &split->top : &split->bins) += (int64_t)(to - from);
	if ((int64_t)(to - from) > split->largest_free)
		split->largest_free = (int64_t)(to - from);
	while (ok && from < to) {
		const struct heap_piece *r;
		uint64_t end;

		while (b->returned < in->returneds &&
		       in->returned[b->returned].address + in->returned[b->returned].length <= from)
			b->returned++;
		r = b->returned < in->returneds ? &in->returned[b->returned] : NULL;
		if (!r || r->address >= to)
			return span_add(b->heap, from, to, state);
		ok = span_add(b->heap, from, max64(from, r->address), state);
		from = max64(from, r->address);
		end = min64(to, r->address + r->length);
		ok = ok && span_add(b->heap, from, end, HEAP_RETURNED);
		b->heap->returned += (int64_t)(end - from);
		from = end;
	}
	return ok;
}

/* The part [from, to) of a pool that no block claims: its header, free slots, its odd end. */
static bool pool_add(struct build *b, const struct heap_piece *p, uint64_t from, uint64_t to)
{
	uint64_t slots = p->address + p->offset;
	uint64_t slots_end = p->capacity ? slots + p->capacity * p->object : slots;
	uint64_t a = min64(max64(slots, from), to), z = max64(a, min64(slots_end, to));

	b->heap->split.headers += (int64_t)((a - from) + (to - z));
	b->heap->split.pool_free += (int64_t)(z - a);
	return span_add(b->heap, from, a, HEAP_HEADER) && span_add(b->heap, a, z, HEAP_POOL_FREE) &&
	       span_add(b->heap, z, to, HEAP_HEADER);
}

static bool gap_add(struct build *b, uint64_t from, uint64_t to)
{
	const struct heap_input *in = b->in;

	while (from < to) {
		const struct heap_piece *p;
		uint64_t end;

		while (b->pool < in->pools &&
		       in->pool[b->pool].address + in->pool[b->pool].length <= from)
			b->pool++;
		p = b->pool < in->pools ? &in->pool[b->pool] : NULL;
		if (!p || p->address >= to)
			return free_add(b, from, to);
		if (p->address > from && !free_add(b, from, p->address))
			return false;
		from = max64(from, p->address);
		end = min64(to, p->address + p->length);
		if (!pool_add(b, p, from, end))
			return false;
		from = end;
	}
	return true;
}

/* A cut leaf, which only a lossy trace has, keeps its header first, then its asked bytes. */
static bool leaf_add(struct build *b, const struct heap_leaf *leaf, uint64_t from, uint64_t to)
{
	struct sample *split = &b->heap->split;
	uint64_t whole = to - from, header = min64(leaf->header, whole);
	uint64_t asked = min64(leaf->asked, whole - header);

	if (leaf->state == HEAP_DEFERRED) {
		split->deferred += (int64_t)whole;
	} else {
		split->headers += (int64_t)header;
		if (leaf->state == HEAP_TRACER) {
			split->tracer += (int64_t)(whole - header);
		} else {
			split->live += (int64_t)asked;
			split->slack += (int64_t)(whole - header - asked);
			split->blocks++;
		}
	}
	return span_add(b->heap, from, to, leaf->state);
}

static size_t extents_join(struct heap_piece *extent, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		struct heap_piece *last = n ? &extent[n - 1] : NULL;
		uint64_t end = extent[i].address + extent[i].length;

		if (last && extent[i].address <= last->address + last->length &&
		    last->is_brk == extent[i].is_brk)
			last->length = max64(last->length, end - last->address);
		else
			extent[n++] = extent[i];
	}
	return n;
}

/* Where top ends: at the break, or at the bookkeeping with which the allocator ends its heap. */
static uint64_t top_end(const struct heap_input *in, uint64_t break_end)
{
	size_t i;

	for (i = 0; i < in->pools; i++)
		if (!in->pool[i].capacity && in->pool[i].address + in->pool[i].length == break_end)
			return in->pool[i].address;
	return break_end;
}

bool heapmap_build(struct heapmap *heap, struct heap_input *in)
{
	struct build b = {.heap = heap, .in = in};
	size_t e, l = 0;

	*heap = (struct heapmap){0};
	in->extents = extents_join(in->extent, in->extents);
	for (e = 0; e < in->extents; e++)
		if (in->extent[e].is_brk) {
			if (!heap->brk_to)
				heap->brk_from = in->extent[e].address;
			heap->brk_to = in->extent[e].address + in->extent[e].length;
		}
	b.top_end = top_end(in, heap->brk_to);
	for (e = 0; e < in->extents; e++) {
		uint64_t at = in->extent[e].address, end = at + in->extent[e].length;

		heap->split.extent += (int64_t)(end - at);
		for (; l < in->leaves && in->leaf[l].address < end; l++) {
			const struct heap_leaf *leaf = &in->leaf[l];
			uint64_t leaf_end = leaf->address + leaf->header + leaf->usable;

			if (leaf_end <= at)
				continue;
			if (leaf->address > at && !gap_add(&b, at, leaf->address))
				return false;
			at = max64(at, leaf->address);
			leaf_end = min64(leaf_end, end);
			if (!leaf_add(&b, leaf, at, leaf_end))
				return false;
			at = leaf_end;
		}
		if (!gap_add(&b, at, end))
			return false;
	}
	return true;
}

void heapmap_release(struct heapmap *heap)
{
	free(heap->span);
	*heap = (struct heapmap){0};
}

void heapmap_clip(struct heapmap *heap, uint64_t from, uint64_t to)
{
	size_t i, n = 0;

	for (i = 0; i < heap->spans; i++) {
		struct heap_span s = heap->span[i];
		uint64_t a = max64(s.address, from), z = min64(s.address + s.length, to);

		if (a < z)
			heap->span[n++] = (struct heap_span){a, z - a, s.state};
	}
	heap->spans = n;
}

/* --- layout --------------------------------------------------------------------------------- */

/* So many rows of each end of a broken run stay. */
enum {
	END_ROWS = 2,
	OUTLIERS = 8,
	OUTLIERS_OUTWEIGH = 16,
	WORTH_SEEING = 65536
};

static struct heap_segment *segment_extend(struct heap_segment *out, size_t *count,
                                           uint64_t address, uint64_t length, uint64_t row_bytes)
{
	struct heap_segment *last = *count ? &out[*count - 1] : NULL;

	/* Gaps below half a row are shown, wider ones are not. */
	if (last && address - (last->address + last->length) < row_bytes / 2) {
		last->length = address + length - last->address;
		return last;
	}
	out[*count] = (struct heap_segment){.address = address, .length = length};
	return &out[(*count)++];
}

/* Joins spans to stretches of addresses. `out` has room for two segments a span. */
static size_t segments_find(const struct heapmap *heap, uint64_t row_bytes, uint64_t huge,
                            struct heap_segment *out)
{
	uint64_t kept = END_ROWS * row_bytes;
	size_t i, n = 0;

	for (i = 0; i < heap->spans; i++) {
		const struct heap_span *s = &heap->span[i];

		if (!huge || s->length < huge || s->length <= 2 * kept) {
			segment_extend(out, &n, s->address, s->length, row_bytes);
			continue;
		}
		segment_extend(out, &n, s->address, kept, row_bytes);
		out[n++] = (struct heap_segment){.address = s->address + s->length - kept,
		                                 .length = kept,
		                                 .skipped = s->length - 2 * kept};
	}
	return n;
}

/* A blank row parts a segment from its predecessor: another region, or a break in the same. */
static bool is_far(const struct heap_segment *s)
{
	return s->skipped || s->address - (s[-1].address + s[-1].length) > (uint64_t)1 << 30;
}

/* A segment begins a row of its own, unless it and its small neighbour fit into one together. */
static int segments_place(struct heap_segment *segment, size_t count, uint64_t row_bytes,
                          int columns)
{
	uint64_t cell = row_bytes / (uint64_t)columns;
	int row = 0, used = 0; /* used: columns of the row that are taken, -1 it cannot be shared */
	size_t i;

	for (i = 0; i < count; i++) {
		struct heap_segment *s = &segment[i];
		int cells = (int)min64((s->length + cell - 1) / cell, INT32_MAX);

		if (i && (used < 0 || cells > columns - used - 2 || is_far(s))) {
			row += is_far(s) ? 2 : 1;
			used = 0;
		}
		s->row = row;
		s->column = used ? used + 2 : 0;
		if (s->length > row_bytes) {
			row += (int)((s->length - 1) / row_bytes);
			used = -1;
		} else {
			used = s->column + cells;
		}
	}
	return count ? row + 1 : 0;
}

bool heap_layout_init(struct heap_layout *l, const struct heapmap *heap, int columns, int max_rows,
                      uint64_t row_bytes, uint64_t huge)
{
	bool fixed = row_bytes != 0;

	*l = (struct heap_layout){.columns = columns};
	l->segment = calloc(2 * heap->spans + 1, sizeof(*l->segment));
	if (!l->segment)
		return false;
	l->row_bytes = fixed ? row_bytes : 8 * (uint64_t)columns;
	for (;; l->row_bytes *= 2) {
		l->segments = segments_find(heap, l->row_bytes, huge, l->segment);
		l->rows = segments_place(l->segment, l->segments, l->row_bytes, columns);
		if (fixed || l->rows <= max_rows || l->row_bytes >> 46)
			break;
	}
	l->cell_bytes = l->row_bytes / (uint64_t)columns;
	return true;
}

uint64_t heapmap_huge(const struct heapmap *heap)
{
	uint64_t greatest[OUTLIERS] = {0}, total = 0, rest;
	size_t i, k;

	for (i = 0; i < heap->spans; i++) {
		uint64_t length = heap->span[i].length;

		total += length;
		for (k = 0; k < OUTLIERS; k++)
			if (length > greatest[k]) {
				uint64_t smaller = greatest[k];

				greatest[k] = length;
				length = smaller;
			}
	}
	for (k = 0, rest = total; k < OUTLIERS && greatest[k] > total / OUTLIERS_OUTWEIGH; k++) {
		rest -= greatest[k];
		if (rest < total / OUTLIERS_OUTWEIGH)
			return rest < WORTH_SEEING ? 0 : greatest[k];
	}
	return 0;
}

uint64_t heap_layout_skipped(const struct heap_layout *l)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < l->segments; i++)
		bytes += l->segment[i].skipped;
	return bytes;
}

void heap_layout_release(struct heap_layout *l)
{
	free(l->segment);
	*l = (struct heap_layout){0};
}

/* --- cells ---------------------------------------------------------------------------------- */

/* The carried bytes of each state, and the cell that is being filled. */
struct painter {
	int64_t credit[HEAP_STATES];
	uint64_t filled; /* bytes of the current cell */
	uint64_t cell_bytes;
	unsigned char *cell, *end;
};

static void cell_settle(struct painter *p)
{
	int s, best = 0;

	for (s = 1; s < HEAP_STATES; s++)
		if (p->credit[s] > p->credit[best])
			best = s;
	if (p->cell < p->end)
		*p->cell++ = (unsigned char)best;
	p->credit[best] -= (int64_t)p->cell_bytes;
	p->filled = 0;
}

static void paint(struct painter *p, enum heap_state state, uint64_t bytes)
{
	while (bytes) {
		uint64_t n = min64(bytes, p->cell_bytes - p->filled);

		p->credit[state] += (int64_t)n;
		p->filled += n;
		bytes -= n;
		if (p->filled == p->cell_bytes)
			cell_settle(p);
	}
}

/* Returns the first span that may lie in the next segment. */
static size_t segment_paint(const struct heapmap *heap, size_t i, const struct heap_segment *s,
                            struct painter *p)
{
	uint64_t at = s->address, end = s->address + s->length;

	for (; i < heap->spans && heap->span[i].address < end; i++) {
		uint64_t from = max64(heap->span[i].address, at);
		uint64_t to = min64(heap->span[i].address + heap->span[i].length, end);

		if (to <= from)
			continue;
		paint(p, HEAP_UNMAPPED, from - at);
		paint(p, heap->span[i].state, to - from);
		at = to;
		if (heap->span[i].address + heap->span[i].length > end)
			break; /* the rest of it lies behind a break */
	}
	if (p->filled) /* the last cell is part of the segment to a part only */
		cell_settle(p);
	return i;
}

unsigned char *heapmap_cells(const struct heapmap *heap, const struct heap_layout *l)
{
	size_t size = (size_t)l->rows * (size_t)l->columns, span = 0, i;
	unsigned char *cells = malloc(size ? size : 1);

	if (!cells)
		return NULL;
	memset(cells, HEAP_UNMAPPED, size);
	for (i = 0; i < l->segments; i++) {
		const struct heap_segment *s = &l->segment[i];
		struct painter p = {
			.cell_bytes = l->cell_bytes,
			.cell = cells + (size_t)s->row * (size_t)l->columns + s->column,
			.end = cells + size,
		};

		span = segment_paint(heap, span, s, &p);
	}
	return cells;
}

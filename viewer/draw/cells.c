/* SPDX-License-Identifier: MIT */
/*
 * cells.c - layout and cells of a heap map; see cells.h.
 */
#include "cells.h"

#include <assert.h>
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

	assert(columns > 0 && row_bytes % (uint64_t)columns == 0);
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
	assert(p->filled <= p->cell_bytes);
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

/* --- scale --------------------------------------------------------------------------------- */

static bool scale_of(const struct heapmap *const heaps[], int count, int columns, int rows,
                     bool broken, uint64_t *row_bytes)
{
	int i;

	*row_bytes = 0;
	for (i = 0; i < count; i++) {
		struct heap_layout l;
		bool ok = heap_layout_init(&l, heaps[i], columns, rows, 0,
		                           broken ? heapmap_huge(heaps[i]) : 0);

		*row_bytes = l.row_bytes > *row_bytes ? l.row_bytes : *row_bytes;
		heap_layout_release(&l);
		if (!ok)
			return false;
	}
	return true;
}

bool heap_layouts_fit(struct heap_layout *layouts, const struct heapmap *const heaps[], int count,
                      int columns, int rows)
{
	uint64_t whole, broken;
	bool ok = scale_of(heaps, count, columns, rows, false, &whole) &&
	          scale_of(heaps, count, columns, rows, true, &broken);
	bool breaks = ok && whole >= 8 * broken && whole >= 64 * 1024;
	int i;

	for (i = 0; ok && i < count; i++)
		ok = heap_layout_init(&layouts[i], heaps[i], columns, rows, breaks ? broken : whole,
		                      breaks ? heapmap_huge(heaps[i]) : 0);
	return ok;
}

/* --- rows ----------------------------------------------------------------------------------- */

uint64_t heap_row_address(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = l->segments; i-- > 0;) {
		const struct heap_segment *s = &l->segment[i];

		if (s->row < row)
			return s->address + (uint64_t)(row - s->row) * l->row_bytes;
		if (s->row == row && s->column == 0)
			return s->address;
	}
	return 0;
}

bool heap_row_is_blank(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = 0; i < l->segments; i++) {
		const struct heap_segment *s = &l->segment[i];

		if (s->row <= row && (uint64_t)(row - s->row) * l->row_bytes < s->length)
			return false;
	}
	return true;
}

const struct heap_segment *heap_row_segment(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = 0; i < l->segments; i++)
		if (l->segment[i].row == row && l->segment[i].column == 0)
			return &l->segment[i];
	return NULL;
}

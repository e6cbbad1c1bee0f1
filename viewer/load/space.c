/* SPDX-License-Identifier: MIT */
/* space.c - the address space of a heap; see heap.h. */
#include "heap.h"

#include <stdlib.h>

/* A set gave UINT64_MAX: no memory. Every function below returns -1 then, at once. */
#define NO_MEMORY UINT64_MAX

/* ---- pieces of address space with a beginning: extents, returned pages ---- */

static void piece_store(const struct heap *h, struct bulk *table, const struct range *r,
                        uint64_t start, uint64_t end, bool ended)
{
	const int64_t finish = or_null(h->now.time, ended), finish_seq = or_null(h->now.seq, ended);

	if (table == h->tables->extent)
		bulk_add(table, h->process, start, end - start, r->tag, r->time, finish, r->seq,
		         finish_seq);
	else
		bulk_add(table, h->process, start, end - start, r->time, finish, r->seq,
		         finish_seq);
}

/* A piece of a set, empty ones aside; `of` says what it is and since when. -1: out of memory. */
static int piece_insert(struct ranges *set, const struct range *of, uint64_t start, uint64_t end)
{
	struct range *r;

	if (start >= end)
		return 0;
	r = ranges_insert(set, start, end);
	if (!r)
		return -1;
	r->tag = of->tag;
	r->time = of->time;
	r->seq = of->seq;
	return 0;
}

static struct range as_of_now(const struct heap *h, int tag)
{
	return (struct range){.tag = tag, .time = h->now.time, .seq = h->now.seq};
}

/* Ends [start, end) of the pieces of a set; each part that ends gets its row. */
static int pieces_cut(struct heap *h, struct ranges *set, struct bulk *table, uint64_t start,
                      uint64_t end)
{
	struct range *r;

	while ((r = ranges_from(set, start)) && r->start < end) {
		uint64_t from = r->start > start ? r->start : start;
		uint64_t to = r->end < end ? r->end : end;
		int failed;

		piece_store(h, table, r, from, to, true);
		ranges_remove(set, r);
		/* What is left keeps the piece's beginning. */
		failed = piece_insert(set, r, r->start, from) || piece_insert(set, r, to, r->end);
		free(r);
		if (failed)
			return -1;
	}
	return 0;
}

/* ---- the extent ---- */

int space_add(struct heap *h, uint64_t start, uint64_t end, enum extent_kind kind)
{
	const struct range now = as_of_now(h, kind);

	h->top_known = false;
	while (start < end) {
		struct range *r = ranges_from(&h->extents, start);
		uint64_t gap_end = r && r->start < end ? r->start : end;

		if (start < gap_end) {
			if (piece_insert(&h->extents, &now, start, gap_end) ||
			    ranges_add(&h->free, start, gap_end) == NO_MEMORY)
				return -1;
			if (kind == EXTENT_IMPLIED)
				h->implied += (int64_t)(gap_end - start);
		}
		if (!r || r->start >= end)
			break;
		start = r->end;
	}
	return 0;
}

/* Most heaps have none. */
int space_forget_returned(struct heap *h, uint64_t start, uint64_t end)
{
	if (!h->returned.root)
		return 0;
	return pieces_cut(h, &h->returned, h->tables->returned, start, end);
}

/* Blocks that the trace has there become headers' negative. */
int space_cut(struct heap *h, uint64_t start, uint64_t end)
{
	uint64_t before = h->extents.total, freed;

	h->top_known = false;
	if (pieces_cut(h, &h->extents, h->tables->extent, start, end))
		return -1;
	if (space_forget_returned(h, start, end))
		return -1;
	freed = ranges_cut(&h->free, start, end);
	if (freed == NO_MEMORY)
		return -1;
	h->now.headers -= (int64_t)(before - h->extents.total) - (int64_t)freed;
	return 0;
}

int space_return(struct heap *h, uint64_t start, uint64_t end)
{
	const struct range now = as_of_now(h, 0);

	if (start < end && space_forget_returned(h, start, end))
		return -1;
	return piece_insert(&h->returned, &now, start, end);
}

/* Makes sure that [start, end) is extent: most often one lookup that says yes. */
static int cover(struct heap *h, uint64_t start, uint64_t end)
{
	const struct range *r = ranges_find(&h->extents, start);

	if (r && r->end >= end)
		return 0;
	return space_add(h, start, end, EXTENT_IMPLIED);
}

int space_occupy(struct heap *h, uint64_t start, uint64_t end, uint64_t *taken)
{
	h->top_known = false;
	if (cover(h, start, end))
		return -1;
	if (space_forget_returned(h, start, end))
		return -1;
	*taken = ranges_cut(&h->free, start, end);
	return *taken == NO_MEMORY ? -1 : 0;
}

/* Only where the extent still is. */
int space_vacate(struct heap *h, uint64_t start, uint64_t end, uint64_t chunk)
{
	uint64_t added = 0;

	h->top_known = false;
	while (start < end) {
		const struct range *r = ranges_from(&h->extents, start);
		uint64_t to;

		if (!r || r->start >= end)
			break;
		if (r->start > start)
			start = r->start;
		to = r->end < end ? r->end : end;
		uint64_t n = ranges_add(&h->free, start, to);

		if (n == NO_MEMORY)
			return -1;
		added += n;
		start = to;
	}
	h->now.headers += (int64_t)chunk - (int64_t)added;
	return 0;
}

/* ---- beginning and end ---- */

int space_copy(struct heap *child, struct ranges *to, const struct ranges *from)
{
	for (struct range *r = ranges_from(from, 0); r; r = ranges_from(from, r->end)) {
		const struct range now = as_of_now(child, r->tag);

		if (piece_insert(to, &now, r->start, r->end))
			return -1;
	}
	return 0;
}

static void store_pieces(const struct heap *h, const struct ranges *set, struct bulk *table)
{
	for (struct range *r = ranges_from(set, 0); r; r = ranges_from(set, r->end))
		piece_store(h, table, r, r->start, r->end, false);
}

void space_store(struct heap *h)
{
	store_pieces(h, &h->extents, h->tables->extent);
	store_pieces(h, &h->returned, h->tables->returned);
}

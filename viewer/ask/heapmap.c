/* SPDX-License-Identifier: MIT */
/*
 * heapmap.c - spans and split of a heap at one moment; see heapmap.h.
 */
#include "heapmap.h"
#include "cli/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum heap_state heap_live_state(uint64_t size)
{
	return size <= 64          ? HEAP_LIVE_64
	       : size <= 1024      ? HEAP_LIVE_1K
	       : size <= 64 * 1024 ? HEAP_LIVE_64K
	                           : HEAP_LIVE_BIG;
}

/* --- spans ---------------------------------------------------------------------------------- */

static bool span_add(struct heapmap *heap, uint64_t from, uint64_t to, enum heap_state state)
{
	struct heap_span *last = heap->spans ? &heap->span[heap->spans - 1] : NULL;

	if (from >= to)
		return true;
	assert(!last || last->address + last->length <= from);
	if (last && last->state == state && last->address + last->length == from) {
		last->length += to - from;
		return true;
	}
	if (!array_more(heap->span, heap->spans))
		return false;
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

	assert(sample_parts(&heap->split) == heap->split.extent);
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

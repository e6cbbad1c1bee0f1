/* SPDX-License-Identifier: MIT */
/* lives.c - the lives of blocks; see heap.h. */
#include "heap.h"

#include <stdlib.h>

static int64_t asked_of(const struct block *b)
{
	return (int64_t)(b->size == SIZE_UNKNOWN ? b->usable : b->size);
}

/* A block enters (+1) or leaves (-1) the sums. Its chunk's other bytes are headers. */
static void count(struct heap *h, const struct block *b, int sign)
{
	if (b->flags & FLAG_TRACER) {
		h->now.tracer += sign * (int64_t)b->usable;
	} else {
		h->now.live += sign * asked_of(b);
		h->now.slack += sign * ((int64_t)b->usable - asked_of(b));
		h->now.blocks += sign;
	}
	if (!b->pool)
		h->now.headers += sign * ((int64_t)b->chunk - (int64_t)b->usable);
	else if (b->pool->capacity)
		h->now.pool_free -= sign * (int64_t)b->usable;
	else
		h->now.headers -= sign * (int64_t)b->usable;
}

static void store_deferred(const struct heap *h, const struct block *b, bool ended)
{
	bulk_add(h->tables->deferred, h->process, b->start, b->end - b->start, b->since,
	         or_null(h->now.time, ended), b->since_seq, or_null(h->now.seq, ended));
}

/* The row of a lifetime; `f` is the fact that ended it, NULL: it goes on. Returns block.id. */
static int64_t store_block(struct heap *h, const struct block *b, const struct fact *f)
{
	bool known = f && fact_ends_block(f);
	bool call = known && f->effect == FACT_FREE; /* a realloc's latency is the new block's */
	uint32_t site = known ? calls_site(&h->calls, f->caller) : 0;
	int64_t id = ++h->tables->next_block;

	bulk_add(h->tables->block, id, h->process, b->ptr,
	         or_null(b->size, b->size != SIZE_UNKNOWN), b->usable, b->since,
	         or_null(h->now.time, f != NULL), b->since_seq, or_null(h->now.seq, f != NULL),
	         site_or_null(h, b->site), site_or_null(h, site), b->tid,
	         or_null(known ? f->tid : 0, known), b->latency,
	         or_null(call ? f->latency : 0, call), b->source, b->function,
	         or_null(known ? f->path : PATH_UNKNOWN, f != NULL), b->align,
	         b->pool ? 0 : b->ptr - b->start, b->flags, b->prior);
	return id;
}

static int end_deferred(struct heap *h, struct block *b)
{
	struct block copy = *b;

	store_deferred(h, b, true);
	h->now.deferred -= (int64_t)copy.chunk;
	index_remove(&h->blocks, b);
	return space_vacate(h, copy.start, copy.end, copy.chunk);
}

/* The chunk stays occupied until it is merged or handed out again. */
static void begin_deferred(struct heap *h, struct block *b)
{
	b->state = BLOCK_DEFERRED;
	b->since = h->now.time;
	b->since_seq = h->now.seq;
	h->now.deferred += (int64_t)b->chunk;
}

/* Ends a live block; *id, if not NULL, gets its block.id. */
int lives_end(struct heap *h, struct block *b, const struct fact *f, int64_t *id)
{
	struct block copy = *b;
	int64_t row = store_block(h, b, f);

	if (id)
		*id = row;
	count(h, b, -1);
	if (b->pool) {
		pools_leave(b->pool);
	} else if (f && fact_ends_block(f) && f->path == PATH_DEFERRED) {
		begin_deferred(h, b);
		return 0;
	}
	index_remove(&h->blocks, b);
	return copy.pool ? 0 : space_vacate(h, copy.start, copy.end, copy.chunk);
}

/*
 * Where the chunk of a block begins and ends. A block that was mapped on its own has all of its
 * mapping: what is not usable of it is the allocator's.
 */
static void find_chunk(struct heap *h, struct block *b)
{
	const struct range *extent, *unused;

	b->start = b->ptr - h->header;
	b->end = b->ptr + b->usable;
	if (b->source != SOURCE_MMAP)
		return;
	extent = ranges_find(&h->extents, b->ptr);
	unused = ranges_find(&h->free, b->ptr);
	if (!extent || extent->tag != EXTENT_MAP || !unused)
		return;
	if (unused->start <= extent->start && unused->end >= extent->end && extent->end >= b->end) {
		b->start = extent->start;
		b->end = extent->end;
	}
}

static int place(struct heap *h, struct block *b, const struct fact *f)
{
	b->pool = pools_enter(h, b->ptr);
	if (b->pool) {
		b->start = b->end = b->ptr;
		return 0;
	}
	find_chunk(h, b);
	if (space_occupy(h, b->start, b->end, &b->chunk))
		return -1;
	if (b->chunk < b->end - b->start)
		heap_violation(h, f, "block overlaps memory that is in use");
	return 0;
}

/* The address is taken: by a chunk that waits (reused), or, against all rules, by a live block. */
static int clear_address(struct heap *h, const struct fact *f)
{
	struct block *old = index_find(&h->blocks, f->ptr);

	if (!old)
		return 0;
	if (old->state == BLOCK_DEFERRED)
		return end_deferred(h, old);
	if (!(old->flags & FLAG_INHERITED))
		heap_violation(h, f, "block handed out twice");
	return lives_end(h, old, f, NULL);
}

/*
 * The copy of a parent's heap is as of the moment in which fork() was entered. What the parent's
 * other threads freed until the child was there, the child finds free: its own facts show which
 * blocks these were, and no one is to blame. [start, end) is about to be used. A walk over all
 * blocks, but only where a copied heap is found to differ.
 */
static int mend_copy(struct heap *h, const struct fact *f, uint64_t start, uint64_t end)
{
	const struct range *unused = ranges_find(&h->free, start);
	struct block *blocks = h->blocks.items;

	if ((unused && unused->end >= end) || !ranges_find(&h->extents, start))
		return 0;
	for (size_t i = h->blocks.count; i-- > 0;) {
		struct block *b = &blocks[i];

		/* Backwards: the last block takes the place of one that is removed. */
		if (b->state == BLOCK_LIVE && b->flags & FLAG_INHERITED && b->start < end &&
		    b->end > start && lives_end(h, b, f, NULL))
			return -1;
	}
	return 0;
}

struct block *lives_begin(struct heap *h, const struct fact *f, uint64_t size, uint64_t usable,
                          uint32_t source, uint8_t flags)
{
	struct block *b;

	if (clear_address(h, f))
		return NULL;
	if (h->copied && !pools_at(h, f->ptr) &&
	    mend_copy(h, f, f->ptr - h->header, f->ptr + usable))
		return NULL;
	b = index_add(&h->blocks, f->ptr);
	if (!b)
		return NULL;
	b->state = BLOCK_LIVE;
	b->size = size;
	b->usable = usable;
	b->since = f->time;
	b->since_seq = h->now.seq;
	b->prior = DB_NULL;
	b->tid = f->tid;
	b->latency = f->latency;
	b->function = f->function;
	b->align = f->align;
	b->source = (uint8_t)source;
	b->flags = flags;
	if (place(h, b, f))
		return NULL;
	count(h, b, 1);
	return b;
}

/* The deferred chunk at an address, if there is one, waits no more. */
int lives_take_deferred(struct heap *h, uint64_t address)
{
	struct block *b = index_find(&h->blocks, address);

	return b && b->state == BLOCK_DEFERRED ? end_deferred(h, b) : 0;
}

int lives_copy(struct heap *child, const struct heap *parent)
{
	const struct block *blocks = parent->blocks.items;
	const uint64_t *sites = parent->calls.sites.items;

	for (size_t i = 0; i < parent->blocks.count; i++) {
		const struct block *from = &blocks[i];
		struct block *b = index_add(&child->blocks, from->ptr);

		if (!b)
			return -1;
		*b = *from;
		b->flags |= FLAG_INHERITED;
		b->since = child->now.time;
		b->since_seq = child->now.seq;
		b->prior = DB_NULL;
		if (b->pool)
			b->pool = pools_inherit(child, parent, b->pool, b->ptr);
		if (b->site) {
			b->site = calls_site(&child->calls, sites[b->site - 1]);
			if (b->site == SITE_NO_MEMORY)
				return -1;
		}
	}
	return 0;
}

static int compare_births(const void *left, const void *right)
{
	const struct block *a = *(const struct block *const *)left;
	const struct block *b = *(const struct block *const *)right;

	if (a->since_seq != b->since_seq)
		return a->since_seq < b->since_seq ? -1 : 1;
	return a->ptr < b->ptr ? -1 : a->ptr > b->ptr;
}

/* In order of birth, so that the same trace gives the same database. */
int lives_store(struct heap *h)
{
	const struct block *blocks = h->blocks.items;
	const struct block **order = malloc((h->blocks.count + 1) * sizeof(struct block *));

	if (!order)
		return -1;
	for (size_t i = 0; i < h->blocks.count; i++)
		order[i] = &blocks[i];
	qsort(order, h->blocks.count, sizeof(struct block *), compare_births);
	for (size_t i = 0; i < h->blocks.count; i++) {
		if (order[i]->state == BLOCK_LIVE)
			store_block(h, order[i], NULL);
		else
			store_deferred(h, order[i], false);
	}
	free(order);
	return 0;
}

void lives_release(struct heap *h)
{
	const struct block *blocks = h->blocks.items;

	for (size_t i = 0; i < h->blocks.count; i++)
		if (blocks[i].pool)
			pools_leave(blocks[i].pool);
	index_release(&h->blocks);
}

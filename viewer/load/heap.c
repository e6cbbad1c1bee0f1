/* SPDX-License-Identifier: MIT */
/* heap.c - what each fact does to a heap; see heap.h. */
#include "heap.h"

#include "cli/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A set gave UINT64_MAX: no memory. Every function below returns -1 then, at once. */
#define NO_MEMORY UINT64_MAX

int64_t heap_site_id(int64_t process, uint32_t number)
{
	return process * SITES_PER_PROCESS + number;
}

static int64_t or_null(int64_t value, bool known)
{
	return known ? value : DB_NULL;
}

/* A free whose site found no memory is told by the next allocation that finds none. */
static int64_t site_or_null(const struct heap *h, uint32_t site)
{
	return or_null(heap_site_id(h->process, site), site && site != SITE_NO_MEMORY);
}

static void note_code(const struct heap *h, enum word_class class, uint32_t code)
{
	h->tables->codes[class][code] = true;
}

/* ---- contradictions ---- */

#define VIOLATIONS_STORED 100

static void violation(struct heap *h, const struct fact *f, const char *what)
{
	struct query *q = h->tables->violation;

	if (!h->violations++)
		snprintf(h->first_violation, sizeof(h->first_violation),
		         "%s: ptr=0x%" PRIx64 ", time=%" PRId64 ", tid=%" PRIu32, what, f->ptr,
		         f->time, f->tid);
	if (h->violations > VIOLATIONS_STORED)
		return;
	db_bind_int(q, 1, h->process);
	db_bind_int(q, 2, h->seq);
	db_bind_int(q, 3, h->time);
	db_bind_int(q, 4, (int64_t)f->ptr);
	db_bind_int(q, 5, f->tid);
	db_bind_text(q, 6, what);
	db_run(q);
}

/* ---- pieces of address space with a beginning: extents, returned pages ---- */

static void piece_store(const struct heap *h, struct bulk *table, const struct range *r,
                        uint64_t start, uint64_t end, bool ended)
{
	const int64_t finish = or_null(h->time, ended), finish_seq = or_null(h->seq, ended);
	const int64_t length = (int64_t)(end - start);

	if (table == h->tables->extent) {
		const int64_t row[] = {h->process, (int64_t)start, length, r->tag,
		                       r->time,    finish,         r->seq, finish_seq};
		bulk_add(table, row);
	} else {
		const int64_t row[] = {h->process, (int64_t)start, length,    r->time,
		                       finish,     r->seq,         finish_seq};
		bulk_add(table, row);
	}
}

static struct range *piece_insert(const struct heap *h, struct ranges *set, uint64_t start,
                                  uint64_t end, int tag)
{
	struct range *r = ranges_insert(set, start, end);

	if (r) {
		r->tag = tag;
		r->time = h->time;
		r->seq = h->seq;
	}
	return r;
}

/* What is left of a cut piece keeps the piece's beginning. */
static int piece_keep(struct ranges *set, const struct range *of, uint64_t start, uint64_t end)
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
		failed = piece_keep(set, r, r->start, from) || piece_keep(set, r, to, r->end);
		free(r);
		if (failed)
			return -1;
	}
	return 0;
}

/* ---- the extent ---- */

/* Adds what of [start, end) is not yet part of the extent, as free memory. */
static int extent_add(struct heap *h, uint64_t start, uint64_t end, enum extent_kind kind)
{
	h->top_known = false;
	while (start < end) {
		struct range *r = ranges_from(&h->extents, start);
		uint64_t gap_end = r && r->start < end ? r->start : end;

		if (start < gap_end) {
			if (!piece_insert(h, &h->extents, start, gap_end, kind) ||
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

/* What was known of pages that went back holds no longer in [start, end). Most heaps have none. */
static int returned_cut(struct heap *h, uint64_t start, uint64_t end)
{
	if (!h->returned.root)
		return 0;
	return pieces_cut(h, &h->returned, h->tables->returned, start, end);
}

/* Memory goes back to the system. Blocks that the trace has there become headers' negative. */
static int extent_cut(struct heap *h, uint64_t start, uint64_t end)
{
	uint64_t before = h->extents.total, freed;

	h->top_known = false;
	if (pieces_cut(h, &h->extents, h->tables->extent, start, end))
		return -1;
	if (returned_cut(h, start, end))
		return -1;
	freed = ranges_cut(&h->free, start, end);
	if (freed == NO_MEMORY)
		return -1;
	h->headers -= (int64_t)(before - h->extents.total) - (int64_t)freed;
	return 0;
}

/* Makes sure that [start, end) is extent: most often one lookup that says yes. */
static int extent_cover(struct heap *h, uint64_t start, uint64_t end)
{
	const struct range *r = ranges_find(&h->extents, start);

	if (r && r->end >= end)
		return 0;
	return extent_add(h, start, end, EXTENT_IMPLIED);
}

/* Takes [start, end) out of the free memory; *taken: bytes that were free. */
static int occupy(struct heap *h, uint64_t start, uint64_t end, uint64_t *taken)
{
	h->top_known = false;
	if (extent_cover(h, start, end))
		return -1;
	if (returned_cut(h, start, end))
		return -1;
	*taken = ranges_cut(&h->free, start, end);
	return *taken == NO_MEMORY ? -1 : 0;
}

/* Gives it back; only where the extent still is. */
static int vacate(struct heap *h, uint64_t start, uint64_t end, uint64_t chunk)
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
	h->headers += (int64_t)chunk - (int64_t)added;
	return 0;
}

/* ---- figures ---- */

static int64_t asked_of(const struct block *b)
{
	return (int64_t)(b->size == SIZE_UNKNOWN ? b->usable : b->size);
}

/* A block enters (+1) or leaves (-1) the sums. Its chunk's other bytes are headers. */
static void count_block(struct heap *h, const struct block *b, int sign)
{
	if (b->flags & FLAG_TRACER) {
		h->tracer += sign * (int64_t)b->usable;
	} else {
		h->live += sign * asked_of(b);
		h->slack += sign * ((int64_t)b->usable - asked_of(b));
		h->block_count += sign;
	}
	if (!b->pool)
		h->headers += sign * ((int64_t)b->chunk - (int64_t)b->usable);
	else if (b->pool->capacity)
		h->pool_free -= sign * (int64_t)b->usable;
	else
		h->headers -= sign * (int64_t)b->usable;
}

/* Where top ends: at the break, or, where chunks have headers, at the one that ends the heap, which
 * is told as bookkeeping. */
static uint64_t top_end(const struct heap *h)
{
	const struct range *r =
		h->break_end && h->header ? ranges_find(&h->pools, h->break_end - 1) : NULL;
	const struct pool *p = r ? r->data : NULL;

	return p && !p->capacity && r->end == h->break_end ? r->start : h->break_end;
}

/* Looked up only when the free set changed: most facts are of pools and do not. */
static int64_t find_top(struct heap *h)
{
	if (!h->top_known) {
		uint64_t end = top_end(h);
		const struct range *r = end ? ranges_find(&h->free, end - 1) : NULL;

		h->top = r ? r->end - r->start : 0;
		h->top_known = true;
	}
	return (int64_t)h->top;
}

static void take_sample(struct heap *h, struct sample *s)
{
	*s = (struct sample){
		.seq = h->seq,
		.time = h->time,
		.live = h->live,
		.slack = h->slack,
		.tracer = h->tracer,
		.pool_free = h->pool_free,
		.deferred = h->deferred,
		.top = find_top(h),
		.extent = (int64_t)h->extents.total,
		.largest_free = (int64_t)ranges_greatest(&h->free),
		.asked = h->asked,
		.rss_anon = h->rss_anon,
		.heap_resident = h->heap_resident,
		.blocks = h->block_count,
	};
	s->bins = (int64_t)h->free.total - s->top;
	s->headers = s->extent - s->live - s->slack - s->tracer - s->pool_free - s->deferred -
	             s->bins - s->top;
}

/* ---- lifetimes ---- */

static void store_deferred(const struct heap *h, const struct block *b, bool ended)
{
	const int64_t row[] = {
		h->process,
		(int64_t)b->start,
		(int64_t)(b->end - b->start),
		b->since,
		or_null(h->time, ended),
		b->since_seq,
		or_null(h->seq, ended),
	};

	bulk_add(h->tables->deferred, row);
}

/* Only these two end a block by right; anything else that ends one is a contradiction. */
static bool fact_ends_block(const struct fact *f)
{
	return f && (f->kind == FACT_FREE || f->kind == FACT_REALLOC_OLD);
}

/* The row of a lifetime; `f` is the fact that ended it, NULL: it goes on. Returns block.id. */
static int64_t store_block(struct heap *h, const struct block *b, const struct fact *f)
{
	bool known = fact_ends_block(f);
	bool call = known && f->kind == FACT_FREE; /* a realloc's latency is the new block's */
	uint32_t site = known ? calls_site(&h->calls, f->caller) : 0;
	int64_t id = ++h->tables->next_block;
	const int64_t row[] = {
		id,
		h->process,
		(int64_t)b->ptr,
		or_null((int64_t)b->size, b->size != SIZE_UNKNOWN),
		(int64_t)b->usable,
		b->since,
		or_null(h->time, f != NULL),
		b->since_seq,
		or_null(h->seq, f != NULL),
		site_or_null(h, b->site),
		site_or_null(h, site),
		b->tid,
		or_null(known ? f->tid : 0, known),
		b->latency,
		or_null(call ? f->latency : 0, call),
		b->source,
		b->function,
		or_null(known ? f->path : PATH_UNKNOWN, f != NULL),
		b->align,
		b->pool ? 0 : (int64_t)(b->ptr - b->start),
		b->flags,
		b->prior,
	};

	bulk_add(h->tables->block, row);
	return id;
}

static void pool_put(struct pool *p)
{
	if (!--p->references)
		free(p);
}

static int end_deferred(struct heap *h, struct block *b)
{
	struct block copy = *b;

	store_deferred(h, b, true);
	h->deferred -= (int64_t)copy.chunk;
	blocks_remove(&h->blocks, b);
	return vacate(h, copy.start, copy.end, copy.chunk);
}

/* The chunk stays occupied until it is merged or handed out again. */
static void begin_deferred(struct heap *h, struct block *b)
{
	b->state = BLOCK_DEFERRED;
	b->since = h->time;
	b->since_seq = h->seq;
	h->deferred += (int64_t)b->chunk;
}

/* Ends a live block; *id, if not NULL, gets its block.id. */
static int end_block(struct heap *h, struct block *b, const struct fact *f, int64_t *id)
{
	struct block copy = *b;
	int64_t row = store_block(h, b, f);

	if (id)
		*id = row;
	count_block(h, b, -1);
	if (b->pool) {
		b->pool->used--;
		pool_put(b->pool);
	} else if (fact_ends_block(f) && f->path == PATH_DEFERRED) {
		begin_deferred(h, b);
		return 0;
	}
	blocks_remove(&h->blocks, b);
	return copy.pool ? 0 : vacate(h, copy.start, copy.end, copy.chunk);
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

static struct pool *pool_at(const struct heap *h, uint64_t address)
{
	const struct range *r = h->pools.root ? ranges_find(&h->pools, address) : NULL;

	return r ? r->data : NULL;
}

static int place_block(struct heap *h, struct block *b, const struct fact *f)
{
	b->pool = pool_at(h, b->ptr);
	if (b->pool) {
		b->start = b->end = b->ptr;
		b->pool->references++;
		if (++b->pool->used > b->pool->peak_used)
			b->pool->peak_used = b->pool->used;
		return 0;
	}
	find_chunk(h, b);
	if (occupy(h, b->start, b->end, &b->chunk))
		return -1;
	if (b->chunk < b->end - b->start)
		violation(h, f, "block overlaps memory that is in use");
	return 0;
}

/* The address is taken: by a chunk that waits (reused), or, against all rules, by a live block. */
static int clear_address(struct heap *h, const struct fact *f)
{
	struct block *old = blocks_find(&h->blocks, f->ptr);

	if (!old)
		return 0;
	if (old->state == BLOCK_DEFERRED)
		return end_deferred(h, old);
	if (!(old->flags & FLAG_INHERITED))
		violation(h, f, "block handed out twice");
	return end_block(h, old, f, NULL);
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

	if ((unused && unused->end >= end) || !ranges_find(&h->extents, start))
		return 0;
	for (size_t i = h->blocks.count; i-- > 0;) {
		struct block *b = &h->blocks.array[i];

		/* Backwards: the last block takes the place of one that is removed. */
		if (b->state == BLOCK_LIVE && b->flags & FLAG_INHERITED && b->start < end &&
		    b->end > start && end_block(h, b, f, NULL))
			return -1;
	}
	return 0;
}

static struct block *begin_block(struct heap *h, const struct fact *f, uint64_t size,
                                 uint64_t usable, uint8_t flags)
{
	struct block *b;

	if (clear_address(h, f))
		return NULL;
	if (h->copied && !pool_at(h, f->ptr) &&
	    mend_copy(h, f, f->ptr - h->header, f->ptr + usable))
		return NULL;
	b = blocks_add(&h->blocks, f->ptr);
	if (!b)
		return NULL;
	b->state = BLOCK_LIVE;
	b->size = size;
	b->usable = usable;
	b->since = f->time;
	b->since_seq = h->seq;
	b->prior = DB_NULL;
	b->tid = f->tid;
	b->latency = f->latency;
	b->function = f->function;
	b->align = f->align;
	b->flags = flags;
	return b;
}

/* ---- one function per kind of fact ---- */

static int apply_alloc(struct heap *h, const struct fact *f)
{
	struct block *b = begin_block(h, f, f->size, f->size + f->slack, f->flags);

	if (!b)
		return -1;
	note_code(h, CLASS_source, f->source);
	note_code(h, CLASS_function, f->function);
	b->source = (uint8_t)f->source;
	b->site = calls_site(&h->calls, f->caller);
	if (b->site == SITE_NO_MEMORY || place_block(h, b, f) || calls_alloc(&h->calls, f))
		return -1;
	count_block(h, b, 1);
	if (!(f->flags & FLAG_TRACER))
		h->asked += (int64_t)f->size;
	return 0;
}

static int apply_free(struct heap *h, const struct fact *f)
{
	struct block *b = blocks_find(&h->blocks, f->ptr);
	bool known = b && b->state == BLOCK_LIVE;
	struct fact call = *f;

	note_code(h, CLASS_path, f->path);
	note_code(h, CLASS_function, f->function);
	/* Whose free it was: the tracer's threads free blocks without saying who they are. */
	if (known)
		call.flags |= b->flags & FLAG_TRACER;
	if (calls_free(&h->calls, &call))
		return -1;
	if (!known) {
		h->unknown_frees++;
		return 0;
	}
	return end_block(h, b, f, NULL);
}

static int apply_realloc_old(struct heap *h, const struct fact *f)
{
	struct block *b = blocks_find(&h->blocks, f->ptr);
	struct pending p = {.tid = f->tid, .old_ptr = f->ptr, .prior = DB_NULL};

	note_code(h, CLASS_path, f->path);
	if (!b || b->state != BLOCK_LIVE)
		h->unknown_frees++;
	else if (end_block(h, b, f, &p.prior))
		return -1;
	if (!array_more(h->pending, h->pending_count))
		return -1;
	h->pending[h->pending_count++] = p;
	return 0;
}

/* One realloc per thread is under way at a time: the list is as short as the threads are few. */
static int64_t take_pending(struct heap *h, const struct fact *f)
{
	for (size_t i = 0; i < h->pending_count; i++) {
		struct pending p = h->pending[i];

		if (p.tid == f->tid && p.old_ptr == f->old_ptr) {
			h->pending[i] = h->pending[--h->pending_count];
			return p.prior;
		}
	}
	return DB_NULL;
}

static int apply_realloc_new(struct heap *h, const struct fact *f)
{
	int64_t prior = take_pending(h, f);

	if (apply_alloc(h, f))
		return -1;
	blocks_find(&h->blocks, f->ptr)->prior = prior;
	return 0;
}

static int apply_fail(struct heap *h, const struct fact *f)
{
	const int64_t row[] = {
		h->process,  h->seq,           f->time,
		f->tid,      (int64_t)f->size, site_or_null(h, calls_site(&h->calls, f->caller)),
		f->function, f->error,         f->latency,
	};

	note_code(h, CLASS_function, f->function);
	bulk_add(h->tables->fail, row);
	return calls_fail(&h->calls, f);
}

static int apply_coalesce(struct heap *h, const struct fact *f)
{
	const int64_t row[] = {
		h->process,
		h->seq,
		f->time,
		f->tid,
		f->reason,
		f->chunks_in,
		(int64_t)f->chunks_out,
		(int64_t)f->length,
		(int64_t)f->largest,
		f->latency,
	};

	note_code(h, CLASS_reason, f->reason);
	bulk_add(h->tables->coalesce, row);
	return 0;
}

/* The deferred chunk at an address, if there is one, waits no more. */
static int take_deferred(struct heap *h, uint64_t address)
{
	struct block *b = blocks_find(&h->blocks, address);

	return b && b->state == BLOCK_DEFERRED ? end_deferred(h, b) : 0;
}

static int apply_merge(struct heap *h, const struct fact *f)
{
	return take_deferred(h, f->ptr);
}

static int apply_sbrk(struct heap *h, const struct fact *f)
{
	const int64_t row[] = {
		h->process,          h->seq,     f->time,   f->tid, (int64_t)f->old_end,
		(int64_t)f->new_end, f->outcome, f->latency};

	note_code(h, CLASS_outcome, f->outcome);
	bulk_add(h->tables->sbrk, row);
	if (f->outcome == OUTCOME_GROWN && f->new_end > f->old_end) {
		h->break_end = f->new_end;
		return extent_add(h, f->old_end, f->new_end, EXTENT_BRK);
	}
	if (f->outcome == OUTCOME_SHRUNK && f->new_end < f->old_end) {
		h->break_end = f->new_end;
		return extent_cut(h, f->new_end, f->old_end);
	}
	return 0;
}

static int apply_map(struct heap *h, const struct fact *f)
{
	uint64_t end = f->ptr + f->length;

	switch (f->what) {
	case WHAT_MAP:
		return extent_add(h, f->ptr, end, EXTENT_MAP);
	case WHAT_REMAP:
		if (extent_cut(h, f->old_address, f->old_address + f->old_length))
			return -1;
		return extent_add(h, f->ptr, end, EXTENT_MAP);
	case WHAT_UNMAP:
		return extent_cut(h, f->ptr, end);
	case WHAT_RETURNED:
		if (returned_cut(h, f->ptr, end))
			return -1;
		return piece_insert(h, &h->returned, f->ptr, end, 0) ? 0 : -1;
	}
	return 0;
}

static void store_pool(const struct heap *h, const struct pool *p, bool ended)
{
	const int64_t row[] = {
		h->process,
		(int64_t)p->address,
		(int64_t)p->bytes,
		(int64_t)p->object,
		(int64_t)p->capacity,
		(int64_t)p->offset,
		p->tid,
		p->begin,
		or_null(h->time, ended),
		p->begin_seq,
		or_null(h->seq, ended),
		p->peak_used,
	};

	bulk_add(h->tables->pool, row);
}

/* Objects still live in it keep `p` and go on counting against its free bytes. */
static int end_pool(struct heap *h, struct range *r)
{
	struct pool *p = r->data;
	uint64_t bytes = r->end - r->start, objects = p->capacity * p->object;

	store_pool(h, p, true);
	h->pool_free -= (int64_t)objects;
	h->headers -= (int64_t)(bytes - objects);
	ranges_remove(&h->pools, r);
	free(r);
	pool_put(p);
	return 0;
}

static int apply_pool_free(struct heap *h, const struct fact *f)
{
	struct range *r = ranges_find(&h->pools, f->ptr);
	uint64_t start, end;

	if (!r || r->start != f->ptr)
		return 0;
	if (((struct pool *)r->data)->used)
		violation(h, f, "pool dissolved with live objects in it");
	start = r->start;
	end = r->end;
	/* Pages that went while it lived may have been written since: objects do not tell. */
	if (returned_cut(h, start, end))
		return -1;
	if (end_pool(h, r))
		return -1;
	return vacate(h, start, end, end - start);
}

/* Object sizes are the trace's word: what does not fit the pool is cut to what does. */
static struct pool *new_pool(const struct heap *h, const struct fact *f)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct pool){
		.address = f->ptr,
		.bytes = f->length,
		.object = f->object,
		.capacity = f->capacity,
		.offset = f->offset,
		.begin = h->time,
		.begin_seq = h->seq,
		.tid = f->tid,
		.references = 1,
	};
	if (p->object && p->capacity > p->bytes / p->object)
		p->capacity = p->bytes / p->object;
	return p;
}

static int apply_pool_new(struct heap *h, const struct fact *f)
{
	uint64_t end = f->ptr + f->length, taken;
	struct range *r;
	struct pool *p;

	if (!f->length)
		return 0;
	while ((r = ranges_from(&h->pools, f->ptr)) && r->start < end) {
		struct fact gone = {.ptr = r->start, .time = f->time, .tid = f->tid};

		violation(h, f, "pool made over a pool");
		if (apply_pool_free(h, &gone))
			return -1;
	}
	/* A chunk that was freed may be made a pool as it is, before it was merged. */
	if (take_deferred(h, f->ptr) || occupy(h, f->ptr, end, &taken))
		return -1;
	if (taken < f->length)
		violation(h, f, "pool overlaps memory that is in use");
	p = new_pool(h, f);
	r = p ? ranges_insert(&h->pools, f->ptr, end) : NULL;
	if (!r) {
		free(p);
		return -1;
	}
	r->data = p;
	h->pool_free += (int64_t)(p->capacity * p->object);
	h->headers += (int64_t)taken - (int64_t)(p->capacity * p->object);
	return 0;
}

/* A block that lived before the recording: what the program asked for is unknown. */
static int apply_live(struct heap *h, const struct fact *f)
{
	struct block *b = blocks_find(&h->blocks, f->ptr);

	h->dumped = true;
	if (b && b->state == BLOCK_LIVE)
		return 0; /* born after the recording began, seen by both */
	b = begin_block(h, f, SIZE_UNKNOWN, f->size, f->flags | FLAG_DUMPED);
	if (!b)
		return -1;
	b->source = f->what == LIVE_MAPPED ? SOURCE_MMAP : SOURCE_UNKNOWN;
	if (place_block(h, b, f))
		return -1;
	count_block(h, b, 1);
	return 0;
}

static int apply_rss(struct heap *h, const struct fact *f)
{
	const int64_t row[] = {h->process,
	                       h->seq,
	                       f->time,
	                       (int64_t)f->extent,
	                       (int64_t)f->rss_anon,
	                       (int64_t)f->heap_resident};

	bulk_add(h->tables->resident, row);
	h->rss_anon = (int64_t)f->rss_anon;
	h->heap_resident = (int64_t)f->heap_resident;
	return 0;
}

int heap_apply(struct heap *h, const struct fact *f)
{
	static int (*const apply[EFFECT_KINDS])(struct heap *, const struct fact *) = {
		[FACT_ALLOC] = apply_alloc,
		[FACT_FREE] = apply_free,
		[FACT_REALLOC_OLD] = apply_realloc_old,
		[FACT_REALLOC_NEW] = apply_realloc_new,
		[FACT_FAIL] = apply_fail,
		[FACT_COALESCE] = apply_coalesce,
		[FACT_MERGE] = apply_merge,
		[FACT_SBRK] = apply_sbrk,
		[FACT_MAP] = apply_map,
		[FACT_POOL_NEW] = apply_pool_new,
		[FACT_POOL_FREE] = apply_pool_free,
		[FACT_LIVE] = apply_live,
		[FACT_RSS] = apply_rss,
	};
	struct sample s;

	h->seq++;
	h->time = f->time;
	if (h->seq == 1)
		h->first_time = f->time;
	if (f->kind != FACT_REALLOC_NEW)
		h->events++;
	if (apply[f->kind] && apply[f->kind](h, f))
		return -1;
	take_sample(h, &s);
	return series_add(&h->series, &s);
}

/* ---- beginning and end ---- */

int heap_init(struct heap *h, struct heap_tables *tables, int64_t process)
{
	memset(h, 0, sizeof(*h));
	h->tables = tables;
	h->process = process;
	h->rss_anon = h->heap_resident = DB_NULL;
	ranges_init(&h->extents);
	ranges_init(&h->free);
	ranges_init(&h->pools);
	ranges_init(&h->returned);
	blocks_init(&h->blocks);
	series_init(&h->series);
	calls_init(&h->calls);
	return 0;
}

void heap_clear(struct heap *h)
{
	for (size_t i = 0; i < h->blocks.count; i++)
		if (h->blocks.array[i].pool)
			pool_put(h->blocks.array[i].pool);
	for (struct range *r = ranges_from(&h->pools, 0); r; r = ranges_from(&h->pools, r->end))
		pool_put(r->data);
	ranges_release(&h->extents);
	ranges_release(&h->free);
	ranges_release(&h->pools);
	ranges_release(&h->returned);
	blocks_release(&h->blocks);
	series_release(&h->series);
	calls_release(&h->calls);
	free(h->pending);
}

static int copy_ranges(struct heap *child, struct ranges *to, const struct ranges *from)
{
	for (struct range *r = ranges_from(from, 0); r; r = ranges_from(from, r->end))
		if (!piece_insert(child, to, r->start, r->end, r->tag))
			return -1;
	return 0;
}

static int copy_pools(struct heap *child, const struct ranges *from)
{
	if (copy_ranges(child, &child->pools, from))
		return -1;
	for (struct range *r = ranges_from(from, 0); r; r = ranges_from(from, r->end)) {
		struct pool *p = malloc(sizeof(*p));

		if (!p)
			return -1;
		*p = *(struct pool *)r->data;
		p->begin = child->time;
		p->begin_seq = child->seq;
		p->peak_used = p->used;
		p->references = 1;
		ranges_find(&child->pools, r->start)->data = p;
	}
	return 0;
}

static int copy_blocks(struct heap *child, const struct heap *parent)
{
	for (size_t i = 0; i < parent->blocks.count; i++) {
		const struct block *from = &parent->blocks.array[i];
		struct block *b = blocks_add(&child->blocks, from->ptr);

		if (!b)
			return -1;
		*b = *from;
		b->flags |= FLAG_INHERITED;
		b->since = child->time;
		b->since_seq = child->seq;
		b->prior = DB_NULL;
		b->pool = b->pool ? pool_at(child, b->ptr) : NULL;
		if (b->pool)
			b->pool->references++;
		if (b->site) {
			b->site = calls_site(&child->calls,
			                     parent->calls.sites.addresses[b->site - 1]);
			if (b->site == SITE_NO_MEMORY)
				return -1;
		}
	}
	return 0;
}

int heap_copy(struct heap *child, const struct heap *parent)
{
	child->copied = true;
	child->header = parent->header;
	child->break_end = parent->break_end;
	child->live = parent->live;
	child->slack = parent->slack;
	child->tracer = parent->tracer;
	child->pool_free = parent->pool_free;
	child->deferred = parent->deferred;
	child->block_count = parent->block_count;
	child->headers = parent->headers;
	if (copy_ranges(child, &child->extents, &parent->extents) ||
	    copy_ranges(child, &child->free, &parent->free) ||
	    copy_ranges(child, &child->returned, &parent->returned) ||
	    copy_pools(child, &parent->pools))
		return -1;
	return copy_blocks(child, parent);
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
static int store_survivors(struct heap *h)
{
	const struct block **order = malloc((h->blocks.count + 1) * sizeof(struct block *));

	if (!order)
		return -1;
	for (size_t i = 0; i < h->blocks.count; i++)
		order[i] = &h->blocks.array[i];
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

static void store_pieces(struct heap *h, struct ranges *set, struct bulk *table)
{
	for (struct range *r = ranges_from(set, 0); r; r = ranges_from(set, r->end))
		piece_store(h, table, r, r->start, r->end, false);
}

int heap_store(struct heap *h)
{
	struct fact end = {.time = h->time};
	struct sample s;

	take_sample(h, &s);
	if (s.headers != h->headers || h->headers < 0)
		violation(h, &end, "the parts of the extent do not sum to it");
	if (store_survivors(h))
		return -1;
	store_pieces(h, &h->extents, h->tables->extent);
	store_pieces(h, &h->returned, h->tables->returned);
	for (struct range *r = ranges_from(&h->pools, 0); r; r = ranges_from(&h->pools, r->end))
		store_pool(h, r->data, false);
	series_store(&h->series, h->process, &h->tables->series);
	calls_store(&h->calls, h->process, &h->tables->calls);
	return 0;
}

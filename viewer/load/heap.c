/* SPDX-License-Identifier: MIT */
/* heap.c - what each fact does to a heap; see heap.h. */
#include "heap.h"

#include "cli/array.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- contradictions ---- */

#define VIOLATIONS_STORED 100

void heap_violation(struct heap *h, const struct fact *f, const char *what)
{
	if (!h->violations++)
		snprintf(h->first_violation, sizeof(h->first_violation),
		         "%s: ptr=0x%" PRIx64 ", time=%" PRId64 ", tid=%" PRIu32, what, f->ptr,
		         f->time, f->tid);
	if (h->violations > VIOLATIONS_STORED)
		return;
	db_insert(h->tables->violation, DB_INT(h->process), DB_INT(h->now.seq), DB_INT(h->now.time),
	          DB_INT(f->ptr), DB_INT(f->tid), DB_TEXT(what));
}

/* ---- figures ---- */

/* Where top ends: at the break, or, where chunks have headers, at the one that ends the heap, which
 * is reported as bookkeeping. */
static uint64_t top_end(const struct heap *h)
{
	const struct range *r =
		h->break_end && h->header ? ranges_find(&h->pools, h->break_end - 1) : NULL;
	const struct pool *p = r ? r->data : NULL;

	return p && !p->capacity && r->end == h->break_end ? r->start : h->break_end;
}

/* Looked up only when the free set changed: most facts are of pools and do not. */
static void find_top(struct heap *h)
{
	uint64_t end;
	const struct range *r;

	if (h->top_known)
		return;
	end = top_end(h);
	r = end ? ranges_find(&h->free, end - 1) : NULL;
	h->now.top = r ? (int64_t)(r->end - r->start) : 0;
	h->top_known = true;
}

/* The figures that follow from the sets. False: the parts do not sum to the extent. */
static bool take_sample(struct heap *h)
{
	struct sample *s = &h->now;

	find_top(h);
	s->bins = (int64_t)h->free.total - s->top;
	s->extent = (int64_t)h->extents.total;
	s->largest_free = (int64_t)ranges_greatest(&h->free);
	return s->extent == s->live + s->slack + s->tracer + s->headers + s->pool_free +
	                            s->deferred + s->bins + s->top;
}

/* ---- one function per kind of fact ---- */

static int apply_alloc(struct heap *h, const struct fact *f)
{
	struct block *b = lives_begin(h, f, f->size, f->size + f->slack, f->source, f->flags);

	if (!b)
		return -1;
	note_code(h, CLASS_source, f->source);
	note_code(h, CLASS_function, f->function);
	b->site = calls_site(&h->calls, f->caller);
	if (b->site == SITE_NO_MEMORY || calls_alloc(&h->calls, f))
		return -1;
	if (!(f->flags & FLAG_TRACER))
		h->now.asked += (int64_t)f->size;
	return 0;
}

static int apply_free(struct heap *h, const struct fact *f)
{
	struct block *b = index_find(&h->blocks, f->ptr);
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
	return lives_end(h, b, f, NULL);
}

static int apply_realloc_old(struct heap *h, const struct fact *f)
{
	struct block *b = index_find(&h->blocks, f->ptr);
	struct pending p = {.tid = f->tid, .old_ptr = f->ptr, .prior = DB_NULL};

	note_code(h, CLASS_path, f->path);
	if (!b || b->state != BLOCK_LIVE)
		h->unknown_frees++;
	else if (lives_end(h, b, f, &p.prior))
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
	((struct block *)index_find(&h->blocks, f->ptr))->prior = prior;
	return 0;
}

static int apply_fail(struct heap *h, const struct fact *f)
{
	note_code(h, CLASS_function, f->function);
	bulk_add(h->tables->fail, h->process, h->now.seq, f->time, f->tid, f->size,
	         site_or_null(h, calls_site(&h->calls, f->caller)), f->function, f->error,
	         f->latency);
	return calls_fail(&h->calls, f);
}

static int apply_coalesce(struct heap *h, const struct fact *f)
{
	note_code(h, CLASS_reason, f->reason);
	bulk_add(h->tables->coalesce, h->process, h->now.seq, f->time, f->tid, f->reason,
	         f->chunks_in, f->chunks_out, f->length, f->largest, f->latency);
	return 0;
}

static int apply_merge(struct heap *h, const struct fact *f)
{
	return lives_take_deferred(h, f->ptr);
}

static int apply_sbrk(struct heap *h, const struct fact *f)
{
	note_code(h, CLASS_outcome, f->outcome);
	bulk_add(h->tables->sbrk, h->process, h->now.seq, f->time, f->tid, f->old_end, f->new_end,
	         f->outcome, f->latency);
	if (f->outcome == OUTCOME_GROWN && f->new_end > f->old_end) {
		h->break_end = f->new_end;
		return space_add(h, f->old_end, f->new_end, EXTENT_BRK);
	}
	if (f->outcome == OUTCOME_SHRUNK && f->new_end < f->old_end) {
		h->break_end = f->new_end;
		return space_cut(h, f->new_end, f->old_end);
	}
	return 0;
}

static int apply_map(struct heap *h, const struct fact *f)
{
	uint64_t end = f->ptr + f->length;

	switch (f->what) {
	case WHAT_MAP:
		return space_add(h, f->ptr, end, EXTENT_MAP);
	case WHAT_REMAP:
		if (space_cut(h, f->old_address, f->old_address + f->old_length))
			return -1;
		return space_add(h, f->ptr, end, EXTENT_MAP);
	case WHAT_UNMAP:
		return space_cut(h, f->ptr, end);
	case WHAT_RETURNED:
		return space_return(h, f->ptr, end);
	}
	return 0;
}

/* A chunk that was freed may be made a pool as it is, before it was merged. */
static int apply_pool_new(struct heap *h, const struct fact *f)
{
	return lives_take_deferred(h, f->ptr) ? -1 : pools_new(h, f);
}

/* A block that lived before the recording: what the program asked for is unknown. */
static int apply_live(struct heap *h, const struct fact *f)
{
	struct block *b = index_find(&h->blocks, f->ptr);

	h->dumped = true;
	if (b && b->state == BLOCK_LIVE)
		return 0; /* born after the recording began, seen by both */
	b = lives_begin(h, f, SIZE_UNKNOWN, f->size,
	                f->kind == LIVE_MAPPED ? SOURCE_MMAP : SOURCE_UNKNOWN,
	                f->flags | FLAG_DUMPED);
	return b ? 0 : -1;
}

static int apply_rss(struct heap *h, const struct fact *f)
{
	bulk_add(h->tables->resident, h->process, h->now.seq, f->time, f->extent, f->rss_anon,
	         f->heap_resident);
	h->now.rss_anon = (int64_t)f->rss_anon;
	h->now.heap_resident = (int64_t)f->heap_resident;
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
		[FACT_POOL_FREE] = pools_free,
		[FACT_LIVE] = apply_live,
		[FACT_RSS] = apply_rss,
	};
	bool summed;

	h->now.seq++;
	h->now.time = f->time;
	if (h->now.seq == 1)
		h->first_time = f->time;
	if (f->effect != FACT_REALLOC_NEW)
		h->events++;
	if (apply[f->effect] && apply[f->effect](h, f))
		return -1;
	summed = take_sample(h);
	assert(summed); /* the parts, to the extent */
	(void)summed;
	return series_add(&h->series, &h->now);
}

/* ---- beginning and end ---- */

void heap_init(struct heap *h, struct heap_tables *tables, int64_t process)
{
	memset(h, 0, sizeof(*h));
	h->tables = tables;
	h->process = process;
	h->now.rss_anon = h->now.heap_resident = DB_NULL;
	ranges_init(&h->extents);
	ranges_init(&h->free);
	ranges_init(&h->pools);
	ranges_init(&h->returned);
	index_init(&h->blocks, sizeof(struct block));
	series_init(&h->series);
	calls_init(&h->calls);
}

void heap_clear(struct heap *h)
{
	lives_release(h);
	pools_release(h);
	ranges_release(&h->extents);
	ranges_release(&h->free);
	ranges_release(&h->returned);
	series_release(&h->series);
	calls_release(&h->calls);
	free(h->pending);
}

int heap_copy(struct heap *child, const struct heap *parent)
{
	const int64_t begin = child->now.time;

	child->copied = true;
	child->header = parent->header;
	child->break_end = parent->break_end;
	child->now = parent->now;
	child->now.seq = child->now.asked = 0;
	child->now.time = begin;
	child->now.rss_anon = child->now.heap_resident = DB_NULL;
	if (space_copy(child, &child->extents, &parent->extents) ||
	    space_copy(child, &child->free, &parent->free) ||
	    space_copy(child, &child->returned, &parent->returned) || pools_copy(child, parent))
		return -1;
	return lives_copy(child, parent);
}

int heap_store(struct heap *h)
{
	struct fact end = {.time = h->now.time};

	if (!take_sample(h) || h->now.headers < 0)
		heap_violation(h, &end, "the parts of the extent do not sum to it");
	if (lives_store(h))
		return -1;
	space_store(h);
	pools_store(h);
	calls_store(&h->calls, h->process, h->tables->latency_hist, h->tables->calls,
	            h->tables->thread);
	return series_store(&h->series, h->process, h->tables->timeline, h->tables->peak);
}

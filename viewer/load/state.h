/* SPDX-License-Identifier: MIT */
/*
 * state.h - the state of one process's heap.
 *
 * Address space of a heap, by sets of ranges:
 *	extents		what came from the system; everything below lies inside it
 *	free		what of the extent nobody occupies; neighbours are merged. Its range that
 *			ends at the break is `top`, the others are `bins`
 *	pools		pieces divided into equal objects
 *	returned	pages given back to the system while their addresses stay
 * and the blocks: live ones, and deferred ones (freed, not merged yet).
 *
 * A trace may contradict itself (losses). Nothing here trusts it: what the free set gives or takes
 * is counted in bytes that really changed, memory in use outside the extent extends it
 * ("implied"), and contradictions are counted as violations.
 */
#ifndef LWVIEW_STATE_H
#define LWVIEW_STATE_H

#include "blocks.h"
#include "calls.h"
#include "fact.h"
#include "range.h"
#include "series.h"

/* The tables of schema.sql with many rows, integers all. */
#define HEAP_TABLES         \
	TABLE(block)        \
	TABLE(deferred)     \
	TABLE(pool)         \
	TABLE(extent)       \
	TABLE(returned)     \
	TABLE(resident)     \
	TABLE(coalesce)     \
	TABLE(sbrk)         \
	TABLE(fail)         \
	TABLE(timeline)     \
	TABLE(latency_hist) \
	TABLE(calls)        \
	TABLE(thread)

/* Where rows go; shared by all heaps of a load. */
struct heap_tables {
	struct db *db;
#define TABLE(name) struct bulk *name;
	HEAP_TABLES
#undef TABLE
	struct query *violation, *peak;
	int64_t next_block;         /* block.id, number in order of death */
	bool codes[CLASSES][CODES]; /* that occurred: those without a word need one */
};

/* extent.kind, as a number until model_finish(). */
enum extent_kind {
	EXTENT_BRK,
	EXTENT_MAP,
	EXTENT_IMPLIED
};

/* A realloc under way: the lifetime that ended, waiting for the one that begins. */
struct pending {
	uint32_t tid;
	uint64_t old_ptr;
	int64_t prior; /* block.id */
};

struct heap {
	struct heap_tables *tables;
	int64_t process; /* process.id */
	uint32_t header; /* bytes in front of a chunk's payload */
	int64_t first_time;
	int64_t events; /* facts, a realloc counted once */

	struct ranges extents, free, pools, returned;
	struct blocks blocks;
	uint64_t break_end; /* where the break of this heap stands, 0 unknown */
	bool top_known;     /* false: the free set or the break changed since now.top was found */
	struct pending *pending;
	size_t pending_count;

	struct sample
		now; /* after the fact under way; what follows from the sets, by take_sample() */
	int64_t unknown_frees, violations, implied;
	bool copied; /* began as a copy of a parent's heap */
	bool dumped; /* the recording began on a running heap */
	char first_violation[128];

	struct series series;
	struct calls calls;
};

/* A contradiction in the trace: counted, and the first ones kept in words. */
void heap_violation(struct heap *h, const struct fact *f, const char *what);

static inline int64_t or_null(int64_t value, bool known)
{
	return known ? value : DB_NULL;
}

/* Site ids are unique in the database and name their process. */
#define SITES_PER_PROCESS 1000000

static inline int64_t heap_site_id(int64_t process, uint32_t number)
{
	return process * SITES_PER_PROCESS + number;
}

/* A free whose site found no memory is reported by the next allocation that finds none. */
static inline int64_t site_or_null(const struct heap *h, uint32_t site)
{
	return or_null(heap_site_id(h->process, site), site && site != SITE_NO_MEMORY);
}

static inline void note_code(const struct heap *h, enum word_class class, uint32_t code)
{
	h->tables->codes[class][code] = true;
}

#endif

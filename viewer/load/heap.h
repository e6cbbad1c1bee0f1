/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the state of one process's heap, and what each fact does to it.
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
#ifndef LWVIEW_HEAP_H
#define LWVIEW_HEAP_H

#include "blocks.h"
#include "calls.h"
#include "fact.h"
#include "series.h"
#include "range.h"

/* Where rows go; shared by all heaps of a load. */
struct heap_tables {
	struct db *db;
	struct bulk *block, *deferred, *pool, *extent, *returned;
	struct bulk *resident, *coalesce, *sbrk, *fail;
	struct query *violation;
	struct series_tables series;
	struct calls_tables calls;
	int64_t next_block;         /* block.id, number in order of death */
	bool codes[CLASSES][CODES]; /* that occurred: those without a word need one */
};

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
	int64_t process;   /* process.id */
	uint32_t header;   /* bytes in front of a chunk's payload */
	int64_t seq, time; /* of the fact under way */
	int64_t first_time;
	int64_t events; /* facts, a realloc counted once */

	struct ranges extents, free, pools, returned;
	struct blocks blocks;
	uint64_t break_end; /* where the break of this heap stands, 0 unknown */
	uint64_t top;       /* length of the free range that ends there */
	bool top_known;     /* false: the free set or the break changed since */
	struct pending *pending;
	size_t pending_count;

	/* Figures, bytes; what is not here follows from the sets' totals. */
	int64_t live, slack, tracer, pool_free, deferred, block_count;
	int64_t headers; /* counted on its own: must equal the rest of the extent */
	int64_t asked;   /* cumulative */
	int64_t rss_anon, heap_resident;
	int64_t unknown_frees, violations, implied;
	bool copied; /* began as a copy of a parent's heap */
	bool dumped; /* the recording began on a running heap */
	char first_violation[128];

	struct series series;
	struct calls calls;
};

int heap_init(struct heap *h, struct heap_tables *tables, int64_t process);
void heap_clear(struct heap *h);

/* A forked child: everything that the parent has, as of now. -1: out of memory. */
int heap_copy(struct heap *child, const struct heap *parent);

/* Applies one fact and takes note of the state after it. -1: out of memory. */
int heap_apply(struct heap *h, const struct fact *f);

/* Writes the rows of all that still stands. */
int heap_store(struct heap *h);

/* Site ids are unique in the database and tell their process. */
#define SITES_PER_PROCESS 1000000
int64_t heap_site_id(int64_t process, uint32_t number);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * heapmap.h - the address space of a heap at one moment: its spans, and the split of its extent.
 *
 * Pure functions: what they need comes in arrays, what they make is plain data. Nothing here knows
 * SQLite or gnuplot.
 *
 *	pieces (extents, pools, returned, blocks) -> spans, which do not overlap and cover the extent
 *	spans -> split, whose parts sum to the extent
 */
#ifndef LWVIEW_HEAPMAP_H
#define LWVIEW_HEAPMAP_H

#include "viewer/figures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_state {
	HEAP_LIVE_64,   /* live, at most 64 bytes asked for */
	HEAP_LIVE_1K,   /* live, at most 1 KiB */
	HEAP_LIVE_64K,  /* live, at most 64 KiB */
	HEAP_LIVE_BIG,  /* live, more */
	HEAP_OTHER,     /* live, but not what was asked to be shown */
	HEAP_TRACER,    /* live, of lttng-ust itself */
	HEAP_HEADER,    /* the allocator's bookkeeping outside of live chunks */
	HEAP_POOL_FREE, /* free objects in pools */
	HEAP_DEFERRED,  /* freed, not yet merged */
	HEAP_FREE,      /* free, in bins */
	HEAP_TOP,       /* the free run that ends at the break */
	HEAP_RETURNED,  /* free, pages given back, addresses kept */
	HEAP_UNMAPPED,  /* not of the heap */
	HEAP_STATES
};

/* Live blocks and deferred chunks. [address, address + header + usable) belongs to it. */
struct heap_leaf {
	uint64_t address, usable, asked;
	uint32_t header;
	enum heap_state state;
};

/* Extents, pools and returned ranges. */
struct heap_piece {
	uint64_t address, length;
	uint64_t object, capacity, offset; /* of a pool; capacity 0: all of it is bookkeeping */
	bool is_brk;                       /* of an extent */
};

struct heap_span {
	uint64_t address, length;
	enum heap_state state;
};

struct heap_input {
	struct heap_piece *extent, *pool, *returned; /* each by address, not overlapping */
	struct heap_leaf *leaf;                      /* by address */
	size_t extents, pools, returneds, leaves;
};

struct heapmap {
	struct heap_span *span; /* by address */
	size_t spans;
	struct sample split;       /* seq, time, asked and what is resident are not filled in */
	int64_t returned;          /* the part of bins and top whose pages went back */
	uint64_t brk_from, brk_to; /* all pieces of brk lie in between; 0, 0 none */
};

/* Returns false when memory ran out. Adjacent extents of `input` are joined in place. */
bool heapmap_build(struct heapmap *heap, struct heap_input *input);
void heapmap_release(struct heapmap *heap);

enum heap_state heap_live_state(uint64_t size);

/* Drops what lies outside of [from, to). The split is left as it is. */
void heapmap_clip(struct heapmap *heap, uint64_t from, uint64_t to);

static inline uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * blocks.h - the blocks of one heap by address: live ones, and freed ones that wait to be merged.
 *
 * Open addressing over 32-bit indices into one array of blocks, so that a lookup touches little
 * memory and growing moves no block but by realloc. Pointers to blocks are valid until the next
 * blocks_add().
 */
#ifndef LWVIEW_BLOCKS_H
#define LWVIEW_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#define SIZE_UNKNOWN UINT64_MAX

/*
 * A pool of equal objects. It outlives its pool_free fact while blocks that lie in it live on
 * (a contradiction in the trace, but not a reason to crash): references == live blocks + 1 while
 * it is not dissolved.
 */
struct pool {
	uint64_t address, bytes, object, capacity, offset;
	int64_t begin, begin_seq;
	uint32_t tid;
	uint32_t used, peak_used; /* live objects */
	uint32_t references;
};

enum block_state {
	BLOCK_NONE,
	BLOCK_LIVE,
	BLOCK_DEFERRED
};

struct block {
	uint64_t ptr;
	uint64_t size;   /* asked for, or SIZE_UNKNOWN */
	uint64_t usable; /* bytes from ptr on */
	/*
	 * Outside pools the block occupies [start, end) of the extent, header included;
	 * `chunk` of these bytes were free before: end - start unless the trace contradicts itself.
	 * In a pool start == end == chunk == 0.
	 */
	uint64_t start, end, chunk;
	struct pool *pool;
	int64_t since, since_seq; /* live: its birth; deferred: its free */
	int64_t prior;            /* block.id it was realloc'ed from, or DB_NULL */
	uint32_t site, tid, latency;
	uint8_t state;
	uint8_t source, function, align, flags;
};

struct blocks {
	struct block *array;
	uint32_t *slots;    /* 0 empty, else index into array + 1 */
	size_t slot_mask;   /* slots are a power of two, at most half full */
	size_t count, room; /* of array; a removed block's place is taken by the last one */
};

void blocks_init(struct blocks *set);
void blocks_release(struct blocks *set);
struct block *blocks_find(const struct blocks *set, uint64_t ptr);
/* A new block, all zero but ptr; ptr must not be in the set. NULL: out of memory. */
struct block *blocks_add(struct blocks *set, uint64_t ptr);
void blocks_remove(struct blocks *set, struct block *block);

#endif

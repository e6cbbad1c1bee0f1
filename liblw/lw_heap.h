/*
 * lw_heap.h - how the heap is laid out: chunks, pools, regions, threads' heaps.
 *
 * Terms.  A *region* is a span of addresses the heap lives in: the break, or a mapping where the
 * break cannot grow.  A region is tiled by *chunks*.  A *pool* is a chunk divided into *slots* of
 * one size, without headers; it is owned by one thread's *heap*.  A *tile* is the unit in which
 * pools are laid: a region's map tells for every tile which pool it belongs to, NULL for none.
 * A *mapped* block is too large for a region and has a mapping of its own.
 */
#ifndef LW_HEAP_H
#define LW_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD      sizeof(size_t)
#define GRAIN     (2 * WORD)      /* alignment of every block; step of the small classes */
#define SLOT_BITS (8 * WORD)      /* a pool's slots are the bits of a word */
#define GUARD     (SLOT_BITS - 1) /* the bit that is no slot */
#define TILE      (SLOT_BITS * GRAIN)
#define POOL_MAX  TILE /* largest request a pool serves: 1 KiB, on 32 bits 256 bytes */
#define CLASSES   (POOL_MAX / GRAIN + 1)
#define BUCKETS   61 /* of deferred chunks, by size: a prime, so that sizes spread */

/*
 * Chunk.  `head` lies one word below a GRAIN boundary, so that the payload is aligned:
 *
 *      head | payload ...                 live: the payload is the program's
 *      head | next | prev | ... | size    free: links of its bin, and a footer (boundary tag)
 *      head | next | key  | ...           deferred: link in its heap's bucket
 *      head | ...                         top: neither links nor footer, its pages stay clean
 *
 * head == size | flags | seal.  size counts the head and is a multiple of GRAIN; the next chunk
 * begins at head + size.  PREV_FREE: the chunk below is in a bin, its footer is valid.  OWN: not
 * the program's (a pool, bookkeeping, a fence); of a free chunk: its pages went back.  The seal, on
 * 64 bits, is a hash of the address: an overflow or a pointer into a block's middle breaks it.
 */
struct chunk {
	size_t head;
	struct chunk *next, *prev;
};

#define FREE      ((size_t)1)
#define PREV_FREE ((size_t)2)
#define OWN       ((size_t)4)
#define SEAL_MASK (WORD == 8 ? ~(SIZE_MAX >> 16) : 0)
#define SIZE_MASK (~SEAL_MASK & ~(GRAIN - 1))
#define CHUNK_MIN (4 * WORD)

/*
 * Pool.  Slot i lies at origin + i * size; slots GUARD - slots to GUARD - 1 exist, so that the
 * address one past the last slot falls on the guard bit, which is set for ever and never handed
 * out.  Bit i of `free` is set while slot i is free for its owner, of `remote` from another
 * thread's free until the owner drains it:
 *
 *      popcount(free) - 1 + popcount(remote) + live == slots
 *
 * magic == 2^32 / size + 1 divides an offset by one multiplication: the product's upper half is
 * the slot, its lower half is below magic exactly for the first byte of a slot.
 * budget: local frees until the pool wants attention: 1 while it is full and in no list, the count
 * of slots in use while it waits in a queue, BIASed while it is the heap's current pool.
 */
struct pool {
	size_t free;
	struct heap *owner;
	uintptr_t origin;
	uint32_t magic, size, budget, slots;
	struct pool *next, *prev;
	size_t remote;
	struct pool *pending; /* next in the owner's list of pools with remote frees */
};

#define BIAS 0x10000

/* A thread's heap: only its thread touches it, but for `pending`. */
struct heap {
	struct pool *current[CLASSES]; /* by GRAINs asked for, rounded up; &none if there is none */
	struct pool *queue[CLASSES];   /* by class: the last of a ring of pools with free slots */
	uint32_t pools[CLASSES];       /* by class: how many there are */
	size_t empty_bytes; /* of pools without a live slot, in the queues: <= EMPTY_MAX */
	struct chunk *deferred[BUCKETS];
	size_t deferred_count, deferred_bytes; /* <= DEFER_COUNT, DEFER_BYTES */
	struct pool *pending, *drained; /* with remote frees: pushed by others; taken, to be done */
	struct heap *next;              /* in the list of heaps whose threads have ended */
};

/* Where chunks lie: the break, first in the list, or a mapping. */
struct region {
	uintptr_t base, end; /* multiples of the page */
	struct pool **map;   /* by tile */
	struct region *next;
};

/* The head of a mapped block. */
struct mapping {
	struct mapping *next;
	size_t bytes;
};

/* What a block of the program's is. */
struct block {
	enum { POOLED, CHUNKED, MAPPED, FOREIGN } kind;
	size_t usable;
	struct pool *pool;
	struct chunk *chunk;
};
#endif

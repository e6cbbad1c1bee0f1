/*
 * lw_heap.h - how the heap is laid out: regions, chunks, pools, threads' heaps.
 *
 * Terms.  A *region* is a span of addresses: a piece of the break, a mapping where the break cannot
 * grow, or a *mapped* block, too large to share one.  It is filled with *chunks*.  A *pool* is a
 * chunk divided into *slots* of one size, without headers; it belongs to one thread's *heap*.  A
 * *tile* is the unit in which pools are laid: a map tells for every tile what lies there.
 */
#ifndef LW_HEAP_H
#define LW_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD       sizeof(size_t)
#define BITS       (8 * WORD)
#define GRAIN      (2 * WORD)           /* alignment of every block; step of the classes */
#define SLOTS      (BITS - 2)           /* of a pool at most: bits of a word, less guard and top */
#define TILE       (BITS * GRAIN)       /* 1 KiB, on 32 bits 256 bytes */
#define LEAF_TILES ((uintptr_t)1 << 14) /* the map is made of leaves: 16 MiB, 4 MiB, of the heap */
#define LEAF       (LEAF_TILES * TILE)
#define LEAVES     ((uintptr_t)1 << (WORD == 8 ? 14 : 10)) /* 256 GiB; 4 GiB: everything */
#define POOL_MAX   TILE                                    /* largest request a pool serves */
#define CLASSES    (POOL_MAX / GRAIN)
#define BUCKETS    64 /* of deferred chunks, by a hash of their size; a power of two */

/*
 * Chunk.  `head` lies one word below a GRAIN boundary, so that the payload is aligned:
 *
 *      head | payload ...                 live: the payload is the program's, or a pool's
 *      head | next | prev | ... | size    free: links of its bin, and a footer (boundary tag)
 *      head | next | key  | ...           deferred: link in its heap's bucket
 *      head | ...                         top: neither links nor footer, its pages stay clean
 *
 * head == size | flags | seal.  size counts the head and is a multiple of GRAIN; the next chunk
 * begins at head + size.  PREV_FREE: the chunk below is in a bin, its footer is valid.  OWN: a
 * thread's heap, or a region's fence; of a free chunk: its pages went back.  The seal, on 64 bits,
 * is a hash of the address: an overflow or a pointer into a block's middle breaks it.
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

/* The head of a region, page-aligned.  The first chunk's payload begins a tile in; the last word is
 * the fence, the head of a chunk of size 0 that ends every merge.  It is written only where it is
 * read: not behind the top, nor behind a mapped block, which is its region's one chunk. */
struct region {
	struct region *next, *prev;
	size_t bytes;
};

/*
 * Pool.  Slot i lies at origin + i * size.  Bit i of `free` is set while slot i is free for its
 * owner, of `remote` from another thread's free until the owner drains it.  Bit `slots` of `free`
 * is the guard: always set and never handed out, it stands for what remains behind the last slot,
 * which is less than a slot (of the smallest, two).
 *
 *      popcount(free) - 1 + popcount(remote) + live == slots
 *
 * limit == slots * size.  inverse and shift divide exactly: offset * inverse, rotated right by
 * shift, is offset / size if that is a whole number, else more than SLOTS (Granlund & Montgomery,
 * Division by Invariant Integers, PLDI 1994, section 9).
 *
 * attend: what `free` stays below until somebody has to look.  While the pool is full, and in no
 * ring (next is NULL): so much that a slot of the upper three quarters is free, so that a few are
 * when it is used again.  With all slots free while it waits in its class's ring.  ALWAYS, more
 * than any, while it is current, the ring's first.
 */
struct pool {
	size_t free, attend;
	struct heap *owner;
	uintptr_t origin;
	size_t limit, inverse;
	uint16_t shift, size, slots, class;
	struct pool *next, *prev;
	size_t remote;
	struct pool *pending; /* next in the owner's list of pools with remote frees */
};

#define ALWAYS SIZE_MAX

/* A thread's heap: only its thread touches it, but for `pending`. */
struct heap {
	struct pool *current[CLASSES + 1]; /* by GRAINs - 1; the last is for pools' descriptors */
	struct chunk *deferred[BUCKETS];
	size_t deferred_count, deferred_bytes; /* <= DEFER_COUNT, DEFER_BYTES */
	struct pool *pending, *drained; /* with remote frees: pushed by others; taken, to be done */
	struct heap *next;              /* in the list of heaps whose threads have ended */
	bool open;                      /* false: it stands for none */
};
#endif

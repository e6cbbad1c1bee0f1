/*
 * lw_heap.h - how the heap is laid out: chunks, pools, threads' heaps.
 *
 * Terms.  The heap is cut into *chunks*.  A chunk is free, or a block of the program's, or a
 * *pool*: divided into *slots* of one size that belong to one thread's *heap*.  Nothing of the
 * allocator's lies inside of chunks: a chunk's *record* lies elsewhere, in a *metadata page*.  The
 * *map*, which has an entry for every *tile*, a fixed span of addresses, leads from an address to its
 * chunk.  How far a chunk was written, its high-water mark, is called *touched*.
 */
#ifndef LW_HEAP_H
#define LW_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef LW_CLASSES
#define LW_CLASSES 64 /* 32 make smaller records of threads, 128 serve larger requests */
#endif

#define WORD       sizeof(size_t)
#define BITS       (8 * WORD)
#define LOG2(x)    (BITS - 1 - __builtin_clzl(x)) /* rounded down */
#define GRAIN      (2 * WORD)                     /* alignment of blocks; step of the classes */
#define CLASSES    LW_CLASSES                     /* of pools: (class + 1) * GRAIN bytes a slot */
#define POOL_MAX   (CLASSES * GRAIN)              /* largest request a pool serves */
#define TILE_LOG   (LOG2(POOL_MAX - 1) + 1)
#define TILE       ((size_t)1 << TILE_LOG) /* 1 KiB, on 32 bits 512 bytes; no chunk is smaller */
#define WORDS      10                      /* of bits, one for each slot of a pool */
#define SLOTS      (WORDS * BITS)          /* of a pool at most */
#define LEAF_LOG   14
#define LEAF_TILES ((uintptr_t)1 << LEAF_LOG) /* of the map: for 16 MiB, or 8 */
#define LEAF       (LEAF_TILES * TILE)
#define SPAN_LOG   (WORD == 8 ? 38 : 32) /* of the addresses in the map: 256 GiB; everything */
#define LEAVES     ((uintptr_t)1 << (SPAN_LOG - LEAF_LOG - TILE_LOG))
#define BUCKETS    32 /* of deferred chunks, by a hash of their size */

/* From class I on so many grains are served by one class: one up to class 16, then an eighth of a
 * doubling. */
#define CLASS_STEP(i) ((i) < 16 ? 1u : 1u << (LOG2(i) - 3))

_Static_assert(CLASSES >= 32 && CLASSES <= 128, "32 to 128 classes are tested; a class is a byte");
_Static_assert(CLASSES % CLASS_STEP(CLASSES - 1) == 0,
               "the last class serves all requests above the one before");
_Static_assert(TILE <= 4096, "what the system gives is whole pages, and so has to be whole tiles");
_Static_assert(!(BUCKETS & (BUCKETS - 1)), "a bucket's number is the top bits of a product");

/*
 * Chunk: [at, at + bytes), GRAIN-aligned, no smaller than a tile.  So at most one begins in a tile,
 * and the map's entry for that tile is its record.  Its end has an entry, too, so that the chunk
 * above finds it: the one for the last tile that begins and ends inside of it, if there is any, or
 * else the first again.  A pool begins with a tile and has the entries of all its whole tiles.
 * All other entries are NULL.  A free chunk's neighbours are in use.
 *
 *      flags                     what it is
 *      0                         a live block
 *      DEFERRED                  freed, in its heap's bucket, not merged yet: as if it were live
 *      FREE                      in a bin, or the top
 *      POOL | FILLED             a pool
 *      MOVED                     a live block, or DEFERRED, that is a mapping of its own: realloc moved
 *                                it; when it is freed it goes, and is never a part of another chunk
 *
 * FILLED: all its tiles have it in the map.  A record may end before `slots` unless it is a pool's.
 * `written`, of all but pools: every byte above this one is 0, except in pages that the chunk shares;
 * of a live block, as it was handed out.  It is odd, and so differs from every `owner`.
 * `dirt`: so many GRAINs of what is free may have been written, wherever they lie.  It is a figure
 * for the policy alone: above 64 GiB it wraps, and less goes back than could.
 *
 * Pool.  Slot i lies at at + i * size; bit i % BITS of free[i / BITS] is set while slot i is free
 * for its owner, of remote[] from another thread's free until the owner takes it in.  Who makes a
 * word of remote[] other than 0 sets its bit in `told`; who makes that other than 0 puts the pool
 * into its owner's list.  The owner takes in the words that it was told of, and nothing else: so
 * once it took in the last slot of a pool nobody looks at that pool any more.
 *
 *      popcount(free) + popcount(remote) + live == slots      slots * size <= bytes
 *
 * inverse and shift divide exactly: offset * inverse, rotated right by shift, is offset / size if
 * that is a whole number, else SLOTS or more (Granlund & Montgomery, Division by Invariant Integers,
 * PLDI 1994, section 9).  Slots are taken from *word, whose first lies at word_at.
 *
 * until: after so many frees somebody has to look.  For the current pool, the first in the ring of
 * its class, that is never; for those that wait in the ring, when all slots are free; for the full
 * ones outside, whose next is NULL, when a share of them is, so that a visit is worth its while.
 */
struct chunk {
	uintptr_t at;
	size_t bytes;
	union {
		struct heap *owner;
		uintptr_t written;
	};
	struct chunk *next, *prev; /* in its bin; ring; bucket (next alone) */
	unsigned flags;
	union {
		struct {
			uint16_t until;
			uint8_t shift, class;
		};
		uint32_t dirt;
	};
	size_t slots, inverse;
	size_t *word;
	uintptr_t word_at;
	unsigned told, size;
	struct chunk *pending; /* next in the owner's list of pools with remote frees */
	size_t free[WORDS], remote[WORDS];
};

enum { FREE = 1, POOL = 2, DEFERRED = 4, FILLED = 8, MOVED = 16 };

/* A page of records, all of one kind: of chunks; of pools, which serve for any chunk; of threads'
 * heaps.  A page that has a free record is in its kind's list. */
struct metapage {
	struct metapage *next, *prev;
	void *free;           /* records that were given back, a list through their first words */
	unsigned fresh, live; /* offset of those never used; count of those in use */
	uint16_t kind, size, born;
};

enum { NARROW, WIDE, HEAP, KINDS };

/* A pool's record has its cache lines to itself: other threads write to theirs. */
#define LINE  (8 * WORD)
#define NEVER UINT16_MAX

/* A thread's heap: only its thread touches it, but for `pending`. */
struct heap {
	size_t most; /* largest request to its pools: POOL_MAX; 0 where there is no heap */
	struct chunk *current[CLASSES]; /* by GRAINs - 1; or `nowhere` */
	struct chunk *deferred[BUCKETS];
	size_t deferred_count, deferred_bytes; /* <= DEFER_COUNT, DEFER_BYTES */
	struct chunk *pending;                 /* pools with remote frees: pushed by others... */
	struct chunk *drained;                 /* ...and taken, to be done */
	struct heap *next;                     /* in the list of heaps whose threads have ended */
};

_Static_assert(WORDS <= 8 * sizeof(unsigned), "told has a bit for each word of remote");
_Static_assert(SLOTS < NEVER, "until counts every slot, and NEVER is more");
_Static_assert(offsetof(struct chunk, slots) % WORD == 0, "narrow records lie end to end");
_Static_assert(LINE + sizeof(struct heap) + LINE <= 4096, "a page holds a heap's record");
#endif

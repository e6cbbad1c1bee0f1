/*
 * lw.c - the allocator.
 *
 * 1. Requests up to POOL_MAX are served from pools of the calling thread: malloc takes the slot of
 *    the lowest bit set in a word, free sets the bit again.  No lock, no atomic read-modify-write.
 * 2. Larger ones, and pools, are chunks.  free() defers: the chunk goes, unmerged, onto a list of
 *    the thread, where a request of the same size takes it back.  When neither that nor the shared
 *    bins fit, always before the heap grows, and when the bounds below are reached, the thread's
 *    deferred chunks are merged into the shared heap, in one batch under one lock.
 * 3. What the heap knows of its chunks lies apart from them, in metadata pages: an overflow cannot
 *    reach it, and memory that is free, or was never written, is not touched.
 *
 * Costs.  Pools, deferral, bins (segregated fit with a bitmap, as in Masmano et al., TLSF, 2004):
 * O(1).  No call handles more than DEFER_COUNT chunks and DRAIN_MAX pools of remote frees: less than
 * 12,000 basic blocks of code (tests/liblw/bounded.c counts them), beside system calls, memset and
 * memcpy.  Exempt: lw_trim, lw_walk, lw_stats, a thread's exit, another allocator's block.
 *
 * Memory.  The heap grows by sbrk and, where that is refused, by mmap.  What goes back to the system
 * and when is said by purge_due() in lw_growth.h.  A thread holds back at most DEFER_BYTES of
 * deferred chunks, and leaves empty pools of up to POOL_KEPT to the next one; empty metadata pages
 * stay up to EMPTY_MAX of each kind.
 *
 * Fork.  No lock of ours is waited for, or held, while the C library or the program waits for another:
 * it is released before any of their code runs, and a fork neither takes it for its duration nor stops
 * the other threads.  So the child may begin amid a change, and knows it: lw.holder says whose.  Then
 * it leaves what was free as it is and begins a new stock, as after its first allocation.  What it
 * needs of the old one it can trust: the chunks of live blocks, and their entries in the map, are not
 * changed by others.  A record of the old stock is known by its metadata page and is never merged.
 *
 * The system may refuse any call: lw_sys.h says what follows.
 *
 * Not promised: that a pool's memory returns before its thread, or one that adopts its heap,
 * allocates again after others freed into it; on 64 bits, that a mapping can be used that lies a
 * multiple of 256 GiB from the rest of the heap, where the map has no place for it: by chance one
 * program of thousands gets such a one, and then only where the break is refused.
 *
 * Rooms.  The allocator is one translation unit: this file includes its rooms, lw_*.h, in the order
 * in which they stand on each other; a room can call only those that come before it.  A room is
 * compiled here and nowhere else.  It begins with what it holds, what always holds true there and
 * what it calls; then come its constants, then its functions, helpers first.
 */
#include "lw.h"
#include "lw_heap.h"
#include "lw_sys.h"
#include "lw_trace.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lw_assert.h"
#include "lw_shared.h"
#include "lw_map.h"
#include "lw_metadata.h"
#include "lw_bins.h"
#include "lw_growth.h"
#include "lw_chunks.h"
#include "lw_pools.h"
#include "lw_threads.h"
#include "lw_blocks.h"

#define LARGE ((size_t)128 << 10) /* blocks of whole pages, whose memory may move by mremap */
_Static_assert(LARGE > POOL_MAX, "blocks of whole pages do not come from pools");

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* How large a chunk has to be for a block of N bytes. */
static INLINE size_t chunk_size(size_t n)
{
	return n < TILE ? TILE : n < LARGE ? ALIGN_UP(n, GRAIN) : ALIGN_UP(n, lw.page);
}

/* A block of N bytes where the current pool has no free slot, or the request is too large for
 * one. */
static OUTLINE void *alloc_slow(size_t n, size_t align)
{
	ASSERT(align >= GRAIN && !(align & (align - 1)));
	struct heap *h = heap_get();
	struct chunk *c = NULL;
	if (h && (h->pending || h->drained))
		heap_drain(h);
	if (h && n <= POOL_MAX && align <= GRAIN && (c = pool_get(h, class_of((n - !!n) / GRAIN))))
		return slot_take(c);
	align = n >= LARGE && align < lw.page ? lw.page : align;
	if (n <= PTRDIFF_MAX && n + align > n)
		c = chunk_alloc(h, chunk_size(n), align, NARROW);
	return c ? (void *)c->at : out_of_memory();
}

/* Resizes the live chunk C to SIZE in place; false if that cannot be.  A chunk that is only a
 * little too large stays as it is, with room to grow. */
static bool chunk_resize(struct heap *h, struct chunk *c, size_t size)
{
	ASSERT(!(c->flags & (FREE | POOL | DEFERRED)));
	size_t had = c->bytes;
	uintptr_t touched = end_of(c);
	if (size <= had && had - size < TILE + had / 8)
		return true;
	if (c->flags & MOVED)
		return false;
	lock();
	bool ready = records_ready(NARROW);
	if (size > had && ready) {
		merge_deferred(h, ON_MISS);
		if (lw.top ? lw.top->at == touched && had + lw.top->bytes < size
		           : touched == lw.end)
			heap_grow(size - had);
	}
	if (ready) {
		struct chunk *next = map_get(touched);
		map_set(c, NULL);
		c->dirt = size < had ? (had - size) / GRAIN : 0;
		if (size < had || (next && had + next->bytes >= size))
			touched = chunk_absorb(c, next, touched);
		chunk_cut(c, 0, c->bytes < size ? had : size, touched);
	}
	unlock();
	return size <= c->bytes;
}

/* Makes the live chunk C one of SIZE elsewhere, its memory with it, if that is worth it. */
static bool chunk_move(struct chunk *c, size_t size)
{
	lock();
	bool moved = chunk_remap(c, size);
	unlock();
	return moved;
}

API HOT void *malloc(size_t n)
{
	struct heap *h = self;
	if (unlikely(n - 1 >= h->most))
		return alloc_slow(n, GRAIN);
	struct chunk *pool = h->current[(n - 1) / GRAIN];
	if (unlikely(!*pool->word))
		return alloc_slow(n, GRAIN);
	return slot_take(pool);
}

/* Frees P in POOL, which belongs to another thread. */
static void free_remote(struct chunk *pool, void *p)
{
	size_t slot = slot_of(pool, p), bit = (size_t)1 << slot % BITS;
	unsigned word = slot / BITS;
	ASSERT(slot < pool->slots && pool->owner != self);
	/* Release: what the program did with the block comes before the owner hands it out again.
	 * Acquire: if the owner took this word in just now, its exchange of `told` comes before
	 * ours below. */
	size_t others = __atomic_fetch_or(&pool->remote[word], bit, __ATOMIC_ACQ_REL);
	if (others & bit)
		fault("double free", p);
	/* Release: the owner that sees this bit sees the one above.  Acquire: it has read
	 * `pending`, which is written next, before it made `told` 0. */
	if (others || __atomic_fetch_or(&pool->told, 1u << word, __ATOMIC_ACQ_REL))
		return; /* the owner knows, or will be told, of this word */
	/* Release: the owner that finds the pool finds its `pending`.  Relaxed else: only the value
	 * counts. */
	struct chunk **list = &pool->owner->pending;
	pool->pending = __atomic_load_n(list, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(list, &pool->pending, pool, true, __ATOMIC_RELEASE,
	                                    __ATOMIC_RELAXED))
		;
}

/* Frees P, which does not lie in a pool of the caller's, or is not a live block. */
static OUTLINE void free_slow(void *p)
{
	if (!p)
		return;
	struct chunk *c = block_owner(p);
	if (!c) {
		TRACE(path, TO_FOREIGN);
		__atomic_fetch_add(&lw.foreign, 1, __ATOMIC_RELAXED); /* a count of its own */
	} else if (c->flags & POOL) {
		TRACE(path, TO_REMOTE);
		free_remote(c, p);
	} else {
		unsigned flags = c->flags;
		if (alone())
			c->flags |= DEFERRED;
		else /* relaxed: of two threads one sees the other's bit; no more is passed on */
			flags = __atomic_fetch_or(&c->flags, DEFERRED, __ATOMIC_RELAXED);
		if (flags & (FREE | DEFERRED)) /* two threads freed it at the same moment */
			fault("double free", p);
		struct heap *h = self->most ? self : NULL;
		TRACE(path, h ? TO_DEFERRED : TO_HEAP);
		chunk_free(h, c);
	}
}

/* Frees P, which does not lie in the pool of the last free. */
static HOT OUTLINE void free_other(void *p)
{
	struct chunk *pool = map_guess((uintptr_t)p);
	size_t slot;
	if (unlikely(!pool || pool->owner != self || (slot = slot_of(pool, p)) >= pool->slots))
		return free_slow(p);
	latest = pool;
	if (unlikely(!slot_free(pool, slot)))
		free_slow(p); /* says what is wrong, and aborts */
}

API HOT void free(void *p)
{
	struct chunk *pool = latest;
	size_t slot = slot_of(pool, p);
	if (unlikely(slot >= pool->slots))
		return free_other(p);
	if (unlikely(!slot_free(pool, slot)))
		free_slow(p);
}

API void *calloc(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n))
		return out_of_memory();
	char *p = malloc(n);
	if (!p)
		return NULL;
	char *end = p + n, *from = end, *to = (char *)((uintptr_t)end & -lw.page);
	if (n > POOL_MAX)
		from = (char *)ALIGN_UP(touched_of(map_get((uintptr_t)p)), lw.page);
	if (from >= to)
		return memset(p, 0, n);
	memset(to, 0, end - to); /* below lie pages of zeros */
	return memset(p, 0, from - p);
}

API void *realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	struct chunk *c = block_owner(p);
	if (!n) {
		free(p);
		return NULL;
	}
	if (n > PTRDIFF_MAX || !c)
		return out_of_memory();
	size_t had = usable(c);
	if (c->flags & POOL ? n <= had && 2 * n > had
	                    : n > POOL_MAX && chunk_resize(self, c, chunk_size(n)))
		return p;
	bool grows = n > had && n > POOL_MAX; /* and will again: it moves with room to spare */
	n += grows ? n / 8 : 0;
	if (n >= LARGE && !(c->flags & POOL) && chunk_move(c, chunk_size(n)))
		return (void *)c->at;
	void *to = malloc(n);
	if (!to)
		return NULL;
	memcpy(to, p, n < had ? n : had);
	free(p);
	return to;
}

#include "lw_family.h"
#include "lw_stats.h"

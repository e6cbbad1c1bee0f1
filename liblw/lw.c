/*
 * lw.c - the allocator.
 *
 * 1. Requests up to POOL_MAX are served from pools of the calling thread: a slot is the lowest bit
 *    set in one word, to free it sets the bit again.  No lock, no atomic read-modify-write.
 * 2. Larger ones are chunks.  free() defers: the chunk goes, unmerged, onto a list of the thread,
 *    where a request of the same size takes it back.  When neither that nor the shared bins fit,
 *    always before the heap grows, and when the bounds below are reached, the thread's deferred
 *    chunks are merged into the shared heap, in one batch under one lock.
 * 3. The largest ones are mappings of their own, resized by mremap.
 *
 * Costs.  Pools, deferral, bins (segregated fit with a
 * bitmap, as in Masmano et al., TLSF, 2004): O(1).
 * No call handles more than DEFER_COUNT chunks and DRAIN_MAX pools of remote frees, beside system
 * calls, memset and memcpy.  Exempt: lw_trim, lw_walk, lw_stats, fork, the exit of a thread.
 *
 * Memory.  The heap grows by sbrk.  Its free end goes back, but for lw.keep, when it exceeds twice
 * that; so do the pages of free chunks of PURGE_MIN and more, when so much was released since the
 * last time.  lw.keep grows fourfold, up to MAP_LIMIT, when what went back is wanted again: a
 * program that alternates pays for a few rounds only.  A thread holds back at most DEFER_BYTES of
 * deferred chunks and EMPTY_MAX of empty pools.
 *
 * Not promised: that a pool's memory returns before its thread, or one that adopts its heap,
 * allocates again after others freed into it.
 */
#include "lw.h"
#include "lw_heap.h"
#include "lw_sys.h"
#include "lw_trace.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define API            __attribute__((visibility("default")))
#define OUTLINE        __attribute__((noinline))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uintptr_t)(a)-1))

#define POOL_FIRST     ((size_t)4 << 10) /* bytes of a class's first pool: a page */
#define BATCH_MIN      12                /* pools' descriptors made at a time, at first: 1 KiB */
#define DEFER_COUNT    32                /* merging so many under one lock hides the lock's cost */
#define DEFER_BYTES    ((size_t)256 << 10) /* what a thread may hold back from the others */
#define DRAIN_MAX      64                  /* pools with remote frees that one call takes in */
#define EMPTY_MAX      ((size_t)64 << 10)  /* empty pools a thread keeps: batches come and go */
#define GROW_MIN       ((size_t)64 << 10)  /* least step of the break: a system call costs 1 us */
#define PURGE_MIN      ((size_t)64 << 10)  /* free chunks from here on give their pages back... */
#define PURGE_MAX      64                  /* ...so many in one call */
#define REGION_MIN     ((size_t)1 << 20)
#define MAP_MIN        ((size_t)128 << 10) /* first threshold of mapped blocks... */
#define MAP_LIMIT      ((size_t)512 << (WORD == 8 ? 16 : 10)) /* ...and how far it may rise */
#define MAP_BUCKETS    256
#define BIN_LOG        3                   /* log2 of the bins to a doubling */
#define BIN_FIRST      (WORD == 8 ? 5 : 4) /* log2 of CHUNK_MIN */
#define BINS           ((8 * WORD - BIN_FIRST) << BIN_LOG)

static struct {
	struct region brk;
	size_t tiles;         /* of brk */
	pthread_mutex_t lock; /* of all below, and of every chunk that is not live or deferred */
	struct chunk *top;    /* the free end of brk, or NULL */
	uintptr_t clean;      /* memory of top from here on was never written: zeros */
	size_t page;
	size_t extent, peak; /* bytes that came from the system less what went back; its maximum */
	size_t foreign;      /* frees of others' blocks */
	size_t map_min;      /* blocks of so many bytes are mapped */
	size_t map_tiles;    /* that brk.map has room for */
	size_t keep;         /* what a trim leaves of the top; it grows when that was too little */
	size_t dirty;        /* bytes released since the last purge */
	bool trimmed;        /* something went back and was not wanted again yet */
	unsigned batch;      /* how many descriptors of pools to make the next time */
	uint64_t filled[BINS / 64 + 1]; /* a bit per bin that is not empty */
	struct chunk *bin[BINS];
	struct pool *idle;              /* pools' descriptors not in use, linked by `next` */
	struct pool *fresh, *fresh_end; /* and never used */
	struct heap *dead;
	struct mapping *mapped[MAP_BUCKETS];
	pthread_key_t key;
	pthread_once_t once;
	bool ignore_foreign;
} lw;

static struct pool *first_map[(1 << 19) / sizeof(struct pool *)];
static struct heap first_heap;
static struct pool none = {.free = (size_t)1 << GUARD}; /* of a heap that has no pool: it is full */
static struct pool foreign = {.owner = (struct heap *)-1}; /* of tiles that others fetched */
static __thread struct heap *self __attribute__((tls_model("initial-exec"))); /* NULL: none yet */
static __thread bool closed __attribute__((tls_model("initial-exec")));       /* it had one */

static _Noreturn OUTLINE void fault(const char *what, const void *at)
{
	char line[96] = "liblw: ", *p = stpcpy(stpcpy(line + 7, what), ": address=0x");
	for (int shift = 8 * WORD - 4; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[(uintptr_t)at >> shift & 15];
	*p++ = '\n';
	(void)!write(STDERR_FILENO, line, p - line);
	TRACE(fault, (uintptr_t)at);
	abort();
}

/* glibc tells when there is but one thread: then the lock is not needed. */
extern char __libc_single_threaded __attribute__((weak));

static inline bool alone(void) { return &__libc_single_threaded && __libc_single_threaded; }
static inline void lock(void) { alone() ? 0 : pthread_mutex_lock(&lw.lock); }
static inline void unlock(void) { alone() ? 0 : pthread_mutex_unlock(&lw.lock); }

/* ---- chunks: accessors ---- */

static inline void *payload(struct chunk *c) { return (char *)c + WORD; }
static inline size_t size_of(const struct chunk *c) { return c->head & SIZE_MASK; }
static inline size_t hash(const void *p) { return (uintptr_t)p * (size_t)0x9e3779b97f4a7c15; }
static inline bool sealed(struct chunk *c) { return !((c->head ^ hash(c)) & SEAL_MASK); }
static inline void set_head(struct chunk *c, size_t h) { c->head = h | (hash(c) & SEAL_MASK); }
/* What a deferred chunk's second word holds, and a live one's only by a chance of 1 in 2^WORD. */
static inline struct chunk *key_of(struct chunk *c) { return (struct chunk *)~hash(c); }

static inline void *chunk_at(const void *p, ptrdiff_t by) { return (void *)((uintptr_t)p + by); }

/* ---- bins of free chunks; lw.lock is held until `pools, by their owner` ---- */

static unsigned bin_number(size_t size)
{
	unsigned high = SLOT_BITS - 1 - __builtin_clzl(size);
	return ((high - BIN_FIRST) << BIN_LOG) + (size >> (high - BIN_LOG) & ((1 << BIN_LOG) - 1));
}

/* Makes [c, c + size), whose neighbours are in use, a free chunk in its bin, or the top. */
static void bin_insert(struct chunk *c, size_t size)
{
	struct chunk *next = chunk_at(c, size);
	unsigned n = bin_number(size);
	set_head(c, size | FREE);
	if ((uintptr_t)next == lw.brk.end - WORD) {
		lw.top = c;
		return;
	}
	set_head(next, next->head | PREV_FREE);
	((size_t *)next)[-1] = size;
	c->prev = NULL;
	c->next = lw.bin[n];
	if (c->next)
		c->next->prev = c;
	lw.bin[n] = c;
	lw.filled[n / 64] |= (uint64_t)1 << n % 64;
}

static void bin_remove(struct chunk *c)
{
	struct chunk *next = chunk_at(c, size_of(c));
	unsigned n = bin_number(size_of(c));
	if (c == lw.top) {
		lw.top = NULL;
		return;
	}
	next->head &= ~PREV_FREE;
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else if (!(lw.bin[n] = c->next))
		lw.filled[n / 64] &= ~((uint64_t)1 << n % 64);
}

/* A chunk of SIZE or more: the first of SIZE's own bin if it fits, else of the next larger bin. */
static struct chunk *bin_find(size_t size)
{
	unsigned n = bin_number(size);
	if (lw.bin[n] && size_of(lw.bin[n]) >= size)
		return lw.bin[n];
	uint64_t mask = (uint64_t)-2 << n % 64;
	for (unsigned i = n / 64; i <= BINS / 64; i++, mask = -1)
		if (lw.filled[i] & mask)
			return lw.bin[i * 64 + __builtin_ctzll(lw.filled[i] & mask)];
	return NULL;
}

static void break_set_end(uintptr_t end)
{
	if (lw.tiles)
		TRACE(pool_free, lw.brk.end - WORD, WORD);
	TRACE(pool_new, end - WORD, WORD, 0, 0);
	lw.brk.end = end;
	lw.tiles = (end - lw.brk.base) / TILE;
	set_head(chunk_at((void *)end, -WORD), OWN); /* the fence ends every merge */
}

/* Gives the top back but for PAD bytes, if others have not moved the break. */
static bool heap_trim(size_t pad)
{
	uintptr_t old = lw.brk.end, top = (uintptr_t)lw.top;
	uintptr_t end = ALIGN_UP(top + CHUNK_MIN + WORD + pad, lw.page);
	if (!top || pad > lw.extent || end >= old || sys_sbrk(0) != old)
		return false;
	break_set_end(end);
	bin_insert(lw.top, end - WORD - top);
	lw.clean = lw.clean > end ? end : lw.clean;
	lw.extent -= old - end;
	sys_sbrk(end - old);
	TRACE(sbrk, old, end, BREAK_SHRUNK);
	return true;
}

/* Gives the pages inside of free chunks of LEAST bytes or more back, of MOST chunks at most. */
static void heap_purge(size_t least, size_t most)
{
	size_t left = most;
	for (unsigned n = bin_number(least); n < BINS && left; n++)
		for (struct chunk *c = lw.bin[n]; c && left; c = c->next) {
			uintptr_t from = ALIGN_UP((uintptr_t)(c + 1), lw.page);
			uintptr_t to = ((uintptr_t)c + size_of(c) - WORD) & -lw.page;
			if (c->head & OWN || from >= to)
				continue;
			c->head |= OWN;
			left--;
			TRACE(map, DO_RETURN, from, to - from, 0, 0);
			sys_return((void *)from, to - from);
		}
	lw.trimmed |= left < most;
	lw.dirty = 0;
}

/* Frees C; returns the free chunk that it became part of. */
static struct chunk *chunk_release(struct chunk *c)
{
	size_t size = size_of(c), below = c->head & PREV_FREE ? ((size_t *)c)[-1] : 0;
	struct chunk *next = chunk_at(c, size);
	lw.dirty += size;
	set_head(c, c->head | FREE); /* it says so even inside of a larger chunk */
	if (!sealed(next))
		fault("smashed header", payload(next));
	if (next->head & FREE) {
		size += size_of(next);
		bin_remove(next);
	}
	c = chunk_at(c, -below);
	if (below)
		bin_remove(c);
	bin_insert(c, size + below);
	if (c == lw.top && size_of(c) > 2 * lw.keep)
		lw.trimmed |= heap_trim(lw.keep);
	if (lw.dirty > 2 * lw.keep)
		heap_purge(PURGE_MIN, PURGE_MAX);
	return c;
}

/* What was given back is wanted again: from now on more is kept. */
static void heap_miss(void)
{
	lw.keep = 4 * lw.keep < MAP_LIMIT ? 4 * lw.keep : MAP_LIMIT;
	lw.trimmed = false;
}

/* Cuts SIZE bytes, LEAD bytes into the free chunk C, and marks them live. */
static struct chunk *chunk_cut(struct chunk *c, size_t lead, size_t size, bool *zero)
{
	size_t rest = size_of(c) - lead - size;
	bool top = c == lw.top;
	if (!top && lw.trimmed && size_of(c) >= PURGE_MIN)
		heap_miss();
	if (rest < CHUNK_MIN) {
		size += rest;
		rest = 0;
	}
	bin_remove(c);
	struct chunk *cut = chunk_at(c, lead);
	set_head(cut, size);
	cut->prev = NULL; /* no key */
	if (rest)
		bin_insert(chunk_at(cut, size), rest);
	if (lead)
		bin_insert(c, lead);
	*zero = top && (uintptr_t)payload(cut) >= lw.clean;
	if (top && lw.clean < (uintptr_t)payload(cut) + size)
		lw.clean = (uintptr_t)payload(cut) + size;
	TRACE(source, top ? FROM_TOP : FROM_BIN);
	return cut;
}

/* ---- growth ---- */

static void extent_add(size_t bytes)
{
	lw.extent += bytes;
	lw.peak = lw.peak < lw.extent ? lw.extent : lw.peak;
}

/* Makes the map of the break cover addresses up to END. */
static bool map_cover(uintptr_t end)
{
	size_t tiles = (end - lw.brk.base) / TILE, bytes = ALIGN_UP(4 * tiles * WORD, lw.page);
	if (tiles <= lw.map_tiles)
		return true;
	uintptr_t map = sys_map(bytes);
	if (map == REFUSED)
		return false;
	/* The old map stays: a thread may be reading it.  All old ones are a third of the new one. */
	memcpy((void *)map, lw.brk.map, lw.tiles * WORD);
	__atomic_store_n(&lw.brk.map, (struct pool **)map, __ATOMIC_RELEASE);
	lw.map_tiles = bytes / WORD;
	return true;
}

/* Fetches BYTES, a multiple of the page, from the break. */
static bool break_grow(size_t bytes)
{
	uintptr_t old = lw.brk.end, at = sys_sbrk(0), start = ALIGN_UP(at, lw.page);
	struct chunk *fence = (struct chunk *)(old - WORD), *top = lw.top,
		     *first = top ? top : fence;
	bool owned = lw.tiles, joined = owned && at == old;
	if (at == REFUSED || start < old || bytes > PTRDIFF_MAX / 2 ||
	    sys_sbrk(start + bytes - at) != at) {
		TRACE(sbrk, at, start + bytes, BREAK_REFUSED);
		return false;
	}
	if (!owned) {
		lw.brk = (struct region){start, start, first_map, lw.brk.next};
		lw.map_tiles = sizeof(first_map) / WORD;
	}
	if (!map_cover(start + bytes)) {
		sys_sbrk(at - start - bytes);
		return false;
	}
	if (lw.trimmed)
		heap_miss();
	lw.top = NULL;
	if (owned && !joined)
		TRACE(sbrk, old, start, BREAK_FOREIGN);
	TRACE(sbrk, start, start + bytes, BREAK_GROWN);
	break_set_end(start + bytes);
	if (joined) { /* the top grows, or else the old fence becomes a head */
		fence->head = 0;
	} else {
		lw.clean = start;
		first = (struct chunk *)(start + GRAIN - WORD);
		for (uintptr_t tile = old; owned && tile < start; tile += TILE)
			lw.brk.map[(tile - lw.brk.base) / TILE] = &foreign;
		if (owned) /* the old fence spans what others fetched */
			set_head(fence, (uintptr_t)first - (uintptr_t)fence + OWN);
		if (top)
			bin_insert(top, size_of(top));
	}
	bin_insert(first, lw.brk.end - WORD - (uintptr_t)first);
	extent_add(bytes);
	return true;
}

/* Maps a region with room for a chunk of SIZE.  Each is an eighth of the heap at least: they are
 * few, and to find one is bounded. */
static bool region_grow(size_t size)
{
	size_t bytes = ALIGN_UP(size + size / 32 + lw.extent / 8 + REGION_MIN, lw.page);
	uintptr_t at = sys_map(bytes);
	if (at == REFUSED)
		return false;
	struct region *r = (struct region *)at;
	*r = (struct region){at, at + bytes, (struct pool **)(r + 1), lw.brk.next};
	uintptr_t first = ALIGN_UP((uintptr_t)(r->map + bytes / TILE), GRAIN) + GRAIN;
	__atomic_store_n(&lw.brk.next, r, __ATOMIC_RELEASE);
	set_head(chunk_at((void *)r->end, -WORD), OWN);
	bin_insert(chunk_at((void *)first, -WORD), r->end - first);
	extent_add(bytes);
	TRACE(map, DO_MAP, at, bytes, 0, 0);
	TRACE(pool_new, at, first - WORD - at, 0, 0);
	TRACE(pool_new, r->end - WORD, WORD, 0, 0);
	return true;
}

static bool heap_grow(size_t size)
{
	size_t least = ALIGN_UP(size + 2 * GRAIN, lw.page);
	size_t step = ALIGN_UP(size + lw.extent / 32 + GROW_MIN, lw.page);
	return break_grow(step) || break_grow(least) || region_grow(size);
}

/* ---- chunks: take and give ---- */

/* Bytes to leave below C's payload so that it is aligned and what is left is a chunk or nothing. */
static size_t lead_of(struct chunk *c, size_t align)
{
	uintptr_t at = (uintptr_t)payload(c), to = ALIGN_UP(at, align);
	return to == at ? 0 : ALIGN_UP(at + CHUNK_MIN, align) - at;
}

/* A free chunk in which SIZE fits aligned, the top only if nothing else does; NULL. */
static struct chunk *chunk_find(size_t size, size_t align)
{
	struct chunk *c = bin_find(size);
	if (c && size_of(c) < size + lead_of(c, align))
		c = bin_find(size + align + CHUNK_MIN);
	if (!c && lw.top && size_of(lw.top) >= size + lead_of(lw.top, align))
		c = lw.top;
	return c;
}

/* Merges what H has deferred into the shared heap. */
static void merge_deferred(struct heap *h, enum lw_reason reason)
{
	TRACE(batch_begin, reason);
	for (unsigned i = 0; h->deferred_count && i < BUCKETS; i++)
		for (struct chunk *c = h->deferred[i]; (c = h->deferred[i]); h->deferred_count--) {
			size_t size = size_of(c);
			h->deferred[i] = c->next;
			struct chunk *merged = chunk_release(c);
			TRACE(merge, (uintptr_t)c + WORD, (uintptr_t)merged + WORD, size);
		}
	h->deferred_bytes = 0;
	TRACE(batch_end);
}

/* A live chunk of SIZE (its head included); NULL when there is no memory. */
static struct chunk *chunk_take(struct heap *h, size_t size, size_t align, bool *zero)
{
	struct chunk *c = chunk_find(size, align);
	if ((!c || c == lw.top) && h && h->deferred_count) {
		merge_deferred(h, ON_MISS);
		c = chunk_find(size, align);
	}
	if (!c && heap_grow(size + (align > GRAIN ? align + CHUNK_MIN : 0)))
		c = chunk_find(size, align);
	return c ? chunk_cut(c, lead_of(c, align), size, zero) : NULL;
}

/* Memory for the allocator itself, which never goes back. */
static void *own_take(struct heap *h, size_t bytes)
{
	bool zero;
	struct chunk *c = chunk_take(h, ALIGN_UP(bytes + WORD, GRAIN), GRAIN, &zero);
	if (!c)
		return NULL;
	c->head |= OWN;
	TRACE(pool_new, (uintptr_t)c, ALIGN_UP(bytes + WORD, GRAIN), 0, 0);
	return payload(c);
}

/* ---- pools ---- */

/* The class that serves I grains: every grain up to 16 of them, then eight steps to a doubling. */
static unsigned class_of(size_t i)
{
	unsigned step = i <= 16 ? 1 : i <= 32 ? 2 : 4;
	return i ? (i + step - 1) / step * step : 1;
}

static inline uintptr_t pool_base(const struct pool *pool)
{
	return pool->origin + (GUARD - pool->slots) * pool->size;
}

static inline size_t pool_bytes(const struct pool *pool)
{
	return size_of(chunk_at((void *)pool_base(pool), -WORD)) & -TILE;
}

static void map_set(uintptr_t base, size_t bytes, struct pool *pool)
{
	struct region *r = &lw.brk;
	while (base - r->base >= r->end - r->base)
		r = r->next;
	for (size_t i = 0; i < bytes / TILE; i++)
		r->map[(base - r->base) / TILE + i] = pool;
}

/* A pool of CLASS for H: the first of a class is small, each next one larger. */
static struct pool *pool_new(struct heap *h, unsigned class)
{
	bool zero;
	size_t size = class * GRAIN,
	       bytes = POOL_FIRST << (h->pools[class] < 8 ? h->pools[class] : 8);
	bytes = ALIGN_UP(bytes < size * SLOT_BITS ? bytes : size * SLOT_BITS, TILE);
	if (!lw.idle && lw.fresh == lw.fresh_end) {
		lw.fresh = own_take(h, lw.batch * sizeof(struct pool));
		lw.fresh_end = lw.fresh ? lw.fresh + lw.batch : NULL;
		lw.batch += lw.batch /
		            2; /* batches stay for ever: few of them leave large runs between */
	}
	if (!lw.idle && lw.fresh) {
		lw.idle = lw.fresh++;
		lw.idle->next = NULL;
	}
	struct chunk *c = lw.idle ? chunk_take(h, bytes, TILE, &zero) : NULL;
	if (!c)
		return NULL;
	unsigned slots = (bytes - WORD) / size < GUARD ? (bytes - WORD) / size : GUARD;
	struct pool *pool = lw.idle;
	lw.idle = pool->next;
	*pool = (struct pool){.owner = h, .size = size, .slots = slots};
	pool->free = ~(size_t)0 << (GUARD - slots);
	pool->magic = (uint32_t)(((uint64_t)1 << 32) / size) + 1;
	pool->origin = (uintptr_t)payload(c) - (GUARD - slots) * size;
	c->head |= OWN;
	map_set((uintptr_t)payload(c), bytes, pool);
	h->pools[class]++;
	TRACE(source, FROM_REFILL);
	TRACE(pool_new, (uintptr_t)c, bytes, size, slots);
	return pool;
}

/* Gives the memory of an empty pool back to the heap. */
static void pool_return(struct heap *h, struct pool *pool)
{
	uintptr_t base = pool_base(pool);
	struct chunk *c = chunk_at((void *)base, -WORD);
	size_t bytes = pool_bytes(pool);
	if (!sealed(c))
		fault("smashed header", (void *)base);
	h->pools[pool->size / GRAIN]--;
	map_set(base, bytes, NULL);
	pool->next = lw.idle;
	lw.idle = pool;
	c->head &= ~OWN;
	chunk_release(c);
	TRACE(pool_free, (uintptr_t)c, bytes);
}

/* ---- pools, by their owner, without the lock ---- */

static void queue_add(struct heap *h, struct pool *pool)
{
	struct pool **last = &h->queue[pool->size / GRAIN];
	pool->prev = *last ? *last : pool;
	pool->next = *last ? (*last)->next : pool;
	pool->prev->next = pool->next->prev = *last = pool;
}

static void queue_remove(struct heap *h, struct pool *pool)
{
	struct pool **last = &h->queue[pool->size / GRAIN];
	pool->prev->next = pool->next;
	pool->next->prev = pool->prev;
	if (*last == pool)
		*last = pool->prev == pool ? NULL : pool->prev;
}

/* Puts POOL, USED slots of which are live, where it belongs, once it is no longer current, or when
 * a slot of a full one became free, or its last live one. */
static void pool_file(struct heap *h, struct pool *pool, unsigned used, bool queued)
{
	size_t bytes = pool_bytes(pool);
	pool->budget = used == pool->slots ? 1 : used;
	if (used == pool->slots)
		return;
	if (!used && h->empty_bytes + bytes > EMPTY_MAX) {
		if (queued)
			queue_remove(h, pool);
		lock();
		pool_return(h, pool);
		unlock();
		return;
	}
	if (!used)
		h->empty_bytes += bytes;
	if (!queued)
		queue_add(h, pool);
}

/* The budget ran out: a full pool has one free slot now, or a queued one is empty. */
static OUTLINE void pool_attend(struct pool *pool)
{
	bool full = !((pool->free & (pool->free - 1)) << 1);
	pool_file(pool->owner, pool, full ? pool->slots - 1 : 0, !full);
}

/* Takes in what others freed into H's pools, DRAIN_MAX pools at most. */
static void heap_drain(struct heap *h)
{
	struct pool *pool = h->drained;
	if (!pool)
		pool = __atomic_exchange_n(&h->pending, NULL, __ATOMIC_ACQUIRE);
	for (int i = 0; pool && i < DRAIN_MAX; i++) {
		struct pool *next = pool->pending;
		size_t freed = __atomic_exchange_n(&pool->remote, 0, __ATOMIC_ACQ_REL);
		bool full = !(pool->free << 1) && pool->budget < BIAS;
		unsigned count = 0;
		if (pool->free & freed)
			fault("double free, by two threads, in the pool", (void *)pool_base(pool));
		pool->free |= freed;
		for (; freed; freed &= freed - 1)
			count++;
		pool->budget = full ? pool->slots - count : pool->budget - count;
		if (full || !pool->budget)
			pool_file(h, pool, pool->budget, !full);
		pool = next;
	}
	h->drained = pool;
}

/* Tells POOL's owner that it has remote frees. */
static void heap_notify(struct heap *owner, struct pool *pool)
{
	pool->pending = __atomic_load_n(&owner->pending, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&owner->pending, &pool->pending, pool, true,
	                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* Makes POOL, or &none, the one that serves CLASS. */
static void current_set(struct heap *h, unsigned class, struct pool *pool)
{
	for (unsigned i = class + 1; i-- > 0 && class_of(i) == class;)
		h->current[i] = pool;
}

/* Makes current a pool with a free slot for CLASS; NULL when there is no memory. */
static struct pool *pool_get(struct heap *h, unsigned class)
{
	struct pool *pool = h->current[class];
	if (pool->free << 1) /* by a drain */
		return pool;
	if (pool != &none)
		pool->budget = 1;
	pool = h->queue[class];
	if (pool) {
		pool = pool->next; /* the first: it had most time to become free */
		queue_remove(h, pool);
		if (!pool->budget)
			h->empty_bytes -= pool_bytes(pool);
	} else {
		lock();
		pool = pool_new(h, class);
		unlock();
	}
	current_set(h, class, pool ? pool : &none);
	if (pool)
		pool->budget += BIAS;
	return pool;
}

/* Gives back what H holds in reserve. */
static void heap_flush(struct heap *h, enum lw_reason reason)
{
	while (h->pending || h->drained)
		heap_drain(h);
	for (unsigned i = 1; i < CLASSES; i++) {
		struct pool *pool = h->current[i];
		if (pool != &none && pool->size == i * GRAIN) {
			current_set(h, i, &none);
			pool_file(h, pool, pool->budget - BIAS, false);
		}
	}
	lock();
	for (unsigned i = 1; i < CLASSES; i++)
		for (unsigned n = h->pools[i]; n && h->queue[i]; n--) {
			struct pool *pool = h->queue[i]->next;
			queue_remove(h, pool);
			if (pool->budget)
				queue_add(h, pool);
			else
				pool_return(h, pool);
		}
	h->empty_bytes = 0;
	merge_deferred(h, reason);
	unlock();
}

/* ---- threads' heaps ---- */

/* A thread ends: the next new one gets its heap. */
static void heap_close(void *arg)
{
	struct heap *h = arg;
	heap_flush(h, ON_EXIT);
	self = NULL;
	closed = true;
	pthread_mutex_lock(&lw.lock);
	h->next = lw.dead;
	lw.dead = h;
	pthread_mutex_unlock(&lw.lock);
}

/* A child of a fork has one thread.  Heaps of the others may be in the middle of anything: they
 * are left as they are, and what is freed into their pools stays there. */
static void fork_prepare(void) { pthread_mutex_lock(&lw.lock); }
static void fork_parent(void) { pthread_mutex_unlock(&lw.lock); }
static void fork_child(void) { pthread_mutex_init(&lw.lock, NULL); }

static void heap_use(struct heap *h, bool fresh)
{
	for (unsigned i = 0; fresh && i < CLASSES; i++)
		h->current[i] = &none;
	self = h;
	pthread_setspecific(lw.key, h);
}

static void start(void)
{
	const char *option = secure_getenv("LW_FOREIGN");
	lw.ignore_foreign = option && !strcmp(option, "ignore");
	lw.page = getauxval(AT_PAGESZ);
	lw.keep = lw.map_min = MAP_MIN;
	lw.batch = BATCH_MIN;
	pthread_key_create(&lw.key, heap_close);
	heap_use(&first_heap, true); /* before pthread_atfork: musl's allocates */
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* Gives the calling thread a heap: a dead thread's, or a new one.  NULL when there is no memory, or
 * the thread is past its heap's end: it is served chunks. */
static OUTLINE struct heap *heap_open(void)
{
	pthread_once(&lw.once, start);
	if (self || closed)
		return self;
	lock();
	struct heap *h = lw.dead;
	bool fresh = !h;
	if (h)
		lw.dead = h->next;
	else if ((h = own_take(NULL, sizeof *h)))
		memset(h, 0, sizeof *h);
	unlock();
	if (h)
		heap_use(h, fresh);
	return h;
}

static inline struct heap *heap_get(void) { return likely(self != NULL) ? self : heap_open(); }

/* ---- blocks ---- */

/* P's offset by the size of a slot: the slot above 32 bits, and below them less than pool->magic if
 * P is the slot's first byte. */
static inline uint64_t slot_divide(const struct pool *pool, const void *p)
{
	return (uint64_t)(uint32_t)((uintptr_t)p - pool->origin) * pool->magic;
}

/* The slot that begins at P, or GUARD if none does. */
static unsigned slot_of(const struct pool *pool, const void *p)
{
	uint64_t product = slot_divide(pool, p);
	return (uint32_t)product < pool->magic ? product >> 32 : GUARD;
}

/* The link in the list of mapped blocks that points to P's, or to NULL. */
static struct mapping **mapping_link(const void *p)
{
	struct mapping **link = &lw.mapped[(uintptr_t)p / 4096 % MAP_BUCKETS];
	while (*link && (void *)(*link + 1) != p)
		link = &(*link)->next;
	return link;
}

/* Tells what P is, wherever it lies; aborts if it is no live block of the program's. */
static struct block block_of(void *p)
{
	uintptr_t at = (uintptr_t)p - GRAIN; /* a region's first payload lies a GRAIN in */
	struct chunk *c = chunk_at(p, -WORD);
	struct region *r = &lw.brk;
	while (r && at - r->base >= r->end - r->base)
		r = r->next;
	if (!r) {
		lock();
		struct mapping *m = *mapping_link(p);
		unlock();
		bool others = lw.tiles && (uintptr_t)p > lw.brk.base && (uintptr_t)p < sys_sbrk(0);
		if (!m && !others && !lw.ignore_foreign)
			fault("not a block of this heap", p);
		return (struct block){m ? MAPPED : FOREIGN, m ? m->bytes - sizeof *m : 0, NULL,
		                      NULL};
	}
	struct pool *pool = r->map[((uintptr_t)p - r->base) / TILE];
	if (pool == &foreign)
		return (struct block){.kind = FOREIGN};
	if (pool) {
		unsigned slot = slot_of(pool, p);
		if ((pool->free | __atomic_load_n(&pool->remote, __ATOMIC_RELAXED)) >> slot & 1)
			fault(slot == GUARD ? "not a block (a pointer into its middle)"
			                    : "double free",
			      p);
		return (struct block){POOLED, pool->size, pool, NULL};
	}
	if ((uintptr_t)p % GRAIN || !sealed(c) || c->head & OWN || size_of(c) < CHUNK_MIN ||
	    size_of(c) > r->end - (uintptr_t)c)
		fault("not a block (a pointer into its middle, or a smashed header)", p);
	if (c->head & FREE || c->prev == key_of(c))
		fault("double free", p);
	return (struct block){CHUNKED, size_of(c) - WORD, NULL, c};
}

/* ---- large blocks: each is a mapping, known by its payload ---- */

static void mapping_add(struct mapping *m)
{
	struct mapping **link = mapping_link(m + 1);
	m->next = NULL;
	*link = m;
	extent_add(m->bytes);
}

/* Forgets P's mapping and returns it: a second free, or another thread's, finds nothing. */
static struct mapping *mapping_remove(void *p)
{
	lock();
	struct mapping **link = mapping_link(p), *m = *link;
	if (!m)
		fault("double free", p);
	*link = m->next;
	lw.extent -= m->bytes;
	unlock();
	return m;
}

static void *mapped_new(size_t n)
{
	size_t bytes = ALIGN_UP(n + sizeof(struct mapping), lw.page);
	uintptr_t at = sys_map(bytes);
	struct mapping *m = (struct mapping *)at;
	if (at == REFUSED)
		return NULL;
	m->bytes = bytes;
	lock();
	mapping_add(m);
	unlock();
	TRACE(source, FROM_MMAP);
	TRACE(map, DO_MAP, at, bytes, 0, 0);
	return m + 1;
}

static void mapped_free(void *p)
{
	struct mapping *m = mapping_remove(p);
	size_t bytes = m->bytes;
	if (lw.map_min < bytes && bytes <= MAP_LIMIT)
		lw.map_min = bytes; /* such blocks come and go: from now on the heap serves them */
	lw.keep = lw.keep < lw.map_min ? lw.map_min : lw.keep;
	TRACE(path, TO_SYSTEM);
	TRACE(map, DO_UNMAP, (uintptr_t)m, bytes, 0, 0);
	sys_unmap(m, bytes);
}

static void *mapped_resize(void *p, size_t n)
{
	struct mapping *m = mapping_remove(p);
	size_t old = m->bytes, bytes = ALIGN_UP(n + sizeof *m, lw.page);
	uintptr_t to = sys_remap(m, old, bytes);
	struct mapping *moved = to == REFUSED ? m : (struct mapping *)to;
	if (to != REFUSED) {
		moved->bytes = bytes;
		TRACE(map, DO_REMAP, to, bytes, (uintptr_t)m, old);
	}
	lock();
	mapping_add(moved);
	unlock();
	return to == REFUSED ? NULL : moved + 1;
}

/* ---- chunks, by their owner ---- */

/* Gives the live chunk C back: deferred, or merged at once by a thread without a heap. */
static void chunk_free(struct chunk *c)
{
	struct heap *h = self;
	size_t size = size_of(c);
	if (!h) {
		lock();
		chunk_release(c);
		unlock();
		TRACE(path, TO_HEAP);
		return;
	}
	struct chunk **bucket = &h->deferred[size / GRAIN % BUCKETS];
	c->prev = key_of(c);
	c->next = *bucket;
	*bucket = c;
	h->deferred_bytes += size;
	TRACE(path, TO_DEFERRED);
	if (++h->deferred_count < DEFER_COUNT && h->deferred_bytes < DEFER_BYTES)
		return;
	lock();
	merge_deferred(h, ON_BOUND);
	unlock();
}

/* A chunk, or if large a mapping, for N bytes; *ZERO tells whether they are known to be zeros. */
static void *chunk_new(size_t n, size_t align, bool *zero)
{
	size_t size = ALIGN_UP(n + WORD, GRAIN);
	struct heap *h = heap_get();
	*zero = false;
	if (n > PTRDIFF_MAX || size + align < size)
		return NULL;
	if (size < CHUNK_MIN)
		size = CHUNK_MIN;
	struct chunk *c, **bucket = h ? &h->deferred[size / GRAIN % BUCKETS] : NULL;
	if (h && *bucket && size_of(*bucket) == size && align <= GRAIN) {
		c = *bucket;
		*bucket = c->next;
		c->prev = NULL;
		h->deferred_count--;
		h->deferred_bytes -= size;
		TRACE(source, FROM_DEFERRED);
		return payload(c);
	}
	if (h && (h->pending || h->drained))
		heap_drain(h);
	bool mappable = size >= MAP_MIN && align <= GRAIN;
	void *p = mappable && size >= lw.map_min ? mapped_new(n) : NULL;
	if (!p) {
		lock();
		c = chunk_take(h, size, align, zero);
		if (!c)
			heap_trim(0);
		unlock();
		if (c)
			return payload(c);
		p = mappable ? mapped_new(n) : NULL; /* it needs no more than its size */
	}
	*zero = true;
	return p;
}

/* Makes the live chunk C of SIZE in place, if it can be. */
static bool chunk_resize(struct heap *h, struct chunk *c, size_t size)
{
	bool zero;
	lock();
	size_t all = size_of(c);
	struct chunk *next = chunk_at(c, all);
	if (size > all && !(next->head & FREE && all + size_of(next) >= size) && h &&
	    h->deferred_count)
		merge_deferred(h, ON_MISS);
	if (size > all && next == lw.top && all + size_of(next) < size)
		heap_grow(size - all);
	if (size > all && next->head & FREE && all + size_of(next) >= size) {
		size_t more = size - all < CHUNK_MIN ? CHUNK_MIN : size - all;
		all += size_of(chunk_cut(next, 0, more, &zero));
		set_head(c, all | (c->head & PREV_FREE));
	}
	if (size <= all && all - size >= CHUNK_MIN + all / 8) { /* less is kept for growth */
		set_head(chunk_at(c, size), all - size);
		set_head(c, size | (c->head & PREV_FREE));
		chunk_release(chunk_at(c, size));
	}
	unlock();
	return size <= all;
}

/* ---- malloc and its family ---- */

/* Takes the lowest free slot of POOL, which has one: LEFT is what remains of its free ones. */
static inline void *slot_take(struct pool *pool, size_t left)
{
	unsigned slot = __builtin_ctzl(pool->free);
	pool->free = left;
	pool->budget++;
	return (void *)(pool->origin + (uintptr_t)slot * pool->size);
}

static OUTLINE void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* What malloc cannot serve from a current pool. */
static OUTLINE void *malloc_slow(size_t n)
{
	bool zero;
	if (n <= POOL_MAX && heap_get()) {
		if (self->pending || self->drained)
			heap_drain(self);
		struct pool *pool = pool_get(self, class_of((n + GRAIN - 1) / GRAIN));
		if (pool)
			return slot_take(pool, pool->free & (pool->free - 1));
	}
	void *p = chunk_new(n, GRAIN, &zero);
	return p ? p : out_of_memory();
}

API void *malloc(size_t n)
{
	struct heap *h = self;
	if (unlikely(n > POOL_MAX || !h))
		return malloc_slow(n);
	struct pool *pool = h->current[(n + GRAIN - 1) / GRAIN];
	size_t left = pool->free & (pool->free - 1);
	return likely(left) ? slot_take(pool, left) : malloc_slow(n);
}

/* A free that is not of the caller's own pools. */
static OUTLINE void free_slow(void *p)
{
	if (!p)
		return;
	struct block b = block_of(p);
	if (b.kind == CHUNKED) {
		chunk_free(b.chunk);
	} else if (b.kind == MAPPED) {
		mapped_free(p);
	} else if (b.kind == FOREIGN) {
		__atomic_fetch_add(&lw.foreign, 1, __ATOMIC_RELAXED);
		TRACE(path, TO_FOREIGN);
	} else if (b.pool->owner == self) { /* in a region beside the break */
		b.pool->free |= (size_t)1 << slot_of(b.pool, p);
		if (!--b.pool->budget)
			pool_attend(b.pool);
	} else {
		size_t bit = (size_t)1 << slot_of(b.pool, p);
		size_t others = __atomic_fetch_or(&b.pool->remote, bit, __ATOMIC_ACQ_REL);
		if (others & bit)
			fault("double free", p);
		if (!others)
			heap_notify(b.pool->owner, b.pool);
		TRACE(path, TO_REMOTE);
	}
}

API void free(void *p)
{
	size_t tile = ((uintptr_t)p - lw.brk.base) / TILE;
	if (unlikely(tile >= lw.tiles))
		return free_slow(p);
	struct pool *pool = lw.brk.map[tile];
	if (unlikely(!pool || pool->owner != self))
		return free_slow(p);
	uint64_t product = slot_divide(pool, p);
	unsigned slot = product >> 32;
	if (unlikely((uint32_t)product >= pool->magic || pool->free >> slot & 1))
		return free_slow(p); /* it tells what is wrong */
	pool->free |= (size_t)1 << slot;
	if (unlikely(!--pool->budget))
		pool_attend(pool);
}

API void *calloc(size_t count, size_t size)
{
	size_t n;
	bool zero = false;
	if (__builtin_mul_overflow(count, size, &n))
		return out_of_memory();
	void *p = n <= POOL_MAX ? malloc(n) : chunk_new(n, GRAIN, &zero);
	if (!p)
		return out_of_memory();
	return zero ? p : memset(p, 0, n);
}

API void *realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	struct block b = block_of(p);
	if (!n) {
		free(p);
		return NULL;
	}
	if (n > PTRDIFF_MAX || b.kind == FOREIGN)
		return out_of_memory();
	if (b.kind == MAPPED && n >= lw.map_min) {
		void *to = mapped_resize(p, n);
		return to ? to : out_of_memory();
	}
	if (b.kind == POOLED ? n <= b.usable && 2 * n > b.usable
	                     : b.kind == CHUNKED && n > POOL_MAX &&
	                               chunk_resize(self, b.chunk, ALIGN_UP(n + WORD, GRAIN)))
		return p;
	bool grows = n > b.usable && n > POOL_MAX; /* and will again: it moves with room to spare */
	void *to = grows ? malloc(n + n / 8) : NULL;
	to = to ? to : malloc(n);
	if (to) {
		memcpy(to, p, n < b.usable ? n : b.usable);
		free(p);
	}
	return to;
}

API void *reallocarray(void *p, size_t count, size_t size)
{
	size_t n;
	return __builtin_mul_overflow(count, size, &n) ? out_of_memory() : realloc(p, n);
}

API void *memalign(size_t align, size_t n)
{
	bool zero;
	if (n > PTRDIFF_MAX || align > PTRDIFF_MAX / 2 + 1)
		return out_of_memory();
	if (align & (align - 1)) /* as glibc does: up to a power of two */
		align = (size_t)2 << (GUARD - __builtin_clzl(align));
	if (align <= GRAIN)
		return malloc(n);
	if (align <= TILE && ALIGN_UP(n + !n, align) <= POOL_MAX)
		return malloc(ALIGN_UP(n + !n, align)); /* slots lie at multiples of their size */
	void *p = chunk_new(n, align, &zero);
	return p ? p : out_of_memory();
}

API int posix_memalign(void **to, size_t align, size_t n)
{
	int saved = errno;
	if (align % WORD || !align || align & (align - 1))
		return EINVAL;
	void *p = memalign(align, n);
	errno = saved;
	*to = p ? p : *to;
	return p ? 0 : ENOMEM;
}

API void *pvalloc(size_t n)
{
	size_t page = getauxval(AT_PAGESZ);
	return n > PTRDIFF_MAX ? out_of_memory() : memalign(page, ALIGN_UP(n + !n, page));
}

API void *aligned_alloc(size_t align, size_t n) { return memalign(align, n); }
API void *valloc(size_t n) { return memalign(getauxval(AT_PAGESZ), n); }
API size_t malloc_usable_size(void *p) { return p ? block_of(p).usable : 0; }
API int malloc_trim(size_t pad) { return lw_trim(pad); }
API void free_sized(void *p, size_t n) { n ? free(p) : free(p); }
API void free_aligned_sized(void *p, size_t align, size_t n) { align | n ? free(p) : free(p); }

/* ---- the heap in figures ---- */

/* What a visit meets: blocks of the program's by their lw_kind, then the rest of the extent. */
enum part { PART_DEFERRED = LW_MAPPED + 1, PART_BIN, PART_TOP, PART_SLOTS };

typedef void part_fn(void *p, size_t bytes, int part, void *arg);

static void pool_visit(struct pool *pool, part_fn *fn, void *arg)
{
	size_t unused = pool->free | pool->remote, bytes = pool_bytes(pool) - WORD;
	for (unsigned i = GUARD - pool->slots; i < GUARD; i++)
		if (!(unused >> i & 1)) {
			bytes -= pool->size;
			fn((void *)(pool->origin + i * pool->size), pool->size, LW_POOL_OBJECT,
			   arg);
		}
	fn((void *)pool_base(pool), bytes, PART_SLOTS, arg);
}

/* Shows FN every part of the extent but the headers; DATA is for FN. */
static void heap_visit(part_fn *fn, void *data)
{
	lock();
	for (struct region *r = lw.tiles ? &lw.brk : lw.brk.next; r; r = r->next) {
		uintptr_t first =
			r == &lw.brk ? r->base : (uintptr_t)(r->map + (r->end - r->base) / TILE);
		struct chunk *c = (struct chunk *)(ALIGN_UP(first, GRAIN) + GRAIN - WORD);
		for (; (uintptr_t)c < r->end - WORD; c = chunk_at(c, size_of(c))) {
			struct pool *pool = r->map[((uintptr_t)payload(c) - r->base) / TILE];
			bool own = c->head & OWN;
			if (own && pool && pool != &foreign &&
			    payload(c) == (void *)pool_base(pool))
				pool_visit(pool, fn, data);
			else if (c->head & FREE)
				fn(payload(c), size_of(c), c == lw.top ? PART_TOP : PART_BIN, data);
			else if (!own)
				fn(payload(c), size_of(c) - WORD,
				   c->prev == key_of(c) ? PART_DEFERRED : LW_CHUNK, data);
		}
	}
	for (unsigned i = 0; i < MAP_BUCKETS; i++)
		for (struct mapping *m = lw.mapped[i]; m; m = m->next)
			fn(m + 1, m->bytes - sizeof *m, LW_MAPPED, data);
	unlock();
}

struct walk {
	void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg);
	void *arg;
};

static void walk_part(void *p, size_t bytes, int part, void *data)
{
	struct walk *walk = data;
	if (part <= LW_MAPPED)
		walk->fn(p, bytes, part, walk->arg);
}

API void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg)
{
	heap_visit(walk_part, &(struct walk){fn, arg});
}

static void stats_part(void *p, size_t bytes, int part, void *data)
{
	struct lw_stats *s = data;
	size_t *sum[] = {&s->live, &s->live, &s->live,     &s->deferred,
	                 &s->bins, &s->top,  &s->pool_free};
	*sum[part] += bytes;
	s->live_blocks += p && part <= LW_MAPPED;
}

API void lw_stats(struct lw_stats *stats)
{
	struct lw_stats s = {.version = stats->version < sizeof s ? stats->version : sizeof s};
	heap_visit(stats_part, &s);
	s.extent = lw.extent;
	s.peak_extent = lw.peak;
	s.foreign = lw.foreign;
	s.headers = s.extent - s.live - s.pool_free - s.deferred - s.bins - s.top;
	memcpy(stats, &s, s.version);
}

API int lw_trim(size_t pad)
{
	size_t before = lw.extent;
	if (self)
		heap_flush(self, ON_TRIM);
	lock();
	bool gone = heap_trim(pad);
	heap_purge(2 * lw.page, SIZE_MAX);
	unlock();
	return gone || lw.extent < before;
}

API unsigned lw_version(void) { return LW_VERSION; }

/* LW_STATS=1: the figures at the exit of the program. */
static __attribute__((destructor)) void report(void)
{
	struct lw_stats s = {.version = sizeof s};
	const char *option = secure_getenv("LW_STATS");
	if (!option || *option != '1')
		return;
	lw_stats(&s);
	char line[256];
	int n = snprintf(line, sizeof line,
	                 "liblw: extent=%zu peak=%zu live=%zu blocks=%zu headers=%zu pool_free=%zu "
	                 "deferred=%zu bins=%zu top=%zu foreign=%zu\n",
	                 s.extent, s.peak_extent, s.live, s.live_blocks, s.headers, s.pool_free,
	                 s.deferred, s.bins, s.top, s.foreign);
	(void)!write(STDERR_FILENO, line, n);
}

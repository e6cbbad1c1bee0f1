/*
 * lw.c - the allocator.
 *
 * 1. Requests up to POOL_MAX are served from pools of the calling thread: a slot is the lowest bit
 *    set in one word, to free it sets the bit again.  No lock, no atomic read-modify-write.
 * 2. Larger ones, and pools, are chunks.  free() defers: the chunk goes, unmerged, onto a list of
 *    the thread, where a request of the same size takes it back.  When neither that nor the shared
 *    bins fit, always before the heap grows, and when the bounds below are reached, the thread's
 *    deferred chunks are merged into the shared heap, in one batch under one lock.
 * 3. The largest ones are mappings of their own, resized by mremap.
 *
 * Costs.  Pools, deferral, bins (segregated fit with a bitmap, as in Masmano et al., TLSF, 2004):
 * O(1).  No call handles more than DEFER_COUNT chunks and DRAIN_MAX pools of remote frees: less than
 * 12,000 basic blocks of code (tests/liblw/bounded.c counts them), beside system calls, memset and
 * memcpy.  Exempt: lw_trim, lw_walk, lw_stats, fork, a thread's exit, another allocator's block.
 *
 * Memory.  The heap grows by sbrk.  Free memory in runs of two pages and more goes back beyond
 * twice lw.keep: the top by moving the break, the rest page by page.  lw.keep grows fourfold, up to
 * MAP_LIMIT, when what went back is wanted again: a program that alternates pays for a few rounds
 * only.  A thread holds back at most DEFER_BYTES of deferred chunks.
 *
 * Not promised: that a pool's memory returns before its thread, or one that adopts its heap,
 * allocates again after others freed into it.
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
#include <sys/auxv.h>

#define API            __attribute__((visibility("default")))
#define HOT            __attribute__((optimize("O2"))) /* all else is compiled for size */
#define OUTLINE        __attribute__((noinline))
#define INLINE         inline __attribute__((always_inline))
#define TLS            __thread __attribute__((tls_model("initial-exec")))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uintptr_t)(a)-1))

#define DEFER_COUNT    32                  /* merging so many under one lock hides its cost */
#define DEFER_BYTES    ((size_t)256 << 10) /* what a thread may hold back from the others */
#define DRAIN_MAX      64                  /* pools with remote frees that one call takes in */
#define GROW_MIN       ((size_t)64 << 10)  /* least step of the break: a system call costs 1 us */
#define POOL_BYTES     ((size_t)32 << 10)  /* larger pools save no time, and cost memory */
#define MAP_MIN        ((size_t)128 << 10) /* first threshold of mapped blocks... */
#define MAP_LIMIT      ((size_t)512 << (WORD == 8 ? 16 : 10)) /* ...and how far it may rise */
#define LEAF_BATCH     (WORD == 8 ? 1 : 16) /* mapped at a time; many split 4 GiB into pieces */
#define FIT_MAX        8                    /* chunks of a bin that are looked at */
#define BIN_LOG        3                    /* log2 of the bins to a doubling */
#define BIN_FIRST      (WORD == 8 ? 5 : 4)  /* log2 of CHUNK_MIN */
#define BINS           ((BITS - BIN_FIRST) << BIN_LOG)

static struct {
	pthread_mutex_t lock; /* of all below, and of every chunk that is not live or deferred */
	struct region *regions, *brk; /* all; the one that ends at the break, or NULL */
	struct chunk *top;            /* brk's free end, or NULL */
	uintptr_t low;                /* where the break was when the heap began */
	size_t extent, peak;          /* bytes that came from the system less what went back */
	size_t foreign;               /* frees of others' blocks */
	size_t map_min;               /* blocks of so many bytes are mapped */
	size_t dirty;                 /* bytes in bins, in chunks that could be purged */
	size_t keep; /* what a trim leaves of the top; it grows when that was too little */
	bool went;   /* something went back and was not wanted again yet */
	size_t filled[BINS / BITS + 1]; /* a bit per bin that is not empty */
	struct chunk *bin[BINS];
	struct heap *dead;
	size_t page;
	pthread_key_t key;
	pthread_once_t once;
	/* The map of all tiles: leaf n % LEAVES is for the tiles of leaf n alone; tag == n. */
	struct leaf {
		struct pool **map;
		uintptr_t tag;
	} leaf[LEAVES];
	struct pool **next_leaf;
	unsigned leaves_left;
} lw;

/* What the map says of a tile in which a chunk, or a mapped block, begins. */
static struct pool chunks, mapped;
static struct heap first, unopened, closed; /* a thread's before its first call, past its end */
static TLS struct heap *self = &unopened;
static TLS struct pool *latest = &chunks; /* the pool of the last free, if it was of this heap */

static _Noreturn OUTLINE void fault(const char *what, const void *at)
{
	char line[96] = "liblw: ", *p = stpcpy(stpcpy(line + 7, what), ": address=0x");
	for (int shift = BITS - 4; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[(uintptr_t)at >> shift & 15];
	*p++ = '\n';
	(void)!write(STDERR_FILENO, line, p - line);
	TRACE(fault, (uintptr_t)at);
	abort();
}

/* glibc tells when there is but one thread: then the lock is not needed. */
extern char __libc_single_threaded __attribute__((weak));

static INLINE bool alone(void) { return &__libc_single_threaded && __libc_single_threaded; }
static void lock(void) { alone() ? 0 : pthread_mutex_lock(&lw.lock); }
static void unlock(void) { alone() ? 0 : pthread_mutex_unlock(&lw.lock); }

/* ---- accessors ---- */

static INLINE void *payload(struct chunk *c) { return (char *)c + WORD; }
static INLINE size_t size_of(const struct chunk *c) { return c->head & SIZE_MASK; }
static INLINE size_t hash(const void *p) { return (uintptr_t)p * (size_t)0x9e3779b97f4a7c15; }
static INLINE bool sealed(struct chunk *c) { return !((c->head ^ hash(c)) & SEAL_MASK); }
static INLINE void set_head(struct chunk *c, size_t h) { c->head = h | (hash(c) & SEAL_MASK); }
/* What a deferred chunk's third word holds, and a live one's only by a chance of 1 in 2^WORD. */
static INLINE struct chunk *key_of(struct chunk *c) { return (struct chunk *)~hash(c); }

static INLINE void *chunk_at(const void *p, ptrdiff_t by) { return (void *)((uintptr_t)p + by); }
static struct chunk *chunk_of(void *p) { return chunk_at(p, -WORD); }
static struct chunk *region_first(struct region *r) { return chunk_at(r, TILE - WORD); }
static struct chunk *fence_of(struct region *r) { return chunk_at(r, r->bytes - WORD); }

static INLINE struct leaf *leaf_of(uintptr_t at) { return &lw.leaf[at / LEAF % LEAVES]; }
static INLINE size_t tile_number(uintptr_t at) { return at / TILE % LEAF_TILES; } /* in its leaf */

/* What lies in P's tile, or in that of an address LEAF * LEAVES away. */
static INLINE struct pool *tile_guess(const void *p)
{
	const struct leaf *leaf = leaf_of((uintptr_t)p);
	return likely(leaf->map != NULL) ? leaf->map[tile_number((uintptr_t)p)] : NULL;
}

/* What lies in P's tile: a pool; &chunks or &mapped if a block's payload begins there; or NULL. */
static struct pool *tile_of(const void *p)
{
	return leaf_of((uintptr_t)p)->tag == (uintptr_t)p / LEAF ? tile_guess(p) : NULL;
}

/* Makes the leaves for [at, end).  False: there is no memory, or another's leaf is in the place. */
static bool map_claim(uintptr_t at, uintptr_t end)
{
	size_t bytes = LEAF_BATCH * LEAF_TILES * WORD;
	for (uintptr_t n = at / LEAF; n <= (end - 1) / LEAF; n++) {
		struct leaf *leaf = leaf_of(n * LEAF);
		if (leaf->map && leaf->tag != n)
			return false;
		if (leaf->map)
			continue;
		if (!lw.leaves_left) {
			uintptr_t maps = sys_map(bytes);
			maps = maps == REFUSED ? sys_sbrk(bytes + WORD) : maps;
			if (maps == REFUSED)
				return false;
			lw.next_leaf = (struct pool **)ALIGN_UP(maps, WORD);
			lw.leaves_left = LEAF_BATCH;
		}
		leaf->tag = n;
		__atomic_store_n(&leaf->map, lw.next_leaf, __ATOMIC_RELEASE);
		lw.next_leaf += LEAF_TILES;
		lw.leaves_left--;
	}
	return true;
}

static void map_clear(uintptr_t at, uintptr_t end)
{
	for (uintptr_t next; at < end; at = next) {
		next = ALIGN_UP(at + 1, LEAF) < end ? ALIGN_UP(at + 1, LEAF) : end;
		memset(&leaf_of(at)->map[tile_number(at)], 0, (next - at) / TILE * WORD);
	}
}

/* Enters WHAT for the tiles in [at, end), which have their leaves. */
static void map_set(uintptr_t at, uintptr_t end, struct pool *what)
{
	for (; at < end; at += TILE)
		leaf_of(at)->map[tile_number(at)] = what;
}

/* ---- bins of free chunks; lw.lock is held until `pools` ---- */

static unsigned bin_number(size_t size)
{
	unsigned high = BITS - 1 - __builtin_clzl(size);
	return ((high - BIN_FIRST) << BIN_LOG) + (size >> (high - BIN_LOG) & ((1 << BIN_LOG) - 1));
}

/* What C, which is in a bin, adds to lw.dirty. */
static size_t dirt_of(const struct chunk *c)
{
	return c->head & OWN || size_of(c) < 2 * lw.page ? 0 : size_of(c);
}

/* Makes [c, c + size), whose neighbours are in use, a free chunk in its bin, or the top.  WENT is
 * OWN if its pages went back, else 0. */
static void bin_insert(struct chunk *c, size_t size, size_t went)
{
	struct chunk *next = chunk_at(c, size);
	unsigned n = bin_number(size);
	set_head(c, size | FREE | went);
	if (lw.brk && next == fence_of(lw.brk)) {
		lw.top = c;
		return;
	}
	lw.dirty += dirt_of(c);
	set_head(next, next->head | PREV_FREE);
	((size_t *)next)[-1] = size;
	c->prev = NULL;
	c->next = lw.bin[n];
	if (c->next)
		c->next->prev = c;
	lw.bin[n] = c;
	lw.filled[n / BITS] |= (size_t)1 << n % BITS;
}

static void bin_remove(struct chunk *c)
{
	struct chunk *next = chunk_at(c, size_of(c));
	unsigned n = bin_number(size_of(c));
	if (c == lw.top) {
		lw.top = NULL;
		return;
	}
	lw.dirty -= dirt_of(c);
	next->head &= ~PREV_FREE;
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else if (!(lw.bin[n] = c->next))
		lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
}

/* The smallest chunk of SIZE or more among the first of bin N; NULL. */
static struct chunk *bin_best(unsigned n, size_t size)
{
	struct chunk *best = NULL, *c = lw.bin[n];
	for (int i = 0; c && i < FIT_MAX; i++, c = c->next)
		if (size_of(c) >= size && !(best && size_of(best) <= size_of(c)))
			best = c;
	return best;
}

/* A chunk of SIZE or more from SIZE's own bin, or else from the next larger one. */
static struct chunk *bin_find(size_t size)
{
	unsigned n = bin_number(size);
	struct chunk *best = bin_best(n, size);
	size_t mask = (size_t)-2 << n % BITS;
	for (unsigned i = n / BITS; !best && i <= BINS / BITS; i++, mask = -1)
		if (lw.filled[i] & mask)
			best = bin_best(i * BITS + __builtin_ctzl(lw.filled[i] & mask), size);
	return best;
}

/* ---- the heap grows and shrinks ---- */

static void extent_add(size_t n) { lw.peak = (lw.extent += n) > lw.peak ? lw.extent : lw.peak; }

/* Makes [at, at + bytes) a region; its first chunk, whose head is to be set. */
static struct chunk *region_add(uintptr_t at, size_t bytes)
{
	struct region *r = (struct region *)at;
	*r = (struct region){lw.regions, NULL, bytes};
	if (r->next)
		r->next->prev = r;
	lw.regions = r;
	extent_add(bytes);
	TRACE(pool_new, at, TILE - WORD, 0, 0);
	TRACE(pool_new, (uintptr_t)fence_of(r), WORD, 0, 0);
	return region_first(r);
}

static void region_remove(struct region *r)
{
	*(r->prev ? &r->prev->next : &lw.regions) = r->next;
	if (r->next)
		r->next->prev = r->prev;
	lw.extent -= r->bytes;
	TRACE(pool_free, (uintptr_t)r, TILE - WORD);
	TRACE(pool_free, (uintptr_t)fence_of(r), WORD);
}

/* Moves the end of the region at the break, whose top is in no bin. */
static void break_set(size_t bytes)
{
	TRACE(pool_free, (uintptr_t)fence_of(lw.brk), WORD);
	extent_add(bytes - lw.brk->bytes);
	lw.brk->bytes = bytes;
	TRACE(pool_new, (uintptr_t)fence_of(lw.brk), WORD, 0, 0);
}

/* Gives the top back but for PAD bytes, if others have not moved the break. */
static bool heap_trim(size_t pad)
{
	struct chunk *top = lw.top;
	uintptr_t old = (uintptr_t)lw.brk + (lw.brk ? lw.brk->bytes : 0);
	uintptr_t end = ALIGN_UP((uintptr_t)top + CHUNK_MIN + WORD + pad, lw.page);
	if (!top || pad > lw.extent || end >= old || sys_sbrk(0) != old)
		return false;
	break_set(end - (uintptr_t)lw.brk);
	bin_insert(top, end - WORD - (uintptr_t)top, 0);
	map_clear(end, old);
	sys_sbrk(end - old);
	TRACE(sbrk, old, end, BREAK_SHRUNK);
	return lw.went = true;
}

/* Gives the pages inside of C back, which is in a bin. */
static void chunk_purge(struct chunk *c)
{
	uintptr_t from = ALIGN_UP((uintptr_t)(c + 1), lw.page);
	uintptr_t to = ((uintptr_t)c + size_of(c) - WORD) & -lw.page;
	lw.dirty -= dirt_of(c);
	c->head |= OWN;
	lw.went = true;
	TRACE(map, DO_RETURN, from, to - from, 0, 0);
	madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Unmaps the region of C, SIZE bytes that are free, if it is all of it. */
static bool region_return(struct chunk *c, size_t size)
{
	struct region *r = lw.regions, *at = chunk_at(c, WORD - TILE);
	if ((uintptr_t)at & (lw.page - 1) || at == lw.brk || size <= 2 * lw.keep)
		return false;
	while (r && r != at) /* seldom: what lies a tile into a page need not be a region's first */
		r = r->next;
	if (!r || r->bytes != size + TILE)
		return false;
	map_clear((uintptr_t)r, (uintptr_t)r + r->bytes);
	region_remove(r);
	TRACE(map, DO_UNMAP, (uintptr_t)r, size + TILE, 0, 0);
	munmap(r, size + TILE);
	return lw.went = true;
}

/* Frees C; returns the free chunk that it became part of. */
static struct chunk *chunk_release(struct chunk *c)
{
	size_t size = size_of(c), below = c->head & PREV_FREE ? ((size_t *)c)[-1] : 0;
	struct chunk *next = chunk_at(c, size);
	if (c->head & FREE) /* two threads freed it at one moment */
		fault("double free", payload(c));
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
	next = chunk_at(c, size + below);
	if (!size_of(next) && region_return(c, size + below))
		return c;
	bin_insert(c, size + below, 0);
	if (c == lw.top && size_of(c) > 2 * lw.keep)
		heap_trim(lw.keep);
	else if (c != lw.top && lw.dirty > 2 * lw.keep && dirt_of(c))
		chunk_purge(c);
	return c;
}

/* What was given back is wanted again: from now on more is kept. */
static void heap_miss(void)
{
	lw.keep = 4 * lw.keep < MAP_LIMIT ? 4 * lw.keep : MAP_LIMIT;
	lw.went = false;
}

/* Fetches BYTES, a multiple of the page, from the break. */
static bool break_grow(size_t bytes)
{
	struct region *r = lw.brk;
	struct chunk *c, *top = lw.top;
	uintptr_t end = (uintptr_t)r + (r ? r->bytes : 0), at = sys_sbrk(0);
	uintptr_t start = ALIGN_UP(at, lw.page), stop = start + bytes;
	bool may = at != REFUSED && at >= end && bytes <= PTRDIFF_MAX / 2 && map_claim(start, stop);
	if (may && sys_sbrk(0) != at) /* a leaf came from the break */
		return break_grow(bytes);
	if (!may || sys_sbrk(stop - at) != at) {
		TRACE(sbrk, at, stop, BREAK_REFUSED);
		return false;
	}
	if (r && at != end)
		TRACE(sbrk, end, start, BREAK_FOREIGN);
	TRACE(sbrk, start, stop, BREAK_GROWN);
	lw.top = NULL;
	if (at == end) {
		c = top ? top : fence_of(r); /* the top grows, or else the fence becomes a head */
		break_set(r->bytes + bytes);
	} else {
		c = region_add(start, bytes);
		lw.brk = (struct region *)start;
		lw.low = lw.low ? lw.low : at;
		if (top) {
			set_head(fence_of(r), OWN);
			bin_insert(top, size_of(top), 0);
		}
	}
	if (lw.went)
		heap_miss();
	bin_insert(c, (uintptr_t)fence_of(lw.brk) - (uintptr_t)c, 0);
	return true;
}

/* A new mapping as a region, the first CLAIM bytes of which are for the map; its first chunk. */
static struct chunk *region_map(size_t bytes, size_t claim)
{
	uintptr_t at = sys_map(bytes);
	if (at == REFUSED)
		return NULL;
	if (map_claim(at, at + claim)) {
		TRACE(map, DO_MAP, at, bytes, 0, 0);
		return region_add(at, bytes);
	}
	munmap((void *)at, bytes);
	return NULL;
}

/* Fetches BYTES where the break cannot grow. */
static bool region_grow(size_t bytes)
{
	struct chunk *c = region_map(bytes, bytes);
	if (!c)
		return false;
	set_head(chunk_at(c, bytes - TILE), OWN);
	bin_insert(c, bytes - TILE, 0);
	return true;
}

static bool heap_grow(size_t size)
{
	size_t least = ALIGN_UP(size + TILE + GRAIN, lw.page);
	size_t step = ALIGN_UP(least + lw.extent / 32 + GROW_MIN, lw.page);
	size_t region = step + ALIGN_UP(lw.extent / 8 + 16 * GROW_MIN, lw.page); /* few, then */
	return break_grow(step) || break_grow(least) || region_grow(region) || region_grow(least);
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

/* Cuts SIZE bytes, LEAD bytes into the free chunk C, and marks them live. */
static struct chunk *chunk_cut(struct chunk *c, size_t lead, size_t size)
{
	size_t rest = size_of(c) - lead - size, went = c->head & OWN;
	struct chunk *cut = chunk_at(c, lead);
	bool top = c == lw.top;
	if (went && lw.went)
		heap_miss();
	if (rest < CHUNK_MIN) {
		size += rest;
		rest = 0;
	}
	bin_remove(c);
	set_head(cut, size);
	cut->prev = NULL; /* no key */
	map_set((uintptr_t)payload(cut), (uintptr_t)payload(cut) + 1, &chunks);
	if (rest)
		bin_insert(chunk_at(cut, size), rest, went);
	if (lead)
		bin_insert(c, lead, went);
	if (top && !rest)
		set_head(fence_of(lw.brk), OWN);
	TRACE(source, top ? FROM_TOP : FROM_BIN);
	return cut;
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

/* ---- chunks, without the lock ---- */

static size_t bucket_of(size_t n) { return hash((void *)n) / (SIZE_MAX / BUCKETS + 1); }

/* A live chunk of SIZE (its head included) for H, or NULL for a thread without a heap: a deferred
 * one if it fits.  NULL: there is no memory. */
static struct chunk *chunk_alloc(struct heap *h, size_t size, size_t align)
{
	struct chunk **bucket = h ? &h->deferred[bucket_of(size)] : NULL, *c;
	if (h && (c = *bucket) && size_of(c) == size && !((uintptr_t)payload(c) & (align - 1))) {
		*bucket = c->next;
		c->prev = NULL;
		h->deferred_count--;
		h->deferred_bytes -= size;
		TRACE(source, FROM_DEFERRED);
		return c;
	}
	lock();
	c = chunk_find(size, align);
	if ((!c || c == lw.top) && h && h->deferred_count) {
		merge_deferred(h, ON_MISS);
		c = chunk_find(size, align);
	}
	if (!c && heap_grow(size + (align > GRAIN ? align + CHUNK_MIN : 0)))
		c = chunk_find(size, align);
	if (c)
		c = chunk_cut(c, lead_of(c, align), size);
	else
		heap_trim(0); /* a mapping may do with less */
	unlock();
	return c;
}

/* Gives the live chunk C back: deferred, or merged at once by a thread without a heap. */
static void chunk_free(struct heap *h, struct chunk *c)
{
	size_t size = size_of(c);
	int saved = errno;
	if (alone())
		c->prev = key_of(c);
	else if (__atomic_exchange_n(&c->prev, key_of(c), __ATOMIC_ACQ_REL) == key_of(c))
		fault("double free", payload(c));
	if (h) {
		struct chunk **bucket = &h->deferred[bucket_of(size)];
		c->next = *bucket;
		*bucket = c;
		h->deferred_bytes += size;
		if (++h->deferred_count < DEFER_COUNT && h->deferred_bytes < DEFER_BYTES)
			return;
	}
	lock();
	if (h)
		merge_deferred(h, ON_BOUND);
	else
		chunk_release(c);
	unlock();
	errno = saved;
}

/* ---- pools, by their owner ---- */

static INLINE void *pool_base(const struct pool *pool) { return (void *)pool->origin; }
static size_t pool_bytes(struct pool *p) { return size_of(chunk_of(pool_base(p))) & -TILE; }

/* `free` of POOL when it is empty: a pool of descriptors holds its own. */
static size_t pool_all(const struct pool *pool)
{
	return ((size_t)2 << pool->slots) - 1 - (pool_base(pool) == pool);
}

/* The class that serves what index I stands for, (I + 1) * GRAIN bytes: every GRAIN up to 16 of
 * them, then eight steps to a doubling. */
static unsigned class_of(unsigned i)
{
	return i < 16 ? i : i < 32 ? i | 1 : i < CLASSES ? i | 3 : i;
}

/* Makes POOL, or NULL, the one that serves CLASS. */
static void current_set(struct heap *h, unsigned class, struct pool *pool)
{
	if (pool)
		pool->attend = ALWAYS;
	for (unsigned i = class; i <= class && class_of(i) == class; i--)
		h->current[i] = pool;
}

/* Puts POOL, which has a free slot, last into the ring of its class. */
static void ring_add(struct pool *pool)
{
	struct pool *head = pool->owner->current[pool->class];
	pool->attend = pool_all(pool);
	pool->next = head ? head : pool;
	pool->prev = head ? head->prev : pool;
	pool->prev->next = pool->next->prev = pool;
	if (!head)
		current_set(pool->owner, pool->class, pool);
}

static void ring_remove(struct pool *pool)
{
	struct pool *next = pool->next == pool ? NULL : pool->next;
	pool->attend = ((size_t)1 << pool->slots) + ((size_t)1 << pool->slots / 4);
	pool->next->prev = pool->prev;
	pool->prev->next = pool->next;
	if (pool->owner->current[pool->class] == pool)
		current_set(pool->owner, pool->class, next);
	pool->next = NULL;
}

/* The slot of POOL that begins at P; a larger number than any if none does. */
static INLINE size_t slot_of(const struct pool *pool, const void *p)
{
	size_t product = ((uintptr_t)p - pool->origin) * pool->inverse;
	return product >> pool->shift | product << (-pool->shift & (BITS - 1));
}

static void slot_free(struct pool *pool, size_t slot);

/* Gives the memory of POOL, which is empty and in no ring, back. */
static void pool_return(struct pool *pool)
{
	struct heap *h = pool->owner;
	struct chunk *c = chunk_of(pool_base(pool));
	size_t bytes = pool_bytes(pool);
	TRACE(pool_free, (uintptr_t)c, bytes);
	map_set(pool->origin, pool->origin + bytes, &chunks);
	latest = latest == pool ? &chunks : latest;
	if (pool_base(pool) != pool) {
		struct pool *home = tile_of(pool);
		slot_free(home, slot_of(home, pool));
	}
	if (!sealed(c))
		fault("smashed header", payload(c));
	chunk_free(h, c);
}

/* `free` reached `attend`: POOL is no longer full, or became empty. */
static OUTLINE void pool_attend(struct pool *pool)
{
	if (!pool->next)
		ring_add(pool);
	if (pool->free < pool->attend)
		return;
	ring_remove(pool);
	pool_return(pool);
}

static INLINE void slot_free(struct pool *pool, size_t slot)
{
	pool->free |= (size_t)1 << slot;
	if (unlikely(pool->free >= pool->attend))
		pool_attend(pool);
}

/* The lowest free slot of POOL, which has one. */
static INLINE void *slot_next(const struct pool *pool)
{
	return (void *)(pool->origin + (unsigned)__builtin_ctzl(pool->free) * pool->size);
}

/* What remains of POOL's free slots without that one: 0 if it is the guard. */
static INLINE size_t slots_left(const struct pool *p) { return p->free - (p->free & -p->free); }

static INLINE void *slot_take(struct pool *pool)
{
	void *p = slot_next(pool);
	pool->free = slots_left(pool);
	return p;
}

static struct pool *pool_get(struct heap *h, unsigned class);

/* A new current pool of about BYTES of CLASS for H; NULL when there is no memory. */
static struct pool *pool_new(struct heap *h, unsigned class, size_t bytes)
{
	bool own = class == CLASSES;
	size_t size = own ? sizeof(struct pool) : (class + 1) * GRAIN, inverse = 1;
	size_t least = 4 * size,
	       most = SLOTS * size + WORD < POOL_BYTES ? SLOTS * size + WORD : POOL_BYTES;
	bytes = bytes < least ? least : bytes < most ? bytes : most;
	bytes = bytes < TILE ? TILE : bytes & -TILE;
	struct pool *home = own ? NULL : pool_get(h, CLASSES);
	struct chunk *c = own || home ? chunk_alloc(h, bytes, TILE) : NULL;
	if (!c)
		return NULL;
	struct pool *pool = own ? payload(c) : slot_next(home);
	size_t slots = (bytes - WORD) / size, shift = __builtin_ctzl(size);
	slots = slots < SLOTS ? slots : SLOTS;
	for (int i = 0; i < 6; i++) /* each step doubles the bits that are right */
		inverse *= 2 - (size >> shift) * inverse;
	*pool = (struct pool){.owner = h,
	                      .origin = (uintptr_t)payload(c),
	                      .limit = slots * size,
	                      .inverse = inverse,
	                      .shift = shift,
	                      .size = size,
	                      .slots = slots,
	                      .class = class};
	pool->free = pool_all(pool);
	map_set(pool->origin, pool->origin + bytes, pool);
	if (!own)
		slot_take(home);
	ring_add(pool);
	TRACE(source, FROM_REFILL);
	TRACE(pool_new, (uintptr_t)c, bytes, own ? 0 : size, own ? 0 : slots);
	return pool;
}

/* A pool with a free slot for CLASS, which is current: each new one is twice as large. */
static struct pool *pool_get(struct heap *h, unsigned class)
{
	struct pool *pool = h->current[class];
	size_t bytes = 0;
	if (pool && !slots_left(pool)) {
		bytes = 2 * pool_bytes(pool);
		ring_remove(pool);
	}
	return h->current[class] ? h->current[class] : pool_new(h, class, bytes);
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
		if (pool->free & freed)
			fault("double free",
			      chunk_at(pool_base(pool),
			               __builtin_ctzl(pool->free & freed) * pool->size));
		pool->free |= freed;
		if (pool->free >= pool->attend)
			pool_attend(pool);
		pool = next;
	}
	h->drained = pool;
}

/* Gives back what H holds in reserve. */
static void heap_flush(struct heap *h, enum lw_reason reason)
{
	while (h->pending || h->drained)
		heap_drain(h);
	for (unsigned i = 0; i <= CLASSES; i++) {
		struct pool *pool = h->current[i];
		if (pool && pool->free == pool_all(pool)) {
			ring_remove(pool);
			pool_return(pool);
		}
	}
	lock();
	merge_deferred(h, reason);
	unlock();
}

/* ---- threads' heaps ---- */

/* A thread ends: the next new one gets its heap. */
static void heap_close(void *arg)
{
	struct heap *h = arg;
	heap_flush(h, ON_EXIT);
	self = &closed;
	latest = &chunks;
	pthread_mutex_lock(&lw.lock);
	h->next = lw.dead;
	lw.dead = h;
	pthread_mutex_unlock(&lw.lock);
}

/* A child of a fork has one thread.  Heaps of the others may be in the middle of anything: they
 * are left as they are, and what is freed into their pools stays there. */
static void fork_prepare(void) { pthread_mutex_lock(&lw.lock); }
static void fork_done(void) { pthread_mutex_unlock(&lw.lock); }

/* Once there is a second thread: until then nobody forks inside the allocator, or ends. */
static void start_threads(void)
{
	pthread_key_create(&lw.key, heap_close);
	sys_atfork(fork_prepare, fork_done);
}

/* The calling thread's heap, if need be a dead thread's, or a new one.  NULL when there is no
 * memory, or the thread is past its heap's end: it is served chunks. */
static OUTLINE struct heap *heap_open(void)
{
	if (self == &closed)
		return NULL;
	lock();
	struct heap *h = lw.dead;
	if (h) {
		lw.dead = h->next;
	} else if (!lw.page) {
		lw.page = getauxval(AT_PAGESZ);
		lw.keep = lw.map_min = MAP_MIN;
		h = &first;
	}
	unlock();
	if (!h) {
		size_t size = ALIGN_UP(sizeof *h + WORD, GRAIN);
		struct chunk *c = chunk_alloc(NULL, size, GRAIN);
		if (!c)
			return NULL;
		h = memset(payload(c), 0, sizeof *h);
		lock();
		c->head |= OWN;
		unlock();
		TRACE(pool_new, (uintptr_t)c, size, 0, 0);
	}
	h->open = true;
	self = h; /* before pthread_atfork: musl's allocates */
	if (!alone()) {
		pthread_once(&lw.once, start_threads);
		pthread_setspecific(lw.key, h);
	}
	return h;
}

static INLINE struct heap *heap_get(void) { return likely(self->open) ? self : heap_open(); }

/* ---- blocks ---- */

/* Whether P, of which the map knows nothing, is in a piece of the break that others fetched. */
static bool is_foreign(uintptr_t p)
{
	bool foreign = lw.low && p > lw.low - sys_others() && p < sys_sbrk(0);
	lock();
	for (struct region *r = lw.regions; r; r = r->next)
		foreign &= p - (uintptr_t)r >= r->bytes;
	unlock();
	return foreign;
}

/* What P, a live block, lies in: its pool, &chunks, &mapped, or NULL if it is another allocator's.
 * Aborts if it is none. */
static struct pool *home_of(void *p)
{
	struct chunk *c = chunk_of(p);
	struct pool *pool = tile_of(p);
	if (!pool) {
		const char *option = secure_getenv("LW_FOREIGN");
		if (!is_foreign((uintptr_t)p) && !(option && *option == 'i'))
			fault("not a block of this heap", p);
	} else if (pool->size) {
		size_t slot = slot_of(pool, p);
		if (slot >= pool->slots)
			fault("not a block: a pointer into its middle, or a smashed header", p);
		if ((pool->free | __atomic_load_n(&pool->remote, __ATOMIC_RELAXED)) >> slot & 1)
			fault("double free", p);
	} else if (pool == &mapped) {
		if ((uintptr_t)p % TILE) /* its region may be gone: mapped_remove() looks at it */
			fault("not a block: a pointer into its middle, or a smashed header", p);
	} else if ((uintptr_t)p % GRAIN || !sealed(c) || c->head & OWN || size_of(c) < CHUNK_MIN) {
		fault("not a block: a pointer into its middle, or a smashed header", p);
	} else if (c->head & FREE || c->prev == key_of(c)) {
		fault("double free", p);
	}
	return pool;
}

static size_t usable(const struct pool *home, void *p)
{
	return !home ? 0 : home->size ? home->size : size_of(chunk_of(p)) - WORD;
}

/* ---- mapped blocks ---- */

/* Makes C, the first of its region of BYTES, a live block. */
static void *mapped_set(struct chunk *c, size_t bytes)
{
	set_head(c, bytes - TILE);
	map_set((uintptr_t)payload(c), (uintptr_t)payload(c) + 1, &mapped);
	return payload(c);
}

/* Takes P's region out of the heap: another free of it finds nothing. */
static struct region *mapped_remove(void *p)
{
	struct region *r = chunk_at(p, -TILE);
	lock();
	if (tile_of(p) != &mapped)
		fault("double free", p);
	map_set((uintptr_t)p, (uintptr_t)p + 1, NULL);
	region_remove(r);
	unlock();
	return r;
}

static size_t mapped_bytes(size_t n) { return ALIGN_UP(n + TILE + WORD, lw.page); }

static void *mapped_new(size_t n)
{
	size_t bytes = mapped_bytes(n);
	lock();
	struct chunk *c = region_map(bytes, TILE + 1);
	void *p = c ? mapped_set(c, bytes) : NULL;
	unlock();
	TRACE(source, FROM_MMAP); /* or else the heap's source is told next */
	return p;
}

static void mapped_free(void *p)
{
	struct region *r = mapped_remove(p);
	size_t bytes = r->bytes;
	int saved = errno;
	if (lw.map_min < bytes && bytes <= MAP_LIMIT)
		lw.map_min = bytes; /* such blocks come and go: from now on the heap serves them */
	lw.keep = lw.keep < lw.map_min ? lw.map_min : lw.keep;
	TRACE(map, DO_UNMAP, (uintptr_t)r, bytes, 0, 0);
	munmap(r, bytes);
	errno = saved;
}

static void *mapped_resize(void *p, size_t n)
{
	struct region *r = mapped_remove(p);
	size_t old = r->bytes, bytes = mapped_bytes(n);
	uintptr_t to = sys_remap(r, old, bytes, NULL);
	lock();
	bool moved = to != REFUSED && map_claim(to, to + TILE + 1);
	if (moved)
		TRACE(map, DO_REMAP, to, bytes, (uintptr_t)r, old);
	else if (to != REFUSED)
		sys_remap((void *)to, bytes, old, r); /* there is no room in the map */
	bytes = moved ? bytes : old;
	p = mapped_set(region_add(moved ? to : (uintptr_t)r, bytes), bytes);
	unlock();
	return moved ? p : NULL;
}

/* ---- malloc and its family ---- */

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* A chunk, or if large a mapping, for N bytes. */
static void *chunk_new(struct heap *h, size_t n, size_t align)
{
	size_t size = ALIGN_UP(n + WORD, GRAIN);
	bool mappable = size >= MAP_MIN && align <= GRAIN;
	void *p = mappable && size >= lw.map_min ? mapped_new(n) : NULL;
	if (p)
		return p;
	struct chunk *c = chunk_alloc(h, size < CHUNK_MIN ? CHUNK_MIN : size, align);
	if (c)
		return payload(c);
	return mappable ? mapped_new(n) : NULL; /* it needs no more than its size */
}

/* N bytes that no current pool has. */
static OUTLINE void *alloc_slow(size_t n, size_t align)
{
	int saved = errno;
	void *p = NULL;
	struct heap *h = heap_get();
	if (h && (h->pending || h->drained))
		heap_drain(h);
	if (h && n <= POOL_MAX && align <= GRAIN) {
		struct pool *pool = pool_get(h, class_of((n - !!n) / GRAIN));
		p = pool ? slot_take(pool) : NULL;
	}
	if (!p && n <= PTRDIFF_MAX && n + align > n)
		p = chunk_new(h, n, align);
	errno = p ? saved : ENOMEM;
	return p;
}

/* Makes the live chunk C of SIZE in place, if it can be. */
static bool chunk_resize(struct heap *h, struct chunk *c, size_t size)
{
	int saved = errno;
	lock();
	size_t all = size_of(c), more = size < all + CHUNK_MIN ? CHUNK_MIN : size - all;
	struct chunk *next = chunk_at(c, all);
	if (size > all) {
		merge_deferred(h, ON_MISS);
		if (next == lw.top && size_of(next) < more)
			heap_grow(more);
		if (next->head & FREE && size_of(next) >= more)
			all += size_of(chunk_cut(next, 0, more));
		set_head(c, all | (c->head & PREV_FREE));
	}
	if (size <= all && all - size >= CHUNK_MIN + all / 8) { /* less is kept for growth */
		set_head(chunk_at(c, size), all - size);
		set_head(c, size | (c->head & PREV_FREE));
		chunk_release(chunk_at(c, size));
	}
	unlock();
	errno = saved;
	return size <= all;
}

API HOT void *malloc(size_t n)
{
	if (unlikely(n - 1 >= POOL_MAX))
		return alloc_slow(n, GRAIN);
	struct pool *pool = self->current[(n - 1) / GRAIN];
	if (unlikely(!pool))
		return alloc_slow(n, GRAIN);
	return likely(slots_left(pool)) ? slot_take(pool) : alloc_slow(n, GRAIN);
}

/* A free that is not of the caller's own pools. */
static OUTLINE void free_slow(void *p)
{
	if (!p)
		return;
	struct pool *home = home_of(p);
	if (home == &chunks) {
		struct heap *h = self->open ? self : NULL;
		TRACE(path, h ? TO_DEFERRED : TO_HEAP);
		chunk_free(h, chunk_of(p));
	} else if (home == &mapped) {
		TRACE(path, TO_SYSTEM);
		mapped_free(p);
	} else if (!home) {
		TRACE(path, TO_FOREIGN);
		__atomic_fetch_add(&lw.foreign, 1, __ATOMIC_RELAXED);
	} else {
		size_t bit = (size_t)1 << slot_of(home, p);
		size_t others = __atomic_fetch_or(&home->remote, bit, __ATOMIC_ACQ_REL);
		struct pool **list = &home->owner->pending;
		if (others & bit)
			fault("double free", p);
		TRACE(path, TO_REMOTE);
		if (others) /* the owner has been told */
			return;
		home->pending = __atomic_load_n(list, __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(list, &home->pending, home, true,
		                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			;
	}
}

API HOT void free(void *p)
{
	struct pool *pool = latest;
	if (unlikely((uintptr_t)p - pool->origin >= pool->limit)) {
		pool = tile_guess(p);
		if (unlikely(!pool || pool->owner != self))
			return free_slow(p);
		latest = pool;
	}
	size_t slot = slot_of(pool, p);
	if (unlikely(slot > SLOTS || pool->free >> slot & 1))
		return free_slow(p); /* it tells what is wrong */
	slot_free(pool, slot);
}

API void *calloc(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n))
		return out_of_memory();
	void *p = malloc(n);
	return !p || (n >= MAP_MIN && tile_of(p) == &mapped) ? p : memset(p, 0, n);
}

API void *realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	struct pool *home = home_of(p);
	size_t had = usable(home, p);
	if (!n) {
		free(p);
		return NULL;
	}
	if (n > PTRDIFF_MAX || !home)
		return out_of_memory();
	if (home == &mapped && n >= lw.map_min) {
		void *to = mapped_resize(p, n);
		return to ? to : out_of_memory();
	}
	if (home->size ? n <= had && 2 * n > had
	               : home == &chunks && n > POOL_MAX &&
	                         chunk_resize(self, chunk_of(p), ALIGN_UP(n + WORD, GRAIN)))
		return p;
	bool grows = n > had && n > POOL_MAX; /* and will again: it moves with room to spare */
	void *to = malloc(grows ? n + n / 8 : n);
	if (to) {
		memcpy(to, p, n < had ? n : had);
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
	if (align > PTRDIFF_MAX / 2 + 1)
		return out_of_memory();
	while (align & (align - 1)) /* as glibc does: up to a power of two */
		align += align & -align;
	if (align <= GRAIN)
		return malloc(n);
	if (n <= POOL_MAX && ALIGN_UP(n + !n, align) <= POOL_MAX)
		return malloc(ALIGN_UP(n + !n, align)); /* slots lie at multiples of their size */
	return alloc_slow(n, align);
}

API int posix_memalign(void **to, size_t align, size_t n)
{
	if (align % WORD || !align || align & (align - 1))
		return EINVAL;
	int saved = errno;
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
API size_t malloc_usable_size(void *p) { return p ? usable(home_of(p), p) : 0; }
API int malloc_trim(size_t pad) { return lw_trim(pad); }
API void free_sized(void *p, size_t n) { n ? free(p) : free(p); }
API void free_aligned_sized(void *p, size_t align, size_t n) { align | n ? free(p) : free(p); }

/* ---- the heap in figures ---- */

struct visit {
	struct lw_stats sum;
	void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg); /* or NULL */
	void *arg;
};

static void visit_block(struct visit *v, void *p, size_t bytes, enum lw_kind kind)
{
	v->sum.live += bytes;
	v->sum.live_blocks++;
	if (v->fn)
		v->fn(p, bytes, kind, v->arg);
}

/* A live chunk: a block of the program's, deferred, a pool, or of the allocator's own. */
static void visit_chunk(struct visit *v, struct chunk *c)
{
	struct pool *pool = tile_of(payload(c));
	size_t bytes = size_of(c) - WORD;
	if (c->prev == key_of(c)) {
		v->sum.deferred += bytes;
	} else if (!pool->size && !(c->head & OWN)) {
		visit_block(v, payload(c), bytes, pool == &mapped ? LW_MAPPED : LW_CHUNK);
	} else if (pool->size && pool->class < CLASSES) {
		v->sum.pool_free += bytes;
		for (size_t i = 0, free = pool->free | pool->remote; i < pool->slots; i++)
			if (!(free >> i & 1)) {
				v->sum.pool_free -= pool->size;
				visit_block(v, chunk_at(pool_base(pool), i * pool->size),
				            pool->size, LW_POOL_OBJECT);
			}
	}
}

static void visit_heap(struct visit *v)
{
	lock();
	for (struct region *r = lw.regions; r; r = r->next)
		for (struct chunk *c = region_first(r); c != fence_of(r);
		     c = chunk_at(c, size_of(c)))
			if (c->head & FREE)
				*(c == lw.top ? &v->sum.top : &v->sum.bins) += size_of(c);
			else
				visit_chunk(v, c);
	unlock();
}

API void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg)
{
	visit_heap(&(struct visit){.fn = fn, .arg = arg});
}

API void lw_stats(struct lw_stats *stats)
{
	struct visit v = {.fn = NULL};
	struct lw_stats *s = &v.sum;
	visit_heap(&v);
	s->version = stats->version < sizeof *s ? stats->version : sizeof *s;
	s->extent = lw.extent;
	s->peak_extent = lw.peak;
	s->foreign = lw.foreign;
	s->headers = s->extent - s->live - s->pool_free - s->deferred - s->bins - s->top;
	memcpy(stats, s, s->version);
}

API int lw_trim(size_t pad)
{
	size_t before = lw.extent;
	if (heap_get())
		heap_flush(self, ON_TRIM);
	lock();
	bool gone = heap_trim(pad);
	for (unsigned n = bin_number(2 * lw.page); n < BINS; n++)
		for (struct chunk *c = lw.bin[n]; c; c = c->next)
			if (dirt_of(c))
				chunk_purge(c);
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
	dprintf(STDERR_FILENO,
	        "liblw: extent=%zu peak=%zu live=%zu blocks=%zu headers=%zu pool_free=%zu "
	        "deferred=%zu bins=%zu top=%zu foreign=%zu\n",
	        s.extent, s.peak_extent, s.live, s.live_blocks, s.headers, s.pool_free, s.deferred,
	        s.bins, s.top, s.foreign);
}

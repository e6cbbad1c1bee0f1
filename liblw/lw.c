/*
 * lw.c - the allocator.
 *
 * 1. Requests up to POOL_MAX are served from pools of the calling thread: a slot is the lowest bit
 *    set in a word, to free it sets the bit again.  No lock, no atomic read-modify-write.
 * 2. Larger ones, and pools, are chunks.  free() defers: the chunk goes, unmerged, onto a list of
 *    the thread, where a request of the same size takes it back.  When neither that nor the shared
 *    bins fit, always before the heap grows, and when the bounds below are reached, the thread's
 *    deferred chunks are merged into the shared heap, in one batch under one lock.
 * 3. What the heap knows of its chunks lies apart from them, in slabs of its own: an overflow cannot
 *    reach it, and memory that is free, or was never written, is not touched.
 *
 * Costs.  Pools, deferral, bins (segregated fit with a bitmap, as in Masmano et al., TLSF, 2004):
 * O(1).  No call handles more than DEFER_COUNT chunks and DRAIN_MAX pools of remote frees: less than
 * 12,000 basic blocks of code (tests/liblw/bounded.c counts them), beside system calls, memset and
 * memcpy.  Exempt: lw_trim, lw_walk, lw_stats, fork, a thread's exit, another allocator's block.
 *
 * Memory.  The heap grows by sbrk, where that is refused by mmap.  Whole pages of free chunks go back
 * when what was written of them exceeds twice lw.keep and a 64th of what is in use: page by page, small
 * pieces only beyond twice that, as they may still become large ones; the top, which may have one
 * lw.keep more, by moving the break.  lw.keep grows fourfold, up to KEEP_MAX, when something went
 * back and clean memory is wanted again, and to the size of a block that is freed: a program that
 * alternates pays for a few rounds only.  A thread holds back at most DEFER_BYTES of deferred chunks,
 * and leaves empty pools of up to POOL_KEPT to the next one; of slabs EMPTY_MAX of each kind stay.
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

#define API            __attribute__((visibility("default")))
#define HOT            __attribute__((optimize("O2"))) /* all else is compiled for size */
#define OUTLINE        __attribute__((noinline))
#define INLINE         inline __attribute__((always_inline))
#define TLS            __thread __attribute__((tls_model("initial-exec")))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uintptr_t)(a)-1))

#define PAGE           (size_t) getpagesize() /* for whom lw.page may not be there yet */
#define DEFER_COUNT    20                     /* merging so many under one lock hides its cost */
#define DEFER_BYTES    ((size_t)256 << 10)    /* what a thread may hold back from the others */
#define DRAIN_MAX      16                     /* pools with remote frees that one call takes in */
#define GROW_MIN       ((size_t)64 << 10)  /* least step of the break: a system call costs 1 us */
#define POOL_BYTES     ((size_t)32 << 10)  /* larger ones save no time, and cost memory */
#define POPULATE_MIN   (POOL_BYTES / 2)    /* new ones get their pages at once, a third cheaper */
#define POOL_KEPT      (4 * TILE)          /* in the heap of a thread that has ended */
#define LARGE          ((size_t)128 << 10) /* blocks of whole pages, whose memory moves by mremap */
#define KEEP_MIN       ((size_t)128 << 10)
#define KEEP_MAX       ((size_t)512 << (WORD == 8 ? 16 : 10))
#define EXTENT_MAX     (LEAVES / 4 * 3 * LEAF)
#define PURGE_MAX      64                   /* leaves of the map that one call gives back */
#define LEAF_BATCH     (WORD == 8 ? 1 : 16) /* mapped at a time; many split 4 GiB into pieces */
#define FIT_MAX        4                    /* chunks of a bin that are looked at */
#define BIN_LOG        3                    /* log2 of the bins to a doubling */
#define BIN_FIRST      (WORD == 8 ? 10 : 9) /* log2 of TILE */
#define BINS           ((BITS - BIN_FIRST) << BIN_LOG)
#define GOLDEN         (size_t)0x9e3779b97f4a7c15 /* spreads sizes over the buckets */
#define SLAB_BATCH     16                         /* mapped at a time */
#define EMPTY_MAX      ((size_t)64 << 10)         /* of slabs of a kind, in reserve */

static struct {
	pthread_mutex_t lock; /* of all below, of all slabs, and of every chunk that is free */
	struct chunk *top;    /* the free chunk that ends at `end`: in no bin; or NULL */
	uintptr_t low, end;   /* where the break was when the heap began; where our break ends */
	size_t extent, peak;  /* bytes that came from the system less what went back */
	size_t foreign;       /* frees of others' blocks */
	size_t free, dirty;   /* bytes of free chunks; of those in bins, what may be written */
	size_t keep;          /* what a trim leaves of the top; it grows when that was too little */
	size_t page;
	struct heap *dead;
	bool went; /* something went back and was not wanted again yet */
	unsigned leaves_left, slabs_left;
	uintptr_t next_slab;
	struct slab *slab[KINDS]; /* that have a free record */
	size_t empty[KINDS];      /* of them, those without one in use */
	struct chunk **next_leaf;
	pthread_key_t key;
	pthread_once_t once;
	size_t filled[BINS / BITS + 1]; /* a bit per bin that is not empty */
	struct chunk *bin[BINS];
	/* The map of all tiles: leaf n % LEAVES is for the tiles of leaf n alone; tag == n. */
	struct leaf {
		struct chunk **map;
		uintptr_t tag;
	} leaf[LEAVES];
} lw;

static struct chunk nowhere; /* stands where there is no pool: it has no slots, and no bits set */
static struct heap first, unopened, closed; /* a thread's before its first call, past its end */
static TLS struct heap *self = &unopened;
static TLS struct chunk *latest = &nowhere; /* the pool of the last free, if it was of this heap */

static _Noreturn OUTLINE void fault(const char *what, const void *at)
{
	char line[96];
	int digits = BITS / 4, len = snprintf(line, sizeof line, "liblw: %s: address=0x%0*zx\n",
	                                      what, digits, (size_t)at);
	(void)!write(STDERR_FILENO, line, len);
	TRACE(fault, (uintptr_t)at);
	abort();
}

/* glibc tells when there is but one thread: then the lock is not needed. */
extern char __libc_single_threaded __attribute__((weak));

static INLINE bool alone(void) { return &__libc_single_threaded && __libc_single_threaded; }

/* Takes the lock; returns errno for unlock(), as all system calls are made in between. */
static int lock(void)
{
	alone() ? 0 : pthread_mutex_lock(&lw.lock);
	return errno;
}

static void unlock(int saved)
{
	errno = saved;
	alone() ? 0 : pthread_mutex_unlock(&lw.lock);
}

static void extent_add(size_t n) { lw.peak = (lw.extent += n) > lw.peak ? lw.extent : lw.peak; }

/* ---- the map ---- */

static INLINE struct leaf *leaf_of(uintptr_t at) { return &lw.leaf[at / LEAF % LEAVES]; }
static INLINE size_t tile_number(uintptr_t at) { return at / TILE % LEAF_TILES; } /* in its leaf */
static struct chunk **map_entry(uintptr_t at) { return &leaf_of(at)->map[tile_number(at)]; }
static INLINE uintptr_t end_of(const struct chunk *c) { return c->at + c->bytes; }

/* The entry for AT's tile, or for that of an address LEAF * LEAVES away. */
static INLINE struct chunk *map_guess(uintptr_t at)
{
	const struct leaf *leaf = leaf_of(at);
	return likely(leaf->map != NULL) ? leaf->map[tile_number(at)] : NULL;
}

/* The entry for AT's tile: of chunks that are no pools, the one that begins in it or ends with it. */
static struct chunk *map_get(uintptr_t at)
{
	return leaf_of(at)->tag == at / LEAF ? map_guess(at) : NULL;
}

/* Enters WHAT, which is C or NULL, for the tiles in which C begins and ends; all if it is FILLED. */
static HOT void map_set(struct chunk *c, struct chunk *what)
{
	*map_entry(c->at) = *map_entry(end_of(c) - TILE) = what;
	for (uintptr_t at = c->at; c->flags & FILLED && at + TILE <= end_of(c); at += TILE)
		*map_entry(at) = what;
}

/* The chunk that holds AT, or NULL.  Not bounded: for pointers that are no blocks. */
static struct chunk *map_search(uintptr_t at)
{
	struct chunk *c = map_get(at);
	for (uintptr_t from = at; (!c || c->at > at) && leaf_of(from)->tag == from / LEAF;
	     c = map_get(from))
		from -= TILE;
	return c && at - c->at < c->bytes ? c : NULL;
}

/* BYTES of zeros for the allocator's own use, page-aligned; NULL. */
static void *own_map(size_t bytes)
{
	uintptr_t at = sys_map(bytes);
	if (at == REFUSED)
		at = sys_sbrk(bytes + lw.page);
	return at == REFUSED ? NULL : (void *)ALIGN_UP(at, lw.page);
}

/* Makes the leaves for [at, end).  False: there is no memory, or another's leaf is in the place. */
static bool map_claim(uintptr_t at, uintptr_t end)
{
	for (uintptr_t n = at / LEAF; n <= (end - 1) / LEAF; n++) {
		struct leaf *leaf = leaf_of(n * LEAF);
		if (leaf->map && leaf->tag != n)
			return false;
		if (leaf->map)
			continue;
		if (!lw.leaves_left) {
			size_t count = (end - 1) / LEAF - n + LEAF_BATCH,
			       bytes = count * LEAF_TILES * WORD;
			lw.next_leaf = own_map(bytes);
			if (!lw.next_leaf)
				return false;
			lw.leaves_left = count;
		}
		leaf->tag = n;
		__atomic_store_n(&leaf->map, lw.next_leaf, __ATOMIC_RELEASE);
		lw.next_leaf += LEAF_TILES;
		lw.leaves_left--;
	}
	return true;
}

/* Gives back what the map needs for [at, end), in which no tile has an entry: a gigabyte in one call. */
static void map_purge(uintptr_t at, uintptr_t end)
{
	for (int i = 0; i < PURGE_MAX && at < end; i++, at = (at | (LEAF - 1)) + 1) {
		uintptr_t last = at | (LEAF - 1);
		uintptr_t from = ALIGN_UP((uintptr_t)map_entry(at), lw.page);
		uintptr_t to = (uintptr_t)(map_entry(last < end ? last : end - 1) + 1) & -lw.page;
		if (from < to)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
}

/* ---- pools ---- */

/* Without a loop, by sums of ever more bits (Warren, Hacker's Delight, 5-1). */
static unsigned count_bits(size_t word)
{
	word -= word >> 1 & SIZE_MAX / 3;
	word = (word & SIZE_MAX / 5) + (word >> 2 & SIZE_MAX / 5);
	return ((word + (word >> 4)) & SIZE_MAX / 17) * (SIZE_MAX / 255) >> (BITS - 8);
}

static unsigned slots_free(const struct chunk *pool)
{
	unsigned n = 0;
	for (unsigned i = 0; i * BITS < pool->slots; i++)
		n += count_bits(pool->free[i]);
	return n;
}

/* The class that serves what index I stands for, (I + 1) * GRAIN bytes: every GRAIN up to 16 of
 * them, then eight steps to a doubling. */
static INLINE unsigned class_of(unsigned i) { return i < 16 ? i : i < 32 ? i | 1 : i | 3; }

/* Makes POOL, or nowhere, the one that serves CLASS. */
static void current_set(struct heap *h, unsigned class, struct chunk *pool)
{
	if (pool != &nowhere)
		pool->until = NEVER;
	for (unsigned i = class; i <= class && class_of(i) == class; i--)
		h->current[i] = pool;
}

/* How many slots of a full pool have to be free before it is looked at. */
static unsigned share_of(const struct chunk *pool) { return pool->slots / 16 + 1; }

/* Puts POOL, of which FREE slots are, last into the ring of its class. */
static void ring_add(struct chunk *pool, unsigned free)
{
	struct chunk *head = pool->owner->current[pool->class];
	bool only = head == &nowhere;
	pool->until = pool->slots - free;
	pool->next = only ? pool : head;
	pool->prev = only ? pool : head->prev;
	pool->prev->next = pool->next->prev = pool;
	if (only)
		current_set(pool->owner, pool->class, pool);
}

static void ring_remove(struct chunk *pool)
{
	struct chunk *next = pool->next == pool ? &nowhere : pool->next;
	pool->until = share_of(pool);
	pool->next->prev = pool->prev;
	pool->prev->next = pool->next;
	if (pool->owner->current[pool->class] == pool)
		current_set(pool->owner, pool->class, next);
	pool->next = NULL;
}

/* The slot of POOL that begins at P; SLOTS or more if none does. */
static INLINE size_t slot_of(const struct chunk *pool, const void *p)
{
	size_t product = ((uintptr_t)p - pool->at) * pool->inverse;
	return product >> pool->shift | product << (-pool->shift & (BITS - 1));
}

/* The next slot of POOL, the current one, if *pool->word is not 0. */
static INLINE void *slot_take(struct chunk *pool)
{
	size_t bits = *pool->word;
	*pool->word = bits & (bits - 1);
	return (void *)(pool->word_at + (unsigned)__builtin_ctzl(bits) * pool->size);
}

static void pool_attend(struct chunk *pool, unsigned more);

/* Frees the SLOT of POOL; false if it is free. */
static INLINE bool slot_free(struct chunk *pool, size_t slot)
{
	size_t *word = &pool->free[slot / BITS], bits = *word;
	size_t now = bits | (size_t)1 << slot % BITS;
	if (unlikely(now == bits))
		return false;
	*word = now;
	if (unlikely(!--pool->until))
		pool_attend(pool, 0);
	return true;
}

/* Has slots taken from the lowest word of POOL that has one free; false: none has. */
static bool pool_seek(struct chunk *pool)
{
	size_t *word = pool->free;
	for (unsigned slot = 0; slot < pool->slots; slot += BITS, word++)
		if (*word) {
			pool->word = word;
			pool->word_at = pool->at + slot * pool->size;
			return true;
		}
	return false;
}

static struct chunk *pool_new(struct heap *h, unsigned class, size_t bytes);

/* A pool with a free slot for CLASS, which is current: each new one is twice as large. */
static struct chunk *pool_get(struct heap *h, unsigned class)
{
	struct chunk *pool;
	size_t bytes = 0;
	for (; (pool = h->current[class]) != &nowhere && !pool_seek(pool); bytes = 2 * pool->bytes)
		ring_remove(pool);
	return pool != &nowhere ? pool : pool_new(h, class, bytes);
}

/* ---- records; lw.lock is held until `chunks, without the lock` ---- */

static struct slab *slab_of(void *record) { return (void *)((uintptr_t)record & -lw.page); }
static bool slab_full(const struct slab *s) { return !s->free && s->fresh + s->size > lw.page; }

static void slab_link(struct slab *s)
{
	s->prev = NULL;
	s->next = lw.slab[s->kind];
	if (s->next)
		s->next->prev = s;
	lw.slab[s->kind] = s;
}

static void slab_unlink(struct slab *s)
{
	*(s->prev ? &s->prev->next : &lw.slab[s->kind]) = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

/* Whether there is memory for the records that a call may need: three of chunks, and one of KIND. */
static bool records_ready(unsigned kind)
{
	const struct slab *s = lw.slab[NARROW];
	bool room = s && (s->live + 3) * s->size <= lw.page - LINE;
	unsigned need = !room + !lw.slab[kind];
	void *slabs = lw.slabs_left < need ? own_map(SLAB_BATCH * lw.page) : NULL;
	if (slabs) {
		lw.next_slab = (uintptr_t)slabs;
		lw.slabs_left = SLAB_BATCH;
	}
	return lw.slabs_left >= need;
}

static void *record_new(unsigned kind)
{
	static const uint16_t sizes[KINDS] = {offsetof(struct chunk, slots),
	                                      ALIGN_UP(sizeof(struct chunk), LINE),
	                                      ALIGN_UP(sizeof(struct heap), LINE)};
	struct slab *s = lw.slab[kind];
	if (!s) {
		s = (struct slab *)lw.next_slab;
		lw.next_slab += lw.page;
		lw.slabs_left--;
		lw.empty[kind]++;
		*s = (struct slab){.kind = kind, .size = sizes[kind], .fresh = LINE};
		slab_link(s);
		extent_add(lw.page);
		TRACE(map, DO_MAP, (uintptr_t)s, lw.page);
		TRACE(pool_new, (uintptr_t)s, lw.page, 0, 0);
	}
	void **record = s->free;
	if (record)
		s->free = *record;
	else
		record = (void **)((uintptr_t)s + s->fresh), s->fresh += s->size;
	lw.empty[kind] -= !s->live++;
	if (slab_full(s))
		slab_unlink(s);
	return record;
}

static void record_free(void *record)
{
	struct slab *s = slab_of(record);
	if (slab_full(s))
		slab_link(s);
	*(void **)record = s->free;
	s->free = record;
	if (--s->live || lw.empty[s->kind]++ * lw.page < EMPTY_MAX)
		return;
	lw.empty[s->kind]--;
	slab_unlink(s);
	lw.extent -= lw.page;
	TRACE(pool_free, (uintptr_t)s, lw.page);
	TRACE(map, DO_UNMAP, (uintptr_t)s, lw.page);
	munmap(s, lw.page);
}

/* ---- bins of free chunks ---- */

static INLINE unsigned bin_number(size_t size)
{
	unsigned high = BITS - 1 - __builtin_clzl(size);
	return ((high - BIN_FIRST) << BIN_LOG) + (size >> (high - BIN_LOG) & ((1 << BIN_LOG) - 1));
}

/* For C in use, without the lock: who frees its neighbour looks whether C is free. */
static void flags_set(struct chunk *c, unsigned flags)
{
	__atomic_store_n(&c->flags, flags, __ATOMIC_RELAXED);
}

/* Where the memory of C, which is no pool, begins that was never written, or went back. */
static uintptr_t soil_of(const struct chunk *c) { return c->written + 1; }

/* What C, which is in a bin, adds to lw.dirty: nothing if it may have no whole page. */
static size_t dirt_of(const struct chunk *c)
{
	return c->bytes < 2 * lw.page ? 0 : c->dirt * GRAIN;
}

/* Puts C, whose neighbours are in use, into its bin, or makes it the top. */
static void bin_insert(struct chunk *c, uintptr_t soil)
{
	unsigned n = bin_number(c->bytes);
	size_t most = c->bytes / GRAIN;
	c->flags = FREE;
	c->written = (soil < c->at ? c->at : soil < end_of(c) ? soil : end_of(c)) - 1;
	c->dirt = c->dirt < most ? c->dirt : most;
	lw.free += c->bytes;
	map_set(c, c);
	if (end_of(c) == lw.end) {
		lw.top = c;
		return;
	}
	lw.dirty += dirt_of(c);
	c->prev = NULL;
	c->next = lw.bin[n];
	if (c->next)
		c->next->prev = c;
	lw.bin[n] = c;
	lw.filled[n / BITS] |= (size_t)1 << n % BITS;
}

/* Takes C out of its bin and out of the map. */
static HOT void bin_remove(struct chunk *c)
{
	unsigned n = bin_number(c->bytes);
	lw.free -= c->bytes;
	map_set(c, NULL);
	if (c == lw.top) {
		lw.top = NULL;
		return;
	}
	lw.dirty -= dirt_of(c);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else if (!(lw.bin[n] = c->next))
		lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
}

/* The smallest chunk of SIZE or more among the first of bin N; NULL. */
static HOT struct chunk *bin_best(unsigned n, size_t size)
{
	struct chunk *best = NULL, *c = lw.bin[n];
	for (int i = 0; c && i < FIT_MAX; i++, c = c->next)
		if (c->bytes >= size && !(best && best->bytes <= c->bytes))
			best = c;
	return best;
}

/* A chunk of SIZE or more from SIZE's own bin, or else from the next larger one. */
static HOT struct chunk *bin_find(size_t size)
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

/* Makes [at, at + bytes), with DIRT at most, a chunk that is in no bin and not in the map. */
static struct chunk *chunk_make(uintptr_t at, size_t bytes, unsigned dirt)
{
	struct chunk *c = record_new(NARROW);
	c->at = at;
	c->bytes = bytes;
	c->flags = 0;
	c->dirt = dirt;
	return c;
}

/* Adds its neighbour OTHER to C, if that is free; the soil of both, where SOIL is that of C. */
static uintptr_t chunk_absorb(struct chunk *c, struct chunk *other, uintptr_t soil)
{
	bool below = other && end_of(other) == c->at, above = other && other->at == end_of(c);
	if (!(below || above) || !(__atomic_load_n(&other->flags, __ATOMIC_RELAXED) & FREE))
		return soil;
	uintptr_t seam = below ? c->at : other->at, low = below ? soil_of(other) : soil;
	uintptr_t high = below ? soil : soil_of(other);
	bin_remove(other);
	c->at = below ? other->at : c->at;
	c->bytes += other->bytes;
	c->dirt += other->dirt;
	record_free(other);
	return high > seam ? high : seam & (lw.page - 1) ? ALIGN_UP(seam, lw.page) : low;
}

/* Makes C, which is in use, free, and one with its free neighbours. */
static void chunk_join(struct chunk *c, uintptr_t soil)
{
	map_set(c, NULL);
	c->flags = FREE; /* at no time does it look live */
	soil = chunk_absorb(c, map_get(c->at - TILE), soil);
	bin_insert(c, chunk_absorb(c, map_get(end_of(c)), soil));
}

/* Makes [at, at + bytes), which came from the system, free. */
static void extent_join(uintptr_t at, size_t bytes)
{
	extent_add(bytes);
	chunk_join(chunk_make(at, bytes, 0), at);
}

/* Gives the whole pages of C back, which is free, but for PAD bytes if it is the top: that by
 * moving the break, what lies beside the break by unmapping.  False: there was none. */
static bool chunk_purge(struct chunk *c, size_t pad)
{
	bool top = c == lw.top && sys_sbrk(0) == lw.end, beside = c->at - lw.low >= lw.end - lw.low;
	uintptr_t end = end_of(c) & -lw.page, at = c->at + (top ? TILE + pad : 0);
	size_t bytes = end - (at = ALIGN_UP(at, lw.page));
	if (pad > lw.extent || at >= end)
		return false;
	lw.went = true;
	bin_remove(c);
	map_purge(at + TILE, end - 2 * TILE);
	if (beside && bytes == c->bytes) {
		lw.extent -= bytes;
		TRACE(map, DO_UNMAP, at, bytes);
		munmap((void *)at, bytes);
		record_free(c);
		return true;
	}
	if (top) {
		c->bytes = at - c->at;
		lw.end = at;
		lw.extent -= bytes;
		sys_sbrk(-bytes);
		TRACE(sbrk, end, at, BREAK_SHRUNK);
	} else {
		c->written = c->at - 1;
		c->dirt = (c->bytes - bytes) / GRAIN;
		TRACE(map, DO_RETURN, at, bytes);
		madvise((void *)at, bytes, MADV_DONTNEED);
	}
	bin_insert(c, soil_of(c));
	return true;
}

/* Frees C; returns the address of the free chunk that it became part of. */
static HOT uintptr_t chunk_release(struct chunk *c)
{
	if (lw.keep < c->bytes && c->bytes <= KEEP_MAX)
		lw.keep = c->bytes; /* such blocks come and go */
	c->dirt = c->bytes / GRAIN;
	chunk_join(c, end_of(c));
	uintptr_t at = c->at;
	size_t most = 2 * lw.keep + (lw.extent - lw.free) / 64, dirt = c == lw.top ? 0 : dirt_of(c);
	if (lw.top && soil_of(lw.top) - lw.top->at > most + lw.keep)
		chunk_purge(lw.top, lw.keep);
	else if (lw.dirty > most && dirt && (dirt > most / 16 || lw.dirty > 2 * most))
		chunk_purge(c, 0); /* small ones go later: they may still grow */
	return at;
}

/* Clean memory is wanted: if some was given back, more is kept from now on. */
static void heap_miss(void)
{
	if (!lw.went)
		return;
	lw.keep = 4 * lw.keep < KEEP_MAX ? 4 * lw.keep : KEEP_MAX;
	lw.went = false;
}

/* Fetches BYTES, a multiple of the page, from the break. */
static bool break_grow(size_t bytes)
{
	uintptr_t end = lw.end, at = sys_sbrk(0);
	uintptr_t start = ALIGN_UP(at, lw.page), stop = start + bytes;
	bool may = at != REFUSED && at >= end && bytes <= EXTENT_MAX && map_claim(start, stop);
	if (!may || sys_sbrk(0) != at || sys_sbrk(stop - at) != at) {
		TRACE(sbrk, at, stop, BREAK_REFUSED);
		return false;
	}
	if (end && at != end)
		TRACE(sbrk, end, start, BREAK_FOREIGN);
	TRACE(sbrk, start, stop, BREAK_GROWN);
	lw.low = lw.low ? lw.low : at;
	lw.end = stop;
	struct chunk *top = lw.top;
	if (top) { /* if it does not grow now, it is one as others are */
		bin_remove(top);
		bin_insert(top, soil_of(top));
	}
	heap_miss();
	extent_join(start, bytes);
	return true;
}

/* Fetches BYTES where the break cannot grow. */
static bool region_grow(size_t bytes)
{
	uintptr_t at = bytes <= EXTENT_MAX ? sys_map(bytes) : REFUSED;
	if (at == REFUSED || !map_claim(at, at + bytes))
		return at != REFUSED && munmap((void *)at, bytes);
	TRACE(map, DO_MAP, at, bytes);
	extent_join(at, bytes);
	return true;
}

static bool heap_grow(size_t size)
{
	size_t least = ALIGN_UP(size + 2 * TILE, lw.page);
	size_t step = ALIGN_UP(least + lw.extent / 32 + GROW_MIN, lw.page);
	return break_grow(step) || break_grow(least) || region_grow(step) || region_grow(least);
}

/* ---- chunks: take and give ---- */

/* Bytes to leave below C so that it is aligned and what is left is a chunk or nothing. */
static size_t lead_of(const struct chunk *c, size_t align)
{
	return c->at & (align - 1) ? ALIGN_UP(c->at + TILE, align) - c->at : 0;
}

/* A free chunk in which SIZE fits aligned, the top only if nothing else does; NULL. */
static HOT struct chunk *chunk_find(size_t size, size_t align)
{
	struct chunk *c = bin_find(size);
	if (c && c->bytes < size + lead_of(c, align))
		c = bin_find(size + align + TILE);
	if (!c && lw.top && lw.top->bytes >= size + lead_of(lw.top, align))
		c = lw.top;
	return c;
}

/* Puts SIZE bytes of C, whose neighbours are in use, LEAD bytes into it, in use; the rest is free. */
static void chunk_cut(struct chunk *c, size_t lead, size_t size, uintptr_t soil)
{
	uintptr_t at = c->at;
	size_t rest = c->bytes - lead - size;
	c->at += lead;
	c->bytes = rest < TILE ? size + rest : size;
	c->flags = 0;
	c->written = (soil > c->at ? soil : c->at) - 1;
	map_set(c, c);
	if (rest >= TILE)
		bin_insert(chunk_make(end_of(c), rest, c->dirt), soil);
	if (lead)
		bin_insert(chunk_make(at, lead, c->dirt), soil);
}

/* Merges what H has deferred into the shared heap. */
static void merge_deferred(struct heap *h, enum lw_reason reason)
{
	TRACE(batch_begin, reason);
	for (unsigned i = 0; h->deferred_count && i < BUCKETS; i++)
		for (struct chunk *c; (c = h->deferred[i]); h->deferred_count--) {
			uintptr_t at = c->at;
			size_t size = c->bytes;
			h->deferred[i] = c->next;
			uintptr_t merged = chunk_release(c);
			TRACE(merge, at, merged, size);
		}
	h->deferred_bytes = 0;
	TRACE(batch_end);
}

/* A live chunk of SIZE; NULL: there is no memory.  If none is READY for records, what is free is taken
 * as it is. */
static struct chunk *chunk_get(struct heap *h, size_t size, size_t align, bool ready)
{
	struct chunk *c = chunk_find(size, align);
	if ((!c || c == lw.top) && h && h->deferred_count) {
		merge_deferred(h, ON_MISS);
		c = chunk_find(size, align);
	}
	if (!c && ready && heap_grow(size + (align > GRAIN ? align + TILE : 0)))
		c = chunk_find(size, align);
	size_t lead = c ? lead_of(c, align) : 0;
	if (!c || (!ready && lead))
		return NULL;
	uintptr_t soil = soil_of(c);
	TRACE(source, c == lw.top ? FROM_TOP : FROM_BIN);
	if (2 * GRAIN * c->dirt < c->bytes)
		heap_miss();
	bin_remove(c);
	chunk_cut(c, lead, ready ? size : c->bytes, soil);
	return c;
}

/* Gives C, a live chunk of whole tiles, a record of KIND and all its tiles in the map. */
static struct chunk *chunk_widen(struct chunk *c, unsigned kind)
{
	struct chunk *wide = slab_of(c)->kind >= kind ? c : record_new(kind);
	wide->at = c->at;
	wide->bytes = c->bytes;
	wide->written = c->written;
	wide->flags = FILLED;
	if (wide != c)
		record_free(c);
	map_set(wide, wide);
	return wide;
}

/* ---- chunks, without the lock ---- */

static size_t bucket_of(size_t n) { return n / GRAIN * GOLDEN / (SIZE_MAX / BUCKETS + 1); }

/* A deferred chunk of H of SIZE, live again; if KIND is not NARROW, for a pool with a record of KIND; or
 * NULL. */
static struct chunk *deferred_take(struct heap *h, size_t size, size_t align, unsigned kind)
{
	struct chunk **bucket = &h->deferred[bucket_of(size)], *c = *bucket;
	if (!c || c->bytes != size || c->at & (align - 1) ||
	    (kind && (!(c->flags & FILLED) || slab_of(c)->kind < kind)))
		return NULL;
	*bucket = c->next;
	flags_set(c, c->flags & ~DEFERRED);
	c->written = end_of(c) - 1;
	h->deferred_count--;
	h->deferred_bytes -= size;
	TRACE(source, FROM_DEFERRED);
	return c;
}

/* A live chunk of SIZE for H, or NULL for a thread without a heap; if KIND is not NARROW, for a pool.
 * NULL: there is no memory. */
static struct chunk *chunk_alloc(struct heap *h, size_t size, size_t align, unsigned kind)
{
	struct chunk *c = h ? deferred_take(h, size, align, kind) : NULL;
	if (c)
		return c;
	int saved = lock();
	bool ready = records_ready(kind);
	c = kind && !ready ? NULL : chunk_get(h, size, align, ready);
	if (c && kind)
		c = chunk_widen(c, kind);
	unlock(saved);
	return c;
}

/* Gives C, which is marked as deferred, back: by H's next batch, or at once without a heap. */
static void chunk_free(struct heap *h, struct chunk *c)
{
	if (h) {
		struct chunk **bucket = &h->deferred[bucket_of(c->bytes)];
		c->next = *bucket;
		*bucket = c;
		h->deferred_bytes += c->bytes;
		if (++h->deferred_count < DEFER_COUNT && h->deferred_bytes < DEFER_BYTES)
			return;
	}
	int saved = lock();
	h ? merge_deferred(h, ON_BOUND) : (void)chunk_release(c);
	unlock(saved);
}

/* ---- pools come and go ---- */

/* A new current pool of about BYTES of CLASS for H; NULL when there is no memory. */
static OUTLINE struct chunk *pool_new(struct heap *h, unsigned class, size_t bytes)
{
	size_t size = (class + 1) * GRAIN, inverse = 1, least = ALIGN_UP(4 * size, TILE);
	size_t most = SLOTS * size < POOL_BYTES ? SLOTS * size : POOL_BYTES;
	bytes = (bytes < least ? least : bytes < most ? bytes : most) & -TILE;
	size_t slots = bytes / size;
	struct chunk *pool = chunk_alloc(h, bytes, TILE, WIDE);
	if (!pool)
		return NULL;
	if (bytes >= POPULATE_MIN && size <= TILE / 4 && soil_of(pool) <= pool->at)
		madvise((void *)(pool->at & -lw.page), bytes, MADV_POPULATE_WRITE);
	unsigned shift = __builtin_ctzl(size);
	for (int i = 0; i < 6; i++) /* each step doubles the bits that are right */
		inverse *= 2 - (size >> shift) * inverse;
	pool->inverse = inverse;
	pool->shift = shift;
	pool->size = size;
	pool->slots = slots;
	pool->class = class;
	pool->told = 0;
	for (size_t i = 0, left = slots; i < WORDS; i++, left -= left < BITS ? left : BITS) {
		pool->free[i] = left < BITS ? ((size_t)1 << left) - 1 : SIZE_MAX;
		pool->remote[i] = 0;
	}
	flags_set(pool, pool->flags | POOL);
	pool->owner = h;
	ring_add(pool, slots);
	pool_seek(pool);
	TRACE(source, FROM_REFILL);
	TRACE(pool_new, pool->at, bytes, size, slots);
	return pool;
}

/* Gives the memory of POOL, whose slots are all free, back. */
static void pool_return(struct chunk *pool)
{
	struct heap *h = pool->owner;
	ring_remove(pool);
	TRACE(pool_free, pool->at, pool->bytes);
	latest = latest == pool ? &nowhere : latest;
	pool->written = end_of(pool) - 1;
	flags_set(pool, pool->flags ^ (POOL | DEFERRED));
	chunk_free(h, pool);
}

/* `until` frees have come, and MORE. */
static OUTLINE void pool_attend(struct chunk *pool, unsigned more)
{
	if (!pool->next)
		ring_add(pool, share_of(pool) + more);
	if (pool->owner->current[pool->class] == pool)
		pool->until = NEVER;
	else if (!pool->until)
		pool_return(pool);
}

/* Takes in what others freed into H's pools, DRAIN_MAX pools at most. */
static void heap_drain(struct heap *h)
{
	struct chunk *pool = h->drained;
	if (!pool)
		pool = __atomic_exchange_n(&h->pending, NULL, __ATOMIC_ACQUIRE);
	for (int i = 0; pool && i < DRAIN_MAX; i++) {
		struct chunk *next = pool->pending;
		unsigned told = __atomic_exchange_n(&pool->told, 0, __ATOMIC_ACQ_REL), came = 0;
		for (; told; told &= told - 1) {
			unsigned k = __builtin_ctz(told);
			size_t freed = __atomic_exchange_n(&pool->remote[k], 0, __ATOMIC_ACQ_REL);
			size_t twice = pool->free[k] & freed;
			if (twice)
				fault("double free",
				      (void *)(pool->at +
				               (k * BITS + __builtin_ctzl(twice)) * pool->size));
			pool->free[k] |= freed;
			came += count_bits(freed);
		}
		unsigned more = came < pool->until ? 0 : came - pool->until;
		pool->until -= came - more;
		if (!pool->until)
			pool_attend(pool, more);
		pool = next;
	}
	h->drained = pool;
}

/* Gives back the pages of POOL in which no slot is live. */
static void pool_purge(const struct chunk *pool)
{
	uintptr_t from = ALIGN_UP(pool->at, lw.page);
	for (size_t i = 0; i <= pool->slots; i++) {
		if (i < pool->slots && pool->free[i / BITS] >> i % BITS & 1)
			continue;
		uintptr_t end = i < pool->slots ? pool->at + i * pool->size : end_of(pool);
		end &= -lw.page;
		if (from < end) {
			TRACE(map, DO_RETURN, from, end - from);
			madvise((void *)from, end - from, MADV_DONTNEED);
		}
		from = ALIGN_UP(pool->at + (i + 1) * pool->size, lw.page);
	}
}

/* Gives back what H holds in reserve; if its thread ends, but for small pools: the next one's. */
static void heap_flush(struct heap *h, enum lw_reason reason)
{
	while (h->pending || h->drained)
		heap_drain(h);
	for (unsigned i = 0; i < CLASSES; i++) {
		struct chunk *pool = h->current[i];
		bool stays = !pool->slots || (reason == ON_EXIT && pool->bytes <= POOL_KEPT);
		if (!stays && slots_free(pool) == pool->slots)
			pool_return(pool);
		pool = reason == ON_TRIM && class_of(i) == i ? h->current[i]->next : NULL;
		for (; pool; pool = pool == h->current[i] ? NULL : pool->next)
			pool_purge(pool);
	}
	int saved = lock();
	merge_deferred(h, reason);
	unlock(saved);
}

/* ---- threads' heaps ---- */

/* A thread ends: the next new one gets its heap. */
static void heap_close(void *arg)
{
	struct heap *h = arg;
	heap_flush(h, ON_EXIT);
	self = &closed;
	latest = &nowhere;
	int saved = lock();
	h->next = lw.dead;
	lw.dead = h;
	unlock(saved);
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
	int saved = lock();
	struct heap *h = lw.dead;
	if (h) {
		lw.dead = h->next;
	} else if (!lw.page) {
		lw.page = PAGE;
		lw.keep = KEEP_MIN;
		nowhere.word = nowhere.free;
		h = &first;
	} else if (records_ready(HEAP)) {
		h = memset(record_new(HEAP), 0, sizeof *h);
	}
	unlock(saved);
	if (!h)
		return NULL;
	for (unsigned i = 0; !h->most && i < CLASSES; i++)
		h->current[i] = &nowhere;
	h->most = POOL_MAX;
	self = h; /* before pthread_atfork: musl's allocates */
	if (!alone()) {
		pthread_once(&lw.once, start_threads);
		pthread_setspecific(lw.key, h);
	}
	return h;
}

static INLINE struct heap *heap_get(void) { return likely(self->most) ? self : heap_open(); }

/* ---- blocks ---- */

/* Whether SLOT of POOL is free, if its owner knows it or not. */
static INLINE bool slot_freed(struct chunk *pool, size_t slot)
{
	size_t remote = __atomic_load_n(&pool->remote[slot / BITS], __ATOMIC_RELAXED);
	return (pool->free[slot / BITS] | remote) >> slot % BITS & 1;
}

/* What C, a pool or a chunk, holds in one block. */
static size_t usable(const struct chunk *c) { return c->flags & POOL ? c->size : c->bytes; }

/* Whether P, which no chunk holds, is in a piece of the break that others fetched. */
static bool foreign(uintptr_t p) { return lw.low && p > lw.low - sys_others() && p < sys_sbrk(0); }

/* What is wrong with P, which is no live block: aborts, or NULL if it is another allocator's. */
static OUTLINE struct chunk *home_missing(void *p)
{
	int saved = lock();
	struct chunk *c = map_search((uintptr_t)p);
	unlock(saved);
	bool pool = c && c->flags & POOL;
	if (c && (pool ? slot_of(c, p) < c->slots : c->flags & (FREE | DEFERRED)))
		fault("double free", p);
	if (c)
		fault("not a block, but inside one", p);
	const char *option = secure_getenv("LW_FOREIGN");
	if (!foreign((uintptr_t)p) && !(option && *option == 'i'))
		fault("not a block of ours", p);
	return NULL;
}

/* What P, a live block, lies in: its pool, its chunk, or NULL if it is another allocator's.  Aborts
 * if it is none. */
static HOT struct chunk *home_of(void *p)
{
	struct chunk *c = map_guess((uintptr_t)p);
	size_t slot = c && c->flags & POOL ? slot_of(c, p) : 0;
	bool live =
		c && (c->flags & POOL ? slot < c->slots && !slot_freed(c, slot)
	                              : c->at == (uintptr_t)p && !(c->flags & (FREE | DEFERRED)));
	return likely(live) ? c : home_missing(p);
}

/* ---- malloc and its family ---- */

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* The bytes of a chunk for N bytes. */
static INLINE size_t chunk_size(size_t n)
{
	return n < TILE ? TILE : n < LARGE ? ALIGN_UP(n, GRAIN) : ALIGN_UP(n, lw.page);
}

/* N bytes that no current pool has. */
static OUTLINE void *alloc_slow(size_t n, size_t align)
{
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

/* Makes the live chunk C of SIZE in place, if it can be; a little less is kept for growth. */
static bool chunk_resize(struct heap *h, struct chunk *c, size_t size)
{
	size_t had = c->bytes;
	uintptr_t soil = end_of(c);
	if (size <= had && had - size < TILE + had / 8)
		return true;
	int saved = lock();
	bool ready = records_ready(NARROW);
	if (size > had && ready) {
		merge_deferred(h, ON_MISS);
		if (lw.top ? lw.top->at == soil && had + lw.top->bytes < size : soil == lw.end)
			heap_grow(size - had);
	}
	if (ready) {
		struct chunk *next = map_get(soil);
		map_set(c, NULL);
		c->dirt = size < had ? (had - size) / GRAIN : 0;
		if (size < had || (next && had + next->bytes >= size))
			soil = chunk_absorb(c, next, soil);
		chunk_cut(c, 0, c->bytes < size ? had : size, soil);
	}
	unlock(saved);
	return size <= c->bytes;
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

/* A free into POOL, which is another thread's. */
static void free_remote(struct chunk *pool, void *p)
{
	size_t slot = slot_of(pool, p), bit = (size_t)1 << slot % BITS;
	unsigned word = slot / BITS;
	size_t others = __atomic_fetch_or(&pool->remote[word], bit, __ATOMIC_ACQ_REL);
	if (others & bit)
		fault("double free", p);
	if (others || __atomic_fetch_or(&pool->told, 1u << word, __ATOMIC_ACQ_REL))
		return; /* the owner has been told, or will be */
	struct chunk **list = &pool->owner->pending;
	pool->pending = __atomic_load_n(list, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(list, &pool->pending, pool, true, __ATOMIC_RELEASE,
	                                    __ATOMIC_RELAXED))
		;
}

/* A free that is not of the caller's own pools. */
static OUTLINE void free_slow(void *p)
{
	if (!p)
		return;
	struct chunk *home = home_of(p);
	if (!home) {
		TRACE(path, TO_FOREIGN);
		__atomic_fetch_add(&lw.foreign, 1, __ATOMIC_RELAXED);
	} else if (home->flags & POOL) {
		TRACE(path, TO_REMOTE);
		free_remote(home, p);
	} else {
		unsigned flags = home->flags;
		if (alone())
			home->flags |= DEFERRED;
		else
			flags = __atomic_fetch_or(&home->flags, DEFERRED, __ATOMIC_ACQ_REL);
		if (flags & (FREE | DEFERRED)) /* two threads freed it at one moment */
			fault("double free", p);
		struct heap *h = self->most ? self : NULL;
		TRACE(path, h ? TO_DEFERRED : TO_HEAP);
		chunk_free(h, home);
	}
}

/* A free into another pool than the last one. */
static HOT OUTLINE void free_other(void *p)
{
	struct chunk *pool = map_guess((uintptr_t)p);
	size_t slot;
	if (unlikely(!pool || pool->owner != self || (slot = slot_of(pool, p)) >= pool->slots))
		return free_slow(p);
	latest = pool;
	if (unlikely(!slot_free(pool, slot)))
		free_slow(p); /* it tells what is wrong */
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
		from = (char *)ALIGN_UP(soil_of(map_get((uintptr_t)p)), lw.page);
	if (from >= to)
		return memset(p, 0, n);
	memset(to, 0, end - to); /* below lie pages of zeros */
	return memset(p, 0, from - p);
}

API void *realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	struct chunk *home = home_of(p);
	if (!n) {
		free(p);
		return NULL;
	}
	if (n > PTRDIFF_MAX || !home)
		return out_of_memory();
	size_t had = usable(home), page = lw.page, len = n < had ? n : had, moved = 0;
	if (home->flags & POOL ? n <= had && 2 * n > had
	                       : n > POOL_MAX && chunk_resize(self, home, chunk_size(n)))
		return p;
	bool grows = n > had && n > POOL_MAX; /* and will again: it moves with room to spare */
	char *to = malloc(grows ? n + n / 8 : n);
	void *lost = NULL;
	if (to && len >= LARGE && !(((uintptr_t)to | (uintptr_t)p) & (page - 1)))
		moved = sys_move(to, p, len & -page, &lost);
	if (!to || lost == to)
		return out_of_memory();
	memcpy(to + moved, (char *)p + moved, len - moved);
	if (lost != p)
		free(p);
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

API void *aligned_alloc(size_t align, size_t n) { return memalign(align, n); }
API void *valloc(size_t n) { return memalign(PAGE, n); }
API void *pvalloc(size_t n) { return valloc(n > PTRDIFF_MAX ? n : ALIGN_UP(n + !n, PAGE)); }
API size_t malloc_usable_size(void *p) { return p && (p = home_of(p)) ? usable(p) : 0; }
API int malloc_trim(size_t pad) __attribute__((alias("lw_trim")));
API void free_sized(void *p, size_t n) { n ? free(p) : free(p); }
API void free_aligned_sized(void *p, size_t align, size_t n) { align | n ? free(p) : free(p); }

/* ---- the heap in figures ---- */

/* Adds to SUM, and calls FN, if it is not NULL, for all live blocks. */
static void heap_walk(struct lw_stats *sum, void (*fn)(void *, size_t, enum lw_kind, void *),
                      void *arg)
{
	int saved = lock();
	for (size_t i = 0; i < LEAVES * LEAF_TILES; i++) {
		const struct leaf *leaf = &lw.leaf[i / LEAF_TILES];
		struct chunk *c = leaf->map ? leaf->map[i % LEAF_TILES] : NULL;
		if (!leaf->map)
			i += LEAF_TILES - 1;
		if (!c || c->at / TILE != leaf->tag * LEAF_TILES + i % LEAF_TILES)
			continue;
		i += end_of(c) / TILE - c->at / TILE - 1; /* to where the next one begins */
		if (c->flags & (FREE | DEFERRED)) {
			*(c->flags & DEFERRED ? &sum->deferred
			  : c == lw.top       ? &sum->top
			                      : &sum->bins) += c->bytes;
			continue;
		}
		size_t size = usable(c);
		sum->pool_free += c->flags & POOL ? c->slots * size : c->bytes;
		for (size_t k = 0; k < (c->flags & POOL ? c->slots : 1); k++) {
			if (c->flags & POOL && slot_freed(c, k))
				continue;
			sum->pool_free -= size;
			sum->live += size;
			sum->live_blocks++;
			if (fn)
				fn((void *)(c->at + k * size), size,
				   c->flags & POOL ? LW_POOL_OBJECT : LW_CHUNK, arg);
		}
	}
	unlock(saved);
}

API void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg)
{
	heap_walk(&(struct lw_stats){0}, fn, arg);
}

API void lw_stats(struct lw_stats *stats)
{
	size_t known = stats->version < sizeof *stats ? stats->version : sizeof *stats;
	struct lw_stats s = {known, .extent = lw.extent, .peak_extent = lw.peak,
	                     .foreign = lw.foreign};
	heap_walk(&s, NULL, NULL);
	s.headers = s.extent - s.live - s.pool_free - s.deferred - s.bins - s.top;
	memcpy(stats, &s, known);
}

API int lw_trim(size_t pad)
{
	size_t before = lw.extent; /* the merge of what was deferred may give some back, too */
	if (heap_get())
		heap_flush(self, ON_TRIM);
	int saved = lock();
	struct heap *dead = lw.dead, **last = &dead;
	lw.dead = NULL;
	unlock(saved);
	for (; *last; last = &(*last)->next)
		heap_flush(*last, ON_TRIM);
	saved = lock();
	*last = lw.dead;
	lw.dead = dead;
	bool gone = lw.top && chunk_purge(lw.top, pad);
	for (unsigned n = 0; n < BINS; n++)
		for (struct chunk *c = lw.bin[n], *next; c; c = next) {
			next = c->next;
			gone |= c->dirt && chunk_purge(c, 0);
		}
	gone |= lw.extent < before;
	unlock(saved);
	return gone;
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
	char line[400];
	int len =
		snprintf(line, sizeof line,
	                 "liblw: extent=%zu peak=%zu live=%zu blocks=%zu headers=%zu pool_free=%zu "
	                 "deferred=%zu bins=%zu top=%zu foreign=%zu\n",
	                 s.extent, s.peak_extent, s.live, s.live_blocks, s.headers, s.pool_free,
	                 s.deferred, s.bins, s.top, s.foreign);
	(void)!write(STDERR_FILENO, line, len);
}

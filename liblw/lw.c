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
 * Costs.  Pools, deferral, bins (two-level segregated fit, after Masmano et al., TLSF, 2004): O(1).
 * No call handles more than DEFER_COUNT chunks, DRAIN_MAX pools of remote frees and
 * SPARE_MAX / TILE empty pools, beside system calls, memset and memcpy.
 * Exempt: lw_trim, lw_walk, lw_stats, fork, the exit of a thread.
 *
 * Memory.  The heap grows by sbrk; its free end goes back when it exceeds lw.keep.  Each thread
 * holds back at most DEFER_BYTES of deferred chunks and SPARE_MAX of empty pools.
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
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a) (((x) + (a)-1) & ~((uintptr_t)(a)-1))

#define BUCKETS        61                 /* of deferred chunks; a prime, so that sizes spread */
#define POOL_FIRST     ((size_t)4 << 10)  /* bytes of a class's first pool: a page */
#define POOL_BATCH     12                 /* descriptors made at a time: 1 KiB */
#define DEFER_COUNT    32                 /* merging so many under one lock hides the lock's cost */
#define DEFER_BYTES    (256 << 10)        /* what a thread may hold back from the others */
#define DRAIN_MAX      64                 /* pools with remote frees that one call takes in */
#define SPARE_MAX      (64 << 10)         /* empty pools a thread keeps: batches come and go */
#define GROW_MIN       ((size_t)64 << 10) /* least step of the break: a system call costs 1 us */
#define KEEP_MIN       ((size_t)128 << 10)
#define MAP_MIN        ((size_t)128 << 10) /* first threshold of mapped blocks... */
#define MAP_LIMIT      ((size_t)512 << (WORD == 8 ? 16 : 10)) /* ...and how far it may rise */
#define REGION_UNIT    ((uintptr_t)1 << 20) /* regions are found by this part of an address */
#define BIN_LOG        3
#define BIN_STEPS      (1 << BIN_LOG)      /* bins to a doubling */
#define BIN_FIRST      (WORD == 8 ? 5 : 4) /* log2 of CHUNK_MIN */
#define BIN_ROWS       (8 * WORD - BIN_FIRST)

/* Mapped blocks, by payload, and regions, by each of their units: an open hash table. */
struct entry {
	uintptr_t key;
	void *value;
};

static struct {
	struct region brk;
	pthread_mutex_t lock; /* of all below, and of every chunk that is not live or deferred */
	struct chunk *top;    /* the free end of brk, or NULL */
	uintptr_t clean;      /* memory of top from here on was never written: zeros */
	size_t page, extent, peak, foreign, map_min, keep, map_tiles;
	size_t rows;
	unsigned char row[BIN_ROWS]; /* a bit per bin that is not empty */
	struct chunk *bin[BIN_ROWS * BIN_STEPS];
	struct pool *idle; /* pool descriptors not in use, linked by `next` */
	struct heap *heaps, *dead;
	struct region *regions; /* beside brk */
	struct entry *table;
	size_t table_size, table_used; /* size is a power of two, at most half used */
	pthread_key_t key;
	bool ignore_foreign;
} lw = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct pool *first_map[(1 << 19) / sizeof(struct pool *)];
static struct entry first_table[64];
static struct heap first_heap;
static struct pool none = {.free = (size_t)1 << GUARD}; /* of a heap that has no pool: it is full */
static struct pool foreign;                             /* of tiles that others fetched by sbrk */
static struct heap nobody = {.current = {[0 ... CLASSES - 1] = &none}}; /* of a thread without */
static __thread struct heap *self __attribute__((tls_model("initial-exec"))) = &nobody;

/* ---- last words ---- */

static _Noreturn void fault(const char *what, const void *at)
{
	char line[96] = "liblw: ", *p = line + 7;
	while (*what)
		*p++ = *what++;
	memcpy(p, ": address=0x", 12);
	p += 12;
	for (int shift = 8 * WORD - 4; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[(uintptr_t)at >> shift & 15];
	*p++ = '\n';
	if (write(STDERR_FILENO, line, p - line) < 0)
		abort();
	abort();
}

/* ---- the lock ---- */

/* glibc tells when there is but one thread: then the lock is not needed. */
extern char __libc_single_threaded __attribute__((weak));

static inline bool threaded(void)
{
	return !&__libc_single_threaded || !__libc_single_threaded;
}

static void heap_lock(void)
{
	if (threaded())
		pthread_mutex_lock(&lw.lock);
}

static void heap_unlock(void)
{
	if (threaded())
		pthread_mutex_unlock(&lw.lock);
}

/* ---- chunks: accessors ---- */

static inline struct chunk *chunk_at(const void *base, ptrdiff_t offset)
{
	return (struct chunk *)((uintptr_t)base + offset);
}

static inline void *payload(struct chunk *c)
{
	return (char *)c + WORD;
}

static inline size_t head(const struct chunk *c)
{
	return __atomic_load_n(&c->head, __ATOMIC_RELAXED);
}

static inline size_t size_of(const struct chunk *c)
{
	return head(c) & SIZE_MASK;
}

static inline size_t seal_of(const struct chunk *c)
{
	return ((uintptr_t)c * (size_t)0x9e3779b97f4a7c15) & SEAL_MASK;
}

static inline void set_head(struct chunk *c, size_t size_and_flags)
{
	__atomic_store_n(&c->head, size_and_flags | seal_of(c), __ATOMIC_RELAXED);
}

static inline bool sealed(const struct chunk *c)
{
	return (head(c) & SEAL_MASK) == seal_of(c);
}

/* What the second word of a deferred chunk holds, and of a live one only by a chance of 2^-WORD. */
static inline struct chunk *deferred_key(const struct chunk *c)
{
	return (struct chunk *)~((uintptr_t)c * (size_t)0x9e3779b97f4a7c15);
}

/* ---- what lies outside the break: mapped blocks and further regions ---- */

/* The place of KEY in the table, or the empty one where it would go. */
static struct entry *entry_of(uintptr_t key)
{
	size_t mask = lw.table_size - 1, i = (key / TILE * (size_t)0x9e3779b97f4a7c15) >> 7 & mask;
	while (lw.table[i].key && lw.table[i].key != key)
		i = (i + 1) & mask;
	return &lw.table[i];
}

static bool entry_add(uintptr_t key, void *value)
{
	if (2 * lw.table_used >= lw.table_size) {
		struct entry *old = lw.table;
		size_t size = lw.table_size;
		uintptr_t at = sys_map(2 * size * sizeof(struct entry));
		if (at == REFUSED)
			return false;
		lw.table = (struct entry *)at;
		lw.table_size = 2 * size;
		for (size_t i = 0; i < size; i++)
			if (old[i].key)
				*entry_of(old[i].key) = old[i];
		if (old != first_table)
			sys_unmap((uintptr_t)old, size * sizeof(struct entry));
	}
	*entry_of(key) = (struct entry){key, value};
	lw.table_used++;
	return true;
}

static void entry_remove(struct entry *e)
{
	size_t mask = lw.table_size - 1;
	*e = (struct entry){0};
	lw.table_used--;
	for (size_t i = (e - lw.table + 1) & mask; lw.table[i].key; i = (i + 1) & mask) {
		struct entry moved = lw.table[i];
		lw.table[i] = (struct entry){0};
		*entry_of(moved.key) = moved;
	}
}

static inline bool in_break(uintptr_t p)
{
	return p - lw.brk.base < lw.brk.end - lw.brk.base;
}

static struct region *region_of(uintptr_t p)
{
	return in_break(p) ? &lw.brk : entry_of(p & -REGION_UNIT)->value;
}

/* ---- bins of free chunks; lw.lock is held from here to the next heading but one ---- */

/* The number of the bin that SIZE belongs to. */
static unsigned bin_number(size_t size)
{
	unsigned high = SLOT_BITS - 1 - __builtin_clzl(size);
	return (high - BIN_FIRST) * BIN_STEPS + (size >> (high - BIN_LOG) & (BIN_STEPS - 1));
}

static void set_top(uintptr_t at, size_t size)
{
	lw.top = (struct chunk *)at;
	set_head(lw.top, size | FREE);
}

/* Makes [c, c + size), whose neighbours are in use, a free chunk in its bin, or the top. */
static void bin_insert(struct chunk *c, size_t size)
{
	struct chunk *next = chunk_at(c, size);
	if ((uintptr_t)next == lw.brk.end - WORD) {
		set_top((uintptr_t)c, size);
		return;
	}
	set_head(c, size | FREE);
	set_head(next, head(next) | PREV_FREE);
	((size_t *)next)[-1] = size;
	unsigned n = bin_number(size);
	c->prev = NULL;
	c->next = lw.bin[n];
	if (c->next)
		c->next->prev = c;
	lw.bin[n] = c;
	lw.rows |= (size_t)1 << n / BIN_STEPS;
	lw.row[n / BIN_STEPS] |= 1 << n % BIN_STEPS;
}

static void bin_remove(struct chunk *c)
{
	if (c == lw.top) {
		lw.top = NULL;
		return;
	}
	struct chunk *next = chunk_at(c, size_of(c));
	set_head(next, head(next) & ~PREV_FREE);
	unsigned n = bin_number(size_of(c)), row = n / BIN_STEPS;
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else if (!(lw.bin[n] = c->next) && !(lw.row[row] &= ~(1 << n % BIN_STEPS)))
		lw.rows &= ~((size_t)1 << row);
}

/* A chunk of SIZE or more: the head of SIZE's own bin if it fits, else any of a larger bin. */
static struct chunk *bin_find(size_t size)
{
	unsigned n = bin_number(size), row = n / BIN_STEPS;
	if (lw.bin[n] && size_of(lw.bin[n]) >= size)
		return lw.bin[n];
	unsigned steps = lw.row[row] & (0xfe << n % BIN_STEPS);
	if (!steps) {
		size_t rows = lw.rows & ((size_t)-2 << row);
		if (!rows)
			return NULL;
		row = __builtin_ctzl(rows);
		steps = lw.row[row];
	}
	return lw.bin[row * BIN_STEPS + __builtin_ctz(steps)];
}

/* Frees C, merged with its free neighbours. */
static struct chunk *chunk_release(struct chunk *c)
{
	size_t size = size_of(c);
	set_head(c, head(c) | FREE); /* it says so even inside the merged chunk */
	if (head(c) & PREV_FREE) {
		size_t below = ((size_t *)c)[-1];
		c = chunk_at(c, -below);
		bin_remove(c);
		size += below;
	}
	struct chunk *next = chunk_at(c, size);
	if (!sealed(next))
		fault("smashed header", payload(next));
	if (head(next) & FREE) {
		size += size_of(next);
		bin_remove(next);
	}
	bin_insert(c, size);
	return c;
}

/* Cuts SIZE bytes, LEAD bytes into the free chunk C, and marks them live. */
static struct chunk *chunk_cut(struct chunk *c, size_t lead, size_t size, bool *zero)
{
	size_t all = size_of(c), rest = all - lead - size;
	bool was_top = c == lw.top;
	bin_remove(c);
	struct chunk *cut = chunk_at(c, lead);
	if (rest < CHUNK_MIN) {
		size += rest;
		rest = 0;
	}
	set_head(cut, size);
	cut->prev = NULL;
	if (rest)
		bin_insert(chunk_at(cut, size), rest);
	if (lead)
		bin_insert(c, lead);
	*zero = was_top && (uintptr_t)payload(cut) >= lw.clean;
	if (was_top && lw.clean < (uintptr_t)payload(chunk_at(cut, size)))
		lw.clean = (uintptr_t)payload(chunk_at(cut, size));
	lw_trace_source(was_top ? LW_FROM_TOP : LW_FROM_BIN);
	return cut;
}

/* ---- growth ---- */

static void extent_add(size_t bytes)
{
	lw.extent += bytes;
	if (lw.peak < lw.extent)
		lw.peak = lw.extent;
}

/* Lays the fence at the end of a region: a chunk in use that ends every merge. */
static void fence(uintptr_t end)
{
	set_head((struct chunk *)(end - WORD), OWN);
}

/* Makes the map of the break cover addresses up to END. */
static bool map_cover(uintptr_t end)
{
	size_t tiles = (end - lw.brk.base) / TILE;
	if (tiles > lw.map_tiles) {
		size_t bytes = ALIGN_UP(4 * tiles * sizeof(struct pool *), lw.page);
		uintptr_t map = sys_map(bytes);
		if (map == REFUSED)
			return false;
		memcpy((void *)map, lw.brk.map, lw.brk.tiles * sizeof(struct pool *));
		/* The old map stays: a thread may be reading it.  Together they are a third of it. */
		__atomic_store_n(&lw.brk.map, (struct pool **)map, __ATOMIC_RELEASE);
		lw.map_tiles = bytes / sizeof(struct pool *);
	}
	return true;
}

/* Fetches BYTES, a multiple of the page, from the break. */
static bool break_grow(size_t bytes)
{
	uintptr_t old = lw.brk.end, at = sys_sbrk(0), start = ALIGN_UP(at, lw.page);
	if (at == REFUSED || start + bytes < start)
		return false;
	if (!lw.brk.base) {
		lw.brk = (struct region){.base = start, .end = start, .map = first_map};
		lw.map_tiles = sizeof(first_map) / sizeof(first_map[0]);
	}
	if (start < old || !map_cover(start + bytes) || sys_sbrk(start + bytes - at) != at) {
		lw_trace_sbrk(at, start + bytes, LW_BRK_REFUSED);
		return false;
	}
	if (old && at != old)
		lw_trace_sbrk(old, start, LW_BRK_FOREIGN);
	lw_trace_sbrk(start, start + bytes, LW_BRK_GROWN);
	struct chunk *top = lw.top, *first = (struct chunk *)(start + GRAIN - WORD);
	struct chunk *last = (struct chunk *)(old - WORD);
	lw.top = NULL;
	lw.brk.end = start + bytes;
	lw.brk.tiles = (lw.brk.end - lw.brk.base) / TILE;
	fence(lw.brk.end);
	if (at == old) { /* contiguous: the top, or else the old fence, is the new chunk's head */
		first = top ? top : last;
		last->head = 0; /* the top's memory stays zeros */
	} else {
		lw.clean = start;
		for (uintptr_t tile = old; tile && tile < start; tile += TILE)
			lw.brk.map[(tile - lw.brk.base) / TILE] = &foreign;
		if (old) /* the old fence spans what others fetched */
			set_head(last, (uintptr_t)first - (uintptr_t)last + OWN);
		if (top)
			bin_insert(top, size_of(top));
	}
	set_head(first, lw.brk.end - WORD - (uintptr_t)first);
	chunk_release(first);
	extent_add(bytes);
	return true;
}

/* Maps a region with room for a chunk of SIZE. */
static bool region_grow(size_t size)
{
	size_t bytes = ALIGN_UP(size + size / 32 + lw.extent / 8 + 2 * TILE, REGION_UNIT);
	size_t tiles = bytes / TILE;
	uintptr_t at = sys_map(bytes + REGION_UNIT), base = ALIGN_UP(at, REGION_UNIT);
	if (at == REFUSED)
		return false;
	if (base != at)
		sys_unmap(at, base - at);
	sys_unmap(base + bytes, at + REGION_UNIT - base);
	struct region *region = (struct region *)base;
	*region = (struct region){base, base + bytes, tiles, (struct pool **)(region + 1),
	                          lw.regions};
	for (uintptr_t unit = base; unit < base + bytes; unit += REGION_UNIT)
		if (!entry_add(unit, region)) {
			while (unit > base)
				entry_remove(entry_of(unit -= REGION_UNIT));
			sys_unmap(base, bytes);
			return false;
		}
	lw.regions = region;
	extent_add(bytes);
	lw_trace_map(LW_MAP, base, bytes, 0, 0);
	uintptr_t first = ALIGN_UP((uintptr_t)(region->map + tiles), GRAIN) + GRAIN - WORD;
	lw_trace_pool_new(base, first + WORD - base, 0, 0);
	fence(base + bytes);
	bin_insert((struct chunk *)first, base + bytes - WORD - first);
	return true;
}

/* Makes the heap larger, so that a chunk of SIZE fits. */
static bool heap_grow(size_t size)
{
	size_t least = ALIGN_UP(size + 2 * GRAIN, lw.page), step = lw.extent / 32;
	step = ALIGN_UP(size + (step < GROW_MIN ? GROW_MIN : step), lw.page);
	return break_grow(step) || break_grow(least) || region_grow(size);
}

/* Gives the top back but for PAD bytes, if others have not moved the break. */
static bool heap_trim(size_t pad)
{
	if (!lw.top)
		return false;
	uintptr_t end = ALIGN_UP((uintptr_t)lw.top + CHUNK_MIN + WORD + pad, lw.page);
	if (end >= lw.brk.end || sys_sbrk(0) != lw.brk.end)
		return false;
	size_t bytes = lw.brk.end - end;
	lw.brk.end = end;
	lw.brk.tiles = (end - lw.brk.base) / TILE;
	lw.extent -= bytes;
	if (lw.clean > end)
		lw.clean = end;
	fence(end);
	set_top((uintptr_t)lw.top, end - WORD - (uintptr_t)lw.top);
	sys_sbrk(-(intptr_t)bytes);
	lw_trace_sbrk(end + bytes, end, LW_BRK_SHRUNK);
	return true;
}

/* ---- chunks: take and give ---- */

/* Bytes to leave below C's payload so that it is aligned and what is left is a chunk or nothing. */
static size_t lead_of(struct chunk *c, size_t align)
{
	uintptr_t at = (uintptr_t)payload(c), to = ALIGN_UP(at, align);
	while (to != at && to - at < CHUNK_MIN)
		to += align;
	return to - at;
}

/* A free chunk in which SIZE fits aligned, the top only if nothing else does; NULL. */
static struct chunk *chunk_find(size_t size, size_t align)
{
	struct chunk *c = bin_find(size);
	if (c && align > GRAIN && size_of(c) < size + lead_of(c, align))
		c = bin_find(size + align + CHUNK_MIN);
	if (!c && lw.top && size_of(lw.top) >= size + lead_of(lw.top, align))
		c = lw.top;
	return c;
}

/* Merges what H has deferred into the shared heap. */
static void merge_deferred(struct heap *h, enum lw_reason reason)
{
	if (!h->deferred_count)
		return;
	lw_trace_batch_begin(reason);
	for (unsigned i = 0; i < BUCKETS; i++) {
		for (struct chunk *c = h->deferred[i], *next; c; c = next) {
			next = c->next;
			size_t size = size_of(c);
			struct chunk *merged = chunk_release(c);
			lw_trace_merge((uintptr_t)payload(c), (uintptr_t)payload(merged), size);
		}
		h->deferred[i] = NULL;
	}
	h->deferred_count = h->deferred_bytes = 0;
	lw_trace_batch_end();
}

static void pools_return(struct heap *h);

/* A live chunk of SIZE (its head included); NULL when there is no memory. */
static struct chunk *chunk_take(struct heap *h, size_t size, size_t align, bool *zero)
{
	struct chunk *c = chunk_find(size, align);
	if ((!c || c == lw.top) && h->deferred_count) {
		merge_deferred(h, LW_ON_MISS);
		c = chunk_find(size, align);
	}
	if (!c && h->spare_bytes) {
		pools_return(h);
		c = chunk_find(size, align);
	}
	if (!c && heap_grow(size + (align > GRAIN ? align + CHUNK_MIN : 0)))
		c = chunk_find(size, align);
	return c ? chunk_cut(c, lead_of(c, align), size, zero) : NULL;
}

/* Marks a live chunk as the allocator's own. */
static void *chunk_own(struct chunk *c)
{
	set_head(c, head(c) | OWN);
	return payload(c);
}

/* Memory for the allocator itself: it never goes back. */
static void *own_take(struct heap *h, size_t bytes)
{
	bool zero;
	struct chunk *c = chunk_take(h, ALIGN_UP(bytes + WORD, GRAIN), GRAIN, &zero);
	if (!c)
		return NULL;
	lw_trace_pool_new((uintptr_t)payload(c), size_of(c) - WORD, 0, 0);
	return memset(chunk_own(c), 0, bytes);
}

/* ---- pools ---- */

/* The class that serves I grains: every grain up to 16 of them, then eight steps to a doubling. */
static unsigned class_of(size_t i)
{
	unsigned step = i <= 16 ? 1 : i <= 32 ? 2 : 4;
	return i ? (i + step - 1) / step * step : 1;
}

static uintptr_t pool_base(const struct pool *pool)
{
	return pool->origin + (GUARD - pool->slots) * pool->size;
}

static struct chunk *pool_chunk(const struct pool *pool)
{
	return (struct chunk *)(pool_base(pool) - WORD);
}

static unsigned pool_unused(const struct pool *pool)
{
	return __builtin_popcountl(__atomic_load_n(&pool->free, __ATOMIC_RELAXED)) - 1;
}

static void map_set(uintptr_t base, size_t bytes, struct pool *pool)
{
	struct region *region = region_of(base);
	for (size_t i = 0; i < bytes / TILE; i++)
		region->map[(base - region->base) / TILE + i] = pool;
}

/* A descriptor without a pool; NULL when there is no memory. */
static struct pool *pool_idle(struct heap *h)
{
	if (!lw.idle) {
		struct pool *fresh = own_take(h, POOL_BATCH * sizeof(struct pool));
		for (unsigned i = 0; fresh && i < POOL_BATCH; i++) {
			fresh[i].next = lw.idle;
			lw.idle = &fresh[i];
		}
	}
	return lw.idle;
}

/* A pool of CLASS for H: the first of a class is small, each next one larger. */
static struct pool *pool_new(struct heap *h, unsigned class)
{
	bool zero;
	size_t size = class * GRAIN,
	       bytes = POOL_FIRST << (h->pools[class] < 8 ? h->pools[class] : 8);
	bytes = ALIGN_UP(bytes < size * SLOT_BITS ? bytes : size * SLOT_BITS, TILE);
	struct pool *pool = pool_idle(h);
	struct chunk *c = pool ? chunk_take(h, bytes, TILE, &zero) : NULL;
	if (!c)
		return NULL;
	uintptr_t base = (uintptr_t)chunk_own(c);
	unsigned slots = (bytes - WORD) / size < GUARD ? (bytes - WORD) / size : GUARD;
	lw.idle = pool->next;
	*pool = (struct pool){.owner = h, .size = size, .slots = slots};
	pool->free = ~(size_t)0 << (GUARD - slots);
	pool->magic = (uint32_t)(((uint64_t)1 << 32) / size) + 1;
	pool->origin = base - (GUARD - slots) * size;
	map_set(base, bytes, pool);
	h->pools[class]++;
	lw_trace_source(LW_FROM_REFILL);
	lw_trace_pool_new(base, bytes, size, slots);
	return pool;
}

/* Gives the memory of an empty pool back to the heap. */
static void pool_return(struct heap *h, struct pool *pool)
{
	struct chunk *c = pool_chunk(pool);
	if (!sealed(c))
		fault("smashed header", payload(c));
	h->pools[pool->size / GRAIN]--;
	map_set(pool_base(pool), size_of(c), NULL);
	lw_trace_pool_free(pool_base(pool), size_of(c) & -TILE);
	pool->owner = NULL;
	pool->next = lw.idle;
	lw.idle = pool;
	set_head(c, head(c) & ~OWN);
	chunk_release(c);
}

/* Returns all of H's empty pools. */
static void pools_return(struct heap *h)
{
	for (unsigned i = 1; i < CLASSES; i++)
		while (h->spare[i]) {
			struct pool *pool = h->spare[i];
			h->spare[i] = pool->next;
			pool_return(h, pool);
		}
	h->spare_bytes = 0;
}

/* ---- pools, by their owner, without the lock ---- */

static void avail_remove(struct heap *h, struct pool *pool)
{
	if (pool->next)
		pool->next->prev = pool->prev;
	if (pool->prev)
		pool->prev->next = pool->next;
	else
		h->avail[pool->size / GRAIN] = pool->next;
}

static void avail_add(struct heap *h, struct pool *pool)
{
	struct pool **list = &h->avail[pool->size / GRAIN];
	pool->prev = NULL;
	pool->next = *list;
	if (pool->next)
		pool->next->prev = pool;
	*list = pool;
}

/* Puts a pool that is in no list where it belongs; LOCKED tells whether lw.lock is held. */
static void pool_file(struct heap *h, struct pool *pool, bool locked)
{
	unsigned unused = pool_unused(pool), class = pool->size / GRAIN;
	size_t bytes = size_of(pool_chunk(pool));
	pool->budget = unused ? pool->slots - unused : 1;
	if (unused && pool->budget) {
		avail_add(h, pool);
	} else if (unused && h->spare_bytes + bytes <= SPARE_MAX) {
		h->spare_bytes += bytes;
		pool->next = h->spare[class];
		h->spare[class] = pool;
	} else if (unused) {
		if (!locked)
			heap_lock();
		pool_return(h, pool);
		if (!locked)
			heap_unlock();
	}
}

/* The budget of a pool that is not current ran out: it was full, in no list, and has one free slot
 * now; or it was listed, and is empty. */
static __attribute__((noinline)) void pool_attend(struct pool *pool)
{
	if (pool_unused(pool) != 1)
		avail_remove(pool->owner, pool);
	pool_file(pool->owner, pool, false);
}

/* Takes in the slots of FREED, others' frees of slots of POOL. */
static void pool_regain(struct heap *h, struct pool *pool, size_t freed, bool locked)
{
	bool full = !pool_unused(pool), current = pool->budget >= BIAS;
	pool->free |= freed;
	pool->budget -= full && !current ? 1 : __builtin_popcountl(freed);
	if (pool->budget)
		return;
	if (!full)
		avail_remove(h, pool);
	pool_file(h, pool, locked);
}

/* Takes in what others freed into H's pools, DRAIN_MAX pools at most. */
static void heap_drain(struct heap *h)
{
	struct pool *pool = h->drained;
	if (!pool && __atomic_load_n(&h->pending, __ATOMIC_RELAXED))
		pool = __atomic_exchange_n(&h->pending, NULL, __ATOMIC_ACQUIRE);
	for (int i = 0; pool && i < DRAIN_MAX; i++) {
		struct pool *next = pool->pending;
		size_t freed = __atomic_exchange_n(&pool->remote, 0, __ATOMIC_ACQUIRE);
		pool_regain(h, pool, freed, false);
		pool = next;
	}
	h->drained = pool;
}

/* Makes POOL, or &none, the one that serves CLASS. */
static void current_set(struct heap *h, unsigned class, struct pool *pool)
{
	for (unsigned i = class + 1; i-- > 0 && class_of(i) == class;)
		h->current[i] = pool;
}

/* A pool of H with a free slot for CLASS, in no list; NULL when there is no memory. */
static struct pool *pool_get(struct heap *h, unsigned class)
{
	struct pool *pool = h->avail[class];
	if (pool) {
		avail_remove(h, pool);
	} else if ((pool = h->spare[class])) {
		h->spare[class] = pool->next;
		h->spare_bytes -= size_of(pool_chunk(pool));
	} else {
		heap_lock();
		pool = pool_new(h, class);
		heap_unlock();
	}
	return pool;
}

/* ---- threads' heaps ---- */

static void heap_close(void *arg)
{
	struct heap *h = arg;
	while (h->pending || h->drained)
		heap_drain(h);
	heap_lock();
	merge_deferred(h, LW_ON_EXIT);
	for (unsigned i = 1; i < CLASSES; i++) {
		struct pool *pool = h->current[i];
		if (pool != &none && pool->size == i * GRAIN) {
			current_set(h, i, &none);
			pool_file(h, pool, true);
		}
	}
	pools_return(h);
	h->dead = lw.dead;
	lw.dead = h;
	self = &nobody;
	heap_unlock();
}

static void fork_prepare(void)
{
	pthread_mutex_lock(&lw.lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&lw.lock);
}

/* The other threads are gone, stopped anywhere but under the lock: their lists cannot be trusted,
 * the words of their pools can.  Their pools go to the thread that is left. */
static void fork_child(void)
{
	pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
	lw.lock = unlocked;
	if (!lw.heaps || !lw.heaps->all)
		return;
	struct heap *mine = self == &nobody ? lw.heaps : self;
	lw.dead = NULL;
	for (struct heap *h = lw.heaps; h; h = h->all) {
		struct heap *all = h->all;
		if (h == self) {
			h->pending = h->drained = NULL;
			continue;
		}
		h->deferred_count++;
		merge_deferred(h, LW_ON_EXIT);
		*h = nobody;
		h->all = all;
		h->dead = lw.dead;
		lw.dead = h;
	}
	for (struct region *r = &lw.brk; r; r = r == &lw.brk ? lw.regions : r->next)
		for (size_t i = 0; i < r->tiles; i++) {
			struct pool *pool = r->map[i];
			if (!pool || pool == &foreign || pool_base(pool) != r->base + i * TILE)
				continue;
			size_t freed = pool->remote;
			pool->remote = 0;
			if (pool->owner == self) {
				if (freed)
					pool_regain(mine, pool, freed, true);
				continue;
			}
			pool->owner = mine;
			pool->free |= freed;
			mine->pools[pool->size / GRAIN]++;
			pool_file(mine, pool, true);
		}
}

static void start(void)
{
	const char *option = secure_getenv("LW_FOREIGN");
	lw.ignore_foreign = option && !strcmp(option, "ignore");
	lw.table = first_table;
	lw.table_size = sizeof(first_table) / sizeof(first_table[0]);
	lw.map_min = MAP_MIN;
	lw.keep = KEEP_MIN;
	lw.page = getauxval(AT_PAGESZ);
	pthread_key_create(&lw.key, heap_close);
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* Gives the calling thread a heap: a dead thread's, or a new one.  NULL when there is no memory. */
static struct heap *heap_open(void)
{
	if (self != &nobody)
		return self;
	if (!lw.page)
		start();
	heap_lock();
	struct heap *h = lw.dead;
	if (h) {
		lw.dead = h->dead;
	} else if ((h = lw.heaps ? own_take(&nobody, sizeof *h) : &first_heap)) {
		*h = nobody;
		h->all = lw.heaps;
		lw.heaps = h;
	}
	heap_unlock();
	if (h) {
		self = h;
		pthread_setspecific(lw.key, h);
	}
	return h;
}

/* ---- blocks ---- */

/* What a block of the program's is. */
struct block {
	enum {
		POOLED,
		CHUNKED,
		MAPPED,
		FOREIGN
	} kind;
	size_t usable;
	struct pool *pool;
	struct chunk *chunk; /* also of a mapped block: its head is the mapping's length */
};

/* The bit of the slot that begins at P. */
static inline size_t slot_bit(const struct pool *pool, const void *p)
{
	uint64_t product = (uint64_t)(uint32_t)((uintptr_t)p - pool->origin) * pool->magic;
	if (unlikely((uint32_t)product >= pool->magic))
		fault("not a block (pointer into its middle)", p);
	return (size_t)1 << (product >> 32);
}

/* The live chunk whose payload is P. */
static struct chunk *chunk_live(void *p, uintptr_t end)
{
	struct chunk *c = chunk_at(p, -(ptrdiff_t)WORD);
	if ((uintptr_t)p % GRAIN || !sealed(c))
		fault("not a block (pointer into its middle, or its header is smashed)", p);
	if (head(c) & FREE || c->prev == deferred_key(c))
		fault("double free", p);
	if (head(c) & OWN || size_of(c) < CHUNK_MIN || size_of(c) > end - (uintptr_t)c)
		fault("not a block, or its header is smashed", p);
	return c;
}

/* Tells what P is, wherever it lies; aborts if it is no live block of the program's. */
static struct block block_of(void *p)
{
	uintptr_t at = (uintptr_t)p;
	struct region *region = &lw.brk;
	struct pool *pool = NULL;
	struct chunk *c = chunk_at(p, -(ptrdiff_t)WORD);
	if (!in_break(at)) {
		heap_lock();
		struct entry *e = lw.table_used ? entry_of(at) : NULL;
		bool mapped = e && e->key;
		region = lw.table_used && !mapped ? entry_of(at & -REGION_UNIT)->value : NULL;
		heap_unlock();
		if (mapped)
			return (struct block){MAPPED, size_of(c) - GRAIN, NULL, c};
	}
	if (region && at >= region->base + GRAIN)
		pool = region->map[(at - region->base) / TILE];
	if (pool == &foreign || (!region && lw.ignore_foreign))
		return (struct block){.kind = FOREIGN};
	if (!region || at < region->base + GRAIN)
		fault("not a block of this heap", p);
	if (!pool) {
		c = chunk_live(p, region->end);
		return (struct block){CHUNKED, size_of(c) - WORD, NULL, c};
	}
	size_t bit = slot_bit(pool, p);
	if ((pool->free | __atomic_load_n(&pool->remote, __ATOMIC_RELAXED)) & bit)
		fault("double free", p);
	return (struct block){POOLED, pool->size, pool, NULL};
}

/* ---- large blocks ---- */

static void *mapped_new(size_t n)
{
	size_t bytes = ALIGN_UP(n + GRAIN, lw.page);
	uintptr_t at = sys_map(bytes);
	if (at == REFUSED)
		return NULL;
	struct chunk *c = (struct chunk *)(at + GRAIN - WORD);
	c->head = bytes;
	heap_lock();
	bool known = entry_add((uintptr_t)payload(c), c);
	if (known)
		extent_add(bytes);
	heap_unlock();
	if (!known) {
		sys_unmap(at, bytes);
		return NULL;
	}
	lw_trace_source(LW_FROM_MMAP);
	lw_trace_map(LW_MAP, at, bytes, 0, 0);
	return payload(c);
}

/* Forgets a mapped block: the program's second free of it, or another thread's, finds nothing. */
static void mapped_forget(struct chunk *c)
{
	heap_lock();
	struct entry *e = entry_of((uintptr_t)payload(c));
	if (!e->key)
		fault("double free", payload(c));
	entry_remove(e);
	lw.extent -= size_of(c);
	heap_unlock();
}

static void mapped_free(struct chunk *c)
{
	size_t bytes = size_of(c);
	mapped_forget(c);
	if (lw.map_min < bytes && bytes <= MAP_LIMIT)
		lw.keep =
			2 *
			(lw.map_min =
		                 bytes); /* blocks of this size come and go: from now on the heap serves them */
	sys_unmap((uintptr_t)c & -lw.page, bytes);
	lw_trace_path(LW_TO_SYSTEM);
	lw_trace_map(LW_UNMAP, (uintptr_t)c & -lw.page, bytes, 0, 0);
}

static void *mapped_resize(struct chunk *c, size_t n)
{
	size_t old = size_of(c), bytes = ALIGN_UP(n + GRAIN, lw.page);
	uintptr_t from = (uintptr_t)c & -lw.page, to = from;
	if (bytes == old)
		return payload(c);
	mapped_forget(c);
	to = sys_remap(from, old, bytes);
	bool moved = to != REFUSED;
	c = (struct chunk *)((moved ? to : from) + GRAIN - WORD);
	c->head = moved ? bytes : old;
	heap_lock();
	entry_add((uintptr_t)payload(c), c); /* there is room: an entry was just removed */
	extent_add(size_of(c));
	heap_unlock();
	if (moved)
		lw_trace_map(LW_REMAP, to, bytes, from, old);
	return moved ? payload(c) : NULL;
}

/* ---- chunks, by their owner ---- */

static unsigned bucket_of(size_t size)
{
	return size / GRAIN % BUCKETS;
}

static void chunk_defer(struct heap *h, struct chunk *c)
{
	struct chunk **bucket = &h->deferred[bucket_of(size_of(c))];
	c->prev = deferred_key(c);
	c->next = *bucket;
	__atomic_store_n(bucket, c, __ATOMIC_RELEASE); /* a fork sees a whole list at any moment */
	h->deferred_bytes += size_of(c);
	if (++h->deferred_count < DEFER_COUNT && h->deferred_bytes < DEFER_BYTES)
		return;
	heap_lock();
	merge_deferred(h, LW_ON_BOUND);
	if (lw.top && size_of(lw.top) > lw.keep)
		heap_trim(lw.keep / 2);
	heap_unlock();
}

static void chunk_free(struct chunk *c)
{
	if (self != &nobody) {
		lw_trace_path(LW_TO_DEFERRED);
		chunk_defer(self, c);
		return;
	}
	lw_trace_path(LW_TO_HEAP);
	heap_lock();
	chunk_release(c);
	heap_unlock();
}

/* A chunk for N bytes; *ZERO tells whether they are known to be zeros. */
static void *chunk_new(size_t n, size_t align, bool *zero)
{
	size_t size = n + WORD < CHUNK_MIN ? CHUNK_MIN : ALIGN_UP(n + WORD, GRAIN);
	struct heap *h = heap_open();
	if (!h || n > PTRDIFF_MAX || size + align < size)
		return NULL;
	struct chunk *c = h->deferred[bucket_of(size)];
	if (c && size_of(c) == size && align <= GRAIN) {
		h->deferred[bucket_of(size)] = c->next;
		c->prev = NULL;
		h->deferred_count--;
		h->deferred_bytes -= size;
		lw_trace_source(LW_FROM_DEFERRED);
		return payload(c);
	}
	if (h->pending || h->drained)
		heap_drain(h);
	if (size >= lw.map_min && align <= GRAIN) {
		*zero = true;
		return mapped_new(n);
	}
	heap_lock();
	c = chunk_take(h, size, align, zero);
	heap_unlock();
	return c ? payload(c) : NULL;
}

/* Makes the live chunk C of SIZE in place, if it can be. */
static bool chunk_resize(struct heap *h, struct chunk *c, size_t size)
{
	heap_lock();
	size_t all = size_of(c);
	struct chunk *next = chunk_at(c, all);
	for (int i = 0; size > all && i < 2 && !(head(next) & FREE && all + size_of(next) >= size);
	     i++)
		if (i || !h->deferred_count) /* the top may be too small */
			break;
		else
			merge_deferred(h, LW_ON_MISS);
	if (size > all && next == lw.top && all + size_of(next) < size)
		heap_grow(size - all);
	if (size > all && head(next) & FREE && all + size_of(next) >= size) {
		bool zero;
		size_t more = size - all < CHUNK_MIN ? CHUNK_MIN : size - all;
		all += size_of(chunk_cut(next, 0, more, &zero));
		set_head(c, all | (head(c) & PREV_FREE));
	}
	if (size <= all && all - size >= CHUNK_MIN) {
		struct chunk *tail = chunk_at(c, size);
		set_head(tail, all - size);
		set_head(c, size | (head(c) & PREV_FREE));
		chunk_release(tail);
		all = size;
	}
	heap_unlock();
	return size <= all;
}

/* Tells POOL's owner that it has remote frees. */
static void heap_notify(struct heap *owner, struct pool *pool)
{
	pool->pending = __atomic_load_n(&owner->pending, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&owner->pending, &pool->pending, pool, true,
	                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* ---- malloc and its family ---- */

/* Takes the lowest free slot of POOL, which has one. */
static inline void *slot_take(struct pool *pool)
{
	size_t free = pool->free;
	pool->free = free & (free - 1);
	pool->budget++;
	return (void *)(pool->origin + __builtin_ctzl(free) * (size_t)pool->size);
}

static __attribute__((noinline)) void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/* What malloc cannot serve from its current pool. */
static __attribute__((noinline)) void *malloc_slow(size_t n)
{
	struct heap *h = heap_open();
	bool zero;
	if (h && n <= POOL_MAX) {
		unsigned class = class_of((n + GRAIN - 1) / GRAIN);
		heap_drain(h);
		struct pool *pool = h->current[class];
		if (!(pool->free << 1)) {
			if (pool != &none)
				pool->budget = 1;
			pool = pool_get(h, class);
			if (pool)
				pool->budget += BIAS;
			current_set(h, class, pool ? pool : &none);
		}
		if (pool)
			return slot_take(pool);
	}
	void *p = chunk_new(n, GRAIN, &zero);
	return p ? p : out_of_memory();
}

API void *malloc(size_t n)
{
	if (unlikely(n > POOL_MAX))
		return malloc_slow(n);
	struct pool *pool = self->current[(n + GRAIN - 1) / GRAIN];
	if (unlikely(!(pool->free << 1)))
		return malloc_slow(n);
	return slot_take(pool);
}

/* A free that is not of the caller's own pools. */
static __attribute__((noinline)) void free_slow(void *p)
{
	if (!p)
		return;
	struct block b = block_of(p);
	if (b.kind == CHUNKED) {
		chunk_free(b.chunk);
	} else if (b.kind == MAPPED) {
		mapped_free(b.chunk);
	} else if (b.kind == FOREIGN) {
		lw_trace_path(LW_TO_FOREIGN);
		__atomic_fetch_add(&lw.foreign, 1, __ATOMIC_RELAXED);
	} else if (b.pool->owner == self) { /* a pool in a region beside the break */
		b.pool->free |= slot_bit(b.pool, p);
		if (!--b.pool->budget)
			pool_attend(b.pool);
	} else {
		size_t bit = slot_bit(b.pool, p);
		size_t old = __atomic_fetch_or(&b.pool->remote, bit, __ATOMIC_ACQ_REL);
		if (old & bit)
			fault("double free", p);
		if (!old)
			heap_notify(b.pool->owner, b.pool);
		lw_trace_path(LW_TO_REMOTE);
	}
}

API void free(void *p)
{
	size_t tile = ((uintptr_t)p - lw.brk.base) / TILE;
	if (unlikely(tile >= lw.brk.tiles))
		return free_slow(p);
	struct pool *pool = lw.brk.map[tile];
	if (unlikely(!pool || pool->owner != self))
		return free_slow(p);
	size_t bit = slot_bit(pool, p);
	if (unlikely(pool->free & bit))
		fault("double free", p);
	pool->free |= bit;
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
	if (!n) {
		free(p);
		return NULL;
	}
	struct block b = block_of(p);
	if (n > PTRDIFF_MAX || b.kind == FOREIGN)
		return out_of_memory();
	if (b.kind == POOLED && n <= b.usable && 2 * n > b.usable)
		return p;
	if (b.kind == MAPPED && n + GRAIN >= lw.map_min) {
		void *to = mapped_resize(b.chunk, n);
		return to ? to : out_of_memory();
	}
	if (b.kind == CHUNKED && n > POOL_MAX && heap_open() &&
	    chunk_resize(self, b.chunk, ALIGN_UP(n + WORD, GRAIN)))
		return p;
	void *to = malloc(n);
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
	if (align & (align - 1)) /* as glibc does: up to a power of two */
		align = align > PTRDIFF_MAX ? PTRDIFF_MAX / 2 + 1
		                            : (size_t)2 << (SLOT_BITS - 1 - __builtin_clzl(align));
	if (align <= GRAIN)
		return malloc(n);
	size_t slot = ALIGN_UP(n ? n : 1, align);
	if (align <= TILE && slot <= POOL_MAX) /* slots lie at multiples of their size in a tile */
		return malloc(slot);
	void *p = n <= PTRDIFF_MAX ? chunk_new(n, align, &zero) : NULL;
	return p ? p : out_of_memory();
}

API void *aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

API int posix_memalign(void **to, size_t align, size_t n)
{
	int saved = errno;
	if (align % sizeof(void *) || !align || align & (align - 1))
		return EINVAL;
	void *p = memalign(align, n);
	errno = saved;
	if (!p)
		return ENOMEM;
	*to = p;
	return 0;
}

API void *valloc(size_t n)
{
	return memalign(getauxval(AT_PAGESZ), n);
}

API void *pvalloc(size_t n)
{
	size_t page = getauxval(AT_PAGESZ);
	return n > PTRDIFF_MAX ? out_of_memory() : memalign(page, ALIGN_UP(n + !n, page));
}

API size_t malloc_usable_size(void *p)
{
	return p ? block_of(p).usable : 0;
}

API int malloc_trim(size_t pad)
{
	return lw_trim(pad);
}

API void free_sized(void *p, size_t n)
{
	(void)n;
	free(p);
}

API void free_aligned_sized(void *p, size_t align, size_t n)
{
	(void)align;
	(void)n;
	free(p);
}

/* ---- the heap in figures ---- */

/* What a visit meets: blocks of the program's by their lw_kind, then the rest of the extent. */
enum part {
	PART_DEFERRED = LW_MAPPED + 1,
	PART_BIN,
	PART_TOP,
	PART_SLOTS
};

typedef void part_fn(void *p, size_t bytes, int part, void *arg);

static void pool_visit(struct pool *pool, part_fn *fn, void *arg)
{
	size_t unused = pool->free | pool->remote, bytes = size_of(pool_chunk(pool)) - WORD;
	for (unsigned i = GUARD - pool->slots; i < GUARD; i++)
		if (!(unused >> i & 1)) {
			bytes -= pool->size;
			fn((void *)(pool->origin + i * pool->size), pool->size, LW_POOL_OBJECT,
			   arg);
		}
	fn((void *)pool_base(pool), bytes, PART_SLOTS, arg);
}

static void chunk_visit(struct region *region, struct chunk *c, part_fn *fn, void *arg)
{
	struct pool *pool = region->map[((uintptr_t)payload(c) - region->base) / TILE];
	int part = LW_CHUNK;
	if (head(c) & OWN) {
		if (pool && pool != &foreign && payload(c) == (void *)pool_base(pool))
			pool_visit(pool, fn, arg);
		return;
	}
	if (head(c) & FREE)
		part = c == lw.top ? PART_TOP : PART_BIN;
	else if (c->prev == deferred_key(c))
		part = PART_DEFERRED;
	fn(payload(c), size_of(c) - (head(c) & FREE ? 0 : WORD), part, arg);
}

/* Shows FN every part of the extent but the headers. */
static void heap_visit(part_fn *fn, void *arg)
{
	heap_lock();
	for (struct region *r = &lw.brk; r; r = r == &lw.brk ? lw.regions : r->next) {
		uintptr_t first = r == &lw.brk ? r->base : (uintptr_t)(r->map + r->tiles);
		struct chunk *c = (struct chunk *)(ALIGN_UP(first, GRAIN) + GRAIN - WORD);
		for (; r->base && (uintptr_t)c < r->end - WORD; c = chunk_at(c, size_of(c)))
			chunk_visit(r, c, fn, arg);
	}
	for (size_t i = 0; i < lw.table_size; i++) {
		struct chunk *c = lw.table[i].value;
		if (lw.table[i].key % REGION_UNIT)
			fn(payload(c), size_of(c) - GRAIN, LW_MAPPED, arg);
	}
	heap_unlock();
}

struct walk {
	void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg);
	void *arg;
};

static void walk_part(void *p, size_t bytes, int part, void *arg)
{
	struct walk *walk = arg;
	if (part <= LW_MAPPED)
		walk->fn(p, bytes, part, walk->arg);
}

API void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg)
{
	heap_visit(walk_part, &(struct walk){fn, arg});
}

static void stats_part(void *p, size_t bytes, int part, void *arg)
{
	struct lw_stats *s = arg;
	size_t *sum[] = {&s->live, &s->live, &s->live,     &s->deferred,
	                 &s->bins, &s->top,  &s->pool_free};
	(void)p;
	*sum[part] += bytes;
	s->live_blocks += part <= LW_MAPPED;
}

API void lw_stats(struct lw_stats *stats)
{
	struct lw_stats s = {.version = sizeof s};
	heap_visit(stats_part, &s);
	s.extent = lw.extent;
	s.peak_extent = lw.peak;
	s.foreign = lw.foreign;
	s.headers = s.extent - s.live - s.pool_free - s.deferred - s.bins - s.top;
	if (s.version > stats->version)
		s.version = stats->version;
	memcpy(stats, &s, s.version);
}

API int lw_trim(size_t pad)
{
	struct heap *h = self;
	heap_lock();
	if (h != &nobody) {
		merge_deferred(h, LW_ON_TRIM);
		pools_return(h);
	}
	bool gone = heap_trim(pad);
	heap_unlock();
	return gone;
}

API unsigned lw_version(void)
{
	return LW_VERSION_MAJOR << 16 | LW_VERSION_MINOR << 8 | LW_VERSION_PATCH;
}

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

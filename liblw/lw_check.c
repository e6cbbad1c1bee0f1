/*
 * lw_check.c - proves every invariant that lw_heap.h states; see lw_check.h.
 *
 * It needs the allocator's internals, so it is compiled in one unit with it.  First the tiling of
 * the regions is proved, on which all else stands, then what each chunk is, then the lists.  What
 * is found on the way is counted twice, by address and by list: both have to agree.
 */
#include "lw.c"
#include "lw_check.h"

#define HEAPS 1024 /* more threads than any test has */

#define HOLDS(cond, what, at)                    \
	do {                                     \
		if (!(cond))                     \
			return broken(what, at); \
	} while (0)

/* What the walk by address has seen of one heap. */
struct seen {
	struct heap *heap;
	uint32_t pools[CLASSES];
	size_t empty_bytes;
};

static struct {
	struct seen heap[HEAPS];
	unsigned heaps;
	struct lw_stats sum;
	size_t gaps; /* bytes of the break that others fetched */
	size_t tiles, free_chunks, deferred_chunks, queued, remote;
} seen;

static int broken(const char *what, const void *at)
{
	char line[160]; /* dprintf would allocate */
	int len = snprintf(line, sizeof line, "liblw: check: %s: address=%p\n", what, at);
	return write(STDERR_FILENO, line, len) < 0 ? -2 : -1;
}

static struct seen *seen_of(const struct heap *h)
{
	for (unsigned i = 0; i < seen.heaps; i++)
		if (seen.heap[i].heap == h)
			return &seen.heap[i];
	return NULL;
}

static void heap_found(struct heap *h)
{
	if (seen.heaps < HEAPS)
		seen.heap[seen.heaps++].heap = h;
}

/* ---- the tiling ---- */

static struct chunk *region_first(const struct region *r)
{
	uintptr_t map_end = (uintptr_t)(r->map + (r->end - r->base) / TILE);
	return chunk_at((void *)(ALIGN_UP(r == &lw.brk ? r->base : map_end, GRAIN) + GRAIN), -WORD);
}

static struct chunk *region_fence(const struct region *r)
{
	return chunk_at((void *)r->end, -WORD);
}

/* The allocator's own chunks are pools, heaps, and batches of pools' descriptors, which begin with
 * a word in which the guard bit is set, or with 0 while the first was never used. */
static bool is_heap(const struct region *r, struct chunk *c)
{
	size_t size = ALIGN_UP(sizeof(struct heap) + WORD, GRAIN);
	uintptr_t first = *(uintptr_t *)payload(c);
	return c->head & OWN && !(c->head & FREE) && size_of(c) - size <= GRAIN &&
	       !r->map[((uintptr_t)payload(c) - r->base) / TILE] && first && !(first >> GUARD);
}

/* Chunks lie end to end, sealed, and tell the truth about their neighbours. */
static int check_tiling(const struct region *r)
{
	struct chunk *fence = region_fence(r), *c = region_first(r), *below = NULL;
	while (c != fence) {
		size_t size = size_of(c);
		bool below_binned = below && below->head & FREE;
		HOLDS(sealed(c), "a broken seal", payload(c));
		HOLDS(size >= (c->head & OWN && !(c->head & FREE) ? GRAIN : CHUNK_MIN),
		      "a chunk too small", payload(c));
		HOLDS(size <= (uintptr_t)fence - (uintptr_t)c, "a chunk beyond the region",
		      payload(c));
		HOLDS(!(c->head & PREV_FREE) == !below_binned, "PREV_FREE is wrong", payload(c));
		HOLDS(!below_binned || ((size_t *)c)[-1] == size_of(below), "a broken footer",
		      payload(c));
		HOLDS(!below_binned || !(c->head & FREE), "two free neighbours", payload(c));
		if (is_heap(r, c))
			heap_found(payload(c));
		below = c;
		c = chunk_at(c, size);
	}
	HOLDS(sealed(fence) && size_of(fence) == 0 && fence->head & OWN, "a broken fence", fence);
	bool last_binned = below && below->head & FREE && below != lw.top;
	HOLDS(!(fence->head & PREV_FREE) == !last_binned, "PREV_FREE of a fence is wrong", fence);
	HOLDS(!last_binned || ((size_t *)fence)[-1] == size_of(below), "a broken footer", fence);
	HOLDS(r != &lw.brk || lw.top == (below && below->head & FREE ? below : NULL),
	      "top is not the last chunk of the break", lw.top);
	return 0;
}

/* ---- pools ---- */

static int check_bits(const struct pool *pool)
{
	size_t guard = (size_t)1 << GUARD, slots = guard - ((size_t)1 << (GUARD - pool->slots));
	HOLDS(pool->free & guard, "a guard bit is clear", pool);
	HOLDS(!((pool->free | pool->remote) & ~slots & ~guard), "a bit without a slot", pool);
	HOLDS(!(pool->remote & guard), "a guard bit was handed back", pool);
	HOLDS(!(pool->free & pool->remote), "a slot is free twice", pool);
	return 0;
}

/* Where POOL is in its owner's books tells what its budget is. */
static int check_budget(const struct pool *pool, struct seen *owner)
{
	unsigned class = pool->size / GRAIN;
	uint32_t used = pool->slots - (__builtin_popcountl(pool->free) - 1);
	if (owner->heap->current[class] == pool) {
		HOLDS(pool->budget == BIAS + used, "the budget of a current pool is wrong", pool);
	} else if (used == pool->slots) {
		HOLDS(pool->budget == 1, "the budget of a full pool is not 1", pool);
	} else {
		HOLDS(pool->budget == used, "the budget of a queued pool is wrong", pool);
		HOLDS(owner->heap->queue[class], "a pool with free slots is in no queue", pool);
		HOLDS(pool->next->prev == pool && pool->prev->next == pool,
		      "a broken link in a queue", pool);
		seen.queued++;
		owner->empty_bytes += used ? 0 : pool_bytes(pool);
	}
	return 0;
}

static int check_pool(const struct region *r, const struct pool *pool, struct chunk *c)
{
	size_t bytes = size_of(c) & -TILE;
	size_t tile = ((uintptr_t)payload(c) - r->base) / TILE;
	struct seen *owner = seen_of(pool->owner);
	HOLDS(owner, "a pool of an unknown heap", pool);
	HOLDS(pool->size && pool->size <= POOL_MAX && pool->size % GRAIN == 0 &&
	              class_of(pool->size / GRAIN) == pool->size / GRAIN,
	      "a pool of no class", pool);
	HOLDS(pool->slots && pool->slots <= GUARD && pool->slots * pool->size <= bytes - WORD,
	      "slots beyond the pool", pool);
	HOLDS(pool_base(pool) == (uintptr_t)payload(c) && (uintptr_t)payload(c) % TILE == 0,
	      "a pool is not where its slots are", pool);
	HOLDS(pool->magic == (uint32_t)(((uint64_t)1 << 32) / pool->size) + 1, "a broken magic",
	      pool);
	for (size_t i = 0; i < bytes / TILE; i++)
		HOLDS(r->map[tile + i] == pool, "a pool's tile is another's", pool);
	if (check_bits(pool) || check_budget(pool, owner))
		return -1;
	owner->pools[pool->size / GRAIN]++;
	seen.remote += pool->remote != 0;
	seen.tiles += bytes / TILE;
	unsigned live = pool->slots + 1 - __builtin_popcountl(pool->free) -
	                __builtin_popcountl(pool->remote);
	seen.sum.live_blocks += live;
	seen.sum.live += live * pool->size;
	seen.sum.pool_free += bytes - WORD - live * pool->size;
	seen.sum.headers += size_of(c) - (bytes - WORD);
	return 0;
}

/* ---- what each chunk is ---- */

static int check_free(struct chunk *c)
{
	unsigned n = bin_number(size_of(c));
	if (c == lw.top) {
		seen.sum.top += size_of(c);
		return 0;
	}
	/* OWN of a free chunk: the pages inside went back. */
	uintptr_t page = ALIGN_UP((uintptr_t)(c + 1), lw.page);
	for (; c->head & OWN && page + lw.page <= (uintptr_t)c + size_of(c) - WORD; page += lw.page)
		HOLDS(!*(size_t *)page && !*(size_t *)(page + lw.page / 2),
		      "a page that went back was written", (void *)page);
	seen.free_chunks++;
	seen.sum.bins += size_of(c);
	HOLDS(c->prev ? c->prev->next == c : lw.bin[n] == c, "a free chunk is not in its bin",
	      payload(c));
	return 0;
}

static int check_own(const struct region *r, struct chunk *c)
{
	size_t tile = ((uintptr_t)payload(c) - r->base) / TILE;
	const struct pool *pool = r->map[tile];
	if (pool && pool != &foreign)
		return check_pool(r, pool, c);
	size_t gap = pool ? size_of(c) - GRAIN : 0;
	for (size_t i = 0; i < gap / TILE; i++)
		HOLDS(r->map[tile + i] == &foreign, "a tile that others fetched is not marked",
		      payload(c));
	seen.gaps += gap;
	seen.tiles += gap / TILE;
	seen.sum.headers += size_of(c) - gap;
	return 0;
}

static void count_block(const struct chunk *c)
{
	bool deferred = c->prev == key_of((struct chunk *)c);
	seen.deferred_chunks += deferred;
	seen.sum.live_blocks += !deferred;
	*(deferred ? &seen.sum.deferred : &seen.sum.live) += size_of(c) - WORD;
	seen.sum.headers += WORD;
}

static int check_region(const struct region *r)
{
	struct chunk *fence = region_fence(r), *first = region_first(r);
	size_t tiles = (r->end - r->base) / TILE, used = 0;
	size_t before = seen.tiles;
	seen.sum.extent += r->end - r->base;
	seen.sum.headers += (uintptr_t)first - r->base + WORD;
	for (struct chunk *c = first; c != fence; c = chunk_at(c, size_of(c))) {
		if (c->head & FREE ? check_free(c) : c->head & OWN ? check_own(r, c) : 0)
			return -1;
		if (!(c->head & (FREE | OWN)))
			count_block(c);
	}
	for (size_t i = 0; i < tiles; i++)
		used += r->map[i] != NULL;
	HOLDS(used == seen.tiles - before, "a tile of no pool is marked", r);
	return 0;
}

/* Where the top says that it was never written, it holds zeros; and it has a map. */
static int check_break(void)
{
	size_t *end = (size_t *)(lw.brk.end - WORD);
	size_t *p = (size_t *)(lw.clean > (uintptr_t)lw.top ? lw.clean : (uintptr_t)lw.top + WORD);
	HOLDS(lw.tiles == (lw.brk.end - lw.brk.base) / TILE && lw.tiles <= lw.map_tiles,
	      "the break has more tiles than its map", lw.brk.map);
	for (p = (size_t *)ALIGN_UP((uintptr_t)p, WORD); lw.top && p < end; p++)
		HOLDS(!*p, "the clean part of the top was written", p);
	return 0;
}

/* ---- the lists ---- */

static int check_bins(void)
{
	size_t binned = 0;
	for (unsigned n = 0; n < BINS; n++) {
		struct chunk *prev = NULL;
		HOLDS(!lw.bin[n] == !(lw.filled[n / 64] >> n % 64 & 1), "a bin's bit is wrong",
		      &lw.bin[n]);
		for (struct chunk *c = lw.bin[n]; c; prev = c, c = c->next) {
			HOLDS(++binned <= seen.free_chunks, "a bin holds what is not free",
			      payload(c));
			HOLDS(sealed(c) && c->head & FREE && c != lw.top && c->prev == prev &&
			              bin_number(size_of(c)) == n,
			      "a chunk in the wrong bin", payload(c));
		}
	}
	HOLDS(binned == seen.free_chunks, "a free chunk is in no bin", NULL);
	return 0;
}

static int check_current(const struct heap *h)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		const struct pool *pool = h->current[i];
		HOLDS(pool == h->current[class_of(i)], "two current pools of one class", pool);
		HOLDS(pool == &none || (pool->owner == h && pool->size == class_of(i) * GRAIN),
		      "a current pool of another class or heap", pool);
	}
	HOLDS(none.free == (size_t)1 << GUARD, "the pool of no slots has some", &none);
	return 0;
}

static int check_queues(const struct heap *h)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		const struct pool *last = h->queue[i], *pool = last;
		for (uint32_t n = 0; pool; n++) {
			HOLDS(n < h->pools[i], "a queue longer than its class has pools", pool);
			HOLDS(pool->owner == h && pool->size == i * GRAIN && pool->free << 1 &&
			              pool != h->current[i],
			      "a pool in the wrong queue", pool);
			HOLDS(seen.queued--, "a queue holds what is no pool", pool);
			pool = pool->next == last ? NULL : pool->next;
		}
	}
	return 0;
}

static int check_deferred(const struct heap *h)
{
	size_t count = 0, bytes = 0;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct chunk *c = h->deferred[i]; c; c = c->next) {
			HOLDS(++count <= h->deferred_count, "more deferred chunks than counted",
			      payload(c));
			HOLDS(sealed(c) && !(c->head & (FREE | OWN)) && c->prev == key_of(c) &&
			              size_of(c) / GRAIN % BUCKETS == i,
			      "what is not deferred in a bucket", payload(c));
			bytes += size_of(c);
			HOLDS(seen.deferred_chunks--, "a chunk is deferred twice", payload(c));
		}
	HOLDS(count == h->deferred_count && count <= DEFER_COUNT, "deferred chunks miscounted", h);
	HOLDS(bytes == h->deferred_bytes && bytes <= DEFER_BYTES, "deferred bytes miscounted", h);
	return 0;
}

static int check_pending(const struct heap *h)
{
	const struct pool *list[] = {h->pending, h->drained};
	for (int i = 0; i < 2; i++)
		for (const struct pool *pool = list[i]; pool; pool = pool->pending) {
			HOLDS(pool->owner == h && pool->remote,
			      "a pool without remote frees is pending", pool);
			HOLDS(seen.remote--, "a pool is pending twice", pool);
		}
	return 0;
}

static int check_heap(const struct seen *s)
{
	const struct heap *h = s->heap;
	for (unsigned i = 0; i < CLASSES; i++)
		HOLDS(s->pools[i] == h->pools[i], "pools of a class miscounted", h);
	HOLDS(s->empty_bytes == h->empty_bytes && h->empty_bytes <= EMPTY_MAX,
	      "empty pools miscounted", h);
	return check_current(h) || check_queues(h) || check_deferred(h) || check_pending(h) ? -1
	                                                                                    : 0;
}

static int check_dead(void)
{
	unsigned n = 0;
	for (const struct heap *h = lw.dead; h; h = h->next) {
		HOLDS(seen_of(h), "an unknown heap among the dead", h);
		HOLDS(n++ < seen.heaps, "the dead go round in a circle", h);
	}
	return 0;
}

static int check_mapped(void)
{
	for (unsigned i = 0; i < MAP_BUCKETS; i++)
		for (struct mapping *m = lw.mapped[i]; m; m = m->next) {
			HOLDS(*mapping_link(m + 1) == m, "a mapping in the wrong bucket", m);
			HOLDS(m->bytes && m->bytes % lw.page == 0 && (uintptr_t)m % lw.page == 0,
			      "a mapping of no whole pages", m);
			seen.sum.extent += m->bytes;
			seen.sum.live += m->bytes - sizeof *m;
			seen.sum.headers += sizeof *m;
			seen.sum.live_blocks++;
		}
	return 0;
}

/* ---- the whole ---- */

/* The figures that lw_stats gives are those that were found here. */
static int check_figures(void)
{
	struct lw_stats s = {.version = sizeof s};
	lw_stats(&s);
	HOLDS(s.extent == seen.sum.extent - seen.gaps, "extent is not what came from the system",
	      &lw.extent);
	HOLDS(s.live == seen.sum.live && s.live_blocks == seen.sum.live_blocks,
	      "live blocks miscounted", &lw);
	HOLDS(s.headers == seen.sum.headers, "headers miscounted", &lw);
	HOLDS(s.pool_free == seen.sum.pool_free, "free slots miscounted", &lw);
	HOLDS(s.deferred == seen.sum.deferred, "deferred bytes miscounted", &lw);
	HOLDS(s.bins == seen.sum.bins && s.top == seen.sum.top, "free bytes miscounted", &lw);
	HOLDS(s.extent == s.live + s.headers + s.pool_free + s.deferred + s.bins + s.top,
	      "the parts are not the whole", &lw);
	return 0;
}

static int check_regions(int check(const struct region *r))
{
	for (const struct region *r = &lw.brk; r; r = r->next)
		if (r->end != r->base && check(r))
			return -1;
	return 0;
}

__attribute__((visibility("default"))) int lw_check(void)
{
	if (!lw.page)
		return 0;
	memset(&seen, 0, sizeof seen);
	heap_found(&first_heap);
	if (check_regions(check_tiling))
		return -1;
	HOLDS(seen.heaps < HEAPS, "too many heaps to check", NULL);
	if (check_regions(check_region) || check_break() || check_bins())
		return -1;
	for (unsigned i = 0; i < seen.heaps; i++)
		if (check_heap(&seen.heap[i]))
			return -1;
	HOLDS(!seen.queued, "a pool with free slots is in no queue", NULL);
	HOLDS(!seen.deferred_chunks, "a deferred chunk is in no bucket", NULL);
	HOLDS(!seen.remote, "a pool with remote frees is not pending", NULL);
	return check_dead() || check_mapped() || check_figures() ? -1 : 0;
}

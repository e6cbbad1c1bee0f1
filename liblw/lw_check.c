/*
 * lw_check.c - proves every invariant that lw_heap.h states; see lw_check.h.
 *
 * It needs the allocator's internals, so it is compiled in one unit with it.  First the tiling of
 * the regions is proved, on which all else stands, then what each chunk is, then the lists and the
 * map.  What is found on the way is counted twice, by address and by list: both have to agree.
 */
#include "lw.c"
#include "lw_check.h"

#define HEAPS 1024 /* more threads than any test has */

#define HOLDS(cond, what, at)                    \
	do {                                     \
		if (!(cond))                     \
			return broken(what, at); \
	} while (0)

/* What the walk by address has seen. */
static struct {
	struct heap *heap[HEAPS];
	unsigned heaps;
	struct lw_stats sum;
	size_t free_chunks, dirty, deferred, ringed, remote;
	size_t pools, descriptors;              /* of programs' classes; slots that hold one */
	size_t tiles, pool_tiles, mapped_tiles; /* marked: of regions, pools, mapped blocks; */
	size_t marks, pool_marks, mapped_marks; /* by the map itself */
} seen;

static int broken(const char *what, const void *at)
{
	char line[160]; /* dprintf would allocate */
	int len = snprintf(line, sizeof line, "liblw: check: %s: address=%p\n", what, at);
	return write(STDERR_FILENO, line, len) < 0 ? -2 : -1;
}

static bool seen_heap(const struct heap *h)
{
	for (unsigned i = 0; i < seen.heaps; i++)
		if (seen.heap[i] == h)
			return true;
	return false;
}

static bool zeros(const void *p, size_t n)
{
	static const char none[4096];
	for (; n > sizeof none; p = chunk_at(p, sizeof none), n -= sizeof none)
		if (memcmp(p, none, sizeof none))
			return false;
	return !memcmp(p, none, n);
}

static unsigned bits_of(size_t word) { return __builtin_popcountl(word); }

/* ---- the tiling ---- */

static bool is_mapped(struct region *r) { return tile_of(payload(region_first(r))) == &mapped; }

/* Behind the last chunk, which is LAST. */
static int check_end(struct region *r, const struct chunk *last)
{
	struct chunk *fence = fence_of(r);
	size_t binned = last->head & FREE && last != lw.top;
	HOLDS(r != lw.brk || lw.top == (last->head & FREE ? last : NULL),
	      "top is not the last chunk of the break", lw.top);
	if (last == lw.top || is_mapped(r))
		return 0;
	HOLDS(sealed(fence) && !size_of(fence) && fence->head & OWN && !(fence->head & FREE),
	      "a broken fence", fence);
	HOLDS(!(fence->head & PREV_FREE) == !binned, "PREV_FREE of a fence is wrong", fence);
	HOLDS(!binned || ((size_t *)fence)[-1] == size_of(last), "a broken footer", fence);
	return 0;
}

/* Chunks lie end to end, sealed, and tell the truth about their neighbours. */
static int check_tiling(struct region *r)
{
	struct chunk *fence = fence_of(r), *c = region_first(r), *below = NULL;
	for (; c != fence; below = c, c = chunk_at(c, size_of(c))) {
		bool below_binned = below && below->head & FREE;
		HOLDS(sealed(c), "a broken seal", payload(c));
		HOLDS(size_of(c) >= CHUNK_MIN, "a chunk too small", payload(c));
		HOLDS(size_of(c) <= (uintptr_t)fence - (uintptr_t)c, "a chunk beyond the region",
		      payload(c));
		HOLDS(!(c->head & PREV_FREE) == !below_binned, "PREV_FREE is wrong", payload(c));
		HOLDS(!below_binned || ((size_t *)c)[-1] == size_of(below), "a broken footer",
		      payload(c));
		HOLDS(!below_binned || !(c->head & FREE), "two free neighbours", payload(c));
		if ((c->head & (OWN | FREE)) == OWN && seen.heaps < HEAPS)
			seen.heap[seen.heaps++] = payload(c);
	}
	HOLDS(seen.heaps < HEAPS, "too many heaps to check", NULL);
	return check_end(r, below);
}

static int check_regions(void)
{
	const struct region *prev = NULL;
	bool brk = !lw.brk;
	for (struct region *r = lw.regions; r; prev = r, r = r->next) {
		HOLDS(r->prev == prev, "a broken link of the regions", r);
		HOLDS(!((uintptr_t)r % lw.page) && r->bytes > TILE && !(r->bytes % lw.page),
		      "a region of no whole pages", r);
		seen.sum.extent += r->bytes;
		seen.sum.headers += TILE;
		brk |= r == lw.brk;
		if (check_tiling(r))
			return -1;
	}
	HOLDS(seen.sum.extent == lw.extent && lw.extent <= lw.peak,
	      "extent is not what came from the system", &lw.extent);
	HOLDS(brk, "the region at the break is no region", lw.brk);
	return 0;
}

/* The heap began at or below the region at the break, and that ends at or below the break.  */
static int check_break(void)
{
	if (!lw.brk)
		return 0;
	uintptr_t end = (uintptr_t)lw.brk + lw.brk->bytes;
	HOLDS(lw.low && lw.low <= (uintptr_t)lw.brk && end <= sys_sbrk(0),
	      "the heap is not below the break", lw.brk);
	return 0;
}

/* ---- pools ---- */

static int check_shape(const struct pool *pool, size_t bytes)
{
	bool own = pool->class == CLASSES;
	size_t size = pool->size;
	HOLDS(own ? size == sizeof *pool
	          : pool->class < CLASSES && class_of(pool->class) == pool->class &&
	                      size == (pool->class + 1) * GRAIN,
	      "a pool of no class", pool);
	HOLDS(pool->slots && pool->slots <= SLOTS && pool->slots * size <= bytes - WORD,
	      "slots beyond the pool", pool);
	HOLDS(pool->slots == SLOTS || (pool->slots + 1) * size > bytes - WORD,
	      "a pool could have another slot", pool);
	HOLDS(pool->limit == pool->slots * size, "a pool's limit is not its last slot's end", pool);
	HOLDS(pool->shift == __builtin_ctzl(size) && (size >> pool->shift) * pool->inverse == 1,
	      "a broken inverse", pool);
	for (size_t i = 0; i < bytes; i += TILE)
		HOLDS(tile_of((char *)pool_base(pool) + i) == pool, "a pool's tile is another's",
		      pool);
	return 0;
}

static int check_bits(const struct pool *pool)
{
	size_t guard = (size_t)1 << pool->slots;
	HOLDS(pool->free & guard, "a guard bit is clear", pool);
	HOLDS(pool->free < 2 * guard && pool->remote < guard, "a bit without a slot", pool);
	HOLDS(!(pool->free & pool->remote), "a slot is free twice", pool);
	return 0;
}

/* A pool's descriptor is a live slot of a pool of descriptors of the same heap, or its own first. */
static int check_descriptor(const struct pool *pool)
{
	const struct pool *home = tile_of(pool);
	HOLDS(home && home->size && home->class == CLASSES && home->owner == pool->owner,
	      "a descriptor is in no pool of descriptors", pool);
	HOLDS((home == pool) == (pool->class == CLASSES), "a descriptor in the wrong pool", pool);
	size_t slot = slot_of(home, pool);
	HOLDS(slot < home->slots && !((home->free | home->remote) >> slot & 1),
	      "a descriptor's slot is free", pool);
	return 0;
}

/* Whether POOL is in a ring, and first there, tells what it attends to. */
static int check_attend(const struct pool *pool)
{
	size_t guard = (size_t)1 << pool->slots;
	if (!pool->next) {
		HOLDS(pool->attend == guard + ((size_t)1 << pool->slots / 4),
		      "attend of a pool in no ring is wrong", pool);
		HOLDS(pool->free < pool->attend, "a pool with free slots is in no ring", pool);
		return 0;
	}
	HOLDS(pool->next->prev == pool && pool->prev->next == pool, "a broken link in a ring",
	      pool);
	seen.ringed++;
	if (pool->owner->current[pool->class] == pool) {
		HOLDS(pool->attend == ALWAYS, "attend of a current pool is wrong", pool);
		return 0;
	}
	HOLDS(pool->attend == pool_all(pool), "attend of a pool in a ring is wrong", pool);
	HOLDS(pool->free < pool->attend, "an empty pool waits in a ring", pool);
	HOLDS(pool->free != guard, "a full pool waits in a ring", pool);
	return 0;
}

static int check_pool(const struct pool *pool, struct chunk *c)
{
	size_t bytes = size_of(c) & -TILE;
	HOLDS(pool_base(pool) == payload(c) && !(pool->origin % TILE),
	      "a pool is not where its slots are", pool);
	HOLDS(seen_heap(pool->owner), "a pool of an unknown heap", pool);
	if (check_shape(pool, bytes) || check_bits(pool) || check_descriptor(pool) ||
	    check_attend(pool))
		return -1;
	size_t live = pool->slots - (bits_of(pool->free) - 1) - bits_of(pool->remote);
	seen.pool_tiles += bytes / TILE;
	seen.remote += pool->remote != 0;
	if (pool->class == CLASSES) {
		seen.descriptors += live - 1;
		seen.sum.headers += size_of(c);
		return 0;
	}
	seen.pools++;
	seen.sum.live_blocks += live;
	seen.sum.live += live * pool->size;
	seen.sum.pool_free += size_of(c) - WORD - live * pool->size;
	seen.sum.headers += WORD;
	return 0;
}

/* ---- what each chunk is ---- */

static int check_free(struct chunk *c)
{
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
	seen.dirty += dirt_of(c);
	seen.sum.bins += size_of(c);
	HOLDS(c->prev ? c->prev->next == c : lw.bin[bin_number(size_of(c))] == c,
	      "a free chunk is not in its bin", payload(c));
	return 0;
}

static int check_block(struct region *r, struct chunk *c)
{
	const struct pool *home = tile_of(payload(c));
	bool deferred = c->prev == key_of(c), is_heap = c->head & OWN;
	HOLDS(home, "a chunk's tile is not marked", payload(c));
	HOLDS((!deferred && !is_heap) || home == &chunks, "a tile is not its chunk's", payload(c));
	if (is_heap) {
		HOLDS(size_of(c) - ALIGN_UP(sizeof(struct heap) + WORD, GRAIN) <= GRAIN,
		      "the allocator's own chunk holds no heap", payload(c));
		seen.sum.headers += size_of(c);
		return 0;
	}
	if (home->size)
		return check_pool(home, c);
	if (home == &mapped) {
		HOLDS(size_of(c) == r->bytes - TILE, "a mapped block is not alone", payload(c));
		seen.mapped_tiles++;
	}
	seen.deferred += deferred;
	seen.sum.live_blocks += !deferred;
	*(deferred ? &seen.sum.deferred : &seen.sum.live) += size_of(c) - WORD;
	seen.sum.headers += WORD;
	return 0;
}

static int check_chunks(void)
{
	for (struct region *r = lw.regions; r; r = r->next) {
		for (struct chunk *c = region_first(r); c != fence_of(r);
		     c = chunk_at(c, size_of(c)))
			if (c->head & FREE ? check_free(c) : check_block(r, c))
				return -1;
		for (size_t i = TILE; i < r->bytes; i += TILE)
			seen.tiles += tile_of((char *)r + i) != NULL;
	}
	HOLDS(seen.pools == seen.descriptors, "a descriptor of no pool", NULL);
	return 0;
}

/* ---- the map ---- */

static void count_marks(struct pool **row, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		seen.marks += row[i] != NULL;
		seen.mapped_marks += row[i] == &mapped;
		seen.pool_marks += row[i] && row[i] != &mapped && row[i] != &chunks;
	}
}

/* A mark is a pool's, whose tiles are known, a mapped block's, or lies where a chunk can begin. */
static int check_map(void)
{
	for (uintptr_t n = 0; n < LEAVES; n++) {
		const struct leaf *leaf = &lw.leaf[n];
		HOLDS(!leaf->map || leaf->tag % LEAVES == n, "a leaf in another's place", leaf);
		for (size_t i = 0; leaf->map && i < LEAF_TILES; i += BITS)
			if (!zeros(leaf->map + i, BITS * WORD))
				count_marks(leaf->map + i, BITS);
	}
	HOLDS(seen.pool_marks == seen.pool_tiles, "a tile of no pool is marked as one's", NULL);
	HOLDS(seen.mapped_marks == seen.mapped_tiles,
	      "a tile of no mapped block is marked as one's", NULL);
	HOLDS(seen.marks == seen.tiles, "a tile outside the heap is marked", NULL);
	return 0;
}

/* ---- the lists ---- */

static int check_bins(void)
{
	size_t binned = 0;
	for (unsigned n = 0; n < sizeof lw.filled * 8; n++)
		HOLDS((n < BINS && lw.bin[n]) == (lw.filled[n / BITS] >> n % BITS & 1),
		      "a bin's bit is wrong", &lw.filled[n / BITS]);
	for (unsigned n = 0; n < BINS; n++) {
		struct chunk *prev = NULL;
		for (struct chunk *c = lw.bin[n]; c; prev = c, c = c->next) {
			HOLDS(++binned <= seen.free_chunks, "a bin holds what is not free",
			      payload(c));
			HOLDS(sealed(c) && c->head & FREE && c != lw.top && c->prev == prev &&
			              bin_number(size_of(c)) == n,
			      "a chunk in the wrong bin", payload(c));
		}
	}
	HOLDS(binned == seen.free_chunks, "a free chunk is in no bin", NULL);
	HOLDS(lw.dirty == seen.dirty, "dirty bytes miscounted", &lw.dirty);
	return 0;
}

static int check_rings(const struct heap *h)
{
	for (unsigned i = 0; i <= CLASSES; i++) {
		const struct pool *head = h->current[i], *pool = head;
		HOLDS(head == h->current[class_of(i)], "two current pools of one class", head);
		while (pool && class_of(i) == i) {
			HOLDS(pool->owner == h && pool->class == i, "a pool in the wrong ring",
			      pool);
			HOLDS(pool->next && seen.ringed--, "a ring holds what is no pool", pool);
			pool = pool->next == head ? NULL : pool->next;
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
			              bucket_of(size_of(c)) == i,
			      "what is not deferred in a bucket", payload(c));
			bytes += size_of(c);
			HOLDS(seen.deferred--, "a chunk is deferred twice", payload(c));
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

static int check_heaps(void)
{
	unsigned dead = 0;
	for (unsigned i = 0; i < seen.heaps; i++) {
		const struct heap *h = seen.heap[i];
		HOLDS(h->open, "a heap that was never opened", h);
		if (check_rings(h) || check_deferred(h) || check_pending(h))
			return -1;
	}
	HOLDS(!seen.ringed, "a pool is in the ring of no heap", NULL);
	HOLDS(!seen.deferred, "a deferred chunk is in no bucket", NULL);
	HOLDS(!seen.remote, "a pool with remote frees is not pending", NULL);
	for (const struct heap *h = lw.dead; h; h = h->next) {
		HOLDS(seen_heap(h), "an unknown heap among the dead", h);
		HOLDS(dead++ < seen.heaps, "the dead go round in a circle", h);
	}
	return 0;
}

/* What stands for no pool and no heap was never written; and what the calling thread remembers. */
static int check_thread(void)
{
	static const struct heap no_heap;
	static const struct pool no_pool;
	HOLDS(!memcmp(&chunks, &no_pool, sizeof no_pool) &&
	              !memcmp(&mapped, &no_pool, sizeof no_pool),
	      "a mark of the map is a pool", &chunks);
	HOLDS(!memcmp(&unopened, &no_heap, sizeof no_heap) &&
	              !memcmp(&closed, &no_heap, sizeof no_heap),
	      "what stands for no heap was opened", &unopened);
	HOLDS(self == &unopened || self == &closed || seen_heap(self),
	      "the thread's heap is unknown", self);
	HOLDS(latest == &chunks || (tile_of(pool_base(latest)) == latest && latest->owner == self),
	      "the pool of the latest free is not the thread's", latest);
	return 0;
}

/* ---- the whole ---- */

/* The figures that lw_stats gives are those that were found here; thresholds are in their bounds. */
static int check_figures(void)
{
	struct lw_stats s = {.version = sizeof s};
	lw_stats(&s);
	HOLDS(s.live == seen.sum.live && s.live_blocks == seen.sum.live_blocks,
	      "live blocks miscounted", &lw);
	HOLDS(s.headers == seen.sum.headers, "headers miscounted", &lw);
	HOLDS(s.pool_free == seen.sum.pool_free, "free slots miscounted", &lw);
	HOLDS(s.deferred == seen.sum.deferred, "deferred bytes miscounted", &lw);
	HOLDS(s.bins == seen.sum.bins && s.top == seen.sum.top, "free bytes miscounted", &lw);
	HOLDS(lw.map_min >= MAP_MIN && lw.map_min <= MAP_LIMIT && lw.keep >= MAP_MIN &&
	              lw.keep <= MAP_LIMIT,
	      "a threshold is out of bounds", &lw);
	return 0;
}

API int lw_check(void)
{
	if (!lw.page)
		return 0;
	memset(&seen, 0, sizeof seen);
	seen.heap[seen.heaps++] = &first;
	return check_regions() || check_break() || check_chunks() || check_map() || check_bins() ||
	                       check_heaps() || check_thread() || check_figures()
	               ? -1
	               : 0;
}

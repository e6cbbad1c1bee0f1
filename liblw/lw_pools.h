/*
 * lw_pools.h - the room of pools: made from chunks, given back, and what other threads freed.
 *
 * Invariants: lw_heap.h, "Pool".  A pool and all its words but `remote`, `told` and `pending` are its
 * owner's alone.  Calls the rooms of slots and chunks.
 */

#define POOL_BYTES   ((size_t)32 << 10) /* larger ones save no time, and cost memory */
#define POPULATE_MIN (POOL_BYTES / 2)   /* new ones get their pages at once, a third cheaper */
#define POOL_KEPT    (4 * TILE)         /* in the heap of a thread that has ended */
#define DRAIN_MAX    16                 /* pools with remote frees that one call takes in */

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

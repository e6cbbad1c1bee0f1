/*
 * lw_pools.h - the room of pools: their slots and rings, how they come and go, what others freed.
 *
 * Invariants: lw_heap.h, "Pool" and "until".  A pool is its owner's alone and takes no lock, but for
 * `remote`, `told` and `pending`, through which other threads free.  Calls chunks.
 */

#define POOL_BYTES   ((size_t)32 << 10) /* larger ones save no time, and cost memory */
#define POPULATE_MIN (POOL_BYTES / 2)   /* new ones get their pages at once, a third cheaper */
#define POOL_KEPT    (4 * TILE)         /* in the heap of a thread that has ended */
#define DRAIN_MAX    16                 /* pools with remote frees that one call takes in */
_Static_assert(POOL_BYTES >= 4 * POOL_MAX, "the smallest pool has four slots");

/* ---- slots ---- */

/* The bits set in WORD, without a loop, by sums of ever more bits (Warren, Hacker's Delight,
 * 5-1). */
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

/* The slot of POOL that begins at P; SLOTS or more if P is not the beginning of one. */
static INLINE size_t slot_of(const struct chunk *pool, const void *p)
{
	size_t product = ((uintptr_t)p - pool->at) * pool->inverse;
	return product >> pool->shift | product << (-pool->shift & (BITS - 1));
}

/* The next slot of POOL, the current one, if *pool->word is not 0. */
static INLINE void *slot_take(struct chunk *pool)
{
	size_t bits = *pool->word;
	ASSERT(bits && pool->owner->current[pool->class] == pool);
	*pool->word = bits & (bits - 1);
	return (void *)(pool->word_at + (unsigned)__builtin_ctzl(bits) * pool->size);
}

/* Has slots taken from the lowest word of POOL that has a bit set; false if no word has. */
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

/* ---- the ring of a class ---- */

/* The class that serves what index I stands for, (I + 1) * GRAIN bytes. */
static INLINE unsigned class_of(unsigned i)
{
	ASSERT(i < CLASSES);
	return i | (CLASS_STEP(i) - 1);
}

/* Makes POOL, which may be nowhere, the one that serves CLASS. */
static void current_set(struct heap *h, unsigned class, struct chunk *pool)
{
	ASSERT(class_of(class) == class);
	ASSERT(pool == &nowhere || (pool->class == class && pool->owner == h));
	if (pool != &nowhere)
		pool->until = NEVER;
	for (unsigned i = class; i <= class && class_of(i) == class; i--)
		h->current[i] = pool;
}

/* How many slots of a full pool have to become free before it is worth a visit. */
static unsigned share_of(const struct chunk *pool) { return pool->slots / 16 + 1; }

/* Puts POOL, of which FREE slots are, last into the ring of its class. */
static void ring_add(struct chunk *pool, unsigned free)
{
	struct chunk *head = pool->owner->current[pool->class];
	ASSERT(free <= pool->slots);
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
	ASSERT(pool->next && pool->next->prev == pool && pool->prev->next == pool);
	struct chunk *next = pool->next == pool ? &nowhere : pool->next;
	pool->until = share_of(pool);
	pool->next->prev = pool->prev;
	pool->prev->next = pool->next;
	if (pool->owner->current[pool->class] == pool)
		current_set(pool->owner, pool->class, next);
	pool->next = NULL;
}

/* ---- they come and go ---- */

/* A new current pool of CLASS for H, of about BYTES, or NULL if there is no memory. */
static OUTLINE struct chunk *pool_new(struct heap *h, unsigned class, size_t bytes)
{
	size_t size = (class + 1) * GRAIN, inverse = 1, least = ALIGN_UP(4 * size, TILE);
	size_t most = SLOTS * size < POOL_BYTES ? SLOTS * size : POOL_BYTES;
	bytes = (bytes < least ? least : bytes < most ? bytes : most) & -TILE;
	size_t slots = bytes / size;
	struct chunk *pool = chunk_alloc(h, bytes, TILE, WIDE);
	if (!pool)
		return NULL;
	if (bytes >= POPULATE_MIN && size <= TILE / 4 && touched_of(pool) <= pool->at)
		sys_populate(pool->at & -lw.page, bytes);
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
	ASSERT(slots >= 4 && slots <= SLOTS);
	ASSERT((size >> shift) * inverse == 1);
	flags_set(pool, pool->flags | POOL);
	pool->owner = h;
	ring_add(pool, slots);
	pool_seek(pool);
	TRACE(source, FROM_REFILL);
	TRACE(pool_new, pool->at, bytes, size, slots);
	return pool;
}

/* Gives POOL, whose slots are all free, back as a chunk. */
static void pool_return(struct chunk *pool)
{
	struct heap *h = pool->owner;
	ASSERT(slots_free(pool) == pool->slots);
	ring_remove(pool);
	TRACE(pool_free, pool->at, pool->bytes);
	latest = latest == pool ? &nowhere : latest;
	pool->written = end_of(pool) - 1;
	flags_set(pool, pool->flags ^ (POOL | DEFERRED));
	chunk_free(h, pool);
}

/* Looks after POOL, now that `until` frees have come, and MORE. */
static OUTLINE void pool_attend(struct chunk *pool, unsigned more)
{
	ASSERT(!pool->until);
	if (!pool->next)
		ring_add(pool, share_of(pool) + more);
	if (pool->owner->current[pool->class] == pool)
		pool->until = NEVER;
	else if (!pool->until)
		pool_return(pool);
}

/* Frees the SLOT of POOL; false if it was free already. */
static INLINE bool slot_free(struct chunk *pool, size_t slot)
{
	ASSERT(slot < pool->slots && pool->until);
	ASSERT(pool->owner == self);
	size_t *word = &pool->free[slot / BITS], bits = *word;
	size_t now = bits | (size_t)1 << slot % BITS;
	if (unlikely(now == bits))
		return false;
	*word = now;
	if (unlikely(!--pool->until))
		pool_attend(pool, 0);
	return true;
}

/* Makes a pool with a free slot the current one of CLASS; a new one is twice as large as the
 * last. */
static struct chunk *pool_get(struct heap *h, unsigned class)
{
	struct chunk *pool;
	size_t bytes = 0;
	for (; (pool = h->current[class]) != &nowhere && !pool_seek(pool); bytes = 2 * pool->bytes)
		ring_remove(pool);
	ASSERT(pool == &nowhere || pool->owner == h);
	return pool != &nowhere ? pool : pool_new(h, class, bytes);
}

/* ---- what others freed, and what a heap holds back ---- */

/* Takes in what others freed into H's pools, at most DRAIN_MAX pools in one call. */
static void heap_drain(struct heap *h)
{
	struct chunk *pool = h->drained;
	if (!pool) /* acquire: with the pools comes what was pushed with them, `pending` */
		pool = __atomic_exchange_n(&h->pending, NULL, __ATOMIC_ACQUIRE);
	for (int i = 0; pool && i < DRAIN_MAX; i++) {
		ASSERT(pool->owner == h);
		struct chunk *next = pool->pending;
		/* Acquire: with the bits come those of `remote`.  Release: `pending` was read
		 * before the next one who frees, and finds 0, may write it. */
		unsigned told = __atomic_exchange_n(&pool->told, 0, __ATOMIC_ACQ_REL), came = 0;
		for (; told; told &= told - 1) {
			unsigned k = __builtin_ctz(told);
			/* Acquire: what others did with the blocks is over.  Release: who finds 0
			 * here finds the bit of `told` gone, too, and sets it again: else its block
			 * would be lost. */
			size_t freed = __atomic_exchange_n(&pool->remote[k], 0, __ATOMIC_ACQ_REL);
			ASSERT(k < WORDS && freed); /* who told of the word had set a bit */
			size_t twice = pool->free[k] & freed;
			if (twice)
				fault("double free",
				      (void *)(pool->at +
				               (k * BITS + __builtin_ctzl(twice)) * pool->size));
			pool->free[k] |= freed;
			came += count_bits(freed);
		}
		ASSERT(came && came <= pool->slots);
		unsigned more = came < pool->until ? 0 : came - pool->until;
		pool->until -= came - more;
		if (!pool->until)
			pool_attend(pool, more);
		pool = next;
	}
	h->drained = pool;
}

/* Gives back what H holds in reserve; when its thread ends small pools stay, for the next one. */
static void heap_flush(struct heap *h, enum lw_reason reason)
{
	while (h->pending || h->drained)
		heap_drain(h);
	for (unsigned i = 0; i < CLASSES; i++) {
		struct chunk *pool = h->current[i];
		bool stays = !pool->slots || (reason == ON_EXIT && pool->bytes <= POOL_KEPT);
		if (!stays && slots_free(pool) == pool->slots)
			pool_return(pool);
	}
	lock();
	merge_deferred(h, reason);
	unlock();
}

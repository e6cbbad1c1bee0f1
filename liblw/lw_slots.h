/*
 * lw_slots.h - the room inside of a pool: its slots, and the ring of the pools of one class.
 *
 * Invariants: lw_heap.h, "Pool" and "until".  All of it is the owner's alone and takes no lock; what
 * others free comes in through lw_pools.h, the only room above that is called here: for a new pool,
 * and for one that somebody has to look at.
 */

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

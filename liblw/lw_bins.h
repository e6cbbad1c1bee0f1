/*
 * lw_bins.h - the room of free chunks: bins by size, and the top.
 *
 * A bin spans an eighth of a doubling; a bit says whether it holds anything (segregated fit, as in
 * Masmano et al., TLSF, 2004).  Invariants: each free chunk is in the bin of its size, or is the top;
 * lw.free and lw.dirty are the sums over them.  All functions that touch a bin need the lock.  Calls
 * the map.
 */

#define FIT_MAX 4 /* chunks of a bin that are looked at */

static INLINE unsigned bin_number(size_t size)
{
	ASSERT(size >= TILE);
	unsigned high = LOG2(size);
	return ((high - TILE_LOG) << BIN_LOG) + (size >> (high - BIN_LOG) & ((1 << BIN_LOG) - 1));
}

/* Sets the flags of C, which is in use, without the lock.  Relaxed: others look at FREE alone,
 * which does not change. */
static void flags_set(struct chunk *c, unsigned flags)
{
	ASSERT(!((c->flags | flags) & FREE));
	__atomic_store_n(&c->flags, flags, __ATOMIC_RELAXED);
}

/* The high-water mark of C, which is not a pool: from here on its memory was never written since it
 * came from the system. */
static uintptr_t touched_of(const struct chunk *c)
{
	ASSERT(c->written & 1); /* not an owner */
	return c->written + 1;
}

/* What C, which is in a bin, adds to lw.dirty: nothing if it may not hold a whole page. */
static size_t dirt_of(const struct chunk *c)
{
	ASSERT(c->flags & FREE);
	return c->bytes < 2 * lw.page ? 0 : c->dirt * GRAIN;
}

/* Puts C, whose neighbours are in use, into its bin, or makes it the top; TOUCHED is its high-water
 * mark, which may lie outside of it. */
static void bin_insert(struct chunk *c, uintptr_t touched)
{
	unsigned n = bin_number(c->bytes);
	size_t most = c->bytes / GRAIN;
	ASSERT(lock_held());
	ASSERT(!(c->at % GRAIN) && !(c->bytes % GRAIN));
	ASSERT(c->bytes <= lw.extent);
	c->flags = FREE;
	c->written = (touched < c->at ? c->at : touched < end_of(c) ? touched : end_of(c)) - 1;
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
	ASSERT(lw.free >= c->bytes);
	lw.free -= c->bytes;
	ASSERT(lock_held());
	ASSERT(c->flags == FREE);
	map_set(c, NULL);
	if (c == lw.top) {
		lw.top = NULL;
		return;
	}
	ASSERT(c->prev ? c->prev->next == c : lw.bin[n] == c);
	ASSERT(lw.dirty >= dirt_of(c));
	lw.dirty -= dirt_of(c);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else if (!(lw.bin[n] = c->next))
		lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
}

/* The smallest chunk of at least SIZE among the first of bin N, or NULL. */
static HOT struct chunk *bin_best(unsigned n, size_t size)
{
	struct chunk *best = NULL, *c = lw.bin[n];
	ASSERT(n < BINS);
	for (int i = 0; c && i < FIT_MAX; i++, c = c->next)
		if (c->bytes >= size && !(best && best->bytes <= c->bytes))
			best = c;
	return best;
}

/* A chunk of at least SIZE from SIZE's own bin, or else from the next larger one that holds any. */
static HOT struct chunk *bin_find(size_t size)
{
	ASSERT(lock_held());
	ASSERT(!(size % GRAIN));
	unsigned n = bin_number(size);
	struct chunk *best = bin_best(n, size);
	size_t mask = (size_t)-2 << n % BITS;
	for (unsigned i = n / BITS; !best && i <= BINS / BITS; i++, mask = -1)
		if (lw.filled[i] & mask)
			best = bin_best(i * BITS + __builtin_ctzl(lw.filled[i] & mask), size);
	return best;
}

/*
 * lw_stats.h - the room of figures: the heap is walked and summed up.
 *
 * Invariant: what it sums up is lw.extent, see lw.h.  Its calls take as long as the heap is large.
 * Calls blocks and map.
 */

/* Adds to SUM, and calls FN, if it is not NULL, for all live blocks. */
static void heap_walk(struct lw_stats *sum, void (*fn)(void *, size_t, enum lw_kind, void *),
                      void *arg)
{
	lock();
	sum->extent = lw.extent;
	sum->peak_extent = lw.peak;
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
		size_t size = usable(c), at = c->at;
		sum->pool_free += c->flags & POOL ? c->slots * size : c->bytes;
		for (size_t k = 0; k < (c->flags & POOL ? c->slots : 1); k++) {
			if (c->flags & POOL && slot_freed(c, k))
				continue;
			sum->pool_free -= size;
			sum->live += size;
			sum->live_blocks++;
			if (!fn)
				continue;
			enum lw_kind kind = c->flags & POOL ? LW_POOL_OBJECT : LW_CHUNK;
			unlock(); /* FN may wait for whom it likes */
			fn((void *)(at + k * size), size, kind, arg);
			lock();
			if (map_get(at) != c)
				break;
		}
	}
	unlock();
}

API void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg)
{
	heap_walk(&(struct lw_stats){0}, fn, arg);
}

API void lw_stats(struct lw_stats *stats)
{
	size_t known = stats->version < sizeof *stats ? stats->version : sizeof *stats;
	struct lw_stats s = {known, .foreign = lw.foreign};
	heap_walk(&s, NULL, NULL);
	s.headers = s.extent - s.live - s.pool_free - s.deferred - s.bins - s.top;
	memcpy(stats, &s, known);
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

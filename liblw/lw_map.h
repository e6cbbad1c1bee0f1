/*
 * lw_map.h - the room of the map: which chunk lies at an address.
 *
 * Two levels: a leaf for each span of LEAF bytes that the heap has touched, in it an entry for each
 * tile.  Invariants: lw_heap.h says which tiles have a chunk's entry; every other entry is NULL; the
 * place of leaf n is n % LEAVES, and tag says whose it is.  Leaves never go: readers need no lock.
 * Calls the system.
 */

#define LEAF_BATCH (WORD == 8 ? 1 : 16) /* mapped at a time; many split 4 GiB into pieces */
#define PURGE_MAX  64                   /* leaves of the map that one call gives back */

static INLINE struct leaf *leaf_of(uintptr_t at) { return &lw.leaf[at / LEAF % LEAVES]; }
static INLINE size_t tile_number(uintptr_t at) { return at / TILE % LEAF_TILES; } /* in its leaf */
static INLINE uintptr_t end_of(const struct chunk *c) { return c->at + c->bytes; }

/* The entry for AT's tile, whose leaf there is. */
static struct chunk **map_entry(uintptr_t at)
{
	ASSERT(leaf_of(at)->map && leaf_of(at)->tag == at / LEAF);
	return &leaf_of(at)->map[tile_number(at)];
}

/* The entry for AT's tile, or for that of an address some LEAF * LEAVES away. */
static INLINE struct chunk *map_guess(uintptr_t at)
{
	const struct leaf *leaf = leaf_of(at);
	return likely(leaf->map != NULL) ? leaf->map[tile_number(at)] : NULL;
}

/* The entry for AT's tile; of chunks that are not pools, the one that begins or ends in it. */
static struct chunk *map_get(uintptr_t at)
{
	return leaf_of(at)->tag == at / LEAF ? map_guess(at) : NULL;
}

/* Enters WHAT, which is C or NULL, for the tiles in which C begins and ends, or all if FILLED. */
static HOT void map_set(struct chunk *c, struct chunk *what)
{
	ASSERT(lock_held());
	ASSERT(what == c || !what);
	ASSERT(c->bytes >= TILE);
	*map_entry(c->at) = *map_entry(end_of(c) - TILE) = what;
	for (uintptr_t at = c->at; c->flags & FILLED && at + TILE <= end_of(c); at += TILE)
		*map_entry(at) = what;
}

/* The chunk that holds AT, or NULL.  It may search for long: for pointers that are not blocks. */
static struct chunk *map_search(uintptr_t at)
{
	struct chunk *c = map_get(at);
	for (uintptr_t from = at; (!c || c->at > at) && leaf_of(from)->tag == from / LEAF;
	     c = map_get(from))
		from -= TILE;
	return c && at - c->at < c->bytes ? c : NULL;
}

/* BYTES of zeros for the allocator's own use, page-aligned, or NULL. */
static void *own_map(size_t bytes)
{
	ASSERT(bytes && !(bytes & (lw.page - 1)));
	uintptr_t at = sys_map(0, bytes);
	if (at == REFUSED && !lw.forks)
		at = sys_sbrk(bytes + lw.page);
	return at == REFUSED ? NULL : (void *)ALIGN_UP(at, lw.page);
}

/* Makes the leaves for [at, end).  False: no memory, or the leaf of another span has the place. */
static bool map_claim(uintptr_t at, uintptr_t end)
{
	ASSERT(lock_held());
	ASSERT(at < end);
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
		/* Release: who finds the leaf finds its tag and its zeros.  Readers have no
		 * acquire: they go on through the pointer that they read. */
		__atomic_store_n(&leaf->map, lw.next_leaf, __ATOMIC_RELEASE);
		lw.next_leaf += LEAF_TILES;
		lw.leaves_left--;
	}
	return true;
}

/* Gives the pages of the map for [at, end) back, where no tile has an entry; for a gigabyte at
 * most. */
static void map_purge(uintptr_t at, uintptr_t end)
{
	ASSERT(lock_held());
	for (int i = 0; i < PURGE_MAX && at < end; i++, at = (at | (LEAF - 1)) + 1) {
		uintptr_t last = at | (LEAF - 1);
		uintptr_t from = ALIGN_UP((uintptr_t)map_entry(at), lw.page);
		uintptr_t to = (uintptr_t)(map_entry(last < end ? last : end - 1) + 1) & -lw.page;
		if (from < to)
			sys_return(from, to - from); /* they hold zeros either way */
	}
}

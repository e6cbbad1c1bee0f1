/*
 * lw_growth.h - the room between the heap and the system: chunks merge, the heap grows, memory goes
 * back.
 *
 * Invariants: two free chunks are never neighbours; lw.extent is what came from the system less what
 * went back.  Every function here needs the lock.  Calls bins, metadata and map.
 */

#define GROW_MIN   ((size_t)64 << 10) /* least step of the break: a system call costs 1 us */
#define GROW_SHARE 32                 /* of the heap: so a large one takes larger steps */
#define PLACES     14  /* tried for a mapping, each twice as far away as the one before */
#define MOVED_MAX  256 /* mappings for one block each; more would take them from the program */
#define EXTENT_MAX (LEAVES / 4 * 3 * LEAF) /* fetched at once: leaves are left for what there is */

/*
 * lw.keep is what the program was seen to free and to want again.  It begins as KEEP_MIN and grows
 * up to KEEP_MAX (32 MiB; 512 KiB for the small machines of 32 bits): to the size of a block that is
 * freed, and fourfold when memory that went back is wanted again.  So a program that alternates pays
 * for a few rounds only.  What may stay of written memory is
 *
 *      KEEP_ROUNDS * lw.keep      a program that replaces its blocks frees the old after the new
 *      + in use >> lw.share       1.6 % more memory saves a large heap most of the system calls
 *
 * lw.share becomes SHARE_WANTED, a half (on 32 bits a 16th), when memory that went back is wanted
 * again though lw.keep is KEEP_MAX: many large blocks come and go.
 *
 * A piece below 1 / SMALL_SHARE of that is small: large ones go back in so many calls at most.  It
 * waits until SMALL_PATIENCE times as much is there: then the heap has nothing but small pieces.
 */
#define KEEP_MIN       ((size_t)128 << 10)
#define KEEP_MAX       ((size_t)512 << (WORD == 8 ? 16 : 10))
#define KEEP_ROUNDS    2
#define SHARE_BEGIN    6
#define SHARE_WANTED   (WORD == 8 ? 1 : 4)
#define SMALL_SHARE    16
#define SMALL_PATIENCE 2
_Static_assert(KEEP_MIN <= KEEP_MAX && KEEP_MAX <= SIZE_MAX / 16,
               "four times what is kept fits a word");

/* Makes [at, at + bytes), of which at most DIRT was written, a chunk; it is not in a bin or the
 * map. */
static struct chunk *chunk_make(uintptr_t at, size_t bytes, unsigned dirt)
{
	ASSERT(bytes >= TILE && !(at % GRAIN) && !(bytes % GRAIN));
	struct chunk *c = record_new(NARROW);
	c->at = at;
	c->bytes = bytes;
	c->flags = 0;
	c->dirt = dirt;
	return c;
}

/* Adds its neighbour OTHER to C, if that is free; returns the high-water mark of both, where
 * TOUCHED is that of C. */
static uintptr_t chunk_absorb(struct chunk *c, struct chunk *other, uintptr_t touched)
{
	ASSERT(lock_held());
	ASSERT(map_get(c->at) != c);
	bool below = other && end_of(other) == c->at, above = other && other->at == end_of(c);
	/* Relaxed: FREE changes under the lock alone; the other flags, which may change now, do not
	 * matter. */
	if (!(below || above) || !(__atomic_load_n(&other->flags, __ATOMIC_RELAXED) & FREE) ||
	    record_old(other))
		return touched;
	uintptr_t seam = below ? c->at : other->at, low = below ? touched_of(other) : touched;
	uintptr_t high = below ? touched : touched_of(other);
	bin_remove(other);
	c->at = below ? other->at : c->at;
	c->bytes += other->bytes;
	c->dirt += other->dirt;
	record_free(other);
	/* If the upper one was written, its mark is that of both.  Else all above the seam is
	 * zeros, but for the page that the seam divides: no purge of either has cleared it. */
	return high > seam ? high : seam & (lw.page - 1) ? ALIGN_UP(seam, lw.page) : low;
}

/* Makes C, which is in use, free, and merges it with its free neighbours. */
static void chunk_join(struct chunk *c, uintptr_t touched)
{
	ASSERT(!(c->flags & (FREE | POOL)));
	map_set(c, NULL);
	c->flags = FREE; /* never in between does it look like a live block */
	touched = chunk_absorb(c, map_get(c->at - TILE), touched);
	bin_insert(c, chunk_absorb(c, map_get(end_of(c)), touched));
}

/* Makes [at, at + bytes), which came from the system, free. */
static void extent_join(uintptr_t at, size_t bytes)
{
	ASSERT(!((at | bytes) & (lw.page - 1)));
	extent_add(bytes);
	chunk_join(chunk_make(at, bytes, 0), at);
}

/* Unmaps C, which is whole pages, in no bin and not in the map. */
static void chunk_unmap(struct chunk *c)
{
	lw.extent -= c->bytes;
	TRACE(map, DO_UNMAP, c->at, c->bytes);
	sys_unmap(c->at, c->bytes);
	record_free(c);
}

/* Whether C, a mapping or a part of one, has chunks on both sides: to unmap it would make one more. */
static bool chunk_inside(const struct chunk *c)
{
	return map_get(c->at - TILE) && map_get(end_of(c));
}

/* Gives the whole pages of C, which is free, back: of the top by moving the break, all but PAD bytes;
 * of a mapping that is free to one of its ends by unmapping it.  False: nothing went. */
static bool chunk_purge(struct chunk *c, size_t pad)
{
	ASSERT(lock_held());
	ASSERT(c->flags == FREE);
	bool top = c == lw.top && sys_sbrk(0) == lw.end, beside = c->at - lw.low >= lw.end - lw.low;
	uintptr_t end = end_of(c) & -lw.page, at = c->at + (top ? TILE + pad : 0);
	size_t bytes = end - (at = ALIGN_UP(at, lw.page));
	if (pad > lw.extent || at >= end || (top && lw.forks))
		return false;
	bin_remove(c);
	map_purge(at + TILE, end - 2 * TILE);
	bool went = true;
	if (beside && bytes == c->bytes && !chunk_inside(c)) {
		chunk_unmap(c);
		return lw.went = true;
	}
	if (top && sys_sbrk(-bytes) != REFUSED) {
		c->bytes = at - c->at;
		lw.end = at;
		lw.extent -= bytes;
		TRACE(sbrk, end, at, BREAK_SHRUNK);
	} else if ((went = c->dirt && sys_return(at, bytes))) {
		c->written = (top ? at : c->at) - 1;
		c->dirt = (c->bytes - bytes) / GRAIN;
		TRACE(map, DO_RETURN, at, bytes);
	} else {
		c->dirt = 0; /* as far as is known none can go: it is not asked again */
	}
	lw.went |= went;
	bin_insert(c, touched_of(c));
	return went;
}

/* Memory went back and is wanted again: too little was kept. */
static void heap_miss(void)
{
	if (!lw.went)
		return;
	if (lw.keep == KEEP_MAX) /* more than that is known to come and go */
		lw.share = SHARE_WANTED;
	lw.keep = 4 * lw.keep < KEEP_MAX ? 4 * lw.keep : KEEP_MAX;
	ASSERT(lw.keep >= KEEP_MIN && lw.keep <= KEEP_MAX);
	lw.went = false;
}

/*
 * What goes back to the system, and when: C has become free; returns the chunk whose whole pages go
 * back now, or NULL.  Of the top lw.keep stays, of other chunks nothing.
 *
 * Two more things go back: of empty metadata pages those beyond EMPTY_MAX (record_free), and on
 * demand all that is free, in pools, too (lw_trim).
 */
static struct chunk *purge_due(struct chunk *c)
{
	size_t most = KEEP_ROUNDS * lw.keep + ((lw.extent - lw.free) >> lw.share);
	/* The top, when more of it was written than may stay, and one lw.keep, with which it may
	 * grow again. */
	if (lw.top && touched_of(lw.top) - lw.top->at > most + lw.keep)
		return lw.top;
	/* Nothing while the bins hold no more written memory than may stay. */
	if (lw.dirty <= most)
		return NULL;
	/* Nothing that is the top, of which less was written, or may not hold a whole page. */
	if (c == lw.top || !dirt_of(c))
		return NULL;
	/* A large piece at once. */
	if (dirt_of(c) > most / SMALL_SHARE)
		return c;
	/* A small piece later: it may still become part of a large one. */
	return lw.dirty > SMALL_PATIENCE * most ? c : NULL;
}

/* Frees C; returns the address of the free chunk that it became part of. */
static uintptr_t chunk_release(struct chunk *c)
{
	ASSERT(lock_held());
	ASSERT(c->flags & DEFERRED);
	if (lw.keep < c->bytes && c->bytes <= KEEP_MAX)
		lw.keep = c->bytes; /* such blocks come and go */
	uintptr_t was = c->at;
	if (c->flags & MOVED) {
		map_set(c, NULL);
		lw.moved--;
		chunk_unmap(c);
		return was;
	}
	if (record_old(c)) /* it may lie beside what is lost */
		return was;
	c->dirt = c->bytes / GRAIN;
	chunk_join(c, end_of(c));
	uintptr_t at = c->at;
	if ((c = purge_due(c)))
		chunk_purge(c, c == lw.top ? lw.keep : 0);
	return at;
}

/* Fetches BYTES, a multiple of the page, from the break. */
static bool break_grow(size_t bytes)
{
	ASSERT(lock_held());
	ASSERT(bytes && !(bytes & (lw.page - 1)));
	uintptr_t end = lw.end, at = sys_sbrk(0);
	uintptr_t start = ALIGN_UP(at, lw.page), stop = start + bytes;
	bool may = !lw.forks && at != REFUSED && at >= end && bytes <= EXTENT_MAX &&
	           map_claim(start, stop);
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
	if (top) { /* unless it grows now, it becomes a chunk in a bin */
		bin_remove(top);
		bin_insert(top, touched_of(top));
	}
	heap_miss();
	extent_join(start, bytes);
	return true;
}

/* Maps BYTES; elsewhere if what the map needs for them has its place taken, by leaves that lie some
 * LEAF * LEAVES away.  REFUSED: there is no memory, or no place. */
static uintptr_t region_map(size_t bytes)
{
	uintptr_t at = REFUSED, origin = 0;
	for (int i = 0; bytes <= EXTENT_MAX && i < PLACES; i++) {
		at = sys_map(i ? origin - (LEAF << i) : 0, bytes);
		origin = i ? origin : at;
		if (origin == REFUSED || (at != REFUSED && map_claim(at, at + bytes)))
			break;
		if (at != REFUSED)
			sys_unmap(at, bytes);
		at = REFUSED;
	}
	return at;
}

/* Fetches BYTES where the break cannot grow. */
static bool region_grow(size_t bytes)
{
	uintptr_t at = region_map(bytes);
	if (at == REFUSED)
		return false;
	TRACE(map, DO_MAP, at, bytes);
	extent_join(at, bytes);
	return true;
}

static bool heap_grow(size_t size)
{
	size_t least = ALIGN_UP(size + 2 * TILE, lw.page);
	size_t step = ALIGN_UP(least + lw.extent / GROW_SHARE + GROW_MIN, lw.page);
	return break_grow(step) || break_grow(least) || region_grow(step) || region_grow(least);
}

/* Makes C, a live block of whole pages, one of SIZE in a mapping of its own, its memory with it.
 * What it leaves amid our own becomes zeros, unless others mapped something there meanwhile: then
 * those addresses are theirs.  False: the block is as it was. */
static bool chunk_remap(struct chunk *c, size_t size)
{
	bool moved = c->flags & MOVED;
	uintptr_t from = c->at, at;
	size_t had = c->bytes;
	if (!moved && (had <= lw.keep || lw.moved == MOVED_MAX || (from | had) & (lw.page - 1)))
		return false;
	if (!records_ready(NARROW) || (at = region_map(size)) == REFUSED ||
	    (uintptr_t)mremap((void *)from, had, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at)
		return false;
	bool fill = !moved && (from - lw.low < lw.end - lw.low || chunk_inside(c));
	map_set(c, NULL);
	TRACE(map, DO_UNMAP, from, had);
	TRACE(map, DO_MAP, at, size);
	extent_add(size - had);
	lw.moved += !moved;
	if (fill && sys_map(from, had) == from) {
		TRACE(map, DO_MAP, from, had);
		extent_join(from, had);
	}
	c->at = at;
	c->bytes = size;
	c->flags = MOVED;
	map_set(c, c);
	return true;
}

/*
 * lw_chunks.h - the room of chunks: taken from the shared heap, given back, deferred in between.
 *
 * A thread defers what it frees, unmerged, in buckets by size, from which a request of such a size
 * takes it back without the lock.  Invariants: a heap defers less than DEFER_COUNT chunks and
 * DEFER_BYTES when a call ends; they are merged in one batch, and always before the heap grows.
 * Calls growth, bins, metadata and map.
 */

#define DEFER_COUNT 64                  /* two of a size, where they are of all sizes */
#define DEFER_BYTES ((size_t)512 << 10) /* what a thread may hold back from the others */

/* ---- the lock is held ---- */

/* Bytes to leave at the start of C so that the rest is aligned; what is left is a chunk or
 * nothing. */
static size_t lead_of(const struct chunk *c, size_t align)
{
	ASSERT(align && !(align & (align - 1)));
	return c->at & (align - 1) ? ALIGN_UP(c->at + TILE, align) - c->at : 0;
}

/* A free chunk in which SIZE fits aligned, or NULL; the top only if nothing else will do. */
static HOT struct chunk *chunk_find(size_t size, size_t align)
{
	struct chunk *c = bin_find(size);
	if (c && c->bytes < size + lead_of(c, align))
		c = bin_find(size + align + TILE);
	if (!c && lw.top && lw.top->bytes >= size + lead_of(lw.top, align))
		c = lw.top;
	ASSERT(!c || c->bytes >= size + lead_of(c, align));
	return c;
}

/* Puts the SIZE bytes of C that begin LEAD bytes into it in use; the rest becomes free.  C is not
 * in a bin or the map, its neighbours are in use, TOUCHED is its high-water mark. */
static void chunk_cut(struct chunk *c, size_t lead, size_t size, uintptr_t touched)
{
	ASSERT(lead + size <= c->bytes && size >= TILE);
	ASSERT(!lead || lead >= TILE);
	uintptr_t at = c->at;
	size_t rest = c->bytes - lead - size;
	c->at += lead;
	c->bytes = rest < TILE ? size + rest : size;
	c->flags = 0;
	c->written = (touched > c->at ? touched : c->at) - 1;
	map_set(c, c);
	if (rest >= TILE)
		bin_insert(chunk_make(end_of(c), rest, c->dirt), touched);
	if (lead)
		bin_insert(chunk_make(at, lead, c->dirt), touched);
}

/* Merges what H has deferred into the shared heap. */
static void merge_deferred(struct heap *h, enum lw_reason reason)
{
	ASSERT(lock_held());
	TRACE(batch_begin, reason);
	for (unsigned i = 0; h->deferred_count && i < BUCKETS; i++)
		for (struct chunk *c; (c = h->deferred[i]); h->deferred_count--) {
			/* NOLINTBEGIN(clang-analyzer-deadcode.DeadStores): only the hook reads them */
			uintptr_t at = c->at;
			size_t size = c->bytes;
			h->deferred[i] = c->next;
			uintptr_t merged = chunk_release(c);
			/* NOLINTEND(clang-analyzer-deadcode.DeadStores) */
			TRACE(merge, at, merged, size);
		}
	ASSERT(!h->deferred_count);
	h->deferred_bytes = 0;
	TRACE(batch_end);
}

/* A live chunk of at least SIZE, or NULL if there is no memory.  Unless records are READY a free
 * chunk is taken as a whole. */
static struct chunk *chunk_get(struct heap *h, size_t size, size_t align, bool ready)
{
	ASSERT(lock_held());
	struct chunk *c = chunk_find(size, align);
	if ((!c || c == lw.top) && h && h->deferred_count) {
		merge_deferred(h, ON_MISS);
		c = chunk_find(size, align);
	}
	if (!c && ready && heap_grow(size + (align > GRAIN ? align + TILE : 0)))
		c = chunk_find(size, align);
	size_t lead = c ? lead_of(c, align) : 0;
	if (!c || (!ready && lead))
		return NULL;
	uintptr_t touched = touched_of(c);
	TRACE(source, c == lw.top ? FROM_TOP : FROM_BIN);
	if (2 * GRAIN * c->dirt < c->bytes)
		heap_miss();
	bin_remove(c);
	chunk_cut(c, lead, ready ? size : c->bytes, touched);
	return c;
}

/* Gives C, a live chunk of whole tiles, a record of KIND and all its tiles in the map. */
static struct chunk *chunk_widen(struct chunk *c, unsigned kind)
{
	ASSERT(!c->flags && !(c->at % TILE));
	struct chunk *wide = metapage_of(c)->kind >= kind ? c : record_new(kind);
	wide->at = c->at;
	wide->bytes = c->bytes;
	wide->written = c->written;
	wide->flags = FILLED;
	if (wide != c)
		record_free(c);
	map_set(wide, wide);
	return wide;
}

/* ---- without the lock ---- */

static INLINE size_t bucket_of(size_t n) { return bin_number(n) % BUCKETS; }

/* A chunk that H has deferred, live again, or NULL: of SIZE or, if that is small, an eighth larger.  If
 * KIND is WIDE it is of SIZE and has been a pool: its record and its entries in the map are those of
 * one. */
static struct chunk *deferred_take(struct heap *h, size_t size, size_t align, unsigned kind)
{
	size_t slack = kind ? 0 : size / 8;
	struct chunk **link = &h->deferred[bucket_of(size)], *c = *link;
	while (c && c->bytes - size > slack)
		c = *(link = &c->next);
	if (!c || c->at & (align - 1) ||
	    (kind && (!(c->flags & FILLED) || metapage_of(c)->kind < kind)))
		return NULL;
	ASSERT(h->deferred_count && c->flags & DEFERRED);
	ASSERT(h->deferred_bytes >= c->bytes);
	*link = c->next;
	flags_set(c, c->flags & ~DEFERRED);
	c->written = end_of(c) - 1;
	h->deferred_count--;
	h->deferred_bytes -= c->bytes;
	TRACE(source, FROM_DEFERRED);
	return c;
}

/* A live chunk of at least SIZE, or NULL if there is no memory.  H is NULL for a thread without a
 * heap; KIND is WIDE for a pool. */
static struct chunk *chunk_alloc(struct heap *h, size_t size, size_t align, unsigned kind)
{
	ASSERT(!lock_held());
	ASSERT(size >= TILE && !(size % GRAIN));
	struct chunk *c = h ? deferred_take(h, size, align, kind) : NULL;
	if (c)
		return c;
	lock();
	bool ready = records_ready(kind);
	c = kind && !ready ? NULL : chunk_get(h, size, align, ready);
	if (c && kind)
		c = chunk_widen(c, kind);
	unlock();
	return c;
}

/* Gives C, which is marked as deferred, back: with H's next batch or, without a heap, at once. */
static void chunk_free(struct heap *h, struct chunk *c)
{
	ASSERT(!lock_held());
	ASSERT(c->flags & DEFERRED && !(c->flags & (FREE | POOL)));
	if (h) {
		struct chunk **bucket = &h->deferred[bucket_of(c->bytes)];
		c->next = *bucket;
		*bucket = c;
		h->deferred_bytes += c->bytes;
		if (++h->deferred_count < DEFER_COUNT && h->deferred_bytes < DEFER_BYTES)
			return;
	}
	lock();
	h ? merge_deferred(h, ON_BOUND) : (void)chunk_release(c);
	unlock();
}

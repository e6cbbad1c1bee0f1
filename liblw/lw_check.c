/*
 * lw_check.c - proves every invariant that lw_heap.h states; see lw_check.h.
 *
 * It needs the allocator's internals, so it is compiled in one unit with it.  First it is proved
 * that the map's entries are those of chunks that tile the heap, on which all else stands, then
 * that records lie in metadata pages, then what each chunk is, then the lists.  What is found on the
 * way is counted twice, by chunk and by entry, slot, metadata page or list: both have to agree.
 */
#ifndef LW_ASSERT
#define LW_ASSERT
#endif
#include "lw.c"
#include "lw_check.h"

#define HEAPS     1024              /* more threads than any test has */
#define METAPAGES ((size_t)1 << 13) /* half of them used: records of 300,000 chunks */

#define HOLDS(cond, what, at)                               \
	do {                                                \
		if (!(cond))                                \
			return broken(what, (uintptr_t)at); \
	} while (0)

/* What the walk over the chunks has seen. */
static struct {
	struct met {
		struct metapage *metapage;
		size_t found;           /* of its records: those that somebody has */
	} met[METAPAGES];               /* by a hash of the address */
	size_t metapages, open, listed; /* all of them; that have a free record; in lists */
	struct heap *heap[HEAPS];
	unsigned heaps;
	struct lw_stats sum;
	size_t entries, marks; /* of the map: that chunks should have; that are there */
	size_t free_chunks, dirty, deferred, ringed, told, moved;
} seen;

/* The leaves that there are. */
static const struct leaf *leaf[LEAVES];
static size_t leaves;

static int broken(const char *what, uintptr_t at)
{
	char line[160]; /* dprintf would allocate */
	int len = snprintf(line, sizeof line, "liblw: check: %s: address=%p\n", what, (void *)at);
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
	const char *at = p;
	for (; n > sizeof none; at += sizeof none, n -= sizeof none)
		if (memcmp(at, none, sizeof none))
			return false;
	return !memcmp(at, none, n);
}

static unsigned bits_of(size_t word) { return __builtin_popcountl(word); }

/* The bits of word I of a pool of SLOTS that stand for a slot. */
static size_t bits_there(size_t slots, unsigned i)
{
	return slots >= (i + 1) * BITS ? SIZE_MAX
	       : slots <= i * BITS     ? 0
	                               : ((size_t)1 << (slots - i * BITS)) - 1;
}

/* The first chunk that begins in the tile of entry *I, counted through all leaves, or above. */
static struct chunk *chunk_from(size_t *i)
{
	for (; *i < leaves * LEAF_TILES; ++*i) {
		const struct leaf *l = leaf[*i / LEAF_TILES];
		size_t n = *i % LEAF_TILES;
		struct chunk *c = l->map[n];
		if (c && c->at / TILE == l->tag * LEAF_TILES + n)
			return c;
		if (!(n % BITS) && zeros(l->map + n, BITS * WORD))
			*i += BITS - 1;
	}
	return NULL;
}

#define for_each_chunk(c, i) for (size_t i = 0; ((c) = chunk_from(&i)); i++)

/* ---- metadata pages ---- */

static size_t record_size(unsigned kind)
{
	size_t wide = kind == HEAP ? sizeof(struct heap) : sizeof(struct chunk);
	return kind == NARROW ? offsetof(struct chunk, slots) : ALIGN_UP(wide, LINE);
}

/* Whether RECORD, which may be anything, lies in what looks like a metadata page. */
static bool in_metapage(const void *record)
{
	const struct metapage *s = metapage_of((void *)record);
	return s->kind < KINDS && s->size == record_size(s->kind);
}

/* Whether AT lies in a page that is kept for a metadata page to come. */
static bool is_ready(uintptr_t at) { return at - lw.next_metapage < lw.metapages_left * lw.page; }

/* Whether RECORD is one of S that was handed out, and perhaps given back. */
static bool was_taken(const struct metapage *s, const void *record)
{
	size_t offset = (uintptr_t)record - (uintptr_t)s - LINE;
	return offset < s->fresh - LINE && !(offset % s->size);
}

static bool was_returned(const struct metapage *s, const void *record)
{
	const void *back = s->free;
	while (back && back != record)
		back = *(void *const *)back;
	return back;
}

static int check_metapage(const struct metapage *s)
{
	size_t back = 0, taken = (s->fresh - LINE) / s->size;
	HOLDS(!is_ready((uintptr_t)s), "a page for records to come is in use", s);
	HOLDS(s->fresh >= LINE && s->fresh <= lw.page && s->fresh == LINE + taken * s->size,
	      "a metadata page's records do not lie end to end", s);
	for (void **record = s->free; record; record = *record) {
		HOLDS(was_taken(s, record), "a free record lies outside of its metadata page",
		      record);
		HOLDS(back++ < taken, "a record is free twice", s);
	}
	HOLDS(s->live == taken - back, "records in use miscounted", s);
	return 0;
}

/* Where the metadata page of RECORD was noted, or is to be. */
static struct met *met_with(const void *record)
{
	struct metapage *s = metapage_of((void *)record);
	size_t i = (uintptr_t)s / lw.page % METAPAGES;
	while (seen.met[i].metapage && seen.met[i].metapage != s)
		i = (i + 1) % METAPAGES;
	return &seen.met[i];
}

/* The heaps of a metadata page need nobody to know them: a thread may have no pool. */
static int meet_heaps(struct met *m)
{
	uintptr_t at = (uintptr_t)m->metapage + LINE,
		  end = (uintptr_t)m->metapage + m->metapage->fresh;
	for (; at < end; at += m->metapage->size) {
		if (was_returned(m->metapage, (void *)at))
			continue;
		HOLDS(seen.heaps < HEAPS, "too many heaps to check", at);
		seen.heap[seen.heaps++] = (struct heap *)at;
		m->found++;
	}
	return 0;
}

/* Proves the metadata page in which RECORD lies, when it is met for the first time. */
static int meet_metapage(const void *record)
{
	struct met *m = met_with(record);
	if (m->metapage)
		return 0;
	HOLDS(seen.metapages++ < METAPAGES / 2, "too many metadata pages to check", record);
	m->metapage = metapage_of((void *)record);
	if (check_metapage(m->metapage))
		return -1;
	seen.open += !metapage_full(m->metapage);
	return m->metapage->kind == HEAP ? meet_heaps(m) : 0;
}

/* The record of a chunk is in use, and has room for what the chunk is. */
static int check_record(const struct chunk *c)
{
	HOLDS(in_metapage(c), "a record in no metadata page", c);
	if (meet_metapage(c))
		return -1;
	struct met *m = met_with(c);
	HOLDS(was_taken(m->metapage, c), "a record that was not handed out", c);
	HOLDS(!was_returned(m->metapage, c), "a chunk's record is free", c);
	HOLDS(m->metapage->kind != HEAP, "a chunk's record is a heap", c);
	/* A pool's shape lies where a narrow record has ended. */
	HOLDS(!(c->flags & POOL) || m->metapage->kind == WIDE, "a record is too small for a pool",
	      c->at);
	m->found++;
	return 0;
}

/* The lists hold the metadata pages that are not full.  Their links are right: so no list is a
 * circle. */
static int check_metapage_lists(void)
{
	for (unsigned kind = 0; kind < KINDS; kind++) {
		const struct metapage *prev = NULL;
		for (const struct metapage *s = lw.metapage[kind]; s; prev = s, s = s->next) {
			HOLDS(s == metapage_of((void *)s) && in_metapage(s),
			      "not a metadata page in a list of them", s);
			HOLDS(s->kind == kind, "a metadata page in the list of another kind", s);
			HOLDS(s->prev == prev, "a broken link in a list of metadata pages", s);
			HOLDS(!metapage_full(s), "a full metadata page in a list", s);
			if (meet_metapage(s))
				return -1;
			seen.listed++;
		}
	}
	return 0;
}

/* A heap may be known by its pools alone, by those that look for one whose thread is gone, by its
 * thread: so its metadata page, if that is full. */
static int find_heap(const struct heap *h, const char *what)
{
	HOLDS(h == &first || in_metapage(h), what, h);
	return h == &first ? 0 : meet_metapage(h);
}

static int find_heaps(void)
{
	struct chunk *c;
	unsigned dead = 0;
	seen.heap[seen.heaps++] = &first;
	for_each_chunk(c, i)
		if (c->flags & POOL && find_heap(c->owner, "a pool of an unknown heap"))
			return -1;
	for (const struct heap *h = lw.dead; h; h = h->next) {
		if (find_heap(h, "an unknown heap among the dead"))
			return -1;
		HOLDS(seen_heap(h), "an unknown heap among the dead", h);
		HOLDS(dead++ < seen.heaps, "the dead go round in a circle", h);
	}
	return self == &unopened || self == &closed
	               ? 0
	               : find_heap(self, "the thread's heap is unknown");
}

/* What was counted in the metadata pages is what is there. */
static int check_records(void)
{
	size_t empty[KINDS] = {0};
	HOLDS(lw.metapages_left <= METAPAGE_BATCH && !(lw.next_metapage % lw.page),
	      "not a row of pages for records to come", &lw.next_metapage);
	HOLDS(seen.open == seen.listed, "a metadata page with a free record is in no list",
	      lw.metapage);
	HOLDS(seen.sum.extent + seen.metapages * lw.page == lw.extent && lw.extent <= lw.peak,
	      "extent is not what came from the system", &lw.extent);
	for (size_t i = 0; i < METAPAGES; i++) {
		const struct metapage *s = seen.met[i].metapage;
		if (!s)
			continue;
		HOLDS(s->live == seen.met[i].found, "a record of nothing", s);
		empty[s->kind] += !s->live;
	}
	for (unsigned kind = 0; kind < KINDS; kind++) {
		HOLDS(empty[kind] == lw.empty[kind], "empty metadata pages miscounted",
		      &lw.empty[kind]);
		HOLDS(!empty[kind] || (empty[kind] - 1) * lw.page < EMPTY_MAX,
		      "too many empty metadata pages of a kind", &lw.empty[kind]);
	}
	seen.sum.headers = seen.metapages * lw.page;
	return 0;
}

/* An overflow out of a chunk cannot reach a record: no metadata page lies inside of one. */
static int check_apart(void)
{
	struct chunk *c;
	for_each_chunk(c, i)
		for (uintptr_t at = c->at & -lw.page; at < end_of(c); at += lw.page)
			HOLDS(!met_with((void *)at)->metapage && !is_ready(at),
			      "a metadata page inside of a chunk", at);
	return 0;
}

static int check_metapages(void)
{
	return check_metapage_lists() || find_heaps() || check_records() || check_apart() ? -1 : 0;
}

/* ---- the map ---- */

static int check_leaves(void)
{
	leaves = 0;
	for (uintptr_t n = 0; n < LEAVES; n++) {
		if (!lw.leaf[n].map)
			continue;
		HOLDS(lw.leaf[n].tag % LEAVES == n, "a leaf in another's place", &lw.leaf[n]);
		leaf[leaves++] = &lw.leaf[n];
	}
	return 0;
}

/* A chunk has the entries of the tiles in which it begins and ends, if FILLED all; those between
 * are NULL.  A tile that it shares with the chunk above is that one's. */
static int check_entries(const struct chunk *c)
{
	uintptr_t begin = c->at / TILE, end = (end_of(c) - TILE) / TILE;
	for (uintptr_t n = begin; n <= end; n++) {
		bool own = n == begin || n == end || c->flags & FILLED;
		const struct chunk *entry = map_get(n * TILE);
		HOLDS(!own || entry == c, "a tile of a chunk is not entered", c->at);
		HOLDS(own || !entry, "a tile inside of a chunk is entered", n * TILE);
		seen.entries += own;
	}
	return 0;
}

/* Another chunk begins where C ends, and ends where C begins, but at the ends of what came from the
 * system: that was whole pages. */
static int check_neighbours(const struct chunk *c)
{
	const struct chunk *below = map_get(c->at - TILE), *above = map_get(end_of(c));
	bool begins = !below || end_of(below) != c->at, ends = !above || above->at != end_of(c);
	HOLDS(!begins || !(c->at % lw.page), "a gap below a chunk", c->at);
	HOLDS(!ends || !(end_of(c) % lw.page), "a gap above a chunk", c->at);
	HOLDS(ends || !(c->flags & above->flags & FREE), "two free neighbours", c->at);
	return 0;
}

/* Chunks, each with a record of its own, lie end to end, as the map says. */
static int check_tiling(void)
{
	struct chunk *c;
	for_each_chunk(c, i) {
		if (check_record(c))
			return -1;
		HOLDS(!(c->at % GRAIN) && !(c->bytes % GRAIN), "a chunk that is not aligned",
		      c->at);
		HOLDS(c->bytes >= TILE, "a chunk too small", c->at);
		HOLDS(c->bytes <= lw.extent, "a chunk larger than the heap", c->at);
		if (check_entries(c) || check_neighbours(c))
			return -1;
		seen.sum.extent += c->bytes;
	}
	return 0;
}

/* All other entries are NULL. */
static int check_marks(void)
{
	for (size_t i = 0; i < leaves * LEAF_TILES; i += BITS) {
		struct chunk **row = leaf[i / LEAF_TILES]->map + i % LEAF_TILES;
		for (size_t k = 0; k < BITS && (k || !zeros(row, BITS * WORD)); k++)
			seen.marks += row[k] != NULL;
	}
	HOLDS(seen.marks == seen.entries, "an entry of no chunk", &lw.leaf);
	return 0;
}

/* Our break is whole pages of chunks, at or below the break. */
static int check_break(void)
{
	if (!lw.end)
		return 0;
	HOLDS(lw.low && lw.low < lw.end && lw.end <= sys_sbrk(0), "the heap is not below the break",
	      &lw.low);
	HOLDS(!(lw.end % lw.page) && map_search(lw.end - 1), "our break ends in no chunk", &lw.end);
	HOLDS(!lw.top || (map_get(lw.top->at) == lw.top && lw.top->flags & FREE),
	      "the top is not a free chunk", &lw.top);
	return 0;
}

/* ---- pools ---- */

static int check_shape(const struct chunk *pool)
{
	size_t size = pool->size, whole = pool->bytes & -TILE;
	HOLDS(pool->flags == (POOL | FILLED) && !(pool->at % TILE),
	      "a pool is not a row of whole tiles", pool->at);
	HOLDS(pool->class < CLASSES && class_of(pool->class) == pool->class &&
	              size == (pool->class + 1) * GRAIN,
	      "a pool of no class", pool->at);
	HOLDS(pool->slots && pool->slots <= SLOTS && pool->slots * size <= whole,
	      "slots beyond the pool", pool->at);
	HOLDS(pool->slots == SLOTS || (pool->slots + 1) * size > whole,
	      "a pool could have another slot", pool->at);
	HOLDS(pool->shift == __builtin_ctzl(size) && (size >> pool->shift) * pool->inverse == 1,
	      "a broken inverse", pool->at);
	return 0;
}

/* The bits of a pool's slots, and where the next one is taken from. */
static int check_bits(struct chunk *pool)
{
	size_t word = (uintptr_t)pool->word - (uintptr_t)pool->free;
	for (unsigned i = 0; i < WORDS; i++) {
		size_t there = bits_there(pool->slots, i), remote = pool->remote[i];
		HOLDS(!((pool->free[i] | remote) & ~there), "a bit without a slot", pool->at);
		HOLDS(!(pool->free[i] & remote), "a slot is free twice", pool->at);
		HOLDS((remote != 0) == (pool->told >> i & 1),
		      "the owner was not told what others freed", pool->at);
	}
	HOLDS(pool->told >> WORDS == 0, "the owner was told of no word", pool->at);
	HOLDS(word / WORD < WORDS && word % WORD == 0, "slots are taken from no word", pool->at);
	HOLDS(pool->word_at == pool->at + 8 * word * pool->size,
	      "slots are taken from where their word is not", pool->at);
	return 0;
}

/* A pool with FREE slots is in a ring, and `until` says when to look at it. */
static int check_until(const struct chunk *pool, unsigned free)
{
	if (!pool->next) {
		unsigned share = share_of(pool);
		HOLDS(free < share, "a pool with free slots is in no ring", pool->at);
		HOLDS(pool->until == share - free, "until of a pool in no ring is wrong", pool->at);
		return 0;
	}
	HOLDS(pool->next->prev == pool && pool->prev->next == pool, "a broken link in a ring",
	      pool->at);
	seen.ringed++;
	if (pool->owner->current[pool->class] == pool) {
		HOLDS(pool->until, "until of a current pool is wrong", pool->at);
		return 0;
	}
	HOLDS(free < pool->slots, "an empty pool waits in a ring", pool->at);
	HOLDS(free, "a full pool waits in a ring", pool->at);
	HOLDS(pool->until == pool->slots - free, "until of a pool in a ring is wrong", pool->at);
	return 0;
}

static int check_pool(struct chunk *pool)
{
	unsigned free = 0, remote = 0;
	HOLDS(seen_heap(pool->owner), "a pool of an unknown heap", pool->at);
	if (check_shape(pool) || check_bits(pool))
		return -1;
	for (unsigned i = 0; i < WORDS; i++) {
		free += bits_of(pool->free[i]);
		remote += bits_of(pool->remote[i]);
	}
	if (check_until(pool, free))
		return -1;
	size_t live = pool->slots - free - remote;
	seen.told += pool->told != 0;
	seen.sum.live_blocks += live;
	seen.sum.live += live * pool->size;
	seen.sum.pool_free += (pool->slots - live) * pool->size;
	seen.sum.headers += pool->bytes - pool->slots * pool->size;
	return 0;
}

/* ---- what each chunk is ---- */

static int check_free(const struct chunk *c)
{
	uintptr_t page = ALIGN_UP(c->at, lw.page), end = end_of(c) & -lw.page;
	uintptr_t from = touched_of(c) > page ? touched_of(c) : page;
	HOLDS(!(c->flags & ~FREE), "a free chunk that is something else", c->at);
	HOLDS(from >= end || zeros((void *)from, end - from), "memory that went back was written",
	      c->at);
	HOLDS(c->dirt * GRAIN <= c->bytes, "more dirt than bytes", c->at);
	HOLDS((c == lw.top) == (end_of(c) == lw.end), "the top is not what ends with our break",
	      c->at);
	if (c == lw.top) {
		seen.sum.top += c->bytes;
		return 0;
	}
	HOLDS(c->prev ? c->prev->next == c : lw.bin[bin_number(c->bytes)] == c,
	      "a free chunk is not in its bin", c->at);
	seen.free_chunks++;
	seen.dirty += dirt_of(c);
	seen.sum.bins += c->bytes;
	return 0;
}

static int check_block(const struct chunk *c)
{
	bool deferred = c->flags & DEFERRED;
	HOLDS(!(c->flags & ~(DEFERRED | FILLED | MOVED)), "a block that is something else", c->at);
	HOLDS(!(c->flags & MOVED) || !((c->at | c->bytes) & (lw.page - 1)),
	      "a mapping that is not whole pages", c->at);
	seen.moved += c->flags / MOVED;
	seen.deferred += deferred;
	seen.sum.live_blocks += !deferred;
	*(deferred ? &seen.sum.deferred : &seen.sum.live) += c->bytes;
	return 0;
}

static int check_chunks(void)
{
	struct chunk *c;
	for_each_chunk(c, i) {
		HOLDS(c->flags & POOL || c->written & 1, "a chunk that is not a pool has an owner",
		      c->at);
		if (c->flags & POOL   ? check_pool(c)
		    : c->flags & FREE ? check_free(c)
		                      : check_block(c))
			return -1;
	}
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
		const struct chunk *prev = NULL;
		for (const struct chunk *c = lw.bin[n]; c; prev = c, c = c->next) {
			HOLDS(++binned <= seen.free_chunks, "a bin holds what is not free", c->at);
			HOLDS(map_get(c->at) == c && c->flags & FREE && c->prev == prev &&
			              bin_number(c->bytes) == n,
			      "a chunk in the wrong bin", c->at);
		}
	}
	HOLDS(binned == seen.free_chunks, "a free chunk is in no bin", lw.bin);
	HOLDS(lw.moved == seen.moved, "mappings of one block miscounted", &lw.moved);
	HOLDS(lw.dirty == seen.dirty, "dirty bytes miscounted", &lw.dirty);
	HOLDS(lw.free == seen.sum.bins + seen.sum.top, "free bytes miscounted", &lw.free);
	return 0;
}

static int check_rings(const struct heap *h)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		const struct chunk *head = h->current[i], *pool = head;
		HOLDS(head == h->current[class_of(i)], "two current pools of one class", head);
		while (pool != &nowhere && class_of(i) == i) {
			HOLDS(pool->owner == h && pool->class == i, "a pool in the wrong ring",
			      pool);
			HOLDS(pool->next && seen.ringed--, "not a pool in a ring", pool);
			pool = pool->next == head ? &nowhere : pool->next;
		}
	}
	return 0;
}

static int check_deferred(const struct heap *h)
{
	size_t count = 0, bytes = 0;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (const struct chunk *c = h->deferred[i]; c; c = c->next) {
			HOLDS(++count <= h->deferred_count, "more deferred chunks than counted",
			      c->at);
			HOLDS(map_get(c->at) == c && c->flags & DEFERRED &&
			              bucket_of(c->bytes) == i,
			      "what is not deferred in a bucket", c->at);
			HOLDS(seen.deferred--, "a chunk is deferred twice", c->at);
			bytes += c->bytes;
		}
	HOLDS(count == h->deferred_count && count <= DEFER_COUNT, "deferred chunks miscounted", h);
	HOLDS(bytes == h->deferred_bytes && bytes <= DEFER_BYTES, "deferred bytes miscounted", h);
	return 0;
}

static int check_pending(const struct heap *h)
{
	const struct chunk *list[] = {h->pending, h->drained};
	for (int i = 0; i < 2; i++)
		for (const struct chunk *pool = list[i]; pool; pool = pool->pending) {
			HOLDS(pool->owner == h && pool->told,
			      "a pool without remote frees is pending", pool);
			HOLDS(seen.told--, "a pool is pending twice", pool);
		}
	return 0;
}

static int check_heaps(void)
{
	for (unsigned i = 0; i < seen.heaps; i++) {
		const struct heap *h = seen.heap[i];
		HOLDS(h->most == POOL_MAX, "a heap that was never opened", h);
		if (check_rings(h) || check_deferred(h) || check_pending(h))
			return -1;
	}
	HOLDS(!seen.ringed, "a pool is in the ring of no heap", NULL);
	HOLDS(!seen.deferred, "a deferred chunk is in no bucket", NULL);
	HOLDS(!seen.told, "a pool with remote frees is not pending", NULL);
	return 0;
}

/* What stands for no pool and no heap was never written; and what the calling thread remembers. */
static int check_thread(void)
{
	struct chunk fresh = {.word = nowhere.free};
	HOLDS(!memcmp(&nowhere, &fresh, sizeof fresh), "what stands for no pool is one", &nowhere);
	HOLDS(zeros(&unopened, sizeof unopened) && zeros(&closed, sizeof closed),
	      "what stands for no heap was opened", &unopened);
	HOLDS(self == &unopened || self == &closed || seen_heap(self),
	      "the thread's heap is unknown", self);
	HOLDS(latest == &nowhere || (map_get(latest->at) == latest && latest->owner == self),
	      "the pool of the latest free is not the thread's", latest);
	return 0;
}

/* ---- the whole ---- */

/* The figures that lw_stats gives are those that were found here; what is kept is in its bounds. */
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
	HOLDS(lw.share == SHARE_BEGIN || lw.share == SHARE_WANTED, "what is kept is out of bounds",
	      &lw.share);
	HOLDS(lw.keep >= KEEP_MIN && lw.keep <= KEEP_MAX, "what is kept is out of bounds",
	      &lw.keep);
	return 0;
}

API int lw_check(void)
{
	if (!lw.page)
		return 0;
	memset(&seen, 0, sizeof seen);
	return check_leaves() || check_tiling() || check_marks() || check_break() ||
	                       check_metapages() || check_chunks() || check_bins() ||
	                       check_heaps() || check_thread() || check_figures()
	               ? -1
	               : 0;
}

/*
 * lw_metadata.h - the room of records: what the allocator knows of chunks, pools and heaps.
 *
 * Records lie in pages of their own, apart from all blocks.  Invariants: a page that has a free
 * record is in its kind's list, a full one in none; lw.empty counts the pages without a record in
 * use.  A caller makes sure with records_ready() first: then record_new() cannot fail.  The lock is
 * needed in the whole room.  Calls the map and the system.
 */

#define METAPAGE_BATCH 16                 /* mapped at a time */
#define EMPTY_MAX      ((size_t)64 << 10) /* of metadata pages of a kind, in reserve */
_Static_assert(METAPAGE_BATCH >= 2, "a call may need a page for chunks and one for its own kind");

static struct metapage *metapage_of(void *record) { return (void *)((uintptr_t)record & -lw.page); }

static bool metapage_full(const struct metapage *s)
{
	return !s->free && s->fresh + s->size > lw.page;
}

static void metapage_link(struct metapage *s)
{
	s->prev = NULL;
	s->next = lw.metapage[s->kind];
	if (s->next)
		s->next->prev = s;
	lw.metapage[s->kind] = s;
}

static void metapage_unlink(struct metapage *s)
{
	*(s->prev ? &s->prev->next : &lw.metapage[s->kind]) = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

/* Whether there is room for the records that a call may need: three of chunks, and one of KIND. */
static bool records_ready(unsigned kind)
{
	ASSERT(lock_held());
	ASSERT(kind < KINDS);
	const struct metapage *s = lw.metapage[NARROW];
	bool room = s && (s->live + 3) * s->size <= lw.page - LINE;
	unsigned need = !room + !lw.metapage[kind];
	void *metapages = lw.metapages_left < need ? own_map(METAPAGE_BATCH * lw.page) : NULL;
	if (metapages) {
		lw.next_metapage = (uintptr_t)metapages;
		lw.metapages_left = METAPAGE_BATCH;
	}
	return lw.metapages_left >= need;
}

static void *record_new(unsigned kind)
{
	static const uint16_t sizes[KINDS] = {offsetof(struct chunk, slots),
	                                      ALIGN_UP(sizeof(struct chunk), LINE),
	                                      ALIGN_UP(sizeof(struct heap), LINE)};
	ASSERT(lock_held());
	struct metapage *s = lw.metapage[kind];
	ASSERT(s ? !metapage_full(s) : lw.metapages_left); /* records_ready() saw to it */
	if (!s) {
		s = (struct metapage *)lw.next_metapage;
		lw.next_metapage += lw.page;
		lw.metapages_left--;
		lw.empty[kind]++;
		*s = (struct metapage){
			.kind = kind, .size = sizes[kind], .fresh = LINE, .born = lw.born};
		metapage_link(s);
		extent_add(lw.page);
		TRACE(map, DO_MAP, (uintptr_t)s, lw.page);
		TRACE(pool_new, (uintptr_t)s, lw.page, 0, 0);
	}
	void **record = s->free;
	if (record)
		s->free = *record;
	else
		record = (void **)((uintptr_t)s + s->fresh), s->fresh += s->size;
	ASSERT(metapage_of(record) == s && s->fresh <= lw.page);
	lw.empty[kind] -= !s->live++;
	if (metapage_full(s))
		metapage_unlink(s);
	return record;
}

/* Whether RECORD is of another process, from which this one was forked amid a change. */
static bool record_old(void *record)
{
	return unlikely(lw.born) && metapage_of(record)->born != lw.born;
}

static void record_free(void *record)
{
	struct metapage *s = metapage_of(record);
	ASSERT(lock_held());
	ASSERT(s->kind < KINDS && s->live);
	ASSERT(((uintptr_t)record - (uintptr_t)s - LINE) % s->size == 0);
	if (record_old(record))
		return;
	if (metapage_full(s))
		metapage_link(s);
	*(void **)record = s->free;
	s->free = record;
	if (--s->live || lw.empty[s->kind]++ * lw.page < EMPTY_MAX)
		return;
	lw.empty[s->kind]--;
	metapage_unlink(s);
	lw.extent -= lw.page;
	TRACE(pool_free, (uintptr_t)s, lw.page);
	TRACE(map, DO_UNMAP, (uintptr_t)s, lw.page);
	sys_unmap((uintptr_t)s, lw.page);
}

/*
 * lw_metadata.h - the room of records: what the allocator knows of chunks, pools and heaps.
 *
 * Records lie in pages of their own, apart from all blocks.  Invariants: a page that has a free
 * record is in its kind's list, a full one in none; lw.empty counts the pages without a record in
 * use.  A caller makes sure with records_ready() first: then record_new() cannot fail.  The lock is
 * held in the whole room.  Calls the map's room and the system.
 */

#define SLAB_BATCH 16                 /* mapped at a time */
#define EMPTY_MAX  ((size_t)64 << 10) /* of slabs of a kind, in reserve */
_Static_assert(SLAB_BATCH >= 2, "a call may need a page for chunks and one for its own kind");

static struct slab *slab_of(void *record) { return (void *)((uintptr_t)record & -lw.page); }
static bool slab_full(const struct slab *s) { return !s->free && s->fresh + s->size > lw.page; }

static void slab_link(struct slab *s)
{
	s->prev = NULL;
	s->next = lw.slab[s->kind];
	if (s->next)
		s->next->prev = s;
	lw.slab[s->kind] = s;
}

static void slab_unlink(struct slab *s)
{
	*(s->prev ? &s->prev->next : &lw.slab[s->kind]) = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

/* Whether there is memory for the records that a call may need: three of chunks, and one of KIND. */
static bool records_ready(unsigned kind)
{
	const struct slab *s = lw.slab[NARROW];
	bool room = s && (s->live + 3) * s->size <= lw.page - LINE;
	unsigned need = !room + !lw.slab[kind];
	void *slabs = lw.slabs_left < need ? own_map(SLAB_BATCH * lw.page) : NULL;
	if (slabs) {
		lw.next_slab = (uintptr_t)slabs;
		lw.slabs_left = SLAB_BATCH;
	}
	return lw.slabs_left >= need;
}

static void *record_new(unsigned kind)
{
	static const uint16_t sizes[KINDS] = {offsetof(struct chunk, slots),
	                                      ALIGN_UP(sizeof(struct chunk), LINE),
	                                      ALIGN_UP(sizeof(struct heap), LINE)};
	struct slab *s = lw.slab[kind];
	if (!s) {
		s = (struct slab *)lw.next_slab;
		lw.next_slab += lw.page;
		lw.slabs_left--;
		lw.empty[kind]++;
		*s = (struct slab){.kind = kind, .size = sizes[kind], .fresh = LINE};
		slab_link(s);
		extent_add(lw.page);
		TRACE(map, DO_MAP, (uintptr_t)s, lw.page);
		TRACE(pool_new, (uintptr_t)s, lw.page, 0, 0);
	}
	void **record = s->free;
	if (record)
		s->free = *record;
	else
		record = (void **)((uintptr_t)s + s->fresh), s->fresh += s->size;
	lw.empty[kind] -= !s->live++;
	if (slab_full(s))
		slab_unlink(s);
	return record;
}

static void record_free(void *record)
{
	struct slab *s = slab_of(record);
	if (slab_full(s))
		slab_link(s);
	*(void **)record = s->free;
	s->free = record;
	if (--s->live || lw.empty[s->kind]++ * lw.page < EMPTY_MAX)
		return;
	lw.empty[s->kind]--;
	slab_unlink(s);
	lw.extent -= lw.page;
	TRACE(pool_free, (uintptr_t)s, lw.page);
	TRACE(map, DO_UNMAP, (uintptr_t)s, lw.page);
	munmap(s, lw.page);
}

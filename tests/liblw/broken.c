/*
 * broken.c - every invariant that lw_heap.h states is broken on purpose: lw_check has to say so.
 *
 * The allocator is compiled in here: the breakers reach its internals.
 */
#include "check.h"

#include "lw_check.c"

/* ---- a heap that holds one of everything ---- */

enum {
	OBJECTS = 700,
	CHUNKS = 40,
	OBJECT = TILE / 8,
	/* Whole pages and tiles inside, odd ends. */
	LARGE_BLOCK = (TILE > 1024 ? 10 * TILE : 10240) - 15 * GRAIN,
	CLASS_OBJECT = OBJECT / GRAIN - 1,
	CLASS_UNUSED = 25 /* nothing of this class is asked for; it stands for 24 too */
};

static void *object[OBJECTS], *large[CHUNKS];
static struct chunk *current, *full, *waiting, *remote;
static struct chunk *live, *binned, *binned2, *deferred;
static struct chunk *region;     /* beside the break, clean */
static struct metapage *crowded; /* it has no free record */
static uintptr_t old;            /* where our break ended before others moved it */

static struct chunk *chunk_of(const void *p)
{
	return map_get((uintptr_t)p);
}

static void *end_at_once(void *arg)
{
	return free(check_opaque(malloc(100))), arg;
}

static void *free_remotely(void *arg)
{
	free(arg);
	return NULL;
}

static void run_thread(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	CHECK_EQUAL(pthread_create(&id, NULL, fn, arg), 0);
	pthread_join(id, NULL);
}

/* Frees the objects of POOL, but for KEEP of them. */
static void empty_pool(const struct chunk *pool, unsigned keep)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] && chunk_of(object[i]) == pool && !(keep && keep--)) {
			free(object[i]);
			object[i] = NULL;
		}
}

/* The pools of one class: full ones, one that waits in the ring, and the current one. */
static void make_pools(void)
{
	struct chunk *found[8] = {NULL};
	unsigned n = 0;
	for (unsigned i = 0; i < OBJECTS; i++)
		object[i] = check_opaque(malloc(OBJECT));
	for (unsigned i = 0; i < OBJECTS && n < 8; i++)
		if (!n || chunk_of(object[i]) != found[n - 1])
			found[n++] = chunk_of(object[i]);
	CHECK(n >= 4);
	full = found[0];
	waiting = found[1];
	remote = found[2];
	current = self->current[CLASS_OBJECT];
	empty_pool(waiting, 3);
}

/* Whether C is a block that begins and ends in the middle of tiles, and never was a pool. */
static bool is_plain(const struct chunk *c)
{
	return !c->flags && metapage_of((void *)c)->kind == NARROW && c->at % TILE &&
	       end_of(c) % TILE > GRAIN;
}

/* Chunks in bins, by merging what is deferred; then one that is deferred. */
static void make_chunks(void)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		large[i] = memset(check_opaque(malloc(LARGE_BLOCK)), 1, LARGE_BLOCK);
	for (unsigned i = 1; i < 7; i += 2)
		free(large[i]);
	lock();
	merge_deferred(self, ON_TRIM);
	unlock();
	binned = chunk_of(large[1]);
	binned2 = chunk_of(large[3]);
	for (unsigned i = 8; !live; i++)
		live = is_plain(chunk_of(large[i])) ? chunk_of(large[i]) : NULL;
	free(large[CHUNKS - 2]);
	deferred = chunk_of(large[CHUNKS - 2]);
}

/* Records of one metadata page until it has no more; where the next one lies there is room for some. */
static void make_metapages(void)
{
	for (unsigned i = 0; !crowded; i++) {
		struct metapage *s = metapage_of(chunk_of(check_opaque(malloc(20000 + GRAIN * i))));
		crowded = s->kind == NARROW && metapage_full(s) ? s : NULL;
	}
	for (unsigned i = 0; i < 3; i++)
		check_opaque(malloc(20000));
}

/* How many records that were never used the next metadata page of KIND has. */
static unsigned room_in(unsigned kind)
{
	const struct metapage *s = lw.metapage[kind];
	return s ? (lw.page - s->fresh) / s->size : 0;
}

static void make_heap(void)
{
	run_thread(end_at_once, NULL);
	free(check_opaque(malloc(5000)));
	old = lw.end;
	CHECK(sbrk(20000) != (void *)-1);
	make_pools();
	for (unsigned i = 0; i < 60; i++)
		check_opaque(malloc(20000)); /* the break goes on behind what was fetched */
	make_metapages();
	make_chunks();
	lock();
	CHECK(region_grow(ALIGN_UP(100000, lw.page)));
	unlock();
	for (unsigned n = 0; n < BINS; n++)
		for (struct chunk *c = lw.bin[n]; c; c = c->next)
			region = c->at - lw.low >= lw.end - lw.low ? c : region;
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] && chunk_of(object[i]) == remote) {
			run_thread(free_remotely, object[i]);
			break;
		}
	CHECK_EQUAL(lw_check(), 0);
	CHECK(lw.top && lw.end != old && lw.dead);
	CHECK(crowded != lw.metapage[NARROW] && room_in(NARROW) > 4 && room_in(WIDE) &&
	      room_in(HEAP));
	CHECK(lw.metapages_left > 2 && lw.metapage[NARROW]->live);
	CHECK(region && touched_of(region) == region->at && region->bytes > 3 * lw.page);
	CHECK_EQUAL(self->pending, remote);
	CHECK(binned->flags == FREE && binned2->flags == FREE && deferred->flags == DEFERRED);
	CHECK(is_plain(live));
	CHECK(waiting->slots < BITS);
	CHECK(!full->next && waiting->next && waiting != current);
	CHECK(slots_free(current) && slots_free(current) < current->slots);
	CHECK(full->bytes == TILE && remote->bytes > TILE &&
	      self->current[CLASS_UNUSED] == &nowhere);
}

/* ---- breakers ---- */

static struct chunk copy; /* it has no bits */

static struct chunk *after(const struct chunk *c)
{
	return map_get(end_of(c));
}
static void enter(uintptr_t at, struct chunk *what)
{
	*map_entry(at) = what;
}
static void unaligned(void)
{
	region->at++;
}
static void unaligned_size(void)
{
	live->bytes++;
}
static void too_small(void)
{
	live->bytes = GRAIN;
}
static void too_large(void)
{
	live->bytes = (size_t)1 << (WORD == 8 ? 40 : 31);
}
static void gap_below(void)
{
	(region->at += GRAIN, region->bytes -= GRAIN);
}
static void gap_above(void)
{
	live->bytes -= GRAIN;
}
static void neighbours(void)
{
	after(binned)->flags |= FREE;
}
static void extent(void)
{
	lw.extent += GRAIN;
}
static void peak(void)
{
	lw.peak = lw.extent - 1;
}
static void chunk_lost(void)
{
	map_set(region, NULL);
}
static void low(void)
{
	lw.low = lw.end;
}
static void end_beyond(void)
{
	lw.end = (uintptr_t)sbrk(0) + lw.page;
}
static void end_odd(void)
{
	lw.end--;
}
static void end_foreign(void)
{
	lw.end = old + lw.page;
}

static void top_lost(void)
{
	lw.top = NULL;
}
static void top_of_bins(void)
{
	lw.top = binned;
}
static void top_live(void)
{
	lw.top = live;
}
static void top_gone(void)
{
	lw.top = &copy;
}

/* The chunk `live` has another record, at TO. */
static void move_record(void *to)
{
	memcpy(to, live, offsetof(struct chunk, slots));
	record_free(live);
	map_set(to, to);
}
/* A record that was never used. */
static char *fresh_record(unsigned kind)
{
	return (char *)lw.metapage[kind] + lw.metapage[kind]->fresh;
}
/* An empty metadata page of KIND at S. */
static void begin_metapage(struct metapage *s, unsigned kind)
{
	*s = (struct metapage){.kind = kind, .size = record_size(kind), .fresh = LINE};
	metapage_link(s);
	lw.empty[kind]++;
	extent_add(lw.page);
}
static struct metapage *next_metapage(void)
{
	lw.metapages_left--;
	return (struct metapage *)((lw.next_metapage += lw.page) - lw.page);
}

static void record_elsewhere(void)
{
	copy = *live;
	map_set(&copy, &copy);
}
static void record_not_handed_out(void)
{
	move_record(fresh_record(NARROW));
}
static void record_between(void)
{
	char *at = fresh_record(NARROW);
	lw.metapage[NARROW]->fresh += 2 * lw.metapage[NARROW]->size;
	lw.metapage[NARROW]->live += 2;
	move_record(at + WORD);
}
/* Its first word is where a chunk begins; once free, where another free one lies: it takes both to
 * be found. */
static void record_free_too(void)
{
	void **one = record_new(NARROW), *another = record_new(NARROW);
	record_free(another);
	record_free(one);
	map_claim((uintptr_t)another, (uintptr_t)another + 1);
	enter((uintptr_t)another, (struct chunk *)one);
}
static void record_is_heap(void)
{
	move_record(record_new(HEAP));
}
static void record_too_small(void)
{
	live->flags |= POOL;
}
static void record_lost(void)
{
	record_new(NARROW);
}
static void record_of_pool_lost(void)
{
	record_new(WIDE);
}

static void metapage_kind(void)
{
	metapage_of(live)->kind = HEAP;
}
static void metapage_size(void)
{
	metapage_of(live)->size += GRAIN;
}
static void metapage_fresh(void)
{
	metapage_of(live)->fresh += GRAIN;
}
static void metapage_fresh_less(void)
{
	metapage_of(live)->fresh = LINE - metapage_of(live)->size;
}
static void metapage_fresh_beyond(void)
{
	crowded->fresh += crowded->size;
}
static void metapage_live(void)
{
	metapage_of(live)->live++;
}
static void free_elsewhere(void)
{
	metapage_of(live)->free = &copy;
}
static void free_of_another(void)
{
	crowded->free = fresh_record(NARROW);
}
static void free_circle(void)
{
	void **one = record_new(NARROW), **another = record_new(NARROW);
	record_free(one);
	record_free(another);
	*one = another;
}

static void metapage_list_wrong(void)
{
	lw.metapage[HEAP] = lw.metapage[WIDE];
}
static void metapage_list_of_others(void)
{
	lw.metapage[HEAP] = (struct metapage *)&lw;
}
static void metapage_list_between(void)
{
	lw.metapage[HEAP] = (struct metapage *)((char *)lw.metapage[NARROW] + GRAIN);
}
static void metapage_back(void)
{
	lw.metapage[NARROW]->prev = crowded;
}
static void metapage_circle(void)
{
	lw.metapage[NARROW]->next = lw.metapage[NARROW];
}
static void metapage_listed(void)
{
	metapage_link(crowded);
}
static void metapage_unlisted(void)
{
	metapage_unlink(lw.metapage[NARROW]);
}
static void metapage_lost(void)
{
	struct metapage *s = next_metapage();
	begin_metapage(s, NARROW);
	metapage_unlink(s);
}
static void metapage_empty_unknown(void)
{
	begin_metapage(next_metapage(), WIDE);
	lw.empty[WIDE]--;
}
static void metapages_empty_too_many(void)
{
	while (lw.empty[WIDE] * lw.page <= EMPTY_MAX)
		begin_metapage(own_map(lw.page), WIDE);
}
static void metapage_in_chunk(void)
{
	begin_metapage((struct metapage *)ALIGN_UP(region->at, lw.page), WIDE);
}
static void metapage_ready_in_chunk(void)
{
	lw.next_metapage = ALIGN_UP(region->at, lw.page);
}
static void metapage_ready_in_use(void)
{
	lw.next_metapage = (uintptr_t)lw.metapage[NARROW];
}
static void metapage_ready_odd(void)
{
	lw.next_metapage += GRAIN;
}
static void metapages_ready_many(void)
{
	lw.metapages_left = METAPAGE_BATCH + 1;
}

static void leaf_elsewhere(void)
{
	static struct chunk *none[LEAF_TILES];
	uintptr_t n = 0;
	while (lw.leaf[n].map)
		n++;
	lw.leaf[n] = (struct leaf){none, n + 1};
}
static void tile_lost(void)
{
	enter(live->at, NULL);
}
static void tile_of_end_lost(void)
{
	enter(end_of(live) - TILE, NULL);
}
static void tile_of_pool_lost(void)
{
	enter(remote->at + TILE, NULL);
}
static void tile_of_another(void)
{
	enter(remote->at + TILE, full);
}
static void tile_inside(void)
{
	enter(live->at + 4 * TILE, live);
}
static void tile_not_filled(void)
{
	remote->flags &= ~FILLED;
}
/* In the leaf of one end of our break: both do not end with it. */
static void tile_beyond(void)
{
	enter(tile_number(lw.end) ? lw.end : lw.low - TILE, live);
}

static void pool_owner(void)
{
	full->owner = (struct heap *)&lw;
}
static void pool_owner_lost(void)
{
	full->owner = (struct heap *)fresh_record(HEAP);
}
static void pool_flags(void)
{
	full->flags &= ~FILLED;
}
static void pool_size(void)
{
	full->size += GRAIN;
}
static void pool_class(void)
{
	full->class ++;
}
static void pool_slots(void)
{
	full->slots++;
}
static void pool_slots_many(void)
{
	full->slots = SLOTS + 1;
}
static void pool_slots_fewer(void)
{
	full->slots--;
}
static void pool_shift(void)
{
	full->shift++;
}
static void pool_inverse(void)
{
	full->inverse += 2;
}

static void bit_above(void)
{
	waiting->free[0] |= (size_t)1 << waiting->slots;
}
static void bit_above_remote(void)
{
	waiting->remote[0] |= (size_t)1 << waiting->slots;
}
static void bit_twice(void)
{
	waiting->remote[0] |= waiting->free[0] & -waiting->free[0];
}
static void told_nothing(void)
{
	remote->told = 0;
}
static void told_too_much(void)
{
	waiting->told = 1;
}
static void told_beyond(void)
{
	waiting->told = 1u << WORDS;
}
static void word_of_another(void)
{
	current->word = waiting->free;
}
static void word_between(void)
{
	current->word = (size_t *)((char *)current->word + 1);
}
static void word_elsewhere(void)
{
	current->word_at += current->size;
}

static void until_full(void)
{
	full->until++;
}
static void until_current(void)
{
	current->until = 0;
}
static void until_waiting(void)
{
	waiting->until++;
}
static void unringed(void)
{
	ring_remove(waiting);
}
static void ring_link(void)
{
	waiting->next = full;
}
static void waiting_empty(void)
{
	waiting->free[0] = bits_there(waiting->slots, 0);
}
static void waiting_full(void)
{
	waiting->free[0] = 0;
}

static void ring_alias(void)
{
	self->current[CLASS_UNUSED - 1] = full;
}
static void ring_of_another(void)
{
	self->current[CLASS_UNUSED] = self->current[CLASS_UNUSED - 1] = current;
}
static void ring_longer(void)
{
	copy = *waiting;
	copy.prev = waiting;
	waiting->next = copy.next->prev = &copy;
}
static void ring_lost(void)
{
	current_set(self, CLASS_OBJECT, &nowhere);
	current->until = current->slots - slots_free(current);
}

static void remote_lost(void)
{
	self->pending = NULL;
}
static void remote_twice(void)
{
	self->drained = self->pending;
}
static void pending_empty(void)
{
	(full->pending = self->pending, self->pending = full);
}

static void owner_of_none(void)
{
	live->written--;
}
static void block_of_no_kind(void)
{
	live->flags |= 2 * MOVED;
}
static void free_deferred(void)
{
	binned->flags |= DEFERRED;
}
/* It is full of data. */
static void written_less(void)
{
	binned->written = binned->at - 1;
}
static void not_returned(void)
{
	((char *)ALIGN_UP(region->at, lw.page))[lw.page + 5] = 1;
}

static void bin_bit_clear(void)
{
	unsigned n = bin_number(binned->bytes);
	lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
}

static void bin_bit_set(void)
{
	unsigned n = 0;
	while (lw.bin[n])
		n++;
	lw.filled[n / BITS] |= (size_t)1 << n % BITS;
}

static void bin_bit_above(void)
{
	lw.filled[BINS / BITS] |= (size_t)1 << BINS % BITS;
}

static void bin_lost(void)
{
	struct chunk **bin = &lw.bin[bin_number(binned->bytes)];
	while (*bin != binned && *bin != binned2)
		bin = &(*bin)->next;
	*bin = (*bin)->next;
}

static void bin_wrong(void)
{
	unsigned n = bin_number(binned->bytes), wrong = n + 8;
	lw.bin[wrong] = lw.bin[n];
	lw.bin[n] = NULL;
	lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
	lw.filled[wrong / BITS] |= (size_t)1 << wrong % BITS;
}

static void bin_circle(void)
{
	binned->next = lw.bin[bin_number(binned->bytes)];
}
static void bin_back(void)
{
	(binned->prev = live, binned2->prev = live);
}

static void dirt_beyond(void)
{
	binned->dirt = binned->bytes / GRAIN + 1;
}
static void free_bytes(void)
{
	lw.free -= GRAIN;
}
static void dirty(void)
{
	lw.dirty += GRAIN;
}

static struct chunk **bucket(void)
{
	return &self->deferred[bucket_of(deferred->bytes)];
}

static void deferred_count(void)
{
	self->deferred_count++;
}
static void deferred_bytes(void)
{
	self->deferred_bytes += GRAIN;
}
static void deferred_flag(void)
{
	deferred->flags &= ~DEFERRED;
}
static void deferred_free(void)
{
	deferred->next = live;
}
static void deferred_circle(void)
{
	deferred->next = deferred;
}

static void deferred_lost(void)
{
	*bucket() = deferred->next;
	self->deferred_count--;
	self->deferred_bytes -= deferred->bytes;
}

static void deferred_bucket(void)
{
	self->deferred[(bucket() - self->deferred + 1) % BUCKETS] = deferred;
	*bucket() = deferred->next;
	deferred->next = NULL;
}

static void deferred_twice(void)
{
	lw.dead->deferred[bucket() - self->deferred] = *bucket();
	lw.dead->deferred_count = self->deferred_count;
	lw.dead->deferred_bytes = self->deferred_bytes;
}

static void dead_circle(void)
{
	lw.dead->next = lw.dead;
}
static void dead_unknown(void)
{
	lw.dead->next = (struct heap *)&lw;
}
static void dead_freed(void)
{
	record_free(lw.dead);
}
static void dead_unopened(void)
{
	lw.dead->most = 0;
}
static void heap_lost(void)
{
	memset(record_new(HEAP), 0, sizeof(struct heap));
}

static void no_pool_written(void)
{
	nowhere.slots++;
}
static void no_heap_written(void)
{
	closed.pending = full;
}
static void self_unknown(void)
{
	self = (struct heap *)&lw;
}
static void self_lost(void)
{
	self = (struct heap *)fresh_record(HEAP);
}
static void last_gone(void)
{
	copy = *full;
	latest = &copy;
}
static void last_of_another(void)
{
	full->owner = lw.dead;
	latest = full;
}
static void kept_less(void)
{
	lw.keep = KEEP_MIN - 1;
}
static void kept_more(void)
{
	lw.keep = 2 * KEEP_MAX;
}
static void kept_all(void)
{
	lw.share = 0;
}

/* ---- each is a test ---- */

struct breaker {
	void (*fn)(void);
	const char *says; /* what lw_check says of it */
};

static void break_and_check(void)
{
	lock();
	((const struct breaker *)check_running->data)->fn();
	unlock();
	_exit(lw_check() == -1 ? 3 : 0);
}

static void lw_check_says_so(void)
{
	const struct breaker *breaker = check_running->data;
	make_heap();
	int status = check_run(break_and_check);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 3 || !strstr(check_words, breaker->says))
		check_say(STDERR_FILENO, "# status 0x%x, said: %s\n", status, check_words);
	CHECK(WIFEXITED(status));
	CHECK_EQUAL(WEXITSTATUS(status), 3);
	CHECK(!strncmp(check_words, "liblw: check: ", 14) && strchr(check_words, '\n'));
	CHECK(strstr(check_words, breaker->says));
	CHECK_EQUAL(lw_check(), 0);
}

static void free_a_record_without_the_lock(void)
{
	record_free(live);
}

static void a_broken_assertion_says_so_and_aborts(void)
{
	make_heap();
	int status = check_run(free_a_record_without_the_lock);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(!strncmp(check_words, "liblw: assertion failed: ", 25));
	CHECK(strstr(check_words, "lw_metadata.h:") && strstr(check_words, ": lock_held()\n"));
}

#define BREAKER(function, text)                                         \
	{                                                               \
#function, lw_check_says_so, 0, &(const struct breaker) \
		{                                                       \
			function, text                                  \
		}                                                       \
	}

static const struct check_test tests[] = {
	BREAKER(unaligned, "not aligned"),
	BREAKER(unaligned_size, "not aligned"),
	BREAKER(too_small, "a chunk too small"),
	BREAKER(too_large, "larger than the heap"),
	BREAKER(gap_below, "a gap below"),
	BREAKER(gap_above, "a gap above"),
	BREAKER(neighbours, "two free neighbours"),
	BREAKER(extent, "extent is not"),
	BREAKER(peak, "extent is not"),
	BREAKER(chunk_lost, "extent is not"),
	BREAKER(low, "not below the break"),
	BREAKER(end_beyond, "not below the break"),
	BREAKER(end_odd, "ends in no chunk"),
	BREAKER(end_foreign, "ends in no chunk"),
	BREAKER(top_lost, "top is not what ends"),
	BREAKER(top_of_bins, "top is not what ends"),
	BREAKER(top_live, "top is not a free chunk"),
	BREAKER(top_gone, "top is not a free chunk"),
	BREAKER(record_elsewhere, "a record in no metadata page"),
	BREAKER(record_not_handed_out, "was not handed out"),
	BREAKER(record_between, "was not handed out"),
	BREAKER(record_free_too, "a chunk's record is free"),
	BREAKER(record_is_heap, "a chunk's record is a heap"),
	BREAKER(record_too_small, "too small for a pool"),
	BREAKER(record_lost, "a record of nothing"),
	BREAKER(record_of_pool_lost, "a record of nothing"),
	BREAKER(metapage_kind, "a record in no metadata page"),
	BREAKER(metapage_size, "a record in no metadata page"),
	BREAKER(metapage_fresh, "do not lie end to end"),
	BREAKER(metapage_fresh_less, "do not lie end to end"),
	BREAKER(metapage_fresh_beyond, "do not lie end to end"),
	BREAKER(metapage_live, "records in use miscounted"),
	BREAKER(free_elsewhere, "outside of its metadata page"),
	BREAKER(free_of_another, "outside of its metadata page"),
	BREAKER(free_circle, "a record is free twice"),
	BREAKER(metapage_list_wrong, "the list of another kind"),
	BREAKER(metapage_list_of_others, "not a metadata page in a list"),
	BREAKER(metapage_list_between, "not a metadata page in a list"),
	BREAKER(metapage_back, "a broken link in a list of metadata pages"),
	BREAKER(metapage_circle, "a broken link in a list of metadata pages"),
	BREAKER(metapage_listed, "a full metadata page"),
	BREAKER(metapage_unlisted, "is in no list"),
	BREAKER(metapage_lost, "extent is not"),
	BREAKER(metapage_empty_unknown, "empty metadata pages miscounted"),
	BREAKER(metapages_empty_too_many, "too many empty metadata pages"),
	BREAKER(metapage_in_chunk, "a metadata page inside of a chunk"),
	BREAKER(metapage_ready_in_chunk, "a metadata page inside of a chunk"),
	BREAKER(metapage_ready_in_use, "records to come is in use"),
	BREAKER(metapage_ready_odd, "not a row of pages"),
	BREAKER(metapages_ready_many, "not a row of pages"),
	BREAKER(leaf_elsewhere, "another's place"),
	BREAKER(tile_lost, "gap"),
	BREAKER(tile_of_end_lost, "tile of a chunk is not entered"),
	BREAKER(tile_of_pool_lost, "tile of a chunk is not entered"),
	BREAKER(tile_of_another, "tile of a chunk is not entered"),
	BREAKER(tile_inside, "tile inside of a chunk"),
	BREAKER(tile_not_filled, "tile inside of a chunk"),
	BREAKER(tile_beyond, "an entry of no chunk"),
	BREAKER(pool_owner, "an unknown heap"),
	BREAKER(pool_owner_lost, "an unknown heap"),
	BREAKER(pool_flags, "not a row of whole tiles"),
	BREAKER(pool_size, "a pool of no class"),
	BREAKER(pool_class, "a pool of no class"),
	BREAKER(pool_slots, "slots beyond the pool"),
	BREAKER(pool_slots_many, "slots beyond the pool"),
	BREAKER(pool_slots_fewer, "another slot"),
	BREAKER(pool_shift, "a broken inverse"),
	BREAKER(pool_inverse, "a broken inverse"),
	BREAKER(bit_above, "a bit without a slot"),
	BREAKER(bit_above_remote, "a bit without a slot"),
	BREAKER(bit_twice, "a slot is free twice"),
	BREAKER(told_nothing, "was not told"),
	BREAKER(told_too_much, "was not told"),
	BREAKER(told_beyond, "told of no word"),
	BREAKER(word_of_another, "taken from no word"),
	BREAKER(word_between, "taken from no word"),
	BREAKER(word_elsewhere, "where their word is not"),
	BREAKER(until_full, "until of a pool in no ring"),
	BREAKER(until_current, "until of a current pool"),
	BREAKER(until_waiting, "until of a pool in a ring"),
	BREAKER(unringed, "is in no ring"),
	BREAKER(ring_link, "a broken link in a ring"),
	BREAKER(waiting_empty, "an empty pool waits"),
	BREAKER(waiting_full, "a full pool waits"),
	BREAKER(ring_alias, "two current pools"),
	BREAKER(ring_of_another, "in the wrong ring"),
	BREAKER(ring_longer, "not a pool in a ring"),
	BREAKER(ring_lost, "ring of no heap"),
	BREAKER(remote_lost, "is not pending"),
	BREAKER(remote_twice, "pending twice"),
	BREAKER(pending_empty, "without remote frees is pending"),
	BREAKER(owner_of_none, "has an owner"),
	BREAKER(block_of_no_kind, "a block that is something else"),
	BREAKER(free_deferred, "a free chunk that is something else"),
	BREAKER(written_less, "went back was written"),
	BREAKER(not_returned, "went back was written"),
	BREAKER(bin_bit_clear, "a bin's bit is wrong"),
	BREAKER(bin_bit_set, "a bin's bit is wrong"),
	BREAKER(bin_bit_above, "a bin's bit is wrong"),
	BREAKER(bin_lost, "bin"),
	BREAKER(bin_wrong, "bin"),
	BREAKER(bin_circle, "bin"),
	BREAKER(bin_back, "bin"),
	BREAKER(dirt_beyond, "more dirt than bytes"),
	BREAKER(free_bytes, "free bytes"),
	BREAKER(dirty, "dirty bytes"),
	BREAKER(deferred_count, "deferred chunks miscounted"),
	BREAKER(deferred_bytes, "deferred bytes miscounted"),
	BREAKER(deferred_flag, "not deferred in a bucket"),
	BREAKER(deferred_free, "deferred"),
	BREAKER(deferred_circle, "more deferred chunks"),
	BREAKER(deferred_lost, "deferred chunk is in no bucket"),
	BREAKER(deferred_bucket, "not deferred in a bucket"),
	BREAKER(deferred_twice, "deferred twice"),
	BREAKER(dead_circle, "circle"),
	BREAKER(dead_unknown, "unknown heap among the dead"),
	BREAKER(dead_freed, "unknown heap among the dead"),
	BREAKER(dead_unopened, "never opened"),
	BREAKER(heap_lost, "never opened"),
	BREAKER(no_pool_written, "stands for no pool"),
	BREAKER(no_heap_written, "stands for no heap"),
	BREAKER(self_unknown, "thread's heap is unknown"),
	BREAKER(self_lost, "thread's heap is unknown"),
	BREAKER(last_gone, "is not the thread's"),
	BREAKER(last_of_another, "is not the thread's"),
	BREAKER(kept_less, "what is kept"),
	BREAKER(kept_more, "what is kept"),
	BREAKER(kept_all, "what is kept"),
	TEST(a_broken_assertion_says_so_and_aborts),
};

CHECK_MAIN(tests)

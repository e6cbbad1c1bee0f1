/*
 * broken.c - every invariant that lw_heap.h states is broken on purpose: lw_check has to tell.
 *
 * The allocator is compiled in here: the breakers reach its internals.
 */
#include "check.h"

#include "lw_check.c"

/* ---- a heap that holds one of everything ---- */

enum {
	OBJECTS = 700,
	LARGE = 40
};

static void *object[OBJECTS], *large[LARGE];
static struct pool *current, *full, *queued, *empty, *remote;
static struct chunk *live, *binned, *binned2, *deferred;
static struct mapping *mapped;
static char *gap;
static struct region *region;

static struct pool *pool_of(void *p)
{
	return lw.brk.map[((uintptr_t)p - lw.brk.base) / TILE];
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
static void empty_pool(const struct pool *pool, unsigned keep)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] && pool_of(object[i]) == pool && !(keep && keep--)) {
			free(object[i]);
			object[i] = NULL;
		}
}

static void make_pools(void)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		object[i] = check_opaque(malloc(64));
	struct pool *seen_pool[8] = {NULL};
	unsigned n = 0;
	for (unsigned i = 0; i < OBJECTS && n < 8; i++)
		if (!n || pool_of(object[i]) != seen_pool[n - 1])
			seen_pool[n++] = pool_of(object[i]);
	CHECK(n >= 5);
	full = seen_pool[0];
	queued = seen_pool[1];
	empty = seen_pool[2];
	remote = seen_pool[3];
	current = self->current[64 / GRAIN];
	empty_pool(queued, 3);
	empty_pool(empty, 0);
}

/* Chunks in bins, by merging what is deferred; then one that is deferred. */
static void make_chunks(void)
{
	for (unsigned i = 0; i < LARGE; i++)
		large[i] = check_opaque(malloc(10000));
	for (unsigned i = 1; i < 7; i += 2)
		free(large[i]);
	lock();
	merge_deferred(self, ON_TRIM);
	unlock();
	live = chunk_at(large[0], -WORD);
	binned = chunk_at(large[1], -WORD);
	binned2 = chunk_at(large[3], -WORD);
	free(large[20]);
	deferred = chunk_at(large[20], -WORD);
}

static void make_heap(void)
{
	run_thread(end_at_once, NULL);
	free(check_opaque(malloc(5000)));
	gap = sbrk(20000);
	make_pools();
	for (unsigned i = 0; i < 60; i++)
		check_opaque(malloc(20000)); /* the break grows over the gap */
	make_chunks();
	mapped = (struct mapping *)check_opaque(malloc(1 << 20)) - 1;
	lock();
	CHECK(region_grow(100000));
	unlock();
	region = lw.brk.next;
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] && pool_of(object[i]) == remote) {
			run_thread(free_remotely, object[i]);
			break;
		}
	CHECK_EQUAL(lw_check(), 0);
	CHECK(lw.top);
	CHECK(lw.dead);
	CHECK_EQUAL(self->pending, remote);
	CHECK(remote->remote);
	CHECK(binned->head & FREE && binned != lw.top && sealed(binned));
	CHECK(deferred->prev == key_of(deferred));
	CHECK(!empty->budget && queued->budget == 3 && full->budget == 1 && current != full);
}

/* ---- breakers ---- */

static struct chunk *after(struct chunk *c)
{
	return chunk_at(c, size_of(c));
}
static struct chunk *fence(void)
{
	return region_fence(&lw.brk);
}
static unsigned class_64(void)
{
	return 64 / GRAIN;
}

static void seal(void)
{
	live->head ^= SIZE_MAX ^ SIZE_MAX >> 4;
}
static void too_small(void)
{
	set_head(live, GRAIN);
}
static void too_large(void)
{
	set_head(live, (size_t)1 << (WORD == 8 ? 40 : 31));
}
static void prev_free_set(void)
{
	set_head(live, live->head | PREV_FREE);
}
static void prev_free_clear(void)
{
	set_head(after(binned), after(binned)->head & ~PREV_FREE);
}
static void footer(void)
{
	((size_t *)after(binned))[-1] += GRAIN;
}
/* Said to have given its pages back, but it is full of data. */
static void not_returned(void)
{
	memset(binned + 1, 1, size_of(binned) - sizeof *binned - WORD);
	set_head(binned, binned->head | OWN);
}
static void fence_gone(void)
{
	set_head(fence(), 0);
}
static void fence_flag(void)
{
	set_head(fence(), OWN | PREV_FREE);
}
static void region_fence_gone(void)
{
	set_head(region_fence(region), GRAIN | OWN);
}
static void top_lost(void)
{
	lw.top = NULL;
}

static void neighbours(void)
{
	struct chunk *c = after(binned);
	set_head(c, c->head | FREE);
	((size_t *)after(c))[-1] = size_of(c);
	set_head(after(c), after(c)->head | PREV_FREE);
}

static void clean(void)
{
	*(char *)(lw.brk.end - 100) = 1;
}
static void map_short(void)
{
	lw.map_tiles = lw.tiles - 1;
}
static void gap_unmarked(void)
{
	*&lw.brk.map[((uintptr_t)gap + 8192 - lw.brk.base) / TILE] = NULL;
}
static void tile_marked(void)
{
	lw.brk.map[((uintptr_t)live - lw.brk.base) / TILE] = full;
}
static void tile_lost(void)
{
	lw.brk.map[(pool_base(full) - lw.brk.base) / TILE + 1] = NULL;
}
static void tile_others(void)
{
	lw.brk.map[(pool_base(full) - lw.brk.base) / TILE + 1] = queued;
}
static void region_tile(void)
{
	region->map[8] = full;
}

static void guard(void)
{
	queued->free &= ~((size_t)1 << GUARD);
}
static void guard_remote(void)
{
	queued->remote |= (size_t)1 << GUARD;
}
static void bit_below(void)
{
	(full->slots--, full->free |= (size_t)1 << (GUARD - full->slots - 1));
}
static void bit_twice(void)
{
	queued->remote |= queued->free & -queued->free;
}
static void owner(void)
{
	full->owner = (struct heap *)&lw;
}
static void pool_size(void)
{
	full->size = 17;
}
static void pool_slots(void)
{
	full->slots = 1000;
}
static void pool_origin(void)
{
	full->origin += 64;
}
static void pool_magic(void)
{
	full->magic++;
}
static void budget_current(void)
{
	current->budget++;
}
static void budget_full(void)
{
	full->budget = 2;
}
static void budget_queued(void)
{
	queued->budget--;
}
static void unqueued(void)
{
	queue_remove(self, queued);
}
static void unqueued_empty(void)
{
	(queue_remove(self, empty), queue_remove(self, queued));
}
static void queue_link(void)
{
	queued->next = full;
}
static void queue_twice(void)
{
	queue_add(self, full);
}
static void queue_of_other(void)
{
	self->queue[class_64() + 1] = self->queue[class_64()];
}
static void class_count(void)
{
	self->pools[class_64()]++;
}
static void empty_count(void)
{
	self->empty_bytes += TILE;
}
static void empty_most(void)
{
	self->empty_bytes = EMPTY_MAX + TILE;
}
static void current_other(void)
{
	self->current[class_64()] = self->current[100 / GRAIN + 1];
}
static void none_slot(void)
{
	none.free |= 1;
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

static void bin_bit_clear(void)
{
	unsigned n = bin_number(size_of(binned));
	lw.filled[n / 64] &= ~((uint64_t)1 << n % 64);
}

static void bin_bit_set(void)
{
	unsigned n = 0;
	while (lw.bin[n])
		n++;
	lw.filled[n / 64] |= (uint64_t)1 << n % 64;
}

static void bin_lost(void)
{
	struct chunk **bin = &lw.bin[bin_number(size_of(binned))];
	while (*bin != binned && *bin != binned2)
		bin = &(*bin)->next;
	*bin = (*bin)->next;
}

static void bin_wrong(void)
{
	unsigned n = bin_number(size_of(binned));
	lw.bin[n + 8] = lw.bin[n];
	lw.bin[n] = NULL;
	lw.filled[n / 64] &= ~((uint64_t)1 << n % 64);
	lw.filled[(n + 8) / 64] |= (uint64_t)1 << (n + 8) % 64;
}

static void bin_circle(void)
{
	binned->next = lw.bin[bin_number(size_of(binned))];
}
static void bin_back(void)
{
	(binned->prev = live, binned2->prev = live);
}

static struct chunk **bucket(void)
{
	return &self->deferred[size_of(deferred) / GRAIN % BUCKETS];
}

static void deferred_count(void)
{
	self->deferred_count++;
}
static void deferred_bytes(void)
{
	self->deferred_bytes += GRAIN;
}
static void deferred_key(void)
{
	deferred->prev = NULL;
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
	self->deferred_bytes -= size_of(deferred);
}

static void deferred_bucket(void)
{
	self->deferred[(size_of(deferred) / GRAIN + 1) % BUCKETS] = deferred;
	*bucket() = deferred->next;
	deferred->next = NULL;
}

static void dead_circle(void)
{
	lw.dead->next = lw.dead;
}
static void dead_unknown(void)
{
	lw.dead->next = (struct heap *)&lw;
}
static void extent(void)
{
	lw.extent += GRAIN;
}
static void mapping_bytes(void)
{
	mapped->bytes += GRAIN;
}
static void mapping_longer(void)
{
	mapped->bytes += lw.page;
}

static void mapping_bucket(void)
{
	struct mapping **link = mapping_link(mapped + 1), *m = *link;
	*link = m->next;
	m->next = NULL;
	lw.mapped[((uintptr_t)(m + 1) / 4096 + 1) % MAP_BUCKETS] = m;
}

static void mapping_lost(void)
{
	struct mapping **link = mapping_link(mapped + 1);
	*link = (*link)->next;
}

#define BREAKER(function, text)                                 \
	(struct breaker)                                        \
	{                                                       \
		.name = #function, .fn = function, .says = text \
	}

/* What lw_check says of each. */
static const struct breaker {
	const char *name;
	void (*fn)(void);
	const char *says;
} breakers[] = {
	BREAKER(too_small, "a chunk too small"),
	BREAKER(too_large, "a chunk beyond the region"),
	BREAKER(prev_free_set, "PREV_FREE is wrong"),
	BREAKER(prev_free_clear, "PREV_FREE is wrong"),
	BREAKER(footer, "a broken footer"),
	BREAKER(neighbours, "two free neighbours"),
	BREAKER(not_returned, "went back was written"),
	BREAKER(fence_gone, "a broken fence"),
	BREAKER(fence_flag, "PREV_FREE of a fence"),
	BREAKER(region_fence_gone, "a broken fence"),
	BREAKER(top_lost, ""),
	BREAKER(clean, "the clean part"),
	BREAKER(map_short, "more tiles than its map"),
	BREAKER(gap_unmarked, "others fetched is not marked"),
	BREAKER(tile_marked, ""),
	BREAKER(tile_lost, "tile is another's"),
	BREAKER(tile_others, "tile is another's"),
	BREAKER(region_tile, "tile of no pool"),
	BREAKER(guard, "a guard bit is clear"),
	BREAKER(guard_remote, "a guard bit was handed back"),
	BREAKER(bit_below, ""),
	BREAKER(bit_twice, "a slot is free twice"),
	BREAKER(owner, "an unknown heap"),
	BREAKER(pool_size, "a pool of no class"),
	BREAKER(pool_slots, "slots beyond the pool"),
	BREAKER(pool_origin, "not where its slots are"),
	BREAKER(pool_magic, "a broken magic"),
	BREAKER(budget_current, "budget of a current pool"),
	BREAKER(budget_full, "budget of a full pool"),
	BREAKER(budget_queued, "budget of a queued pool"),
	BREAKER(unqueued, "queue"),
	BREAKER(unqueued_empty, "queue"),
	BREAKER(queue_link, "a broken link in a queue"),
	BREAKER(queue_twice, "queue"),
	BREAKER(queue_of_other, "queue"),
	BREAKER(class_count, "pools of a class miscounted"),
	BREAKER(empty_count, "empty pools miscounted"),
	BREAKER(empty_most, "empty pools miscounted"),
	BREAKER(current_other, ""),
	BREAKER(none_slot, "the pool of no slots has some"),
	BREAKER(remote_lost, "is not pending"),
	BREAKER(remote_twice, "pending twice"),
	BREAKER(pending_empty, "without remote frees is pending"),
	BREAKER(bin_bit_clear, "a bin's bit is wrong"),
	BREAKER(bin_bit_set, "a bin's bit is wrong"),
	BREAKER(bin_lost, "bin"),
	BREAKER(bin_wrong, "bin"),
	BREAKER(bin_circle, "bin"),
	BREAKER(bin_back, "bin"),
	BREAKER(deferred_count, "deferred chunks miscounted"),
	BREAKER(deferred_bytes, "deferred bytes miscounted"),
	BREAKER(deferred_key, "not deferred in a bucket"),
	BREAKER(deferred_free, "deferred"),
	BREAKER(deferred_circle, "deferred"),
	BREAKER(deferred_lost, "deferred chunk is in no bucket"),
	BREAKER(deferred_bucket, "not deferred in a bucket"),
	BREAKER(dead_circle, "circle"),
	BREAKER(dead_unknown, "unknown heap among the dead"),
	BREAKER(extent, "extent is not"),
	BREAKER(mapping_bytes, "no whole pages"),
	BREAKER(mapping_longer, "extent is not"),
	BREAKER(mapping_bucket, "wrong bucket"),
	BREAKER(mapping_lost, "extent is not"),
};

static const struct breaker *breaker;

static void break_and_check(void)
{
	breaker->fn();
	_exit(lw_check() == -1 ? 3 : 0);
}

static void must_tell(const struct breaker *b)
{
	breaker = b;
	int status = check_run(break_and_check);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 3 || !strstr(check_words, b->says))
		check_say(STDERR_FILENO, "# %s: status 0x%x, said: %s\n", b->name, status,
		          check_words);
	CHECK(WIFEXITED(status));
	CHECK_EQUAL(WEXITSTATUS(status), 3);
	CHECK(!strncmp(check_words, "liblw: check: ", 14) && strchr(check_words, '\n'));
	CHECK(strstr(check_words, b->says));
}

static void the_check_tells_every_invariant_that_is_broken(void)
{
	make_heap();
	for (unsigned i = 0; i < sizeof breakers / sizeof *breakers; i++)
		must_tell(&breakers[i]);
	if (SEAL_MASK)
		must_tell(&(struct breaker){"seal", seal, "a broken seal"});
	CHECK_EQUAL(lw_check(), 0);
}

static const struct check_test tests[] = {TEST(the_check_tells_every_invariant_that_is_broken)};

CHECK_MAIN(tests)

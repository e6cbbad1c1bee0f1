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
	LARGE = 40,
	CLASS_64 = 64 / GRAIN - 1,
	CLASS_UNUSED = 25 /* nothing of this class is asked for; it stands for 24 too */
};

static void *object[OBJECTS], *large[LARGE];
static struct pool *current, *full, *waiting, *remote;
static struct chunk *live, *binned, *binned2, *deferred;
static struct region *old, *mapping, *region; /* left behind by the break; of a block; beside it */

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
		if (object[i] && tile_of(object[i]) == pool && !(keep && keep--)) {
			free(object[i]);
			object[i] = NULL;
		}
}

/* The pools of one class: full ones, one that waits in the ring, and the current one. */
static void make_pools(void)
{
	struct pool *found[8] = {NULL};
	unsigned n = 0;
	for (unsigned i = 0; i < OBJECTS; i++)
		object[i] = check_opaque(malloc(64));
	for (unsigned i = 0; i < OBJECTS && n < 8; i++)
		if (!n || tile_of(object[i]) != found[n - 1])
			found[n++] = tile_of(object[i]);
	CHECK(n >= 4);
	full = found[0];
	waiting = found[1];
	remote = found[2];
	current = self->current[CLASS_64];
	empty_pool(waiting, 3);
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
	old = lw.brk;
	CHECK(sbrk(20000) != (void *)-1);
	make_pools();
	for (unsigned i = 0; i < 60; i++)
		check_opaque(malloc(20000)); /* the break goes on behind what was fetched */
	make_chunks();
	mapping = chunk_at(check_opaque(malloc(1 << 20)), -TILE);
	lock();
	CHECK(region_grow(ALIGN_UP(100000, lw.page)));
	unlock();
	region = lw.regions;
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] && tile_of(object[i]) == remote) {
			run_thread(free_remotely, object[i]);
			break;
		}
	CHECK_EQUAL(lw_check(), 0);
	CHECK(lw.top && lw.brk != old && lw.dead);
	CHECK(is_mapped(mapping) && !is_mapped(region));
	CHECK_EQUAL(self->pending, remote);
	CHECK(binned->head & FREE && binned != lw.top && sealed(binned));
	CHECK(deferred->prev == key_of(deferred));
	CHECK(!full->next && waiting->next && waiting != current && slots_left(current));
	CHECK(current->free != pool_all(current) && !self->current[CLASS_UNUSED]);
}

/* ---- breakers ---- */

static struct chunk *after(struct chunk *c)
{
	return chunk_at(c, size_of(c));
}
static void mark(const void *at, struct pool *what)
{
	map_set((uintptr_t)at, (uintptr_t)at + 1, what);
}
static void mark_all(struct pool *pool, struct pool *what)
{
	map_set(pool->origin, pool->origin + pool_bytes(pool), what);
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
	set_head(fence_of(region), GRAIN | OWN);
}
static void fence_flag(void)
{
	set_head(fence_of(old), fence_of(old)->head ^ PREV_FREE);
}
static void fence_footer(void)
{
	((size_t *)fence_of(region))[-1] -= GRAIN;
}
static void top_lost(void)
{
	lw.top = NULL;
}
static void region_link(void)
{
	old->prev = old;
}
static void region_pages(void)
{
	old->bytes -= GRAIN;
}
static void region_lost(void)
{
	lw.regions = region->next;
	lw.regions->prev = NULL;
}
static void extent(void)
{
	lw.extent += GRAIN;
}
static void peak(void)
{
	lw.peak = lw.extent - 1;
}
static void brk_unknown(void)
{
	lw.brk = (struct region *)&lw;
}
static void low(void)
{
	lw.low = (uintptr_t)lw.brk + 1;
}

static void neighbours(void)
{
	struct chunk *c = after(binned);
	set_head(c, c->head | FREE);
	((size_t *)after(c))[-1] = size_of(c);
	set_head(after(c), after(c)->head | PREV_FREE);
}

static void tile_unmarked(void)
{
	mark(payload(live), NULL);
}
static void tile_deferred(void)
{
	mark(payload(deferred), &mapped);
}
static void own(void)
{
	set_head(live, live->head | OWN);
}
static void mapped_twice(void)
{
	mark(payload(live), &mapped);
}

static void pool_owner(void)
{
	full->owner = (struct heap *)&lw;
}
static void pool_origin(void)
{
	full->origin += full->size;
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
	full->slots = SLOTS + 1;
}
static void pool_slots_fewer(void)
{
	full->slots--;
}
static void pool_limit(void)
{
	full->limit += GRAIN;
}
static void pool_shift(void)
{
	full->shift++;
}
static void pool_inverse(void)
{
	full->inverse += 2;
}
static void tile_lost(void)
{
	mark((char *)pool_base(remote) + TILE, NULL);
}
static void tile_of_another(void)
{
	mark((char *)pool_base(remote) + TILE, full);
}

static void guard(void)
{
	waiting->free &= ~((size_t)1 << waiting->slots);
}
static void guard_remote(void)
{
	waiting->remote |= (size_t)1 << waiting->slots;
}
static void bit_above(void)
{
	full->free |= (size_t)2 << full->slots;
}
static void bit_twice(void)
{
	waiting->remote |= waiting->free & -waiting->free;
}

static struct pool copy;

static void descriptor_elsewhere(void)
{
	copy = *full;
	mark_all(full, &copy);
}

/* A pool of descriptors that is described by another. */
static void descriptor_of_descriptors(void)
{
	struct pool *home = tile_of(full), *another = self->current[CLASSES];
	if (home != another && slots_left(another))
		mark_all(home, memcpy(slot_take(another), home, sizeof *home));
}
static void descriptor_free(void)
{
	struct pool *home = tile_of(full);
	home->remote |= (size_t)1 << slot_of(home, full);
}
static void descriptor_lost(void)
{
	slot_take(self->current[CLASSES]);
}

static void attend_full(void)
{
	full->attend++;
}
static void attend_current(void)
{
	current->attend = pool_all(current);
}
static void attend_waiting(void)
{
	waiting->attend++;
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
	waiting->free = pool_all(waiting);
}
static void waiting_full(void)
{
	waiting->free = (size_t)1 << waiting->slots;
}

static void ring_alias(void)
{
	self->current[CLASS_UNUSED - 1] = full;
}
static void ring_of_another(void)
{
	current_set(self, CLASS_UNUSED, current);
}
static void ring_longer(void)
{
	copy = *waiting;
	copy.prev = waiting;
	waiting->next = copy.next->prev = &copy;
}
static void ring_lost(void)
{
	current_set(self, CLASS_64, NULL);
	current->attend = pool_all(current);
}

static void leaf_elsewhere(void)
{
	static struct pool *none[LEAF_TILES];
	uintptr_t n = 0;
	while (lw.leaf[n].map)
		n++;
	lw.leaf[n] = (struct leaf){none, n + 1};
}
static void tile_of_no_pool(void)
{
	mark((char *)region + 8 * TILE, full);
}
static void tile_of_no_block(void)
{
	mark((char *)region + 8 * TILE, &mapped);
}
static void tile_beyond(void)
{
	mark((char *)lw.brk + lw.brk->bytes, &chunks);
}
static void tile_of_head(void)
{
	mark(mapping, &chunks);
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
	struct chunk **bin = &lw.bin[bin_number(size_of(binned))];
	while (*bin != binned && *bin != binned2)
		bin = &(*bin)->next;
	*bin = (*bin)->next;
}

static void bin_wrong(void)
{
	unsigned n = bin_number(size_of(binned)), wrong = n + 8;
	lw.bin[wrong] = lw.bin[n];
	lw.bin[n] = NULL;
	lw.filled[n / BITS] &= ~((size_t)1 << n % BITS);
	lw.filled[wrong / BITS] |= (size_t)1 << wrong % BITS;
}

static void bin_circle(void)
{
	binned->next = lw.bin[bin_number(size_of(binned))];
}
static void bin_back(void)
{
	(binned->prev = live, binned2->prev = live);
}

static void dirty(void)
{
	lw.dirty += GRAIN;
}

static struct chunk **bucket(void)
{
	return &self->deferred[bucket_of(size_of(deferred))];
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
	self->deferred[(bucket() - self->deferred + 1) % BUCKETS] = deferred;
	*bucket() = deferred->next;
	deferred->next = NULL;
}

static void deferred_twice(void)
{
	struct chunk **other = &lw.dead->deferred[bucket() - self->deferred];
	*other = deferred;
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
static void dead_unopened(void)
{
	lw.dead->open = false;
}

static void mark_written(void)
{
	mapped.limit++;
}
static void no_heap_written(void)
{
	closed.pending = full;
}
static void self_unknown(void)
{
	self = (struct heap *)&lw;
}
static void last_gone(void)
{
	copy = *full;
	latest = &copy;
}
static void threshold(void)
{
	lw.keep = 2 * MAP_LIMIT;
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
	BREAKER(fence_footer, "a broken footer"),
	BREAKER(top_lost, "top is not the last"),
	BREAKER(region_link, "link of the regions"),
	BREAKER(region_pages, "no whole pages"),
	BREAKER(region_lost, "extent is not"),
	BREAKER(extent, "extent is not"),
	BREAKER(peak, "extent is not"),
	BREAKER(brk_unknown, "break is no region"),
	BREAKER(low, "not below the break"),
	BREAKER(tile_unmarked, "tile is not marked"),
	BREAKER(tile_deferred, "not its chunk's"),
	BREAKER(own, "holds no heap"),
	BREAKER(mapped_twice, "not alone"),
	BREAKER(pool_owner, "an unknown heap"),
	BREAKER(pool_origin, "not where its slots are"),
	BREAKER(pool_size, "a pool of no class"),
	BREAKER(pool_class, "a pool of no class"),
	BREAKER(pool_slots, "slots beyond the pool"),
	BREAKER(pool_slots_fewer, "another slot"),
	BREAKER(pool_limit, "a pool's limit"),
	BREAKER(pool_shift, "a broken inverse"),
	BREAKER(pool_inverse, "a broken inverse"),
	BREAKER(tile_lost, "tile is another's"),
	BREAKER(tile_of_another, "tile is another's"),
	BREAKER(guard, "a guard bit is clear"),
	BREAKER(guard_remote, "a bit without a slot"),
	BREAKER(bit_above, "a bit without a slot"),
	BREAKER(bit_twice, "a slot is free twice"),
	BREAKER(descriptor_elsewhere, "in no pool of descriptors"),
	BREAKER(descriptor_of_descriptors, "in the wrong pool"),
	BREAKER(descriptor_free, "descriptor's slot is free"),
	BREAKER(descriptor_lost, "a descriptor of no pool"),
	BREAKER(attend_full, "attend of a pool in no ring"),
	BREAKER(attend_current, "attend of a current pool"),
	BREAKER(attend_waiting, "attend of a pool in a ring"),
	BREAKER(unringed, "is in no ring"),
	BREAKER(ring_link, "a broken link in a ring"),
	BREAKER(waiting_empty, "an empty pool waits"),
	BREAKER(waiting_full, "a full pool waits"),
	BREAKER(ring_alias, "two current pools"),
	BREAKER(ring_of_another, "in the wrong ring"),
	BREAKER(ring_longer, "what is no pool"),
	BREAKER(ring_lost, "ring of no heap"),
	BREAKER(leaf_elsewhere, "another's place"),
	BREAKER(tile_of_no_pool, "tile of no pool"),
	BREAKER(tile_of_no_block, "tile of no mapped block"),
	BREAKER(tile_beyond, "outside the heap"),
	BREAKER(tile_of_head, "outside the heap"),
	BREAKER(remote_lost, "is not pending"),
	BREAKER(remote_twice, "pending twice"),
	BREAKER(pending_empty, "without remote frees is pending"),
	BREAKER(bin_bit_clear, "a bin's bit is wrong"),
	BREAKER(bin_bit_set, "a bin's bit is wrong"),
	BREAKER(bin_bit_above, "a bin's bit is wrong"),
	BREAKER(bin_lost, "bin"),
	BREAKER(bin_wrong, "bin"),
	BREAKER(bin_circle, "bin"),
	BREAKER(bin_back, "bin"),
	BREAKER(dirty, "dirty bytes"),
	BREAKER(deferred_count, "deferred chunks miscounted"),
	BREAKER(deferred_bytes, "deferred bytes miscounted"),
	BREAKER(deferred_key, "not deferred in a bucket"),
	BREAKER(deferred_free, "deferred"),
	BREAKER(deferred_circle, "more deferred chunks"),
	BREAKER(deferred_lost, "deferred chunk is in no bucket"),
	BREAKER(deferred_bucket, "not deferred in a bucket"),
	BREAKER(deferred_twice, "deferred twice"),
	BREAKER(dead_circle, "circle"),
	BREAKER(dead_unknown, "unknown heap among the dead"),
	BREAKER(dead_unopened, "never opened"),
	BREAKER(mark_written, "a mark of the map"),
	BREAKER(no_heap_written, "stands for no heap"),
	BREAKER(self_unknown, "thread's heap is unknown"),
	BREAKER(last_gone, "is not the thread's"),
	BREAKER(threshold, "threshold"),
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

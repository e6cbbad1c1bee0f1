/*
 * model.c - random operations against a shadow table; lw_check between them.
 *
 *	model [OPERATIONS [SEED]]
 *
 * A small heap is checked after each operation, by itself and while others move the break or lie in
 * its way; a large one after each of the first 20,000 and then after each hundredth.  Every block
 * holds a pattern made from its slot in the table, so that an overlap or a lost byte is seen when it
 * is freed.  Then threads pass blocks to each other and stand at a barrier while the heap is checked.
 */
#include "check.h"
#include "lw.h"
#include "lw_check.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#define SLOTS   2000
#define SMALL   128
#define THREADS 4
#define ROUNDS  40

struct slot {
	unsigned char *p;
	size_t n;
};

static unsigned long operations = 100000;
static unsigned long long seed = 1;

/* ---- the shadow table ---- */

static unsigned char pattern(const struct slot *slot, size_t i)
{
	return (unsigned char)((uintptr_t)slot / sizeof *slot * 31 + i * 7 + slot->n);
}

/* The whole of a small block, both ends and a byte of each page of a large one. */
static size_t stride(size_t i, size_t n)
{
	return i < 512 || n - i < 64 ? 1 : n > 8192 ? 509 : 1;
}

static void fill(struct slot *slot)
{
	for (size_t i = 0; i < slot->n; i += stride(i, slot->n))
		slot->p[i] = pattern(slot, i);
}

static void compare(const struct slot *slot, size_t n)
{
	for (size_t i = 0; i < n; i += stride(i, slot->n))
		CHECK_EQUAL(slot->p[i], pattern(slot, i));
}

static unsigned limit = 22;

/* Mostly small; now and then up to a few MiB. */
static size_t random_size(unsigned long long *state)
{
	unsigned long long r = check_random(state);
	unsigned bits = r % 64 < 40 ? 8 : r % 64 < 56 ? 12 : r % 64 < 63 ? 17 : 22;
	size_t n = (r >> 8) & (((size_t)1 << (bits < limit ? bits : limit)) - 1);
	return r >> 63 || n < 1024 ? n : n / 1024 * 1024; /* many of one size */
}

/* ---- operations ---- */

static void operation_allocate(struct slot *slot, unsigned long long *state)
{
	size_t n = random_size(state), align = (size_t)1 << check_random(state) % 14;
	void *p = NULL;
	switch (check_random(state) % 8) {
	case 0:
		p = memalign(align, n);
		CHECK_EQUAL((uintptr_t)p % align, 0);
		break;
	case 1:
		align = align < sizeof p ? sizeof p : align;
		CHECK_EQUAL(posix_memalign(&p, align, n), 0);
		CHECK_EQUAL((uintptr_t)p % align, 0);
		break;
	case 2:
		p = calloc(1, n);
		for (size_t i = 0; i < n; i += stride(i, n))
			CHECK_EQUAL(((unsigned char *)p)[i], 0);
		break;
	case 3:
		p = realloc(NULL, n);
		break;
	default:
		p = malloc(n);
	}
	CHECK(p);
	CHECK_EQUAL((uintptr_t)p % (2 * sizeof(size_t)), 0);
	CHECK(malloc_usable_size(p) >= n);
	*slot = (struct slot){p, n};
	fill(slot);
}

static void operation_release(struct slot *slot)
{
	compare(slot, slot->n);
	free(slot->p);
	*slot = (struct slot){NULL, 0};
}

static void operation_resize(struct slot *slot, unsigned long long *state)
{
	size_t n = check_random(state) % 2 ? random_size(state)
	                                   : slot->n + check_random(state) % (slot->n / 4 + 32);
	compare(slot, slot->n);
	unsigned char *p = realloc(slot->p, n);
	if (!n) {
		CHECK(!p);
		*slot = (struct slot){NULL, 0};
		return;
	}
	CHECK(p);
	slot->p = p;
	for (size_t i = 0; i < n && i < slot->n; i += stride(i, slot->n))
		CHECK_EQUAL(p[i], pattern(slot, i));
	slot->n = n;
	fill(slot);
}

static void operation(struct slot *table, unsigned slots, unsigned long long *state)
{
	struct slot *slot = &table[check_random(state) % slots];
	unsigned long long r = check_random(state);
	if (r % 4096 == 0)
		lw_trim(r >> 20 & 0xffff);
	else if (!slot->p)
		operation_allocate(slot, state);
	else if (r % 4 == 0)
		operation_resize(slot, state);
	else
		operation_release(slot);
}

static void release_all(struct slot *table, unsigned slots)
{
	for (unsigned i = 0; i < slots; i++)
		if (table[i].p)
			operation_release(&table[i]);
}

/* ---- one thread ---- */

static void checked(unsigned long i)
{
	if (lw_check()) {
		check_say(STDERR_FILENO, "# operation %lu, seed %llu\n", i, seed);
		_exit(1);
	}
}

static void small_heap(void (*meanwhile)(unsigned long long *state))
{
	static struct slot table[SMALL];
	unsigned long long state = seed;
	limit = 14; /* what a check takes grows with the heap */
	for (unsigned long i = 0; i < operations; i++) {
		if (meanwhile && !(check_random(&state) % 256))
			meanwhile(&state);
		operation(table, 8 + i / 4096 % 4 * ((SMALL - 8) / 3), &state);
		checked(i);
	}
	release_all(table, SMALL);
	checked(operations);
}

static void a_small_heap_keeps_every_invariant_after_each_operation(void)
{
	small_heap(NULL);
}

/* Others fetch a piece, which is seen to stay theirs, or move the end by a few bytes. */
static void others_move_the_break(unsigned long long *state)
{
	static unsigned char *theirs[64];
	static unsigned count;
	size_t n = 1 + check_random(state) % (check_random(state) % 8 ? 64 : 20000);
	for (unsigned i = 0; i < count; i++)
		CHECK_EQUAL(*theirs[i], i);
	if (count == sizeof theirs / sizeof *theirs || (theirs[count] = sbrk(n)) == (void *)-1)
		return;
	for (size_t i = 0; i < n; i++)
		CHECK_EQUAL(theirs[count][i], 0);
	memset(theirs[count], (int)count, n);
	count++;
}

static void so_it_does_while_others_move_the_break(void)
{
	small_heap(others_move_the_break);
}

/* A mapping lies where the break would grow to, now and then; else the break grows. */
static void others_block_the_break(unsigned long long *state)
{
	static void *wall;
	size_t page = sysconf(_SC_PAGESIZE);
	if (wall) {
		CHECK_EQUAL(munmap(wall, page), 0);
		wall = NULL;
	} else {
		uintptr_t end =
			((uintptr_t)sbrk(0) + page - 1 + check_random(state) % 65536) & -page;
		wall = mmap((void *)end, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(wall != MAP_FAILED);
	}
}

static void so_it_does_while_others_block_the_break(void)
{
	small_heap(others_block_the_break);
}

static void a_large_heap_keeps_every_invariant(void)
{
	static struct slot table[SLOTS];
	unsigned long long state = seed;
	struct lw_stats s = {.version = sizeof s}, before = s;
	free(check_opaque(malloc(1))); /* musl's atfork keeps a block */
	lw_stats(&before);
	for (unsigned long i = 0; i < operations; i++) {
		/* The count of blocks swings, so that the heap grows and shrinks. */
		unsigned slots = 16 + (i / 8192 % 2 ? SLOTS - 16 : SLOTS / 8);
		operation(table, slots, &state);
		if (i < 20000 || i % 100 == 0)
			checked(i);
	}
	release_all(table, SLOTS);
	CHECK_EQUAL(lw_check(), 0);
	lw_trim(0);
	CHECK_EQUAL(lw_check(), 0);
	lw_stats(&s);
	CHECK_EQUAL(s.live_blocks, before.live_blocks);
	CHECK_EQUAL(s.deferred, 0);
}

/* ---- threads ---- */

static pthread_barrier_t barrier;
static struct slot shared[THREADS][SLOTS / 4];

static void *thread_main(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	unsigned long long state = seed * 1000 + me;
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* Each round works on another's blocks: most frees are remote. */
		struct slot *table = shared[(me + round) % THREADS];
		for (unsigned long i = 0; i < operations / ROUNDS / THREADS; i++)
			operation(table, SLOTS / 4, &state);
		pthread_barrier_wait(&barrier);
		if (me == round % THREADS && lw_check()) {
			check_say(STDERR_FILENO, "# round %u, seed %llu\n", round, seed);
			_exit(1);
		}
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void threads_keep_every_invariant_at_barriers(void)
{
	pthread_t id[THREADS];
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int generation = 0; generation < 2; generation++) {
		for (uintptr_t i = 0; i < THREADS; i++)
			CHECK_EQUAL(pthread_create(&id[i], NULL, thread_main, (void *)i), 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(id[i], NULL);
		CHECK_EQUAL(lw_check(), 0);
	}
	for (int i = 0; i < THREADS; i++)
		release_all(shared[i], SLOTS / 4);
	CHECK_EQUAL(lw_check(), 0);
	lw_trim(0);
	CHECK_EQUAL(lw_check(), 0);
}

static const struct check_test tests[] = {
	TEST(a_small_heap_keeps_every_invariant_after_each_operation),
	TEST(so_it_does_while_others_move_the_break),
	TEST(so_it_does_while_others_block_the_break),
	TEST(a_large_heap_keeps_every_invariant),
	TEST(threads_keep_every_invariant_at_barriers),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strtoul(argv[1], NULL, 0)) {
		operations = strtoul(argv[1], NULL, 0);
		seed = argc > 2 ? strtoull(argv[2], NULL, 0) : seed;
		argc = 1;
	}
	check_say(STDERR_FILENO, "# %lu operations, seed %llu\n", operations, seed);
	return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}

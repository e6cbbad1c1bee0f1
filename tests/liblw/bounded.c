/*
 * bounded.c - no call does more than a constant amount of work: it is counted.
 *
 * The allocator is compiled with -fsanitize-coverage=trace-pc, by which each of its basic blocks
 * calls the function below: that is a step.  What libc does for it (memset, memcpy, locks, system
 * calls) counts nothing, and lw_trim, fork, the exit of a thread and the program's first call are
 * not measured.  All else is: every call of every thread.
 *
 * A scenario runs with a heap of one size, then with one 16 times as large: no call of either may
 * take more than BOUND steps, nor the second's worst call many more than the first's.  A step is some
 * five instructions.
 *
 *	bounded         all scenarios
 *	bounded NAME    one of them; SEED=N in the environment for another course of chance
 */
#include "check.h"
#include "lw.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#define BOUND 12000
#define LARGE 16          /* how much larger the second heap is */
#define SLACK (BOUND / 4) /* what the two may differ by: the small one may not meet each bound */

void __sanitizer_cov_trace_pc(void);

/* volatile: malloc is declared to call nothing in this file. */
static __thread volatile unsigned long steps;

void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

/* ---- what is measured ------------------------------------------------------------------------- */

enum call {
	MALLOC,
	CALLOC,
	MEMALIGN,
	REALLOC,
	FREE,
	USABLE,
	CALLS
};

static const char *const names[] = {"malloc", "calloc", "memalign", "realloc", "free", "usable"};

struct worst {
	unsigned long steps, number;
	size_t size; /* asked for */
};

static struct worst worst[CALLS];
static unsigned long calls;
static bool measuring;

static void note(enum call call, unsigned long took, size_t size)
{
	unsigned long number = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (measuring && took > worst[call].steps) /* of threads at once, one is noted: enough */
		worst[call] = (struct worst){took, number, size};
}

static void *take(size_t n)
{
	steps = 0;
	void *p = malloc(n);
	note(MALLOC, steps, n);
	CHECK(p);
	return p;
}

static void *take_zeros(size_t n)
{
	steps = 0;
	void *p = calloc(1, n);
	note(CALLOC, steps, n);
	CHECK(p);
	return p;
}

static void *take_aligned(size_t align, size_t n)
{
	steps = 0;
	void *p = memalign(align, n);
	note(MEMALIGN, steps, n);
	CHECK(p);
	return p;
}

static void resize(void **p, size_t n)
{
	steps = 0;
	void *to = realloc(*p, n);
	note(REALLOC, steps, n);
	CHECK(to);
	*p = to;
}

static void give(void **p)
{
	steps = 0;
	free(*p);
	note(FREE, steps, 0);
	*p = NULL;
}

static void look(void *p)
{
	steps = 0;
	size_t n = malloc_usable_size(p);
	note(USABLE, steps, n);
}

/* ---- chance ------------------------------------------------------------------------------------ */

static unsigned long long seed = 1;
static __thread unsigned long long state;

static unsigned below(unsigned n)
{
	return (unsigned)(check_random(&state) % n);
}

/* Of a random magnitude, LOW at least, below LOW << DOUBLINGS. */
static size_t some(size_t low, unsigned doublings)
{
	size_t n = low << below(doublings);
	return n + below((unsigned)n);
}

/* ---- blocks ------------------------------------------------------------------------------------ */

#define BLOCKS (LARGE * 20000)

static void *block[BLOCKS];

static void fill(unsigned count, size_t low, unsigned doublings)
{
	for (unsigned i = 0; i < count; i++)
		block[i] = take(some(low, doublings));
}

static void give_one_in(unsigned every, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (block[i] && !below(every))
			give(&block[i]);
}

static void give_all(unsigned count)
{
	give_one_in(1, count);
}

static void mix(unsigned count, unsigned rounds, size_t low, unsigned doublings)
{
	for (unsigned k = 0; k < rounds; k++) {
		void **p = &block[below(count)];
		size_t n = some(low, below(20) ? doublings : doublings + 7);
		if (!*p)
			*p = below(4)   ? take(n)
			     : below(2) ? take_zeros(n)
			                : take_aligned((size_t)32 << below(12), n);
		else if (!below(4))
			resize(p, n);
		else if (!below(8))
			look(*p);
		else
			give(p);
	}
}

/* ---- scenarios: one thread --------------------------------------------------------------------- */

static void mix_calls(unsigned scale)
{
	unsigned count = 3000 * scale;
	fill(count, 16, 11);
	give_one_in(2, count);
	mix(count, 200000, 16, 11);
	give_all(count);
}

/* Every chunk that is merged has free neighbours, each of another size. */
static void merge_chunks(unsigned scale)
{
	unsigned count = 4000 * scale;
	fill(count, 1100, 4);
	for (unsigned i = 0; i < count; i += 2)
		give(&block[i]);
	for (unsigned k = 0; k < 40000; k++) {
		void **p = &block[below(count)];
		if (*p)
			give(p);
		else if (!below(30))
			*p = take(some(8000, 4));
		else
			*p = take(some(1100, 4));
	}
	give_all(count);
}

/* Many free runs whose pages went back, or are to. */
static void give_back_runs(unsigned scale)
{
	unsigned count = 800 * scale;
	for (unsigned i = 0; i < count; i++)
		block[i] = take(i % 2 ? 1100 : 66000 + below(50000));
	for (unsigned i = 0; i < count; i += 2)
		give(&block[i]);
	for (unsigned k = 0; k < 5000; k++) {
		void **p = &block[below(count / 2) * 2];
		if (*p)
			give(p);
		else
			*p = take(66000 + below(50000));
	}
	give_all(count);
}

/* Many pools of a class: full, then with one free slot each, then empty. */
static void queue_pools(unsigned scale)
{
	unsigned count = 15000 * scale;
	for (unsigned size = 48; size <= 1000; size *= 3) {
		for (unsigned i = 0; i < count; i++)
			block[i] = take(size);
		for (unsigned i = 0; i < count; i += 50)
			give(&block[i]);
		for (unsigned i = 0; i < count; i += 50)
			block[i] = take(i % 3 ? size : 1100);
		give_one_in(2, count);
		mix(count, 20000, 16, 6);
		give_all(count);
	}
}

static void grow_and_shrink(unsigned scale)
{
	unsigned count = 2000 * scale;
	for (unsigned k = 0; k < 6; k++) {
		fill(count, 2000, 6);
		for (unsigned i = count; i-- > 0;)
			if (i % 500 > k)
				give(&block[i]);
		give_all(count);
	}
}

/* One block that grows and shrinks among others. */
static void resize_in_place(unsigned scale)
{
	unsigned count = 2000 * scale;
	fill(count, 1100, 5);
	give_one_in(3, count);
	for (unsigned k = 0; k < 20000; k++) {
		void **p = &block[below(count)];
		if (*p)
			resize(p, malloc_usable_size(*p) * (3 + below(3)) / 4 + 1100);
		else
			*p = take(some(1100, 5));
		if (*p && malloc_usable_size(*p) > 200000)
			give(p);
	}
	give_all(count);
}

static void align_blocks(unsigned scale)
{
	unsigned count = 3000 * scale;
	fill(count, 500, 5);
	give_one_in(2, count);
	for (unsigned k = 0; k < 50000; k++) {
		void **p = &block[below(count)];
		if (!*p)
			*p = take_aligned((size_t)32 << below(16), some(500, 6));
		else
			give(p);
	}
	give_all(count);
}

static void huge_blocks(unsigned scale)
{
	unsigned count = 300 * scale;
	for (unsigned i = 0; i < count; i++)
		block[i] = take(200000 + 4096 * (i % 50));
	for (unsigned k = 0; k < 20000; k++) {
		void **p = &block[below(count)];
		if (!*p)
			*p = take(some(100000, 4));
		else if (!below(3))
			look(*p);
		else if (below(2))
			resize(p, some(100000, 4));
		else
			give(p);
	}
	give_all(count);
}

/* ---- scenarios: the break ---------------------------------------------------------------------- */

/* What others fetch of it splits the heap; what they fetch again and again, too. */
static void move_the_break(unsigned scale)
{
	for (unsigned k = 0; k < 30; k++) {
		if (sbrk((intptr_t)scale << (16 + k % 8)) == (void *)-1)
			break;
		for (unsigned i = 0; i < 20; i++)
			block[k * 20 + i] = take(30000);
	}
	give_all(600);
	for (unsigned k = 0; k < 20 * scale; k++) {
		sbrk(100);
		for (unsigned i = 0; i < 8; i++)
			block[k * 8 + i] = take(i % 2 ? 60000 : 600);
	}
	mix(160 * scale, 20000, 16, 12);
	give_all(600);
}

/* Something lies where it would grow to. */
static void go_on_beside_the_break(unsigned scale)
{
	unsigned count = 500 * scale;
	size_t page = sysconf(_SC_PAGESIZE);
	uintptr_t end = ((uintptr_t)sbrk(0) + (1 << 20)) & -page;
	mmap((void *)end, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(count, 16, 13);
	mix(count, 50000, 16, 13);
	give_all(count);
}

/* ---- scenarios: threads ------------------------------------------------------------------------ */

static pthread_barrier_t barrier;
static unsigned blocks, left; /* of so many one stays */

static void *free_most(void *arg)
{
	pthread_barrier_wait(&barrier);
	for (unsigned i = 0; i < blocks; i++)
		if (!left || i % left)
			give(&block[i]);
	pthread_barrier_wait(&barrier);
	return arg;
}

/* Another thread empties this one's pools, or all but one object in 64. */
static void take_in_frees(unsigned scale)
{
	pthread_t id;
	blocks = 20000 * scale;
	pthread_barrier_init(&barrier, NULL, 2);
	for (unsigned k = 0; k < 6; k++) {
		left = k % 2 ? 64 : 0;
		for (unsigned i = 0; i < blocks; i++)
			if (!block[i])
				block[i] = take(k < 4 && i % 16 ? 16u << k : some(32, 5));
		CHECK_EQUAL(pthread_create(&id, NULL, free_most, NULL), 0);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		pthread_join(id, NULL);
		for (unsigned i = 0; i < blocks / 2; i++) {
			if (!block[i])
				block[i] = take(i % 3 ? some(16, 6) : some(1100, 4));
			if (block[blocks - 1 - i])
				give(&block[blocks - 1 - i]);
		}
	}
	left = 0;
	give_all(blocks);
}

static void *make_all(void *arg)
{
	state = seed;
	for (unsigned i = 0; i < blocks; i++)
		block[i] = take(some(16, 8));
	return arg;
}

static void *adopt(void *arg)
{
	void *p[300];
	state = seed;
	for (unsigned i = 0; i < 300; i++)
		p[i] = take(i % 3 ? some(16, 6) : some(1100, 4));
	for (unsigned i = 0; i < 300; i++)
		give(&p[i]);
	return arg;
}

/* A dead thread's heap, into which others have freed since. */
static void adopt_heap(unsigned scale)
{
	pthread_t id;
	blocks = 20000 * scale;
	for (unsigned k = 0; k < 3; k++) {
		CHECK_EQUAL(pthread_create(&id, NULL, make_all, NULL), 0);
		pthread_join(id, NULL);
		give_one_in(k + 1, blocks);
		for (unsigned i = 0; i < 3; i++) {
			CHECK_EQUAL(pthread_create(&id, NULL, adopt, NULL), 0);
			pthread_join(id, NULL);
		}
		give_all(blocks);
	}
}

static void *exchange(void *arg)
{
	unsigned count = blocks;
	state = seed + (uintptr_t)arg;
	for (unsigned k = 0; k < 60000; k++) {
		void **slot = &block[below(count)];
		void *p = below(2) ? take(some(16, below(8) ? 6 : 11)) : NULL;
		p = __atomic_exchange_n(slot, p, __ATOMIC_ACQ_REL);
		if (p)
			give(&p);
	}
	return arg;
}

/* Threads free what others made, at random. */
static void exchange_blocks(unsigned scale)
{
	pthread_t id[3];
	blocks = 3000 * scale;
	fill(blocks, 16, 8);
	for (uintptr_t i = 0; i < 3; i++)
		CHECK_EQUAL(pthread_create(&id[i], NULL, exchange, (void *)i), 0);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
	give_all(blocks);
}

/* ---- tests ------------------------------------------------------------------------------------- */

/* Runs SCENARIO in a child; returns the steps of its worst call. */
static unsigned long run(void (*scenario)(unsigned scale), unsigned scale)
{
	int out[2], status;
	unsigned long all = 0;
	CHECK_EQUAL(pipe(out), 0);
	pid_t child = fork();
	if (!child) {
		check_deadline();
		state = seed;
		free(check_opaque(malloc(100))); /* the program's first call */
		measuring = true;
		scenario(scale);
		_exit(write(out[1], worst, sizeof worst) != sizeof worst);
	}
	close(out[1]);
	CHECK_EQUAL(waitpid(child, &status, 0), child);
	CHECK_EQUAL(status, 0);
	CHECK_EQUAL(read(out[0], worst, sizeof worst), sizeof worst);
	close(out[0]);
	for (int i = 0; i < CALLS; i++)
		if (worst[i].steps)
			check_say(
				STDOUT_FILENO,
				"#   heap x%-2u  %-8s  %6lu steps at most (%zu bytes, call %lu)\n",
				scale, names[i], worst[i].steps, worst[i].size, worst[i].number);
	for (int i = 0; i < CALLS; i++)
		all = worst[i].steps > all ? worst[i].steps : all;
	CHECK(all);
	return all;
}

static void bounded(void (*scenario)(unsigned scale))
{
	unsigned long small = run(scenario, 1), large = run(scenario, LARGE);
	if (small > BOUND || large > BOUND || large > small + SLACK)
		check_fail(__FILE__, __LINE__, "the worst call's steps, by heap", small, large);
}

#define SCENARIO(sentence, scenario) \
	static void sentence(void)   \
	{                            \
		bounded(scenario);   \
	}

SCENARIO(any_mix_of_calls, mix_calls)
SCENARIO(merging_what_was_deferred, merge_chunks)
SCENARIO(giving_back_the_pages_of_free_runs, give_back_runs)
SCENARIO(many_pools_of_one_class, queue_pools)
SCENARIO(growing_and_shrinking, grow_and_shrink)
SCENARIO(resizing_in_place, resize_in_place)
SCENARIO(aligned_blocks, align_blocks)
SCENARIO(many_huge_blocks, huge_blocks)
SCENARIO(others_that_move_the_break, move_the_break)
SCENARIO(regions_beside_the_break, go_on_beside_the_break)
SCENARIO(taking_in_what_others_freed, take_in_frees)
SCENARIO(adopting_a_dead_threads_heap, adopt_heap)
SCENARIO(threads_that_exchange_blocks, exchange_blocks)

static const struct check_test tests[] = {
	TEST(any_mix_of_calls),
	TEST(merging_what_was_deferred),
	TEST(giving_back_the_pages_of_free_runs),
	TEST(many_pools_of_one_class),
	TEST(growing_and_shrinking),
	TEST(resizing_in_place),
	TEST(aligned_blocks),
	TEST(many_huge_blocks),
	TEST(others_that_move_the_break),
	TEST(regions_beside_the_break),
	TEST(taking_in_what_others_freed),
	TEST(adopting_a_dead_threads_heap),
	TEST(threads_that_exchange_blocks),
};

int main(int argc, char **argv)
{
	const char *chosen = getenv("SEED");
	seed = chosen ? strtoull(chosen, NULL, 0) : seed;
	check_say(STDERR_FILENO, "# at most %d steps a call, seed %llu\n", BOUND, seed);
	return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}

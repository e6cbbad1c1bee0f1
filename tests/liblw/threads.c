/*
 * threads.c - threads, forks, signals, and the ends of threads and programs.
 */
#include "check.h"
#include "lw.h"
#include "lw_heap.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>

#define TABLE 300

/* What the heap is without what goes back. */
static size_t kept(void)
{
	struct lw_stats s = {.version = sizeof s};
	lw_trim(0);
	lw_stats(&s);
	CHECK_EQUAL(s.extent, s.live + s.headers + s.pool_free + s.deferred + s.bins + s.top);
	return s.extent - s.bins - s.top;
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	int error = pthread_create(&id, NULL, fn, arg);
	CHECK_EQUAL(error, 0);
	return id;
}

/* ---- a load that checks what it holds ---- */

static size_t some_size(unsigned long long *state)
{
	unsigned long long r = check_random(state);
	return ((r >> 8) & (((size_t)1 << (4 + r % 13)) - 1)) + 1;
}

static void put(unsigned char **slot, size_t n, unsigned char value)
{
	unsigned char *p = check_opaque(*slot);
	if (p) {
		CHECK_EQUAL(p[malloc_usable_size(p) - 1], p[0]);
		free(p);
	}
	*slot = p = NULL;
	if (!n)
		return;
	CHECK(p = malloc(n));
	p[0] = value;
	p[malloc_usable_size(p) - 1] = value;
	*slot = p;
}

static void load(unsigned operations, unsigned long long state)
{
	static __thread unsigned char *table[TABLE];
	for (unsigned i = 0; i < operations; i++) {
		unsigned long long r = check_random(&state);
		unsigned char **slot = &table[r % TABLE];
		put(slot, r >> 20 & 1 ? some_size(&state) : 0, (unsigned char)(r >> 24));
		if (*slot && r >> 32 & 1) {
			size_t n = some_size(&state);
			unsigned char first = (*slot)[0];
			CHECK(*slot = realloc(*slot, n));
			CHECK_EQUAL((*slot)[0], first);
			(*slot)[malloc_usable_size(*slot) - 1] = first;
		}
	}
	for (unsigned i = 0; i < TABLE; i++)
		put(&table[i], 0, 0);
}

static atomic_bool stop;

static void *load_until_stop(void *arg)
{
	for (unsigned long long k = (uintptr_t)arg; !stop; k += 16)
		load(500, k);
	return NULL;
}

static void *load_once(void *arg)
{
	load(400, (uintptr_t)arg);
	return NULL;
}

/* ---- fork ---- */

static void child_works(unsigned k)
{
	load(500, k);
	pthread_t id[3];
	for (uintptr_t i = 0; i < 3; i++)
		id[i] = start(load_once, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
	lw_trim(0);
	kept();
	if (k % 4 == 0) { /* a child of the child, with threads again */
		pid_t pid = fork();
		if (!pid) {
			load(500, k + 1);
			_exit(0);
		}
		int status = 1;
		waitpid(pid, &status, 0);
		CHECK_EQUAL(status, 0);
	}
}

static void a_child_of_a_fork_under_load_allocates_and_makes_threads(void)
{
	if (getenv("LW_EMULATED"))
		return; /* qemu-user itself fails: threads made in a child of a threaded program */
	pthread_t id[3];
	static unsigned char *mine[TABLE];
	for (uintptr_t i = 0; i < 3; i++)
		id[i] = start(load_until_stop, (void *)i);
	for (unsigned k = 0; k < 40; k++) {
		for (unsigned i = 0; i < TABLE; i++)
			put(&mine[i], 1 + i * i % 9000, (unsigned char)i);
		pid_t pid = fork();
		if (!pid) {
			check_deadline();
			for (unsigned i = 0; i < TABLE; i++) /* what the parent made */
				put(&mine[i], 0, 0);
			child_works(k);
			_exit(0);
		}
		int status = 1;
		waitpid(pid, &status, 0);
		CHECK_EQUAL(status, 0);
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
}

/* Forks at once from all threads. */
static void *fork_often(void *arg)
{
	for (unsigned k = 0; k < 10; k++) {
		load(100, k);
		pid_t pid = fork();
		if (!pid) {
			check_deadline();
			load(200, (uintptr_t)arg + k);
			_exit(0);
		}
		int status = 1;
		waitpid(pid, &status, 0);
		CHECK_EQUAL(status, 0);
	}
	return NULL;
}

static void every_thread_may_fork(void)
{
	pthread_t id[4];
	for (uintptr_t i = 0; i < 4; i++)
		id[i] = start(fork_often, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
}

/* ---- the ends of threads ---- */

static void threads_end_under_load(void)
{
	pthread_t load_id[2], id[8];
	for (uintptr_t i = 0; i < 2; i++)
		load_id[i] = start(load_until_stop, (void *)i);
	for (unsigned k = 0; k < 60; k++) {
		for (uintptr_t i = 0; i < 8; i++)
			id[i] = start(load_once, (void *)(i + k));
		for (int i = 0; i < 8; i++)
			pthread_join(id[i], NULL);
	}
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(load_id[i], NULL);
}

static void two_hundred_threads_in_turn_do_not_grow_the_heap(void)
{
	size_t after_ten = 0;
	for (uintptr_t k = 0; k < 210; k++) {
		pthread_join(start(load_once, (void *)(k % 3)), NULL);
		if (k == 10)
			after_ten = kept();
	}
	CHECK(kept() <= after_ten + after_ten / 4 + (64 << 10));
}

static size_t free_in_pools(void)
{
	struct lw_stats s = {.version = sizeof s};
	lw_stats(&s);
	return s.pool_free;
}

static void *use_many_pools(void *none)
{
	void *p[100];
	for (int i = 0; i < 100; i++)
		p[i] = check_opaque(malloc(48 + 8 * i));
	for (int i = 0; i < 100; i++)
		free(p[i]);
	return none;
}

static void an_ended_thread_leaves_pools_which_a_trim_takes(void)
{
	pthread_join(start(load_once, NULL), NULL);
	lw_trim(0);
	size_t before = free_in_pools();
	pthread_join(start(use_many_pools, NULL), NULL);
	CHECK(free_in_pools() > before + 10 * TILE);
	lw_trim(0);
	CHECK(free_in_pools() <= before);
}

static void threads_at_once_and_again_do_not_grow_the_heap(void)
{
	pthread_t id[40];
	size_t after_two = 0;
	for (unsigned round = 0; round < 8; round++) {
		for (uintptr_t i = 0; i < 40; i++)
			id[i] = start(load_once, (void *)i);
		for (int i = 0; i < 40; i++)
			pthread_join(id[i], NULL);
		if (round == 1)
			after_two = kept();
	}
	CHECK(kept() <= 2 * after_two + (1 << 20));
}

static unsigned char *left[1000];

static void *leave_blocks(void *arg)
{
	for (unsigned i = 0; i < 1000; i++) {
		left[i] = malloc(1 + i * 7 % 3000);
		memset(check_opaque(left[i]), i & 255, 1 + i * 7 % 3000);
	}
	return arg;
}

static void blocks_outlive_their_thread(void)
{
	size_t first = 0;
	for (unsigned k = 0; k < 40; k++) {
		pthread_join(start(leave_blocks, NULL), NULL);
		for (unsigned i = 0; i < 1000; i++) {
			for (unsigned b = 0; b < 1 + i * 7 % 3000; b += 97)
				CHECK_EQUAL(left[i][b], i & 255);
			free(left[i]);
		}
		first = k == 3 ? kept() : first;
	}
	CHECK(kept() <= first + first / 2 + (1 << 20));
}

/* ---- destructors ---- */

static pthread_key_t keys[40];
static atomic_uint destroyed;

/* Comes again in each round there is, and leaves a block that is freed in the next. */
static void key_destructor(void *value)
{
	unsigned char *p = malloc(100), *q = malloc(3000);
	memset(check_opaque(p), 1, 100);
	memset(check_opaque(q), 1, 3000);
	free(q);
	free(value);
	free(p);
	p = malloc(60);
	for (unsigned i = 0; i < 40; i += 13)
		if (!pthread_getspecific(keys[i]))
			pthread_setspecific(keys[i], i == 13 ? p : NULL);
	if (pthread_getspecific(keys[13]) != p)
		free(p);
	destroyed++;
}

static void *set_keys(void *arg)
{
	for (unsigned i = 0; i < 40; i++)
		pthread_setspecific(keys[i], malloc(1 + 50 * i));
	return arg;
}

static void key_destructors_may_allocate_and_free(void)
{
	size_t early = 0;
	for (unsigned i = 0; i < 40; i++)
		CHECK_EQUAL(pthread_key_create(&keys[i], key_destructor), 0);
	for (unsigned k = 0; k < 600; k++) {
		pthread_join(start(set_keys, NULL), NULL);
		early = k == 20 ? kept() : early;
	}
	CHECK(destroyed >= 600 * 40);
	/* A block of 60 bytes is left by each thread's last round: that is the test's; past its heap's
	 * end a thread is served chunks, of a tile and a record at least. */
	if (kept() > early + early / 4 + 600 * (TILE + LINE) + (128 << 10))
		check_say(STDERR_FILENO, "# kept %zu, was %zu\n", kept(), early);
	CHECK(kept() <= early + early / 4 + 600 * (TILE + LINE) + (128 << 10));
}

#ifdef __GLIBC__
extern int __cxa_thread_atexit_impl(void (*fn)(void *), void *arg, void *dso);
extern void *__dso_handle __attribute__((visibility("hidden")));

static void tls_destructor(void *value)
{
	free(value);
	free(check_opaque(malloc(50)));
	free(check_opaque(malloc(5000)));
	load(50, 1);
	destroyed++;
}

static void *set_tls(void *arg)
{
	for (unsigned i = 0; i < 10; i++)
		__cxa_thread_atexit_impl(tls_destructor, malloc(i * 300), &__dso_handle);
	return arg;
}

static void TLS_destructors_may_allocate_and_free(void)
{
	for (unsigned k = 0; k < 50; k++)
		pthread_join(start(set_tls, NULL), NULL);
	CHECK_EQUAL(destroyed, 500);
}
#endif

static void allocate_at_exit(void)
{
	load(100, 3);
}

static void *exit_here(void *arg)
{
	atexit(allocate_at_exit);
	exit((int)(uintptr_t)arg);
}

static void a_program_may_end_under_load(void)
{
	for (uintptr_t k = 0; k < 10; k++) {
		pid_t pid = fork();
		if (!pid) {
			check_deadline();
			for (uintptr_t i = 0; i < 3; i++)
				start(load_until_stop, (void *)i);
			start(exit_here, (void *)7);
			pause();
		}
		int status = 0;
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status));
		CHECK_EQUAL(WEXITSTATUS(status), 7);
	}
}

/* ---- before main ---- */

static unsigned char *early[3];

static void allocate_early(unsigned i)
{
	early[i] = malloc(1000 + i);
	memset(check_opaque(early[i]), 'a' + i, 1000 + i);
	free(check_opaque(malloc(50)));
	early[i] = realloc(early[i], 5000);
}

__attribute__((unused)) static void in_preinit(void)
{
	allocate_early(0);
}
#ifdef __GLIBC__ /* musl runs no preinit_array */
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = in_preinit;
#endif
__attribute__((constructor(101))) static void in_constructor(void)
{
	allocate_early(1);
}
__attribute__((constructor)) static void in_late_constructor(void)
{
	allocate_early(2);
}

static void constructors_may_allocate(void)
{
	for (unsigned i = 0; i < 3; i++) {
#ifndef __GLIBC__
		if (!i)
			continue;
#endif
		CHECK(early[i]);
		for (unsigned k = 0; k < 1000 + i; k++)
			CHECK_EQUAL(early[i][k], 'a' + i);
		free(early[i]);
	}
}

/* ---- signals ---- */

static atomic_uint signals;

static void on_signal(int number)
{
	int saved = errno;
	errno = number;
	signals++;
	errno = saved;
}

static void a_signal_inside_malloc_does_no_harm(void)
{
	struct itimerval often = {{0, 500}, {0, 500}};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	pthread_t id = start(load_until_stop, (void *)9);
	for (unsigned long long k = 0; k < 5000 && signals < 100; k++)
		load(500, k);
	stop = true;
	pthread_join(id, NULL);
	CHECK(signals > 0);
	errno = 77;
	load(500, 1);
	CHECK_EQUAL(errno, 77);
}

/* ---- blocks that cross ---- */

#define RING 256

static struct {
	_Atomic(unsigned char *) slot[RING];
} ring[2];

/* Puts blocks into one ring, takes and frees those of the other. */
static void *exchange(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	unsigned long long state = me;
	for (unsigned i = 0; i < 40000; i++) {
		size_t n = some_size(&state) % 16384 + 1;
		unsigned char *p = NULL, *q;
		put(&p, n, (unsigned char)i);
		q = atomic_exchange(&ring[me].slot[i % RING], p);
		put(&q, 0, 0);
		q = atomic_exchange(&ring[!me].slot[check_random(&state) % RING], NULL);
		put(&q, 0, 0);
	}
	return NULL;
}

static void blocks_may_be_freed_by_other_threads_both_ways(void)
{
	size_t first = 0;
	for (unsigned round = 0; round < 4; round++) {
		pthread_t id = start(exchange, (void *)1);
		exchange((void *)0);
		pthread_join(id, NULL);
		for (unsigned i = 0; i < 2 * RING; i++) {
			unsigned char *p = atomic_exchange(&ring[i % 2].slot[i / 2], NULL);
			put(&p, 0, 0);
		}
		first = round ? first : kept();
	}
	CHECK(kept() <= 2 * first + (1 << 20));
}

static atomic_uint produced, consumed;

static void *consume(void *arg)
{
	while (consumed < 200000) {
		unsigned char *p = atomic_exchange(&ring[0].slot[consumed % RING], NULL);
		if (!p)
			continue;
		put(&p, 0, 0);
		consumed++;
	}
	return arg;
}

static void one_thread_may_allocate_what_another_frees(void)
{
	unsigned long long state = 5;
	pthread_t id = start(consume, NULL);
	size_t first = 0;
	while (produced < 200000) {
		unsigned char *p = NULL;
		put(&p, check_random(&state) % 2000 + 1, 1);
		while (ring[0].slot[produced % RING])
			;
		ring[0].slot[produced % RING] = p;
		produced++;
		first = produced == 20000 ? kept() : first;
	}
	pthread_join(id, NULL);
	CHECK(kept() <= 2 * first + (1 << 20));
}

/* A leaf of the map covers 16 MiB: its maker raced with the owner of a pool that lies across its
 * end, whose blocks then were no blocks of the heap. */
static void *cross_leaves(void *arg)
{
	static const size_t count = 20000, bytes = 1000;
	char **block = malloc(count * sizeof *block);
	CHECK(block);
	for (size_t i = 0; i < count; i++)
		CHECK(block[i] = malloc(bytes));
	for (size_t i = 0; i < count; i++)
		free(block[i]);
	free(block);
	return arg;
}

static void pools_of_several_threads_may_lie_across_the_ends_of_leaves(void)
{
	pthread_t id[4];
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 4; i++)
			id[i] = start(cross_leaves, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(id[i], NULL);
	}
}

static const struct check_test tests[] = {
	TEST(constructors_may_allocate),
	TEST(a_child_of_a_fork_under_load_allocates_and_makes_threads),
	TEST(every_thread_may_fork),
	TEST(threads_end_under_load),
	TEST(two_hundred_threads_in_turn_do_not_grow_the_heap),
	TEST(an_ended_thread_leaves_pools_which_a_trim_takes),
	TEST(threads_at_once_and_again_do_not_grow_the_heap),
	TEST(blocks_outlive_their_thread),
	TEST(key_destructors_may_allocate_and_free),
#ifdef __GLIBC__
	TEST(TLS_destructors_may_allocate_and_free),
#endif
	TEST(a_program_may_end_under_load),
	TEST(a_signal_inside_malloc_does_no_harm),
	TEST(blocks_may_be_freed_by_other_threads_both_ways),
	TEST(one_thread_may_allocate_what_another_frees),
	TEST(pools_of_several_threads_may_lie_across_the_ends_of_leaves),
};

CHECK_MAIN(tests)

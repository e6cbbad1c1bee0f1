/*
 * dlopen.c - the library fetched by dlopen into a program with threads that has another malloc.
 */
#include "check.h"
#include "lw.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

static void *library;
static void *(*get)(size_t);
static void (*give)(void *);
static pthread_barrier_t barrier;

static void *use(void *arg)
{
	unsigned char *p[300];
	pthread_barrier_wait(&barrier); /* all first calls at once */
	for (unsigned k = 0; k < 3000; k++) {
		unsigned i = k % 300;
		size_t n = 1 + k * 37 % 5000;
		if (k >= 300) {
			CHECK_EQUAL(p[i][0], i & 255);
			give(p[i]);
		}
		CHECK(p[i] = get(n));
		p[i][n - 1] = (unsigned char)i;
		p[i][0] = (unsigned char)i;
	}
	for (unsigned i = 0; i < 300; i++)
		give(p[i]);
	return arg;
}

static void fetch(void)
{
	CHECK(library = dlopen(LW_LIBRARY, RTLD_NOW | RTLD_LOCAL));
	CHECK(get = (void *(*)(size_t))dlsym(library, "malloc"));
	CHECK(give = (void (*)(void *))dlsym(library, "free"));
	CHECK(get != malloc);
}

static void threads_use(unsigned count)
{
	pthread_t id[8];
	pthread_barrier_init(&barrier, NULL, count);
	for (unsigned i = 0; i < count; i++)
		CHECK_EQUAL(pthread_create(&id[i], NULL, use, NULL), 0);
	for (unsigned i = 0; i < count; i++)
		pthread_join(id[i], NULL);
}

static void the_library_may_be_fetched_by_threads_at_once(void)
{
	for (unsigned k = 0; k < 40; k++) {
		int status = 0;
		pid_t pid = fork();
		if (!pid) {
			check_deadline();
			fetch();
			threads_use(8);
			pid_t grandchild = fork(); /* its handlers are there once */
			if (!grandchild) {
				check_deadline();
				threads_use(2);
				_exit(0);
			}
			waitpid(grandchild, &status, 0);
			_exit(status != 0);
		}
		waitpid(pid, &status, 0);
		CHECK_EQUAL(status, 0);
	}
}

static void *use_and_close(void *arg)
{
	fetch();
	give(get(100));
	give(get(10000));
	CHECK_EQUAL(dlclose(library), 0);
	return arg;
}

static void a_thread_may_end_after_dlclose(void)
{
	for (unsigned k = 0; k < 10; k++) {
		pthread_t id;
		CHECK_EQUAL(pthread_create(&id, NULL, use_and_close, NULL), 0);
		pthread_join(id, NULL);
		int status = 0;
		pid_t pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, &status, 0);
		CHECK_EQUAL(status, 0);
	}
}

static const size_t unlike[] = {24, 1000, 5000, 60000};

static unsigned char *make(unsigned i)
{
	unsigned char *p = malloc(unlike[i % 4]);
	CHECK(p);
	return memset(p, (int)i, unlike[i % 4]);
}

/* Blocks that the other malloc had from the break before ours, and what it fetched since. */
static void blocks_of_the_program_s_malloc_are_left_alone(void)
{
	unsigned char *theirs[400];
	struct lw_stats s = {.version = sizeof s};
	for (unsigned i = 0; i < 200; i++)
		theirs[i] = make(i);
	fetch();
	void (*stats)(struct lw_stats *) = (void (*)(struct lw_stats *))dlsym(library, "lw_stats");
	CHECK(stats);
	for (unsigned i = 200; i < 400; i++) {
		CHECK(get(100 * i));
		theirs[i] = make(i);
	}
	for (unsigned i = 0; i < 400; i++)
		give(theirs[i]);
	for (unsigned i = 0; i < 400; i++)
		for (size_t k = 0; k < unlike[i % 4]; k++)
			CHECK_EQUAL(theirs[i][k], i & 255);
	stats(&s);
	CHECK_EQUAL(s.foreign, 400);
	for (unsigned i = 0; i < 400; i++)
		free(theirs[i]);
}

static const struct check_test tests[] = {
	TEST(the_library_may_be_fetched_by_threads_at_once),
	TEST(a_thread_may_end_after_dlclose),
	TEST(blocks_of_the_program_s_malloc_are_left_alone),
};

CHECK_MAIN(tests)

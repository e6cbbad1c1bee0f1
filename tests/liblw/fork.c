/*
 * fork.c - forks amid all that a program may do meanwhile: stdio, threads that come and go, loading
 * libraries, other forks, handlers with locks of their own.
 *
 *	fork [SECONDS]     of each test, 1 without it
 *
 * A fork that meets a lock which is held in another order than ours stops: the deadline tells.
 */
#include "check.h"
#include "lw.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static unsigned seconds = 1;
static atomic_bool over;
static atomic_uint forks, turns;

static pthread_t start(void *(*fn)(void *), void *arg)
{
	pthread_t id;
	CHECK_EQUAL(pthread_create(&id, NULL, fn, arg), 0);
	return id;
}

/* ---- a load that checks what it holds ---- */

#define HELD 64

static void put(unsigned char **slot, size_t n, unsigned char mark)
{
	unsigned char *p = *slot;
	if (p)
		CHECK(p[0] == p[malloc_usable_size(p) - 1]);
	free(p);
	*slot = p = NULL;
	if (!n)
		return;
	CHECK(p = check_opaque(malloc(n)));
	p[0] = p[malloc_usable_size(p) - 1] = mark;
	*slot = p;
}

static void load(unsigned operations, unsigned long long state)
{
	unsigned char *held[HELD] = {0};
	for (unsigned i = 0; i < operations; i++) {
		unsigned long long r = check_random(&state);
		put(&held[r % HELD], r >> 10 & ((16 << r % 14) - 1), (unsigned char)r);
	}
	for (unsigned i = 0; i < HELD; i++)
		put(&held[i], 0, 0);
}

/* Blocks that one thread allocates and another frees. */
static unsigned char *_Atomic crossing[HELD];

static void cross(unsigned long long *state)
{
	unsigned long long r = check_random(state);
	unsigned char *p = NULL;
	put(&p, 1 + (r >> 10 & ((16 << r % 14) - 1)), (unsigned char)r);
	p = atomic_exchange(&crossing[r >> 40 & (HELD - 1)], p);
	put(&p, 0, 0);
}

static void *load_until_over(void *arg)
{
	unsigned long long state = (uintptr_t)arg;
	for (; !over; turns++) {
		load(100, state);
		for (int i = 0; i < 50; i++)
			cross(&state);
	}
	return NULL;
}

static void *load_once(void *arg)
{
	load(60, (uintptr_t)arg);
	return NULL;
}

/* ---- the one that forks ---- */

static void child_works(unsigned n)
{
	load(300, n);
	for (unsigned i = 0; i < HELD; i++) { /* what other threads of the parent had allocated */
		unsigned char *p = crossing[i];
		free(p);
		crossing[i] = NULL;
	}
	if (n % 8 == 0 && !getenv("LW_EMULATED")) { /* qemu-user loses a thread of a child */
		pthread_t id = start(load_once, (void *)5);
		load(100, n);
		pthread_join(id, NULL);
	}
	if (n % 16 == 0)
		lw_trim(0);
}

static void fork_one(unsigned n)
{
	int status = 1;
	pid_t pid = fork();
	if (!pid) {
		alarm(CHECK_SECONDS / 2);
		child_works(n);
		_exit(0);
	}
	CHECK(pid > 0);
	CHECK_EQUAL(waitpid(pid, &status, 0), pid);
	CHECK_EQUAL(status, 0);
	forks++;
}

static void *fork_until_over(void *arg)
{
	for (unsigned n = (uintptr_t)arg; !over; n++)
		fork_one(n);
	return NULL;
}

/* Forks beside those that run already, until the time is over, and waits for them. */
static void fork_beside(const pthread_t *id, unsigned count)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		fork_one(forks);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < (time_t)seconds);
	over = true;
	for (unsigned i = 0; i < count; i++)
		pthread_join(id[i], NULL);
	if (getenv("FORKS"))
		check_say(STDERR_FILENO, "# %u forks\n", forks);
	CHECK(forks > 0);
}

/* ---- stdio ---- */

static const char *lines_path;

static void make_lines(void)
{
	static char path[] = "/tmp/lw-fork.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	for (unsigned n = 1000; n < 40000; n += 1357)
		fprintf(f, "%0*u\n", (int)n, n);
	CHECK_EQUAL(fclose(f), 0);
	lines_path = path;
}

static void *read_lines(void *arg)
{
	FILE *f = fopen(lines_path, "r");
	CHECK(f);
	while (!over) {
		char *line = NULL;
		size_t room = 0;
		for (int i = 0; i < 40; i++)
			if (getline(&line, &room, f) < 0)
				rewind(f);
		free(line);
	}
	fclose(f);
	return arg;
}

static void *flush_all(void *arg)
{
	while (!over)
		fflush(NULL);
	return arg;
}

static void *open_and_close(void *arg)
{
	while (!over) {
		FILE *f = fopen(lines_path, "r");
		CHECK(f);
		char *line = NULL;
		size_t room = 0;
		CHECK(getline(&line, &room, f) > 0);
		free(line);
		fclose(f);
	}
	return arg;
}

static void a_fork_meets_threads_that_read_lines_and_flush(void)
{
	make_lines();
	pthread_t id[4] = {start(flush_all, NULL), start(read_lines, NULL), start(read_lines, NULL),
	                   start(read_lines, NULL)};
	fork_beside(id, 4);
	unlink(lines_path);
}

/* ---- threads that come and go ---- */

static void *come_and_go(void *arg)
{
	while (!over) {
		pthread_t id[3];
		for (uintptr_t i = 0; i < 3; i++)
			id[i] = start(load_once, (void *)(i + (uintptr_t)arg));
		for (int i = 0; i < 3; i++)
			pthread_join(id[i], NULL);
	}
	return NULL;
}

static void a_fork_meets_threads_that_allocate_end_and_open_files(void)
{
	make_lines();
	pthread_t id[8];
	for (uintptr_t i = 0; i < 8; i++)
		id[i] = start(i < 4   ? load_until_over
		              : i < 6 ? come_and_go
		              : i < 7 ? open_and_close
		                      : flush_all,
		              (void *)i);
	fork_beside(id, 8);
	unlink(lines_path);
}

static void forks_meet_forks(void)
{
	pthread_t id[6];
	for (uintptr_t i = 0; i < 6; i++)
		id[i] = start(i < 3 ? fork_until_over : load_until_over, (void *)(i + 1));
	fork_beside(id, 6);
}

static void the_heap_does_not_grow_by_forks(void)
{
	struct lw_stats s = {.version = sizeof s}, later = s;
	pthread_t id[4];
	unsigned least = forks;
	for (unsigned round = 0; round < 2; round++) {
		over = false;
		for (uintptr_t i = 0; i < 4; i++)
			id[i] = start(i < 2 ? load_until_over : come_and_go, (void *)i);
		fork_beside(id, 4);
		for (unsigned i = 0; i < HELD; i++) {
			unsigned char *p = atomic_exchange(&crossing[i], NULL);
			put(&p, 0, 0);
		}
		lw_trim(0);
		lw_stats(round ? &later : &s);
	}
	CHECK(forks > least);
	if (getenv("FORKS"))
		check_say(STDERR_FILENO, "# extent %zu, then %zu\n", s.extent, later.extent);
	CHECK(later.extent <= s.extent + (4 << 20));
	CHECK_EQUAL(later.extent, later.live + later.headers + later.pool_free + later.deferred +
	                                  later.bins + later.top);
}

/* ---- libraries that come and go ---- */

static void *load_library(void *arg)
{
	static const char *const names[] = {"libm.so.6", "libresolv.so.2", "libgcc_s.so.1"};
	for (unsigned i = 0; !over; i++) {
		void *library = dlopen(names[i % 3], RTLD_NOW | RTLD_LOCAL);
		if (library)
			dlclose(library);
	}
	return arg;
}

static void a_fork_meets_dlopen(void)
{
	pthread_t id[4] = {start(load_library, NULL), start(load_library, NULL),
	                   start(load_until_over, (void *)1), start(load_until_over, (void *)2)};
	fork_beside(id, 4);
}

/* ---- the program's own handlers ---- */

static pthread_mutex_t program_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned handled;

static void program_prepare(void)
{
	pthread_mutex_lock(&program_lock);
	load(40, handled++); /* it may allocate, too */
}

static void program_parent(void)
{
	load(40, handled);
	pthread_mutex_unlock(&program_lock);
}

static void program_child(void)
{
	load(40, handled);
	pthread_mutex_unlock(&program_lock);
}

/* Registered before the allocator's, its handlers are called within them. */
static void register_handlers(void)
{
	pthread_atfork(program_prepare, program_parent, program_child);
}

static void *allocate_under_lock(void *arg)
{
	unsigned long long state = (uintptr_t)arg;
	while (!over) {
		pthread_mutex_lock(&program_lock);
		load(20, check_random(&state));
		pthread_mutex_unlock(&program_lock);
	}
	return NULL;
}

static void a_fork_meets_handlers_that_lock_and_allocate(void)
{
	register_handlers();
	pthread_t id[4];
	for (uintptr_t i = 0; i < 4; i++)
		id[i] = start(i < 3 ? allocate_under_lock : load_until_over, (void *)i);
	fork_beside(id, 4);
}

/* ---- a walk ---- */

static void walk_one(void *ptr, size_t usable, enum lw_kind kind, void *arg)
{
	if (++*(unsigned *)arg % 64)
		return;
	pthread_mutex_lock(&program_lock); /* as printf does with its file */
	pthread_mutex_unlock(&program_lock);
	(void)ptr, (void)usable, (void)kind;
}

static void *walk_until_over(void *arg)
{
	while (!over) {
		unsigned count = 0;
		struct lw_stats s = {.version = sizeof s};
		lw_walk(walk_one, &count);
		lw_stats(&s);
		lw_trim(0);
	}
	return arg;
}

static void a_fork_meets_walks_that_wait_for_the_program(void)
{
	pthread_t id[4];
	for (uintptr_t i = 0; i < 4; i++)
		id[i] = start(i < 2   ? allocate_under_lock
		              : i < 3 ? walk_until_over
		                      : load_until_over,
		              (void *)i);
	fork_beside(id, 4);
}

static const struct check_test tests[] = {
	TEST(a_fork_meets_threads_that_read_lines_and_flush),
	TEST(a_fork_meets_threads_that_allocate_end_and_open_files),
	TEST(forks_meet_forks),
	TEST(the_heap_does_not_grow_by_forks),
#ifdef __GLIBC__
	TEST(a_fork_meets_dlopen),
#endif
	TEST(a_fork_meets_handlers_that_lock_and_allocate),
	TEST(a_fork_meets_walks_that_wait_for_the_program),
};

int main(int argc, char **argv)
{
	if (argc > 1 && strtoul(argv[1], NULL, 0)) {
		seconds = strtoul(argv[1], NULL, 0);
		argc = 1;
	}
	return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}

/*
 * faults.c - programs with one bug each: the allocator says so and aborts.
 *
 * The block is made before the fork, so that its address is known; the bug is done in the child,
 * whose last words are read here: exactly one line that begins `liblw: ` and names the fault and
 * the address.
 */
#include "check.h"
#include "lw.h"
#include "lw_heap.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#define OTHERS 10000

struct bug {
	void *p;    /* the block, or what is freed in its place */
	size_t n;   /* its size */
	unsigned k; /* how many frees lie between, or where in the block */
	char *other[OTHERS];
};

static struct bug bug;

/* ---- a child's last words ---- */

#define FREED "liblw: first freed by: "

/* FN has to abort with one line that names FAULT (or the other one, if given) and ADDRESS. */
static void dies(void (*fn)(void), const char *fault, const char * or, const void *address)
{
	char text[32];
	snprintf(text, sizeof text, "0x%0*zx", (int)(2 * sizeof address), (size_t)address);
	int status = check_run(fn);
	char *newline = strchr(check_words, '\n');
	if (newline &&
	    !strncmp(newline + 1, FREED, sizeof FREED - 1)) /* the traced build adds it */
		newline = strchr(newline + 1, '\n');
	if (!WIFSIGNALED(status) || !newline || !strstr(check_words, text))
		check_say(STDERR_FILENO, "# size %zu, k %u, %s: status 0x%x, said: %s\n", bug.n,
		          bug.k, text, status, check_words);
	CHECK(WIFSIGNALED(status));
	CHECK_EQUAL(WTERMSIG(status), SIGABRT);
	CHECK(newline && !newline[1]);
	CHECK(!strncmp(check_words, "liblw: ", 7));
	CHECK(strstr(check_words, fault) || (or &&strstr(check_words, or)));
	CHECK(strstr(check_words, text));
}

#define DOUBLE "double free"
#define NOT    "not a block"

/* ---- double free ---- */

static const size_t sizes[] = {1,    24,    100,    1000,    POOL_MAX, POOL_MAX + GRAIN,
                               5000, 60000, 200000, 1 << 20, 8 << 20};
#define SIZES (sizeof sizes / sizeof *sizes)

static void prepare(size_t n)
{
	unsigned long long state = n;
	bug.n = n;
	for (unsigned i = 0; i < OTHERS; i++)
		bug.other[i] = malloc(i % 16 || n > 60000 ? check_random(&state) % 3000 : n);
	bug.p = malloc(n);
	CHECK(bug.p);
}

static void release(void)
{
	for (unsigned i = 0; i < OTHERS; i++)
		free(bug.other[i]);
	free(bug.p);
}

static void free_twice(void)
{
	free(bug.p);
	for (unsigned i = 0; i < bug.k; i++)
		free(bug.other[(i + 1) * 7919 % OTHERS]);
	free(bug.p);
}

static void a_double_free_is_told_at_once_and_later(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		prepare(sizes[i]);
		for (bug.k = 0; bug.k <= OTHERS; bug.k = bug.k ? bug.k * 10 : 1)
			dies(free_twice, DOUBLE, bug.k || sizes[i] > 100000 ? NOT : NULL, bug.p);
		release();
	}
}

/* Others of other sizes are allocated in between: the block itself is not handed out again. */
static void free_twice_amid_work(void)
{
	free(bug.p);
	for (unsigned i = 0; i < 1000; i++)
		free(malloc(bug.n + 4096 + i % 64 * 128));
	free(bug.p);
}

static void a_double_free_is_told_after_other_work(void)
{
	for (unsigned i = 0; sizes[i] <= 1000; i++) {
		prepare(sizes[i]);
		dies(free_twice_amid_work, DOUBLE, NOT, bug.p);
		release();
	}
}

static void realloc_freed(void)
{
	free(bug.p);
	check_opaque(realloc(bug.p, 2 * bug.n + 1));
}

static void measure_freed(void)
{
	free(bug.p);
	bug.k = malloc_usable_size(bug.p);
}

static void realloc_and_usable_size_of_a_freed_block_are_told(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		bug.p = malloc(bug.n = sizes[i]);
		dies(realloc_freed, DOUBLE, NOT, bug.p);
		dies(measure_freed, DOUBLE, NOT, bug.p);
		free(bug.p);
	}
}

/* ---- double free by two threads ---- */

static pthread_barrier_t barrier;

/* A thread that frees the block at the first barrier; made before, as that allocates. */
static void *free_at_barrier(void *arg)
{
	pthread_barrier_wait(&barrier);
	free(bug.p);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return arg;
}

static void start_thread(void *(*fn)(void *), unsigned parties)
{
	pthread_t id;
	pthread_barrier_init(&barrier, NULL, parties);
	CHECK_EQUAL(pthread_create(&id, NULL, fn, NULL), 0);
	bug.p = bug.p ? bug.p : malloc(bug.n);
}

static void free_here_then_there(void)
{
	start_thread(free_at_barrier, 2);
	free(bug.p);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

/* ARG says at which of two turns. At once would be a race that nobody promises to notice. */
static void *free_at_turn(void *arg)
{
	for (uintptr_t turn = 0; turn < 2; turn++) {
		pthread_barrier_wait(&barrier);
		if (turn == (uintptr_t)arg)
			free(bug.p);
	}
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void free_there_then_there(void)
{
	pthread_t id;
	pthread_barrier_init(&barrier, NULL, 3);
	for (uintptr_t i = 0; i < 2; i++)
		CHECK_EQUAL(pthread_create(&id, NULL, free_at_turn, (void *)i), 0);
	for (int i = 0; i < 3; i++)
		pthread_barrier_wait(&barrier);
}

static void free_there_then_here(void)
{
	start_thread(free_at_barrier, 2);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	free(bug.p);
	for (int i = 0; i < 1000; i++) /* at the latest when the owner takes in what others freed */
		check_opaque(malloc(bug.n > POOL_MAX ? 24 : bug.n + 1100 + i));
}

static void free_there_measure_here(void)
{
	start_thread(free_at_barrier, 2);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	bug.k = malloc_usable_size(bug.p);
}

static void the_usable_size_of_what_another_thread_freed_is_told(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		bug.p = malloc(bug.n = sizes[i]);
		dies(free_there_measure_here, DOUBLE, NOT, bug.p);
		free(bug.p);
	}
}

static void a_double_free_by_two_threads_is_told(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		bug.p = malloc(bug.n = sizes[i]);
		void *neighbour = malloc(sizes[i]);
		bug.k = 1;
		dies(free_here_then_there, DOUBLE, NOT, bug.p);
		bug.k = 2;
		dies(free_there_then_there, DOUBLE, NOT, bug.p);
		bug.k = 3;
		dies(free_there_then_here, DOUBLE, NOT, bug.p);
		free(bug.p);
		free(neighbour);
	}
}

/* The block is neither the first slot of its pool nor the last. */
static void a_double_free_by_two_threads_names_the_slot(void)
{
	for (unsigned i = 0; sizes[i] <= 500; i++) {
		char *near[9];
		bug.n = sizes[i];
		for (unsigned k = 0; k < 9; k++)
			near[k] = malloc(sizes[i]);
		bug.p = near[4];
		dies(free_here_then_there, DOUBLE, NOT, bug.p);
		dies(free_there_then_there, DOUBLE, NOT, bug.p);
		dies(free_there_then_here, DOUBLE, NOT, bug.p);
		for (unsigned k = 0; k < 9; k++)
			free(near[k]);
	}
}

/* ---- by two threads at one moment ---- */

static unsigned volatile arrived;

/* Both spin until the other is there, which the barrier's system call would not let them: ARG
 * shifts one of them, so that some trial hits every instruction. */
static void *free_at_once(void *arg)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	while (arrived < 2)
		;
	for (volatile unsigned wait = (unsigned)(uintptr_t)arg; wait; wait--)
		;
	free(bug.p);
	return NULL;
}

/* Told at the second free, or at the latest when the threads have ended and others allocate. */
static void free_by_two_at_once(void)
{
	pthread_t id[2];
	CHECK_EQUAL(pthread_create(&id[0], NULL, free_at_once, (void *)(uintptr_t)(bug.k % 50)), 0);
	CHECK_EQUAL(pthread_create(&id[1], NULL, free_at_once, (void *)(uintptr_t)(bug.k / 8)), 0);
	pthread_join(id[0], NULL);
	pthread_join(id[1], NULL);
	lw_trim(0);
	for (int i = 0; i < 1000; i++)
		check_opaque(malloc(bug.n));
}

static void a_double_free_by_two_threads_at_one_moment_is_told(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	for (unsigned i = 1; i < SIZES; i += 3) {
		char *before = malloc(sizes[i]), *after;
		bug.p = malloc(bug.n = sizes[i]);
		after = malloc(sizes[i]);
		for (bug.k = 0; bug.k < 400; bug.k += getenv("LW_EMULATED") ? 10 : 1) {
			arrived = 0;
			dies(free_by_two_at_once, DOUBLE, NOT, bug.p);
		}
		free(before);
		free(bug.p);
		free(after);
	}
}

/* ---- pointers that are not blocks ---- */

static void free_it(void)
{
	free(bug.p);
}

static void free_inside(void)
{
	bug.p = (char *)bug.p + bug.k;
	free(bug.p);
}

static void realloc_inside(void)
{
	check_opaque(realloc((char *)bug.p + bug.k, 10));
}

static void an_interior_pointer_is_told(void)
{
	for (unsigned i = 1; i < SIZES; i++) {
		char *p = bug.p = malloc(bug.n = sizes[i]);
		for (unsigned fill = 0; fill < 3; fill++) {
			memset(check_opaque(p), "\0\377A"[fill], bug.n);
			for (bug.k = 1; bug.k < bug.n;
			     bug.k += bug.k < 40 ? 1 + 2 * fill : bug.k / 2)
				dies(free_inside, NOT, DOUBLE, p + bug.k);
			bug.k = bug.n < 32 ? 16 : bug.n / 2 & -16;
			dies(free_inside, NOT, DOUBLE, p + bug.k);
			dies(realloc_inside, NOT, DOUBLE, p + bug.k);
		}
		free(p);
	}
}

/* Data that looks like the head of a chunk. */
static void an_interior_pointer_to_a_false_head_is_told(void)
{
	size_t *p = bug.p = malloc(bug.n = 60000);
	for (unsigned i = 0; i < bug.n / sizeof *p; i++)
		p[i] = 64;
	for (bug.k = 64; bug.k < bug.n && sizeof(size_t) == 8; bug.k *= 4)
		dies(free_inside, NOT, DOUBLE, (char *)p + bug.k);
	free(p);
}

static void what_lies_elsewhere_is_told(void)
{
	static char data[4096];
	char stack[256];
	size_t page = sysconf(_SC_PAGESIZE);
	char *map =
		mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *const places[] = {
		data,       data + 16,   data + 2048,   stack + 16,
		(char *)8,  (char *)16,  (char *)4096,  map,
		map + 16,   map + 4096,  none,          none + 16,
		(char *)-1, (char *)-16, (char *)-4096, (char *)(uintptr_t)check_main};
	void *kept[] = {malloc(100), malloc(5000), malloc(1 << 20)};
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
		bug.p = places[i];
		bug.k = i;
		dies(free_it, NOT, NULL, bug.p);
	}
	for (unsigned i = 0; i < 3; i++)
		free(kept[i]);
}

/* Every GRAIN from below the heap's first block to above its last. */
static void nothing_around_the_blocks_is_taken_for_one(void)
{
	char *p = malloc(5000), *q = malloc(5000);
	memset(check_opaque(p), 0, 5000);
	memset(check_opaque(q), 0, 5000);
	for (char *at = p - 16 * 40; at < q + 5000; at += at < p + 64 ? 16 : 16 * 23)
		if (at != p && at != q && at > p - 64) {
			bug.p = at;
			dies(free_it, NOT, DOUBLE, at);
		}
	free(p);
	free(q);
}

static void before_the_first_allocation_nothing_is_a_block(void)
{
	char data[64] = "";
	bug.p = data;
	dies(free_it, NOT, NULL, data);
}

/* ---- overflow ---- */

/* Nothing of the allocator's lies between blocks: what runs over meets another block, or memory that
 * is free, and all that was freed or is asked for later is as if nothing had happened. */
static void overflow(void)
{
	size_t room = malloc_usable_size(bug.p);
	memset(check_opaque(bug.p), 'A', room + bug.k);
	for (int i = 0; i < 200; i++)
		free(bug.other[i]);
	free(bug.p);
	for (int i = 0; i < 200; i++) {
		bug.other[i] = malloc(bug.n);
		memset(check_opaque(bug.other[i]), i, bug.n);
	}
	for (int i = 0; i < 200; i++) {
		CHECK_EQUAL(*(unsigned char *)bug.other[i], i);
		free(bug.other[i]);
	}
	lw_trim(0);
}

static void an_overflow_does_not_reach_the_allocator(void)
{
	for (unsigned i = 0; sizes[i] <= 60000; i++) {
		bug.n = sizes[i];
		for (int k = 0; k < 100; k++)
			bug.other[k] = malloc(sizes[i]);
		bug.p = malloc(sizes[i]);
		for (int k = 100; k < 200; k++)
			bug.other[k] = malloc(sizes[i]);
		for (bug.k = 8; bug.k <= 4096 && bug.k <= sizes[i]; bug.k *= 4) {
			int status = check_run(overflow);
			check_say(STDERR_FILENO, "%s", check_words);
			CHECK_EQUAL(status, 0);
		}
		for (int k = 0; k < 200; k++)
			free(bug.other[k]);
		free(bug.p);
	}
}

/* ---- LW_FOREIGN=ignore ---- */

extern char **environ;

static void ignore_foreign(void)
{
	static char *environment[] = {"LW_FOREIGN=ignore", NULL};
	static char data[4096];
	environ = environment; /* setenv would allocate before it is read */
	void *ours = malloc(100);
	char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(check_opaque(map), 1, 1 << 20);
	memset(check_opaque(data), 1, sizeof data);
	free(map);
	free(map + 16);
	free(data + 16);
	CHECK_EQUAL(malloc_usable_size(map), 0);
	CHECK(!realloc(map, 100));
	CHECK_EQUAL(errno, ENOMEM);
	for (int i = 0; i < 1 << 20; i++)
		CHECK_EQUAL(map[i], 1);
	for (unsigned i = 0; i < sizeof data; i++)
		CHECK_EQUAL(data[i], 1);
	bug.p = ours;
	free(ours);
}

/* The variable is read at the first allocation, which a sanitizer may do before main. */
static void execute_ignore_foreign(void)
{
	static char *environment[] = {"LW_FOREIGN=ignore", NULL};
	static char name[] = "LW_FOREIGN_ignore_leaves_foreign_blocks_alone";
	char *const arguments[] = {name, name, NULL};
	if (!getenv("LW_EMULATED"))
		execve("/proc/self/exe", arguments, environment);
	ignore_foreign();
}

static void LW_FOREIGN_ignore_leaves_foreign_blocks_alone(void)
{
	const char *set = getenv("LW_FOREIGN");
	if (set && !strcmp(set, "ignore")) {
		ignore_foreign();
		return;
	}
	int status = check_run(execute_ignore_foreign);
	check_say(STDERR_FILENO, "%s", check_words);
	CHECK_EQUAL(status, 0);
	CHECK_EQUAL(check_words[0], '\0');
}

/* ---- the handler of SIGABRT may allocate ---- */

static void on_abort(int number)
{
	(void)number;
	free(check_opaque(malloc(5000)));
	free(check_opaque(malloc(50)));
}

static void free_twice_with_handler(void)
{
	signal(SIGABRT, on_abort);
	free_twice();
}

static void a_handler_of_SIGABRT_may_allocate(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		bug.p = malloc(bug.n = sizes[i]);
		bug.k = 0;
		dies(free_twice_with_handler, DOUBLE, NOT, bug.p);
		free(bug.p);
	}
}

static const struct check_test tests[] = {
	TEST(before_the_first_allocation_nothing_is_a_block),
	TEST(a_double_free_is_told_at_once_and_later),
	TEST(a_double_free_is_told_after_other_work),
	TEST(realloc_and_usable_size_of_a_freed_block_are_told),
	TEST(the_usable_size_of_what_another_thread_freed_is_told),
	TEST(a_double_free_by_two_threads_is_told),
	TEST(a_double_free_by_two_threads_names_the_slot),
	TEST(a_double_free_by_two_threads_at_one_moment_is_told),
	TEST(an_interior_pointer_is_told),
	TEST(an_interior_pointer_to_a_false_head_is_told),
	TEST(what_lies_elsewhere_is_told),
	TEST(nothing_around_the_blocks_is_taken_for_one),
	TEST(an_overflow_does_not_reach_the_allocator),
	TEST(LW_FOREIGN_ignore_leaves_foreign_blocks_alone),
	TEST(a_handler_of_SIGABRT_may_allocate),
};

CHECK_MAIN(tests)

/*
 * Single figures of an allocator, by measurement: one name, one process, "NAME VALUE" on each line.
 *
 *   figures NAME                   measure under whatever allocator this process has (LD_PRELOAD)
 *   figures startup N LIB|- ...    N short processes under each LIB, in turn: ms of CPU and of wall
 *   figures nothing                the short process
 *   figures loop WHAT              for callgrind: the function `measured` makes the calls to count
 *
 * figures.sh says what each name means and what its goal is. All randomness has fixed seeds. This
 * program itself allocates nothing between a measurement's begin and its end: its tables are static
 * and touched before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MILLION 1000000
#define BATCH   1000
#define NODE    64 /* bytes of an object of `linear` */

extern char **environ;
static const char *self;

static void fail(const char *what)
{
	fprintf(stderr, "figures: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Log-uniform in [low, low * 2^doublings). */
static size_t random_size(uint64_t *state, size_t low, unsigned doublings)
{
	uint64_t r = random_next(state);
	size_t bound = low << (r >> 32) % doublings;

	return bound + (r & 0xffffffff) % bound;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static char *take(size_t size)
{
	char *p = malloc(size);

	if (!p)
		fail("malloc");
	p[0] = 1;
	return p;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *value, size_t n)
{
	qsort(value, n, sizeof(*value), ascending);
	return value[n / 2];
}

/* --- what the kernel says, read without allocating ----------------------------------------- */

struct memory {
	size_t rss;       /* bytes resident */
	size_t dirty;     /* of them, private and written */
	size_t anonymous; /* bytes of anonymous mappings but stacks, reserved ones included */
	size_t untouched; /* of them, not resident */
};

static struct memory memory_of(const char *path)
{
	static char text[1 << 20];
	extern char __data_start;
	extern char end;
	struct memory all = {0};
	size_t length = 0;
	size_t size = 0;
	ssize_t got;
	int file = open(path, O_RDONLY);
	int counts = 0;

	if (file < 0)
		fail(path);
	while ((got = read(file, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	close(file);
	text[length] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		uintptr_t from;
		uintptr_t to;
		size_t kib;
		unsigned long inode;
		int at = 0;

		if (sscanf(line, "%zx-%zx %*s %*x %*x:%*x %lu %n", &from, &to, &inode, &at) == 3) {
			const char *name = line + at;
			int tables = from < (uintptr_t)&end && to > (uintptr_t)&__data_start;

			counts = !inode && !tables &&
			         (!*name || !strcmp(name, "[heap]") || !strncmp(name, "[anon", 5));
		} else if (sscanf(line, "Size: %zu", &kib) == 1) {
			size = kib << 10;
		} else if (sscanf(line, "Rss: %zu", &kib) == 1) {
			all.rss += kib << 10;
			all.anonymous += counts ? size : 0;
			all.untouched += counts ? size - (kib << 10) : 0;
		} else if (sscanf(line, "Private_Dirty: %zu", &kib) == 1) {
			all.dirty += kib << 10;
		}
	}
	return all;
}

static struct memory memory_now(void)
{
	return memory_of("/proc/self/smaps");
}

/* --- start-up and idle processes ----------------------------------------------------------- */

static void one_process(const char *library, double *cpu, double *wall)
{
	static char preload[4096];
	static char *variables[1024];
	char *arguments[] = {(char *)self, "nothing", NULL};
	struct rusage use;
	double begin;
	size_t n = 0;
	pid_t child;
	int status;

	for (char **v = environ; *v && n < 1000; v++)
		if (strncmp(*v, "LD_PRELOAD=", 11))
			variables[n++] = *v;
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	if (strcmp(library, "-"))
		variables[n++] = preload;
	variables[n] = NULL;
	begin = seconds(CLOCK_MONOTONIC);
	errno = posix_spawn(&child, self, NULL, NULL, arguments, variables);
	if (errno || wait4(child, &status, 0, &use) < 0 || status)
		fail("the short process");
	*wall = (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
	*cpu = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
	       (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

static int startup(size_t count, char **library, size_t libraries)
{
	double *cpu = calloc(count * libraries, sizeof(*cpu));
	double *wall = calloc(count * libraries, sizeof(*wall));

	if (!cpu || !wall)
		fail("calloc");
	for (size_t i = 0; i < count; i++)
		for (size_t l = 0; l < libraries; l++)
			one_process(library[l], &cpu[l * count + i], &wall[l * count + i]);
	for (size_t l = 0; l < libraries; l++)
		printf("%s %.4f %.4f\n", library[l], median(cpu + l * count, count),
		       median(wall + l * count, count));
	return 0;
}

static void *rest_body(void *threads)
{
	static atomic_size_t ready;
	char *block[100];

	for (size_t i = 0; i < 100; i++)
		block[i] = take(64);
	for (size_t i = 0; i < 100; i++)
		free(block[i]);
	if (atomic_fetch_add(&ready, 1) + 1 == *(size_t *)threads &&
	    write(STDOUT_FILENO, "", 1) != 1)
		fail("write");
	pause();
	return NULL;
}

/* Every thread takes and frees a hundred blocks, then sleeps; the last one says so. */
static void rest(size_t threads)
{
	pthread_t id;

	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&id, NULL, rest_body, &threads))
			fail("pthread_create");
	rest_body(&threads);
}

/* Private dirty memory of such a process, seen from outside. */
static void idle(char *threads)
{
	char *arguments[] = {(char *)self, "rest", threads, NULL};
	posix_spawn_file_actions_t actions;
	char path[64];
	int end[2];
	pid_t child;

	if (pipe2(end, O_CLOEXEC))
		fail("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, end[1], STDOUT_FILENO);
	errno = posix_spawn(&child, self, &actions, NULL, arguments, environ);
	close(end[1]);
	if (errno || read(end[0], path, 1) != 1)
		fail("the idle process");
	usleep(20000);
	snprintf(path, sizeof(path), "/proc/%d/smaps", child);
	printf("idle-%s %.0f\n", threads, memory_of(path).dirty / 1024.0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* --- memory that goes back ----------------------------------------------------------------- */

static char *million[MILLION];
static uint32_t million_size[MILLION];
static uintptr_t million_page[2 * MILLION];

static int by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a;
	uintptr_t y = *(const uintptr_t *)b;

	return (x > y) - (x < y);
}

/* Pages that hold a byte of a live block. */
static size_t live_pages(size_t page)
{
	size_t n = 0;
	size_t distinct = 0;

	for (size_t i = 0; i < MILLION; i++) {
		uintptr_t first = (uintptr_t)million[i] / page;

		if (!million[i])
			continue;
		million_page[n++] = first;
		if (((uintptr_t)million[i] + million_size[i] - 1) / page != first)
			million_page[n++] = first + 1;
	}
	qsort(million_page, n, sizeof(*million_page), by_address);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || million_page[i] != million_page[i - 1];
	return distinct;
}

static double untouched_share(struct memory m)
{
	return m.untouched / ((1 << 20) + m.anonymous / 16.0);
}

static void back(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t seed = 2024;
	struct memory start;
	struct memory now;
	size_t asked = 0;

	memset(million, 0xff, sizeof(million));
	memset(million_size, 0xff, sizeof(million_size));
	memset(million_page, 0xff, sizeof(million_page));
	qsort(million_page, 16, sizeof(*million_page), by_address);
	memory_now();
	start = memory_now();
	printf("untouched-start %.2f\n", untouched_share(start));
	for (size_t i = 0; i < MILLION; i++) {
		million_size[i] = random_size(&seed, 16, 8);
		million[i] = memset(take(million_size[i]), 1, million_size[i]);
		asked += million_size[i];
	}
	now = memory_now();
	printf("untouched-million %.2f\n", untouched_share(now));
	printf("untouched-kib %.0f\n", now.untouched / 1024.0);
	printf("full %.3f\n", (double)(now.rss - start.rss) / asked);
	for (size_t i = 0; i < MILLION; i++) {
		size_t at = i * 611953 % MILLION; /* in another order than they were made */

		if (random_next(&seed) % 10) {
			free(million[at]);
			million[at] = NULL;
		}
	}
	now = memory_now();
	printf("back-90 %.3f\n", (double)(now.rss - start.rss) / (live_pages(page) * page));
	printf("back-90-mb %.1f\n", (double)(now.rss - start.rss) / 1e6);
	for (size_t i = 0; i < MILLION; i++)
		free(million[i * 368471 % MILLION]);
	now = memory_now();
	printf("back-all %.2f\n", ((double)now.rss - start.rss) / 1e6);
}

/* --- batches of larger blocks -------------------------------------------------------------- */

static void batches(void)
{
	static char *block[BATCH];

	for (size_t size = 8192; size <= 65536; size *= 2) {
		for (int written = 0; written <= 1; written++) {
			double best = 1e9;

			for (int round = 0; round < (written ? 6 : 40); round++) {
				double begin = seconds(CLOCK_THREAD_CPUTIME_ID);

				for (size_t i = 0; i < BATCH; i++) {
					block[i] = malloc(size);
					if (!block[i])
						fail("malloc");
					if (written)
						memset(block[i], 1, size);
				}
				for (size_t i = 0; i < BATCH; i++)
					free(block[i]);
				begin = seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
				/* The first rounds grow the heap. */
				if (round > 1 && begin < best)
					best = begin;
			}
			printf("%s-%zuk %.0f\n", written ? "written" : "batch", size >> 10,
			       best / BATCH * 1e9);
		}
	}
}

/* --- threads ------------------------------------------------------------------------------- */

#define SLOTS 16384 /* of all threads together */

static _Atomic(char *) shared[SLOTS];
static size_t thread_count;
static size_t thread_steps;
static int thread_apart;
static atomic_size_t thread_next;

static void *thread_body(void *unused)
{
	size_t me = atomic_fetch_add(&thread_next, 1) % thread_count;
	size_t width = thread_apart ? SLOTS / thread_count : SLOTS;
	_Atomic(char *) *slot = thread_apart ? shared + me * width : shared;
	uint64_t seed = 77 + me;

	for (size_t i = 0; i < thread_steps / thread_count; i++) {
		size_t at = random_next(&seed) % width;
		char *p = take(random_size(&seed, 16, 6));

		free(atomic_exchange_explicit(&slot[at], p, memory_order_acq_rel));
	}
	return unused;
}

static double threads_seconds(size_t count)
{
	double begin = seconds(CLOCK_MONOTONIC);
	pthread_t id[8];

	thread_count = count;
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&id[i], NULL, thread_body, NULL))
			fail("pthread_create");
	for (size_t i = 0; i < count; i++)
		pthread_join(id[i], NULL);
	return seconds(CLOCK_MONOTONIC) - begin;
}

/* Throughput of eight threads over that of two, the same work in total. */
static void threads(void)
{
	for (thread_apart = 1; thread_apart >= 0; thread_apart--) {
		double two[7];
		double eight[7];

		thread_steps = thread_apart ? 1600000 : 800000;
		for (size_t i = 0; i < 7; i++) {
			two[i] = threads_seconds(2);
			eight[i] = threads_seconds(8);
		}
		printf("threads-%s %.3f\n", thread_apart ? "apart" : "cross",
		       median(two, 7) / median(eight, 7));
	}
}

/* --- latency ------------------------------------------------------------------------------- */

#define CALLS 200000
#define RUNS  20
#define LIVE  1500 /* slots; with half of them full, 3 MB of blocks */

/* The same sequence of calls each time, 16 B to 32 KiB; keeps each call's least ns in LEAST. */
static void latency_run(uint32_t *least)
{
	static char *slot[LIVE];
	uint64_t seed = 4711;

	for (size_t i = 0; i < CALLS; i++) {
		size_t at = random_next(&seed) % LIVE;
		size_t size = random_size(&seed, 16, 11);
		uint64_t begin;
		uint64_t ns;
		struct timespec a;
		struct timespec b;

		if (!slot[at]) {
			clock_gettime(CLOCK_MONOTONIC, &a);
			slot[at] = malloc(size);
			clock_gettime(CLOCK_MONOTONIC, &b);
			if (!slot[at])
				fail("malloc");
			memset(slot[at], 1, size);
		} else {
			clock_gettime(CLOCK_MONOTONIC, &a);
			free(slot[at]);
			clock_gettime(CLOCK_MONOTONIC, &b);
			slot[at] = NULL;
		}
		begin = a.tv_sec * 1000000000ull + a.tv_nsec;
		ns = b.tv_sec * 1000000000ull + b.tv_nsec - begin;
		if (ns < least[i])
			least[i] = ns;
	}
	for (size_t i = 0; i < LIVE; i++) {
		free(slot[i]);
		slot[i] = NULL;
	}
}

static void latency_say(const char *name, const uint32_t *least)
{
	uint32_t largest = 0;
	double sum = 0;

	for (size_t i = 0; i < CALLS; i++) {
		largest = least[i] > largest ? least[i] : largest;
		sum += least[i];
	}
	printf("%s %.2f\n%s-mean %.3f\n", name, largest / 1e3, name, sum / CALLS / 1e3);
}

static void latency(void)
{
	char *arguments[] = {(char *)self, "latency-once", NULL};
	uint32_t *least;
	int file = memfd_create("latency", 0);

	if (file < 0 || ftruncate(file, CALLS * sizeof(*least)) || dup2(file, 9) < 0)
		fail("memfd_create");
	least = mmap(NULL, CALLS * sizeof(*least), PROT_READ | PROT_WRITE, MAP_SHARED, 9, 0);
	if (least == MAP_FAILED)
		fail("mmap");
	memset(least, 0xff, CALLS * sizeof(*least));
	for (int i = 0; i < RUNS; i++)
		latency_run(least);
	latency_say("latency", least);
	memset(least, 0xff, CALLS * sizeof(*least));
	for (int i = 0; i < RUNS; i++) {
		pid_t child;
		int status;

		errno = posix_spawn(&child, self, NULL, NULL, arguments, environ);
		if (errno || waitpid(child, &status, 0) < 0 || status)
			fail("latency-once");
	}
	latency_say("latency-fresh", least);
}

static void latency_once(void)
{
	uint32_t *least =
		mmap(NULL, CALLS * sizeof(*least), PROT_READ | PROT_WRITE, MAP_SHARED, 9, 0);

	if (least == MAP_FAILED)
		fail("latency-once runs from `figures latency` only");
	for (size_t i = 0; i < CALLS; i++)
		*(volatile uint32_t *)&least[i] = least[i];
	latency_run(least);
}

/* --- a million objects --------------------------------------------------------------------- */

/* Frees a batch of random objects and takes as many anew: seconds of one pair, warm. */
static double nodes_pair(size_t live, int bare)
{
	static void *list;
	static uint32_t chosen[BATCH];
	uint64_t seed = 99;
	double time[9];

	for (size_t round = 0; round < 9; round++) {
		double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
		size_t batches = 300;

		for (size_t b = 0; b < batches; b++) {
			for (size_t i = 0; i < BATCH; i++) {
				size_t at = chosen[i] = random_next(&seed) % live;

				/* Drawn twice: left to the one that was first. */
				if (!million[at])
					continue;
				if (bare) {
					*(void **)million[at] = list;
					list = million[at];
				} else {
					free(million[at]);
				}
				million[at] = NULL;
			}
			for (size_t i = 0; i < BATCH; i++) {
				size_t at = chosen[i];

				if (million[at])
					continue;
				if (bare) {
					million[at] = list;
					list = *(void **)list;
				} else {
					million[at] = malloc(NODE);
				}
				*(size_t *)million[at] = at;
			}
		}
		time[round] = (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) / batches / BATCH;
	}
	return median(time, 9);
}

static void linear(void)
{
	static const struct {
		size_t live;
		const char *name;
	} set[] = {{10000, "bare-10k"}, {MILLION, "bare-million"}};

	for (size_t s = 0; s < 2; s++) {
		double ours;

		for (size_t i = 0; i < set[s].live; i++)
			million[i] = take(NODE);
		nodes_pair(set[s].live, 0);
		ours = nodes_pair(set[s].live, 0);
		printf("%s %.2f\n", set[s].name, ours / nodes_pair(set[s].live, 1));
		for (size_t i = 0; i < set[s].live; i++)
			free(million[i]);
	}
}

/* --- loops for callgrind ------------------------------------------------------------------- */

#define PAIRS 100000

static void pairs(size_t size, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(malloc(size));
}

static void batch(size_t size, size_t count)
{
	static void *block[BATCH];

	for (size_t b = 0; b < count / BATCH; b++) {
		for (size_t i = 0; i < BATCH; i++)
			block[i] = malloc(size);
		for (size_t i = 0; i < BATCH; i++)
			free(block[i]);
	}
}

static void churn(size_t live, size_t count)
{
	static uint64_t seed = 5;

	for (size_t i = 0; i < count; i++) {
		size_t at = random_next(&seed) % live;

		free(million[at]);
		million[at] = malloc(random_size(&seed, 16, 6));
	}
}

/* All PAIRS pairs of the loop: the only function whose callees callgrind counts. */
static __attribute__((noinline, noclone)) void measured(void (*body)(size_t, size_t), size_t size)
{
	body(size, PAIRS);
}

static void loop(const char *what, const char *number)
{
	size_t size = strtoul(number, NULL, 10);
	void (*body)(size_t, size_t) = !strcmp(what, "pair")    ? pairs
	                               : !strcmp(what, "batch") ? batch
	                                                        : churn;

	if (body == churn) {
		uint64_t seed = 3;

		for (size_t i = 0; i < size; i++)
			million[i] = malloc(random_size(&seed, 16, 6));
		churn(size, size);
	}
	body(size, PAIRS / 10);
	measured(body, size);
}

/* ------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	self = argv[0];
	if (!strcmp(name, "startup") && argc > 3)
		return startup(strtoul(argv[2], NULL, 10), argv + 3, argc - 3);
	if (!strcmp(name, "loop") && argc == 4)
		loop(argv[2], argv[3]);
	else if (!strcmp(name, "nothing"))
		free(take(64));
	else if (!strcmp(name, "idle"))
		idle("1"), idle("4");
	else if (!strcmp(name, "rest") && argc == 3)
		rest(strtoul(argv[2], NULL, 10));
	else if (!strcmp(name, "back"))
		back();
	else if (!strcmp(name, "batches"))
		batches();
	else if (!strcmp(name, "threads"))
		threads();
	else if (!strcmp(name, "latency"))
		latency();
	else if (!strcmp(name, "latency-once"))
		latency_once();
	else if (!strcmp(name, "linear"))
		linear();
	else
		return fprintf(stderr, "usage: figures NAME (see the head of figures.c)\n"), 2;
	return 0;
}

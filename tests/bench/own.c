/*
 * Our own benchmark workloads: one name, one process, one thing that an allocator does.
 *
 *   own NAME      run one workload          own --list    names and groups, one a line
 *
 * The table at the end fixes sizes and counts; they were chosen before the allocator was tuned and
 * are not changed for its sake. All randomness comes from one fixed seed: every allocator gets the
 * same requests. Nothing is measured here; measure.c does that from outside.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 1000
#define PAGE  4096

struct workload {
	const char *name;
	const char *group;
	void (*run)(const struct workload *w);
	size_t size;  /* bytes of one block, or the upper end of a range */
	size_t count; /* operations, or objects, as the function says */
};

extern char **environ;
static const char *self;

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Log-uniform in [low, high): as many blocks of 16..32 bytes as of 2048..4096. */
static size_t random_size(uint64_t *state, size_t low, size_t high)
{
	uint64_t r = random_next(state);
	unsigned doublings = 0;
	size_t bound;

	while (low << (doublings + 1) < high)
		doublings++;
	bound = low << (r >> 32) % (doublings + 1);
	return bound + (r & 0xffffffff) % bound;
}

static void *take(size_t size)
{
	char *p = malloc(size);

	if (!p)
		_exit(1);
	p[0] = 1;
	p[size - 1] = 1;
	return p;
}

static void write_pages(char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
}

/* --- one size ----------------------------------------------------------------------------- */

static void run_pairs(const struct workload *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(take(w->size));
}

/* What the block holds tells the size of the next one: nothing of the next pair can begin early. */
static void run_chain(const struct workload *w)
{
	size_t size = 16;

	for (size_t i = 0; i < w->count; i++) {
		volatile size_t *p = malloc(size);

		*p = (size + 16) % w->size;
		size = *p + 16;
		free((void *)p);
	}
}

static void run_batches(const struct workload *w)
{
	static void *block[BATCH];

	for (size_t i = 0; i < w->count / BATCH; i++) {
		for (size_t j = 0; j < BATCH; j++)
			block[j] = malloc(w->size);
		for (size_t j = 0; j < BATCH; j++)
			free(block[j]);
	}
}

static void run_batches_written(const struct workload *w)
{
	static void *block[BATCH];

	for (size_t i = 0; i < w->count / BATCH; i++) {
		for (size_t j = 0; j < BATCH; j++)
			block[j] = memset(take(w->size), 1, w->size);
		for (size_t j = 0; j < BATCH; j++)
			free(block[j]);
	}
}

/* --- mixed churn -------------------------------------------------------------------------- */

#define SLOTS 20000

static void churn(void **slot, size_t slots, size_t low, size_t high, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = random_next(&seed) % slots;

		free(slot[at]);
		slot[at] = take(random_size(&seed, low, high));
	}
}

static void run_churn(const struct workload *w)
{
	static void *slot[SLOTS];

	churn(slot, SLOTS, 8, w->size, w->count, 0x9e3779b97f4a7c15u);
}

#define LOOSE 90000

/* Half of the places are taken: one at random is freed, or filled. */
static void churn_loose(void **slot, size_t most, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = random_next(&seed) % LOOSE;

		if (slot[at]) {
			free(slot[at]);
			slot[at] = NULL;
		} else {
			slot[at] = take(random_size(&seed, 16, most));
		}
	}
}

static void run_loose(const struct workload *w)
{
	static void *slot[LOOSE];

	churn_loose(slot, w->size, w->count, 0x2545f4914f6cdd1du);
}

/* Objects are made, every second one of them, in another order, is freed, and made anew. */
static void run_halved(const struct workload *w)
{
	void **object = malloc(w->count * sizeof(*object));
	uint64_t seed = 4711;

	for (size_t i = 0; i < w->count; i++)
		object[i] = take(16 + random_next(&seed) % w->size);
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < w->count / 2; i++) {
			size_t at = (i * 2 + round % 2) * 7919 % w->count;

			free(object[at]);
			object[at] = NULL;
		}
		for (size_t i = 0; i < w->count; i++)
			if (!object[i])
				object[i] = take(16 + random_next(&seed) % w->size);
	}
	for (size_t i = 0; i < w->count; i++)
		free(object[i]);
	free(object);
}

/* Lists and trees of small nodes, built and torn down in another order than they were made. */
static void run_trees(const struct workload *w)
{
	static void *slot[SLOTS];
	uint64_t seed = 12345;

	for (size_t round = 0; round < w->count / SLOTS; round++) {
		for (size_t i = 0; i < SLOTS; i++)
			slot[i] = take(16 + random_next(&seed) % 7 * 16);
		for (size_t i = 0; i < SLOTS; i++) {
			size_t at = i * 7919 % SLOTS;

			free(slot[at]);
			slot[at] = NULL;
		}
	}
}

/* --- strings grown by realloc ------------------------------------------------------------- */

static void run_strings(const struct workload *w)
{
	static char *string[64];
	static size_t length[64];
	uint64_t seed = 77;

	for (size_t i = 0; i < w->count; i++) {
		size_t at = random_next(&seed) % 64;
		size_t more = 1 + random_next(&seed) % 48;

		string[at] = realloc(string[at], length[at] + more);
		memset(string[at] + length[at], 1, more);
		length[at] += more;
		if (length[at] > w->size) {
			free(string[at]);
			string[at] = NULL;
			length[at] = 0;
		}
	}
}

static void run_vector(const struct workload *w)
{
	for (size_t round = 0; round < w->count; round++) {
		char *vector = NULL;
		void *between[64] = {NULL};
		size_t n = 0;

		for (size_t size = 4096; size <= w->size; size += size / 8) {
			vector = realloc(vector, size);
			write_pages(vector, size);
			free(between[n % 64]);
			between[n++ % 64] = take(200);
		}
		free(vector);
		for (n = 0; n < 64; n++)
			free(between[n]);
	}
}

/* --- big blocks in turn ------------------------------------------------------------------- */

static void run_big(const struct workload *w)
{
	uint64_t seed = 5;
	void *block[4] = {NULL};

	for (size_t i = 0; i < w->count; i++) {
		size_t size = (5u << 20) + random_next(&seed) % (w->size - (5u << 20));

		free(block[i % 4]);
		block[i % 4] = take(size);
		write_pages(block[i % 4], size);
	}
	for (size_t i = 0; i < 4; i++)
		free(block[i]);
}

/* A score of them lives; now and then one, at random, is replaced by another. */
static void run_big_many(const struct workload *w)
{
	enum {
		LIVE = 20
	};
	uint64_t seed = 8;
	void *block[LIVE] = {NULL};

	for (size_t i = 0; i < w->count; i++) {
		size_t at = random_next(&seed) % LIVE;
		size_t size = (5u << 20) + random_next(&seed) % (w->size - (5u << 20));

		free(block[at]);
		block[at] = take(size);
		write_pages(block[at], size);
	}
	for (size_t i = 0; i < LIVE; i++)
		free(block[i]);
}

/* --- a working set whose size mix shifts --------------------------------------------------- */

static void run_shift(const struct workload *w)
{
	enum {
		OBJECTS = 40000
	};
	static void *object[OBJECTS];
	uint64_t seed = 99;
	size_t low = 16;

	for (size_t phase = 0; phase < 8; phase++) {
		for (size_t i = 0; i < w->count / 8; i++) {
			size_t at = random_next(&seed) % OBJECTS;

			free(object[at]);
			object[at] = take(low + random_next(&seed) % low);
		}
		low = low * 2 > w->size ? 24 : low * 2;
	}
}

/* Nine tenths of what one phase made is freed before the next, larger one: what is reused? */
static void run_thin(const struct workload *w)
{
	void **object = malloc(w->count * sizeof(*object));
	uint64_t seed = 31;

	for (size_t size = 24; size <= w->size; size *= 3) {
		size_t count = w->count * 24 / size;

		for (size_t i = 0; i < count; i++)
			object[i] = take(size + random_next(&seed) % size);
		for (size_t i = 0; i < count; i++)
			if (i % 10)
				free(object[i]);
	}
	free(object);
}

/* --- threads ------------------------------------------------------------------------------ */

static void run_threads(void *(*body)(void *), void *argument, size_t threads)
{
	pthread_t id[64];

	for (size_t i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, body, argument);
	for (size_t i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
}

#define RING 1024

struct pass {
	const struct workload *work;
	_Atomic(void *) ring[RING];
	atomic_size_t role;
};

static void *pass_body(void *argument)
{
	struct pass *pass = argument;
	size_t role = atomic_fetch_add(&pass->role, 1);
	uint64_t seed = 3;

	for (size_t i = 0; i < pass->work->count; i++) {
		_Atomic(void *) *cell = &pass->ring[i % RING];
		void *p = NULL;

		if (role == 0) {
			p = take(random_size(&seed, 16, pass->work->size));
			while (atomic_load_explicit(cell, memory_order_acquire))
				sched_yield();
			atomic_store_explicit(cell, p, memory_order_release);
		} else {
			while (!(p = atomic_load_explicit(cell, memory_order_acquire)))
				sched_yield();
			atomic_store_explicit(cell, NULL, memory_order_release);
			free(p);
		}
	}
	return NULL;
}

/* One thread allocates, the other one frees: every free is remote. */
static void run_pass(const struct workload *w)
{
	static struct pass pass;

	pass.work = w;
	run_threads(pass_body, &pass, 2);
}

#define SHARED 4096

struct cross {
	const struct workload *work;
	_Atomic(void *) slot[SHARED];
	atomic_size_t role;
};

static void *cross_body(void *argument)
{
	struct cross *cross = argument;
	uint64_t seed = 1000 + atomic_fetch_add(&cross->role, 1);

	for (size_t i = 0; i < cross->work->count; i++) {
		size_t at = random_next(&seed) % SHARED;
		void *p = take(random_size(&seed, 8, cross->work->size));

		free(atomic_exchange(&cross->slot[at], p));
	}
	return NULL;
}

/* Random cross-thread frees: whoever draws a slot frees what another thread put there. */
static void run_cross(const struct workload *w)
{
	static struct cross cross;

	cross.work = w;
	run_threads(cross_body, &cross, 4);
}

#define HANDED 1500

struct handover {
	const struct workload *work;
	void *slot[2][HANDED];
	pthread_barrier_t barrier;
	atomic_size_t role;
};

/* Two threads free and fill places at random, and after each round take over each other's. */
static void *handover_body(void *argument)
{
	struct handover *over = argument;
	size_t role = atomic_fetch_add(&over->role, 1);
	uint64_t seed = 60 + role;

	for (size_t round = 0; round < over->work->count; round++) {
		void **slot = over->slot[(role + round) % 2];

		for (size_t i = 0; i < HANDED; i++) {
			size_t at = random_next(&seed) % HANDED;

			free(slot[at]);
			slot[at] = take(8 + random_next(&seed) % over->work->size);
		}
		pthread_barrier_wait(&over->barrier);
	}
	return NULL;
}

static void run_handover(const struct workload *w)
{
	static struct handover over;

	over.work = w;
	pthread_barrier_init(&over.barrier, NULL, 2);
	run_threads(handover_body, &over, 2);
}

static void *brief_body(void *argument)
{
	const struct workload *w = argument;
	void *block[100];

	for (size_t i = 0; i < 100; i++)
		block[i] = take(w->size + i * 8);
	for (size_t i = 0; i < 100; i++)
		free(block[i]);
	return NULL;
}

/* Threads that come and go: each one's cache is born and dies. */
static void run_brief(const struct workload *w)
{
	for (size_t i = 0; i < w->count; i++)
		run_threads(brief_body, (void *)w, 4);
}

static void *apart_body(void *argument)
{
	const struct workload *w = argument;
	void **slot = calloc(SLOTS, sizeof(*slot));

	churn(slot, SLOTS, 16, w->size, w->count, 0x1234567);
	for (size_t i = 0; i < SLOTS; i++)
		free(slot[i]);
	free(slot);
	return NULL;
}

static void *loose_body(void *argument)
{
	const struct workload *w = argument;
	void **slot = calloc(LOOSE, sizeof(*slot));

	churn_loose(slot, w->size, w->count, 0xbadc0ffee);
	for (size_t i = 0; i < LOOSE; i++)
		free(slot[i]);
	free(slot);
	return NULL;
}

static void run_loose_two(const struct workload *w)
{
	run_threads(loose_body, (void *)w, 2);
}

static void run_apart(const struct workload *w)
{
	run_threads(apart_body, (void *)w, 2);
}

static void run_many(const struct workload *w)
{
	run_threads(apart_body, (void *)w, 8);
}

/* --- short processes ---------------------------------------------------------------------- */

static void run_nothing(const struct workload *w)
{
	for (size_t i = 0; i < w->count; i++)
		take(w->size + i);
}

static void run_short(const struct workload *w)
{
	char *const arguments[] = {(char *)self, "nothing", NULL};

	for (size_t i = 0; i < w->count; i++) {
		pid_t child;

		if (posix_spawn(&child, self, NULL, NULL, arguments, environ))
			_exit(1);
		waitpid(child, NULL, 0);
	}
}

static const struct workload workloads[] = {
	{"pair-16", "one-size", run_pairs, 16, 12000000},
	{"pair-256", "one-size", run_pairs, 256, 12000000},
	{"pair-4k", "one-size", run_pairs, 4096, 6000000},
	{"pair-64k", "one-size", run_pairs, 65536, 3000000},
	{"chain-128", "one-size", run_chain, 128, 10000000},
	{"batch-16", "one-size", run_batches, 16, 10000000},
	{"batch-128", "one-size", run_batches, 128, 10000000},
	{"batch-1k", "one-size", run_batches, 1024, 400000},
	{"batch-8k", "one-size", run_batches, 8192, 100000},
	{"batch-64k", "one-size", run_batches, 65536, 60000},
	{"batch-8k-written", "one-size", run_batches_written, 8192, 60000},
	{"churn-512", "churn", run_churn, 512, 3000000},
	{"churn-4k", "churn", run_churn, 4096, 2000000},
	{"loose", "churn", run_loose, 1024, 6000000},
	{"trees", "churn", run_trees, 128, 5000000},
	{"strings", "realloc", run_strings, 100000, 2000000},
	{"strings-short", "realloc", run_strings, 600, 4000000},
	{"vector", "realloc", run_vector, 64u << 20, 2},
	{"big-25m", "big", run_big, 25u << 20, 80},
	{"big-20", "big", run_big_many, 25u << 20, 250},
	{"shift", "shift", run_shift, 2048, 3000000},
	{"thin", "shift", run_thin, 20000, 600000},
	{"halved", "shift", run_halved, 112, 1000000},
	{"pass", "threads", run_pass, 1024, 400000},
	{"cross", "threads", run_cross, 16384, 200000},
	{"handover", "threads", run_handover, 16384, 400},
	{"brief", "threads", run_brief, 48, 600},
	{"apart", "threads", run_apart, 1024, 1500000},
	{"loose-two", "threads", run_loose_two, 1024, 3000000},
	{"many-8", "threads", run_many, 1024, 400000},
	{"short", "short", run_short, 64, 250},
	{"nothing", NULL, run_nothing, 64, 50},
};

#define COUNT (sizeof(workloads) / sizeof(*workloads))

int main(int argc, char **argv)
{
	self = argv[0];
	for (size_t i = 0; i < COUNT; i++) {
		const struct workload *w = &workloads[i];

		if (argc == 2 && !strcmp(argv[1], "--list") && w->group) {
			printf("%s %s\n", w->group, w->name);
		} else if (argc == 2 && !strcmp(argv[1], w->name)) {
			w->run(w);
			return 0;
		}
	}
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return 0;
	fprintf(stderr, "usage: own NAME | --list\n");
	return 2;
}

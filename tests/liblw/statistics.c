/*
 * statistics.c - lw_stats, lw_walk, lw_trim, LW_STATS.
 */
#include "check.h"
#include "lw.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define BLOCKS 3000

static struct lw_stats stats(void)
{
	struct lw_stats s = {.version = sizeof s};
	lw_stats(&s);
	CHECK_EQUAL(s.version, sizeof s);
	CHECK_EQUAL(s.extent, s.live + s.headers + s.pool_free + s.deferred + s.bins + s.top);
	CHECK(s.peak_extent >= s.extent);
	return s;
}

/* ---- a set of blocks, in order of their addresses ---- */

static struct block {
	void *p;
	unsigned seen;
	size_t usable;
} block[BLOCKS];

static int by_address(const void *a, const void *b)
{
	const struct block *l = a, *r = b;
	return l->p < r->p ? -1 : l->p > r->p;
}

/* qsort may allocate. */
static void sort(void)
{
	for (unsigned gap = BLOCKS / 2; gap; gap = gap / 2)
		for (unsigned i = gap; i < BLOCKS; i++)
			for (unsigned k = i; k >= gap && by_address(&block[k - gap], &block[k]) > 0;
			     k -= gap) {
				struct block swap = block[k];
				block[k] = block[k - gap];
				block[k - gap] = swap;
			}
}

static struct block *find(void *p)
{
	struct block key = {.p = p};
	return bsearch(&key, block, BLOCKS, sizeof key, by_address);
}

static void fill(unsigned long long seed)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		unsigned long long r = check_random(&seed);
		size_t n = (r >> 8) & (((size_t)1 << (r % 18)) - 1);
		block[i] = (struct block){i % 9 ? malloc(n) : memalign(1 << r % 13, n), 0, 0};
		CHECK(block[i].p);
		block[i].usable = malloc_usable_size(block[i].p);
	}
	sort();
}

static void empty(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		free(block[i].p);
}

/* ---- lw_stats ---- */

static void the_parts_sum_to_the_extent_after_every_operation(void)
{
	unsigned long long state = 3;
	stats();
	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = check_random(&state) % 500;
		size_t n = check_random(&state) % (i % 16 ? 3000 : 300000);
		if (i % 3)
			block[k].p = realloc(block[k].p, n);
		else
			free(block[k].p), block[k].p = NULL;
		if (i % 4 == 0)
			stats();
	}
}

static void live_bytes_and_blocks_are_those_of_the_program(void)
{
	fill(1);
	struct lw_stats with = stats();
	size_t usable = 0;
	for (unsigned i = 0; i < BLOCKS; i++)
		usable += block[i].usable;
	empty();
	struct lw_stats without = stats();
	CHECK_EQUAL(with.live_blocks - without.live_blocks, BLOCKS);
	CHECK_EQUAL(with.live - without.live, usable);
	CHECK_EQUAL(without.peak_extent, with.peak_extent);
}

static void a_caller_of_an_older_version_gets_what_it_knows(void)
{
	size_t words[sizeof(struct lw_stats) / sizeof(size_t) + 4];
	for (size_t known = 0; known <= sizeof words; known += sizeof(size_t)) {
		memset(words, 0x5a, sizeof words);
		words[0] = known;
		lw_stats(check_opaque(words));
		size_t filled = known < sizeof(struct lw_stats) ? known : sizeof(struct lw_stats);
		if (known)
			CHECK_EQUAL(words[0], filled);
		for (size_t i = filled / sizeof *words + !known; i < sizeof words / sizeof *words;
		     i++)
			CHECK_EQUAL(words[i], (size_t)0x5a5a5a5a5a5a5a5aull);
	}
	CHECK_EQUAL(lw_version(), LW_VERSION);
}

static void huge_blocks_count_while_they_live(void)
{
	size_t n = (size_t)40 << 20;
	free(check_opaque(malloc(1))); /* musl's atfork keeps a block */
	struct lw_stats before = stats();
	void *p = malloc(n);
	struct lw_stats with = stats();
	CHECK(with.extent >= before.extent + n);
	CHECK_EQUAL(with.live_blocks, before.live_blocks + 1);
	p = realloc(p, 2 * n);
	CHECK(stats().extent >= before.extent + 2 * n);
	free(p);
	CHECK(stats().extent <= before.extent + (1 << 20)); /* a little of the top is kept */
	CHECK(stats().peak_extent >= before.extent + 2 * n);
	lw_trim(0);
	CHECK(stats().extent <= before.extent);
}

/* ---- lw_walk ---- */

static size_t strangers, walked;

static void visit(void *p, size_t usable, enum lw_kind kind, void *arg)
{
	struct block *b = find(p);
	CHECK_EQUAL(arg, &strangers);
	CHECK(kind == LW_POOL_OBJECT || kind == LW_CHUNK);
	walked += usable;
	if (!b) {
		strangers++;
		return;
	}
	b->seen++;
	CHECK_EQUAL(b->usable, usable);
}

static void a_walk_visits_every_live_block_once(void)
{
	for (unsigned round = 0; round < 20; round++) {
		strangers = walked = 0;
		fill(round);
		for (unsigned i = 0; i < BLOCKS; i += 2) /* freed: pools, deferred and merged */
			free(block[i].p);
		lw_walk(visit, &strangers);
		for (unsigned i = 0; i < BLOCKS; i++)
			CHECK_EQUAL(block[i].seen, i % 2);
		struct lw_stats s = stats();
		CHECK_EQUAL(walked, s.live);
		CHECK_EQUAL(strangers + BLOCKS / 2, s.live_blocks);
		CHECK(strangers < 20); /* libc's own */
		for (unsigned i = 1; i < BLOCKS; i += 2)
			free(block[i].p);
	}
}

static void *free_half(void *arg)
{
	for (unsigned i = 0; i < BLOCKS; i += 2)
		free(block[i].p);
	return arg;
}

static void a_walk_passes_over_what_other_threads_freed(void)
{
	pthread_t id;
	strangers = walked = 0;
	fill(77);
	CHECK_EQUAL(pthread_create(&id, NULL, free_half, NULL), 0);
	pthread_join(id, NULL);
	lw_walk(visit, &strangers);
	for (unsigned i = 0; i < BLOCKS; i++)
		CHECK_EQUAL(block[i].seen, i % 2);
	CHECK_EQUAL(walked, stats().live);
}

/* ---- lw_trim ---- */

static void a_trim_keeps_the_pad(void)
{
	for (size_t pad = 4096; pad <= (4 << 20); pad *= 4) {
		void *p[64];
		for (unsigned i = 0; i < 64; i++)
			p[i] = malloc(120000);
		for (unsigned i = 0; i < 64; i++)
			free(p[i]);
		size_t before = stats().extent;
		int gone = lw_trim(pad);
		size_t after = stats().extent;
		CHECK(gone == 0 || gone == 1);
		CHECK(gone || after == before);
		CHECK(stats().top <= pad + 2 * (size_t)sysconf(_SC_PAGESIZE));
	}
}

static size_t resident(void)
{
	size_t size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%zu %zu", &size, &pages) != 2)
		return 0;
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void a_trim_gives_back_what_can_go(void)
{
	size_t before = resident(), page = sysconf(_SC_PAGESIZE);
	fill(5);
	for (unsigned i = 0; i < BLOCKS; i++)
		memset(check_opaque(block[i].p), 1, block[i].usable);
	size_t with = resident();
	empty();
	lw_trim(0);
	struct lw_stats after = stats();
	size_t left = resident();
	CHECK_EQUAL(after.deferred, 0);
	CHECK(after.top <= 2 * page);
	CHECK(with > before + (4 << 20) && (left <= before + (1 << 20) || getenv("LW_EMULATED")));
	lw_trim(0);
	CHECK_EQUAL(lw_trim(0), 0); /* there is no more */
}

/* One object in 256 lives on: each pool has one, and most of its pages have none. */
static void a_trim_gives_back_pages_of_pools_that_live(void)
{
	enum {
		MANY = 1 << 17,
		SIZE = 64
	};
	static unsigned char *p[MANY];
	for (unsigned i = 0; i < MANY; i++) {
		CHECK(p[i] = malloc(SIZE));
		memset(p[i], (int)(i / 256), SIZE);
	}
	for (unsigned i = 0; i < MANY; i++)
		if (i % 256)
			free(p[i]);
	size_t with = resident();
	lw_trim(0);
	CHECK(resident() + (size_t)MANY * SIZE / 2 < with || sysconf(_SC_PAGESIZE) > 4096 ||
	      getenv("LW_EMULATED"));
	for (unsigned i = 0; i < MANY; i++) {
		if (i % 256) {
			CHECK(p[i] = malloc(SIZE));
			memset(p[i], (int)(i / 256), SIZE);
		}
	}
	for (unsigned i = 0; i < MANY; i++) {
		for (unsigned k = 0; k < SIZE; k++)
			CHECK_EQUAL(p[i][k], (unsigned char)(i / 256));
		free(p[i]);
	}
}

/* Log-uniform sizes of 16 bytes to 4 KiB, freed in another order. */
static void memory_goes_back_when_all_is_freed(void)
{
	enum {
		MANY = 150000
	};
	static unsigned char *p[MANY];
	unsigned long long state = 1;
	size_t before = resident();
	for (unsigned i = 0; i < MANY; i++) {
		unsigned long long r = check_random(&state);
		size_t n = ((size_t)16 << r % 8) + (r >> 8) % ((size_t)16 << r % 8);
		CHECK(p[i] = malloc(n));
		memset(p[i], 1, n);
	}
	for (unsigned i = 0; i < MANY; i++)
		free(p[i * 7919ull % MANY]);
	lw_trim(0);
	size_t after = resident();
	if (after > before + (4 << 20) && !getenv("LW_EMULATED"))
		check_say(STDERR_FILENO, "# resident: %zu KiB, was %zu\n", after >> 10,
		          before >> 10);
	CHECK(after <= before + (4 << 20) || getenv("LW_EMULATED"));
}

/* ---- LW_STATS ---- */

extern char **environ;

static void end_with_statistics(void)
{
	free(check_opaque(malloc(100)));
	static char *environment[] = {"LW_STATS=1", NULL};
	environ = environment;
	exit(0);
}

static void end_without(void)
{
	free(check_opaque(malloc(100)));
	exit(0);
}

static void LW_STATS_prints_one_line_at_the_end(void)
{
	size_t extent, live;
	CHECK_EQUAL(check_run(end_with_statistics), 0);
	CHECK(!strncmp(check_words, "liblw: ", 7));
	CHECK_EQUAL(strchr(check_words, '\n')[1], '\0');
	const char *at = strstr(check_words, "extent=");
	CHECK(at && sscanf(at, "extent=%zu", &extent) == 1 && extent >= 4096);
	at = strstr(check_words, " live=");
	CHECK(at && sscanf(at, " live=%zu", &live) == 1 && live < extent);
	CHECK_EQUAL(check_run(end_without), 0);
	CHECK_EQUAL(check_words[0], '\0');
}

static const struct check_test tests[] = {
	TEST(the_parts_sum_to_the_extent_after_every_operation),
	TEST(live_bytes_and_blocks_are_those_of_the_program),
	TEST(a_caller_of_an_older_version_gets_what_it_knows),
	TEST(huge_blocks_count_while_they_live),
	TEST(a_walk_visits_every_live_block_once),
	TEST(a_walk_passes_over_what_other_threads_freed),
	TEST(a_trim_gives_back_what_can_go),
	TEST(a_trim_gives_back_pages_of_pools_that_live),
	TEST(a_trim_keeps_the_pad),
	TEST(memory_goes_back_when_all_is_freed),
	TEST(LW_STATS_prints_one_line_at_the_end),
};

CHECK_MAIN(tests)

/*
 * system.c - the system refuses, others move the break, pages are larger.
 *
 * The allocator is compiled in here with the system calls below in place of libc's.
 */

#include "check.h"
#include "lw_heap.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* ---- the system as a test wants it ---- */

/* Calls number from..to - 1 of each kind are refused; counted from 1. */
struct refusal {
	unsigned calls, from, to;
};

static struct refusal brk_calls, map_calls, remap_calls;
static unsigned returns; /* calls that gave memory back */
static size_t page_size; /* given in place of the true one, if not 0 */

static bool refused(struct refusal *r)
{
	r->calls++;
	if (r->calls < r->from || r->calls >= r->to)
		return false;
	errno = ENOMEM;
	return true;
}

/* Shrinking is never refused: the kernel does not. */
static void *test_sbrk(intptr_t by)
{
	returns += by < 0;
	return by > 0 && refused(&brk_calls) ? (void *)-1 : sbrk(by);
}

static char *map_at; /* where large mappings are to lie, if not NULL */

/* Whether what lies at P has its entries in the map in the place of the break's: 256 GiB away. */
static bool in_the_way(const char *p)
{
	uintptr_t leaf = (uintptr_t)p / LEAF, end = (uintptr_t)sbrk(0) / LEAF;
	return SPAN_LOG < BITS && (leaf - end + 32) % LEAVES < 64;
}

/* By chance a mapping lies so in one program of a thousand, and the allocator cannot use it: it is
 * moved, a gigabyte down at a time, as no test but one is about that. */
static void *map_anywhere(size_t len, int prot, int flags)
{
	char *want = len >= 1 << 20 ? map_at : NULL;
	char *p = mmap(want, len, prot, flags, -1, 0);
	for (char *hint = p; !want && p != MAP_FAILED && in_the_way(p);) {
		munmap(p, len);
		p = mmap(hint -= (size_t)1 << 30, len, prot, flags, -1, 0);
	}
	return p;
}

static void *test_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (refused(&map_calls))
		return MAP_FAILED;
	if (flags & MAP_FIXED)
		return mmap(at, len, prot, flags, fd, offset);
	char *p = map_anywhere(len + page_size, prot, flags);
	if (page_size && p != MAP_FAILED) {
		size_t lead = -(uintptr_t)p & (page_size - 1);
		if (lead)
			munmap(p, lead);
		munmap(p + lead + len, page_size - lead);
		p += lead;
	}
	return p;
}

static void *test_mremap(void *at, size_t old_len, size_t len, int flags, uintptr_t to)
{
	return refused(&remap_calls) ? MAP_FAILED : mremap(at, old_len, len, flags, (void *)to);
}

static int test_munmap(void *at, size_t len)
{
	returns++;
	return munmap(at, len);
}

static int test_madvise(void *at, size_t len, int advice)
{
	returns += advice == MADV_DONTNEED;
	return madvise(at, len, advice);
}

static int test_getpagesize(void)
{
	return page_size ? (int)page_size : getpagesize();
}

#define sbrk        test_sbrk
#define mmap        test_mmap
#define mremap      test_mremap
#define munmap      test_munmap
#define madvise     test_madvise
#define getpagesize test_getpagesize
#include "lw_check.c"
#undef sbrk
#undef mmap
#undef mremap
#undef munmap
#undef madvise
#undef getpagesize

#include <dlfcn.h>

/* ---- a load that takes NULL for an answer ---- */

#define BLOCKS 400

static struct {
	unsigned char *p;
	size_t n;
} block[BLOCKS];

static unsigned failures;
static unsigned alignments = 14; /* powers of two, of which a block may have any */

/* Both ends hold the number of the block. */
static void mark(unsigned i)
{
	size_t edge = block[i].n < 32 ? block[i].n : 32;
	memset(check_opaque(block[i].p), i & 255, edge);
	memset(block[i].p + block[i].n - edge, i & 255, edge);
}

static void verify(unsigned i, size_t n)
{
	for (size_t k = 0; k < n; k += k < 32 || k + 33 > n ? 1 : n - 64 < k ? 1 : n - 32 - k)
		if (k < 32 || k + 32 >= block[i].n)
			CHECK_EQUAL(block[i].p[k], i & 255);
}

static size_t some_size(unsigned long long *state, size_t most)
{
	unsigned long long r = check_random(state);
	size_t n = (r >> 8) & (((size_t)1 << (r % 23)) - 1);
	return n % most + 1;
}

static void got(unsigned i, void *p, size_t n)
{
	if (!p) {
		CHECK_EQUAL(errno, ENOMEM);
		failures++;
		return;
	}
	block[i].p = check_opaque(p);
	block[i].n = n;
	mark(i);
}

static void drop(unsigned i)
{
	if (block[i].p)
		verify(i, block[i].n);
	free(block[i].p);
	block[i].p = NULL;
}

static void load(unsigned operations, size_t most, unsigned long long state)
{
	for (unsigned k = 0; k < operations; k++) {
		unsigned i = check_random(&state) % BLOCKS;
		size_t n = some_size(&state, most);
		errno = 0;
		if (!block[i].p && k % 7 == 0)
			got(i, memalign((size_t)1 << check_random(&state) % alignments, n), n);
		else if (!block[i].p)
			got(i, k % 5 ? malloc(n) : calloc(1, n), n);
		else if (k % 4 == 0) {
			verify(i, block[i].n);
			void *p = realloc(block[i].p, n);
			if (p)
				verify((block[i].p = p, i), n < block[i].n && n < 32 ? n : 0);
			got(i, p, n);
		} else {
			drop(i);
		}
		if (k % 10 == 0 || k < 100)
			CHECK_EQUAL(lw_check(), 0);
	}
}

static void drop_all(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		drop(i);
	CHECK_EQUAL(lw_check(), 0);
	lw_trim(0);
	CHECK_EQUAL(lw_check(), 0);
}

/* Runs FN(N) in a child of its own: each needs a heap that has not begun. */
static void apart(void (*fn)(unsigned n), unsigned n)
{
	int status = 0;
	pid_t pid = fork();
	if (!pid) {
		check_deadline();
		fn(n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		check_say(STDERR_FILENO, "# with %u: status 0x%x\n", n, status);
	CHECK_EQUAL(status, 0);
}

/* ---- refusals ---- */

static void no_break_from(unsigned n)
{
	brk_calls = (struct refusal){0, n, UINT_MAX};
	load(1500, 1 << 20, n);
	CHECK_EQUAL(failures, 0); /* mappings serve */
	CHECK(brk_calls.calls >= n);
	drop_all();
}

static void no_break_once(unsigned n)
{
	brk_calls = (struct refusal){0, n, n + 1};
	load(1500, 1 << 20, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void no_break_twice(unsigned n)
{
	brk_calls = (struct refusal){0, n, n + 2};
	load(1500, 100000, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void the_heap_goes_on_when_the_break_is_refused_from_the_nth_call(void)
{
	for (unsigned n = 1; n <= 12; n++)
		apart(no_break_from, n);
}

static void the_heap_goes_on_when_one_move_of_the_break_is_refused(void)
{
	for (unsigned n = 1; n <= 12; n++) {
		apart(no_break_once, n);
		apart(no_break_twice, n);
	}
}

static void no_map_from(unsigned n)
{
	map_calls = (struct refusal){0, n, UINT_MAX};
	load(1500, 100000, n);
	CHECK_EQUAL(failures, 0); /* the break serves */
	load(1500, 1 << 22, n);
	drop_all();
}

static void the_heap_goes_on_when_mmap_is_refused_from_the_nth_call(void)
{
	for (unsigned n = 1; n <= 8; n++)
		apart(no_map_from, n);
}

static void no_map_large(unsigned n)
{
	map_calls = (struct refusal){0, n, UINT_MAX};
	void *p = malloc(3 << 20);
	CHECK(p);
	memset(check_opaque(p), 1, 3 << 20);
	free(p);
}

static void a_large_block_comes_from_the_break_when_mmap_is_refused(void)
{
	apart(no_map_large, 1);
}

static void nothing_from(unsigned n)
{
	brk_calls = (struct refusal){0, n, UINT_MAX};
	map_calls = (struct refusal){0, n, UINT_MAX};
	remap_calls = (struct refusal){0, n, UINT_MAX};
	load(1500, 1 << 16, n);
	load(1500, 1 << 22, n);
	CHECK(failures);
	/* Half of it is freed: then there is room again; not, for certain, at multiples of a page, as
	 * what the first few calls fetched may have no such run left. */
	for (unsigned i = 0; i < BLOCKS; i += 2)
		drop(i);
	failures = 0;
	alignments = 10;
	load(300, 100, n);
	alignments = 14;
	if (n > 2)
		CHECK_EQUAL(failures, 0);
	drop_all();
	brk_calls.to = map_calls.to = remap_calls.to = 0;
	failures = 0;
	load(500, 1 << 20, n);
	CHECK_EQUAL(failures, 0);
	drop_all();
}

static void without_memory_there_is_NULL_and_ENOMEM_and_then_room_again(void)
{
	for (unsigned n = 1; n <= 12; n++)
		apart(nothing_from, n);
}

/* A mapping 256 GiB above the break has its entries in the place of the break's. */
static void no_place(unsigned n)
{
	free(check_opaque(malloc(n)));
	brk_calls = (struct refusal){0, 1, UINT_MAX};
	map_at = (char *)ALIGN_UP((uintptr_t)sbrk(0), LEAF) - LEAF + LEAF * LEAVES;
	errno = 0;
	CHECK(!malloc(8 << 20));
	CHECK_EQUAL(errno, ENOMEM);
	CHECK(map_calls.calls);
	CHECK_EQUAL(lw_check(), 0);
	map_at = NULL;
	free(check_opaque(malloc(8 << 20)));
	CHECK_EQUAL(lw_check(), 0);
}

static void a_mapping_that_the_map_has_no_place_for_is_refused(void)
{
	if (SPAN_LOG < BITS)
		apart(no_place, 100000);
}

static void no_remap(unsigned n)
{
	remap_calls = (struct refusal){0, n, UINT_MAX};
	size_t size = 1 << 20;
	unsigned char *p = malloc(size), *above = malloc(size);
	memset(check_opaque(p), 'x', size);
	CHECK(p = realloc(p, 2 * size)); /* it moves by a copy */
	for (size_t i = 0; i < size; i++)
		CHECK_EQUAL(p[i], 'x');
	memset(p, 'y', 2 * size);
	CHECK_EQUAL(lw_check(), 0);
	map_calls = (struct refusal){0, 1, UINT_MAX};
	brk_calls = (struct refusal){0, 1, UINT_MAX};
	errno = 0;
	CHECK(!realloc(p, 64 * size));
	CHECK_EQUAL(errno, ENOMEM);
	for (size_t i = 0; i < 2 * size; i++)
		CHECK_EQUAL(p[i], 'y');
	CHECK_EQUAL(lw_check(), 0);
	free(above);
	free(p);
	CHECK_EQUAL(lw_check(), 0);
}

static void a_large_block_survives_a_refused_remap(void)
{
	apart(no_remap, 1);
}

static void refused_requests(unsigned n)
{
	struct lw_stats before = {.version = sizeof before}, after = before;
	free(check_opaque(malloc(n)));
	lw_stats(&before);
	for (unsigned shift = 33; shift < 8 * sizeof(size_t) - 1; shift++) {
		CHECK(!memalign(4096, (size_t)1 << shift));
		CHECK(!malloc((size_t)1 << shift));
	}
	lw_stats(&after);
	CHECK_EQUAL(lw_check(), 0);
	CHECK(after.extent <= before.extent);
}

static void refused_requests_take_nothing(void)
{
	if (sizeof(size_t) == 4)
		return; /* the first shift is of a 64-bit machine */
	/* Others may overcommit: with a limit on the address space nothing so large is to be had. */
	setrlimit(RLIMIT_AS, &(struct rlimit){1u << 30, 1u << 30});
	if (mmap(NULL, (size_t)2 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		apart(refused_requests, 100);
}

/* ---- limits of the kernel ---- */

#define MOST ((size_t)192 << 20) /* where limits are not kept (qemu-user), this ends it */

/* Takes blocks of N until there are no more, frees every second, and takes those again. */
static void exhaust(unsigned n)
{
	unsigned char *chain = NULL, *p;
	size_t count = 0, again = 0;
	while (count < MOST / n && (p = malloc(n))) {
		*(unsigned char **)p = chain;
		chain = check_opaque(p);
		count++;
	}
	if (count < MOST / n)
		CHECK_EQUAL(errno, ENOMEM);
	CHECK(count > 3);
	CHECK_EQUAL(lw_check(), 0);
	for (unsigned char *keep = chain; keep && *(unsigned char **)keep; again++) {
		unsigned char *gone = *(unsigned char **)keep;
		*(unsigned char **)keep = *(unsigned char **)gone;
		keep = *(unsigned char **)keep;
		free(gone);
	}
	CHECK_EQUAL(lw_check(), 0);
	for (size_t i = 1; i < again; i++) { /* one less: elsewhere, the map may need a leaf */
		CHECK((p = malloc(n)));
		*(unsigned char **)p = chain;
		chain = check_opaque(p);
	}
	for (unsigned char *next; chain; chain = next) {
		next = *(unsigned char **)chain;
		free(chain);
	}
	CHECK_EQUAL(lw_check(), 0);
	CHECK(p = malloc(3 << 20)); /* what was in small blocks can be one large one */
	free(p);
}

static const unsigned exhausting[] = {16, 100, 1000, 3000, 20000, 100000, 1000000};

static void memory_can_run_out_under_RLIMIT_AS(void)
{
	size_t size = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f && fscanf(f, "%zu", &size) == 1)
		setrlimit(RLIMIT_AS,
		          &(struct rlimit){size * 4096 + (48 << 20), size * 4096 + (48 << 20)});
	for (unsigned i = 0; i < sizeof exhausting / sizeof *exhausting; i++)
		apart(exhaust, exhausting[i]);
}

static void memory_can_run_out_under_RLIMIT_DATA(void)
{
	setrlimit(RLIMIT_DATA, &(struct rlimit){48 << 20, 48 << 20});
	for (unsigned i = 0; i < sizeof exhausting / sizeof *exhausting; i++)
		apart(exhaust, exhausting[i]);
}

/* ---- others move the break ---- */

static struct {
	unsigned char *p;
	size_t n;
} piece[64];

static void fetch(unsigned i, size_t n)
{
	piece[i].p = sbrk(n);
	piece[i].n = n;
	CHECK(piece[i].p != (void *)-1);
	memset(piece[i].p, 0xa0 + i, n);
}

static void pieces_are_whole(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (size_t k = 0; k < piece[i].n; k++)
			CHECK_EQUAL(piece[i].p[k], 0xa0 + i);
		CHECK((unsigned char *)sbrk(0) >= piece[i].p + piece[i].n);
	}
}

static void foreign_sbrk(unsigned seed)
{
	unsigned long long state = seed;
	fetch(0, 1 + check_random(&state) % 10000);
	for (unsigned i = 1; i < 40; i++) {
		load(60, seed % 2 ? 200000 : 3000, state);
		CHECK_EQUAL(lw_check(), 0);
		fetch(i, i % 4 ? 1 + check_random(&state) % 10000 : 4096 * (1 + i % 3));
		if (i % 5 == 0)
			lw_trim(0);
		pieces_are_whole(i + 1);
	}
	drop_all();
	pieces_are_whole(40);
}

static void pieces_of_the_break_that_others_fetched_stay_whole(void)
{
	for (unsigned seed = 1; seed <= 12; seed++)
		apart(foreign_sbrk, seed);
}

static void foreign_shrinks(unsigned n)
{
	for (unsigned i = 0; i < 20; i++) {
		load(50, 100000, i);
		CHECK(sbrk(n) != (void *)-1);
		load(50, 3000, i);
		if (brk_calls.calls == 0)
			CHECK(sbrk(-(intptr_t)n) != (void *)-1);
	}
	drop_all();
}

/* What others fetch and give back at once leaves the break where it was. */
static void foreign_there_and_back(unsigned n)
{
	for (unsigned i = 0; i < 100; i++) {
		char *end = sbrk(0);
		CHECK(sbrk(n) == end);
		CHECK(sbrk(-(intptr_t)n) == end + n);
		load(20, 100000, i);
	}
	drop_all();
}

static void others_may_fetch_and_give_back(void)
{
	apart(foreign_there_and_back, 4096);
	apart(foreign_there_and_back, 100);
	apart(foreign_there_and_back, 1 << 20);
	brk_calls.calls = 1;
	apart(foreign_shrinks, 12345);
}

static void free_foreign(unsigned n)
{
	struct lw_stats s = {.version = sizeof s};
	load(200, 3000, n);
	fetch(0, n);
	load(400, 60000, n);
	fetch(1, n); /* beyond our end: we did not see it yet */
	for (unsigned i = 0; i < 2; i++)
		for (size_t at = 16; at + 16 < n; at += 1008) {
			void *p = (void *)(((uintptr_t)piece[i].p + at) & -16);
			free(p);
			CHECK_EQUAL(malloc_usable_size(p), 0);
			errno = 0;
			CHECK(!realloc(p, 10));
			CHECK_EQUAL(errno, ENOMEM);
		}
	lw_stats(&s);
	CHECK(s.foreign >= 2 * (n / 1008));
	pieces_are_whole(2);
	drop_all();
}

static void a_block_in_a_foreign_piece_of_the_break_is_left_alone(void)
{
	apart(free_foreign, 20000);
	apart(free_foreign, 4096 * 16);
}

#ifdef __GLIBC__
static void beside_glibc(unsigned n)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *(*get)(size_t) = libc ? (void *(*)(size_t))dlsym(libc, "malloc") : NULL;
	void (*give)(void *) = libc ? (void (*)(void *))dlsym(libc, "free") : NULL;
	static unsigned char *theirs[500];
	unsigned long long state = n;
	struct lw_stats s = {.version = sizeof s};
	CHECK(get && get != malloc);
	for (unsigned k = 0; k < 4000; k++) {
		unsigned i = check_random(&state) % 500;
		load(1, 20000, check_random(&state));
		if (theirs[i]) {
			CHECK_EQUAL(theirs[i][999], i & 255);
			(k % 50 ? give : free)(theirs[i]); /* by us: left alone */
			theirs[i] = NULL;
		} else {
			theirs[i] = get(1000 + check_random(&state) % 4000);
			memset(theirs[i], i & 255, 1000);
		}
	}
	lw_stats(&s);
	CHECK(s.foreign > 10);
	drop_all();
}

static void glibc_and_liblw_share_the_break(void)
{
	apart(beside_glibc, 1);
}
#endif

/* ---- what comes again ---- */

/* What is kept grows with each round that wanted back what had gone: on 32 bits to half a megabyte. */
static void a_batch_that_comes_again_needs_no_system_call(void)
{
	enum {
		MANY = 800,
		ROUNDS = 12
	};
	static void *p[MANY];
	size_t least = WORD == 8 ? 8 << 10 : POOL_MAX + GRAIN;
	for (size_t size = least; size <= KEEP_MAX / MANY; size *= 2) {
		unsigned calls = 0;
		for (unsigned round = 0; round < ROUNDS; round++) {
			calls = brk_calls.calls + map_calls.calls + returns;
			for (unsigned i = 0; i < MANY; i++)
				CHECK(p[i] = check_opaque(malloc(size)));
			for (unsigned i = 0; i < MANY; i++)
				free(p[i]);
		}
		CHECK_EQUAL(brk_calls.calls + map_calls.calls + returns, calls);
	}
}

/* ---- pages ---- */

static void large_pages(unsigned kib)
{
	page_size = (size_t)kib << 10;
	load(3000, 1 << 20, kib);
	CHECK_EQUAL(failures, 0);
	for (unsigned i = 0; i < BLOCKS; i += 3)
		drop(i);
	CHECK_EQUAL(pvalloc(1) ? 0 : 1, 0);
	lw_trim(0);
	load(1000, 300000, kib + 1);
	drop_all();
}

static void pages_may_be_of_16_or_64_KiB(void)
{
	apart(large_pages, 16);
	apart(large_pages, 64);
}

static const struct check_test tests[] = {
	TEST(the_heap_goes_on_when_the_break_is_refused_from_the_nth_call),
	TEST(the_heap_goes_on_when_one_move_of_the_break_is_refused),
	TEST(the_heap_goes_on_when_mmap_is_refused_from_the_nth_call),
	TEST(a_large_block_comes_from_the_break_when_mmap_is_refused),
	TEST(without_memory_there_is_NULL_and_ENOMEM_and_then_room_again),
	TEST(a_mapping_that_the_map_has_no_place_for_is_refused),
	TEST(a_large_block_survives_a_refused_remap),
	TEST(refused_requests_take_nothing),
	TEST(memory_can_run_out_under_RLIMIT_AS),
	TEST(memory_can_run_out_under_RLIMIT_DATA),
	TEST(pieces_of_the_break_that_others_fetched_stay_whole),
	TEST(others_may_fetch_and_give_back),
	TEST(a_block_in_a_foreign_piece_of_the_break_is_left_alone),
#ifdef __GLIBC__
	TEST(glibc_and_liblw_share_the_break),
#endif
	TEST(a_batch_that_comes_again_needs_no_system_call),
	TEST(pages_may_be_of_16_or_64_KiB),
};

CHECK_MAIN(tests)

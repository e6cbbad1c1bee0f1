/*
 * family.c - what every program may rely on of malloc and its family.
 *
 * Where glibc's manual leaves a choice, its own functions, found in libc.so.6, are asked too.
 */
#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>

#define GRAIN   (2 * sizeof(void *))
#define SMALL   5000
#define LARGEST ((size_t)64 << 20)
#define PAGE    ((size_t)sysconf(_SC_PAGESIZE))

/* C23; glibc 2.36 does not declare them. */
void free_sized(void *p, size_t n);
void free_aligned_sized(void *p, size_t align, size_t n);

static bool aligned(const void *p, size_t align)
{
	return (uintptr_t)p % align == 0;
}

static void fill(void *p, int value, size_t n)
{
	memset(check_opaque(p), value, n);
}

static bool holds(const void *p, int value, size_t n)
{
	const unsigned char *byte = check_opaque((void *)p);
	return !n || (byte[0] == value && !memcmp(byte, byte + 1, n - 1));
}

/* 0 to SMALL, then powers of two with their neighbours; SIZE_MAX after the last. */
static size_t next_size(size_t n)
{
	if (n < SMALL)
		return n + 1;
	size_t power = (size_t)1 << (8 * sizeof n - 1 - __builtin_clzl(n + 1));
	size_t next = n + 1 < power ? power - 1 : n + 1 == power ? power : n == power ? n + 1 : 0;
	next = next ? next : 2 * power - 1;
	return next > LARGEST + 1 ? SIZE_MAX : next;
}

/* ---- sizes and alignments ---- */

static void *by_malloc(size_t n)
{
	return malloc(n);
}
static void *by_calloc(size_t n)
{
	return calloc(n, 1);
}
static void *by_realloc(size_t n)
{
	return realloc(NULL, n);
}
static void *by_reallocarray(size_t n)
{
	return reallocarray(NULL, 1, n);
}
static void *by_memalign(size_t n)
{
	return memalign(1, n);
}
static void *by_aligned_alloc(size_t n)
{
	return aligned_alloc(GRAIN, n);
}
static void *by_valloc(size_t n)
{
	return valloc(n);
}
static void *by_pvalloc(size_t n)
{
	return pvalloc(n);
}

static void *by_posix_memalign(size_t n)
{
	void *p = NULL;
	return posix_memalign(&p, sizeof p, n) ? NULL : p;
}

static const struct {
	const char *name;
	void *(*get)(size_t n);
	bool paged;
} family[] = {
	{"malloc", by_malloc, false},
	{"calloc", by_calloc, false},
	{"realloc", by_realloc, false},
	{"reallocarray", by_reallocarray, false},
	{"memalign", by_memalign, false},
	{"aligned_alloc", by_aligned_alloc, false},
	{"posix_memalign", by_posix_memalign, false},
	{"valloc", by_valloc, true},
	{"pvalloc", by_pvalloc, true},
};

#define FAMILY (sizeof family / sizeof *family)

static void check_block(void *p, size_t n, size_t align)
{
	CHECK(p);
	CHECK_EQUAL((uintptr_t)p % align, 0);
	CHECK(malloc_usable_size(p) >= n);
	((volatile char *)p)[0] = 1; /* even of size 0: there is a GRAIN */
	if (n)
		((volatile char *)p)[n - 1] = 1;
}

static void every_function_aligns_every_size(void)
{
	for (unsigned i = 0; i < FAMILY; i++)
		for (size_t n = 0; n != SIZE_MAX; n = next_size(n)) {
			void *p = family[i].get(n), *q = family[i].get(n);
			CHECK(p != q);
			check_block(p, n, family[i].paged ? PAGE : GRAIN);
			check_block(q, n, family[i].paged ? PAGE : GRAIN);
			free(p);
			free(q);
		}
}

static void pvalloc_gives_whole_pages(void)
{
	for (size_t n = 0; n < 3 * PAGE; n += 100) {
		void *p = pvalloc(n);
		size_t whole = (n + PAGE - 1) / PAGE * PAGE;
		CHECK(malloc_usable_size(p) >= (whole ? whole : 1));
		fill(p, 1, whole);
		free(p);
	}
}

/* The power of two that memalign makes of ALIGN. */
static size_t power_of(size_t align)
{
	size_t power = GRAIN;
	while (power < align)
		power *= 2;
	return power;
}

static void every_alignment_is_kept(void)
{
	static const size_t sizes[] = {0,    1,      7,       16,      24,     64,
	                               100,  255,    256,     1000,    1024,   1025,
	                               4095, 100000, 1 << 17, 1 << 20, 3 << 20};
	for (size_t align = 1; align <= (size_t)4 << 20; align *= 2)
		for (unsigned i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
			size_t n = sizes[i / 2], odd = align + (i % 2 ? align / 3 : 0);
			void *p = memalign(odd, n), *q = aligned_alloc(odd, n), *r = NULL;
			check_block(p, n, power_of(odd));
			check_block(q, n, power_of(odd));
			int error = posix_memalign(&r, odd, n);
			if (odd % sizeof r || odd & (odd - 1))
				CHECK_EQUAL(error, EINVAL);
			else
				check_block(r, n, odd);
			free(p);
			free(r);
			free(q);
		}
}

static void small_aligned_blocks_do_not_overlap(void)
{
	static struct {
		unsigned char *p;
		size_t n;
	} block[4000];
	unsigned long long state = 1;
	for (unsigned i = 0; i < 4000; i++) {
		size_t align = (size_t)1 << check_random(&state) % 12;
		block[i].n = check_random(&state) % 3000;
		block[i].p = memalign(align, block[i].n);
		check_block(block[i].p, block[i].n, align);
		block[i].n = malloc_usable_size(block[i].p);
		fill(block[i].p, i & 255, block[i].n);
	}
	for (unsigned i = 0; i < 4000; i++) {
		CHECK(holds(block[i].p, i & 255, block[i].n));
		free(block[i].p);
	}
}

static void every_usable_byte_can_be_written(void)
{
	enum {
		ROW = 5
	};
	for (size_t n = 0; n != SIZE_MAX && n < (1 << 20) + 2; n = next_size(n)) {
		void *p[ROW];
		for (int i = 0; i < ROW; i++) {
			p[i] = malloc(n);
			fill(p[i], i + 1, malloc_usable_size(p[i]));
		}
		for (int i = 0; i < ROW; i += 2) {
			CHECK(holds(p[i], i + 1, malloc_usable_size(p[i])));
			free(p[i]);
		}
		for (int i = 1; i < ROW; i += 2) {
			CHECK(holds(p[i], i + 1, malloc_usable_size(p[i])));
			free(p[i]);
		}
	}
}

/* ---- limits and errors ---- */

#define REFUSED(call)                       \
	do {                                \
		errno = 0;                  \
		CHECK(!(call));             \
		CHECK_EQUAL(errno, ENOMEM); \
	} while (0)

static void what_is_too_large_is_refused_with_ENOMEM(void)
{
	volatile size_t limit = (size_t)PTRDIFF_MAX + 1;
	size_t sizes[] = {limit,
	                  limit + 1,
	                  SIZE_MAX,
	                  SIZE_MAX - 1,
	                  SIZE_MAX - 7,
	                  SIZE_MAX - 8,
	                  SIZE_MAX - 15,
	                  SIZE_MAX - 16,
	                  SIZE_MAX - 31,
	                  SIZE_MAX - 1023,
	                  SIZE_MAX - 1024,
	                  SIZE_MAX - 4095,
	                  SIZE_MAX - 65535,
	                  SIZE_MAX / 4 * 3};
	void *kept = malloc(100);
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (unsigned f = 0; f < FAMILY; f++)
			if (family[f].get != by_posix_memalign)
				REFUSED(family[f].get(sizes[i]));
		for (size_t align = 1; align; align *= 2)
			REFUSED(memalign(align, sizes[i]));
		REFUSED(realloc(kept, sizes[i]));
	}
	/* 2 GiB are within the limit, and an emulated 32-bit machine may have them. */
	for (unsigned f = 0; f < FAMILY && SIZE_MAX > UINT32_MAX; f++)
		if (family[f].get != by_posix_memalign)
			REFUSED(family[f].get(PTRDIFF_MAX));
	for (size_t align = LARGEST; align && SIZE_MAX > UINT32_MAX; align *= 2)
		REFUSED(memalign(align, PTRDIFF_MAX - align / 2));
	fill(kept, 1, 100);
	free(kept);
}

static void posix_memalign_returns_its_error_and_sets_errno_without_memory(void)
{
	void *mark = &mark, *p = mark;
	for (size_t align = sizeof p; align < SIZE_MAX / 2; align *= 2) {
		CHECK_EQUAL(posix_memalign(&p, align, SIZE_MAX - align / 2), ENOMEM);
		CHECK_EQUAL(posix_memalign(&p, align, SIZE_MAX), ENOMEM);
		CHECK_EQUAL(errno, ENOMEM); /* as glibc does */
		errno = 12345;
		CHECK_EQUAL(posix_memalign(&p, align + 1, 1), EINVAL);
		CHECK_EQUAL(posix_memalign(&p, align / sizeof p * 3, 1), EINVAL);
		CHECK_EQUAL(errno, 12345);
		CHECK_EQUAL(p, mark);
	}
	CHECK_EQUAL(posix_memalign(&p, 0, 1), EINVAL);
	CHECK_EQUAL(posix_memalign(&p, 1, 1), EINVAL);
	CHECK_EQUAL(p, mark);
}

static void a_product_that_overflows_is_refused(void)
{
	void *kept = malloc(100);
	for (size_t bit = 1; bit; bit *= 2) {
		volatile size_t a = bit + 1, b = SIZE_MAX / bit;
		if (a < 2 || b < 2)
			continue;
		REFUSED(calloc(a, b));
		REFUSED(calloc(b, a));
		REFUSED(reallocarray(NULL, a, b));
		REFUSED(reallocarray(kept, b, a));
	}
	volatile size_t half = (size_t)1 << (4 * sizeof(size_t));
	REFUSED(calloc(half, half));
	REFUSED(reallocarray(NULL, half, half));
	free(kept);
}

static void free_keeps_errno(void)
{
	errno = 4242;
	free(NULL);
	for (size_t n = 0; n != SIZE_MAX; n = next_size(n)) {
		void *p = malloc(n), *q = memalign(4096, n);
		errno = 4242;
		free(p);
		free(q);
		CHECK_EQUAL(errno, 4242);
	}
	for (int i = 0; i < 20000; i++) { /* through merges, trims and the return of pools */
		static void *block[512];
		void **slot = &block[i * 7919 % 512];
		errno = 4242;
		free(*slot);
		CHECK_EQUAL(errno, 4242);
		*slot = malloc((size_t)i * 31 % 40000);
	}
	malloc_trim(0);
}

static void success_does_not_touch_errno(void)
{
	errno = 4242;
	for (size_t n = 0; n != SIZE_MAX; n = next_size(n)) {
		void *p = malloc(n);
		p = realloc(p, n + 100);
		p = realloc(p, n / 2 + 1);
		free(p);
	}
	CHECK_EQUAL(errno, 4242);
}

/* ---- calloc ---- */

static void calloc_clears_dirty_memory_of_every_size(void)
{
	enum {
		ROW = 4
	};
	for (size_t n = 0; n != SIZE_MAX && n < (8 << 20) + 2; n = next_size(n)) {
		void *p[ROW];
		for (int i = 0; i < ROW; i++) {
			p[i] = malloc(n);
			fill(p[i], 0xff, malloc_usable_size(p[i]));
		}
		for (int i = 0; i < ROW; i++)
			free(p[i]);
		for (int i = 0; i < ROW; i++) {
			p[i] = calloc(i & 1 ? n : 1, i & 1 ? 1 : n);
			CHECK(holds(p[i], 0, n));
		}
		for (int i = 0; i < ROW; i++) {
			fill(p[i], 0xff, malloc_usable_size(p[i]));
			free(p[i]);
		}
	}
}

/* The end of the heap goes back and comes again; nothing that was there may shine through. */
static void calloc_clears_what_the_heap_grew_over(void)
{
	unsigned long long state = 7;
	for (int i = 0; i < 3000; i++) {
		static void *block[32];
		size_t n = check_random(&state) % (i % 3 ? 5000 : 120000), slot = i % 32;
		free(block[slot]);
		block[slot] = calloc(1, n);
		CHECK(holds(block[slot], 0, n));
		fill(block[slot], 0xff, malloc_usable_size(block[slot]));
		if (i % 50 == 0)
			malloc_trim(i % 100 ? 0 : 10000);
	}
}

/* ---- realloc ---- */

static void realloc_of_NULL_allocates_and_to_0_frees(void)
{
	for (size_t n = 0; n != SIZE_MAX; n = next_size(n)) {
		void *p = realloc(NULL, n);
		check_block(p, n, GRAIN);
		errno = 4242;
		CHECK(!realloc(p, 0));
		CHECK_EQUAL(errno, 4242);
	}
	void *p = realloc(NULL, 0);
	CHECK(p);
	CHECK(!reallocarray(p, 0, 5));
}

static void resize(size_t from, size_t to)
{
	unsigned char *p = malloc(from);
	size_t kept = from < to ? from : to;
	for (size_t i = 0; i < from; i++)
		p[i] = (unsigned char)(i * 7 + from);
	p = check_opaque(realloc(p, to));
	check_block(p, to, GRAIN);
	p[to - 1] = (unsigned char)((to - 1) * 7 + from); /* check_block wrote there */
	p[0] = (unsigned char)from;
	for (size_t i = 0; i < kept; i++)
		CHECK_EQUAL(p[i], (unsigned char)(i * 7 + from));
	fill(p, 0xee, malloc_usable_size(p));
	free(p);
}

static void realloc_keeps_contents_from_each_size_to_each(void)
{
	static const size_t sizes[] = {1,     8,      15,     16,     17,     31,    33,    64,
	                               100,   255,    256,    257,    500,    1000,  1016,  1023,
	                               1024,  1025,   1040,   2000,   4096,   5000,  10000, 40000,
	                               65536, 130000, 131072, 140000, 300000, 600000};
	enum {
		N = sizeof sizes / sizeof *sizes
	};
	for (unsigned i = 0; i < N; i++)
		for (unsigned k = 0; k < N; k++)
			resize(sizes[i], sizes[k]);
	for (size_t n = 1; n < SMALL; n += 3) {
		resize(n, n + 1);
		resize(n, n + n / 2 + 1);
		resize(n, n / 2 + 1);
		resize(n, n);
	}
	for (size_t n = SMALL; n < LARGEST / 8; n = next_size(n)) {
		resize(n, n + 1);
		resize(n, n / 2);
		resize(n, 100);
	}
}

static void realloc_grows_and_shrinks_step_by_step(void)
{
	unsigned char *p[3] = {malloc(1), malloc(1), malloc(1)};
	static const size_t step[] = {1, 137, 5003};
	for (int i = 0; i < 3; i++)
		p[i][0] = (unsigned char)i;
	for (size_t k = 1; k < 3000; k++)
		for (int i = 0; i < 3; i++) {
			p[i] = realloc(p[i], k * step[i] + 1);
			CHECK_EQUAL(p[i][(k - 1) * step[i]], (unsigned char)(k - 1 + i));
			p[i][k * step[i]] = (unsigned char)(k + i);
		}
	for (size_t k = 2999; k-- > 0;)
		for (int i = 0; i < 3; i++) {
			CHECK_EQUAL(p[i][k * step[i]], (unsigned char)(k + i));
			p[i] = realloc(p[i], k * step[i] + 1);
			CHECK_EQUAL(p[i][0], (unsigned char)i);
			CHECK_EQUAL(p[i][k * step[i]], (unsigned char)(k + i));
		}
	for (int i = 0; i < 3; i++)
		free(p[i]);
}

static void realloc_of_aligned_blocks_keeps_contents(void)
{
	for (size_t align = 16; align <= 65536; align *= 2)
		for (size_t n = 1; n < 300000; n = n * 3 + 1) {
			unsigned char *p = memalign(align, n);
			fill(p, 0x5a, n);
			p = realloc(p, 2 * n);
			CHECK(holds(p, 0x5a, n));
			p = realloc(p, n / 2 + 1);
			CHECK(holds(p, 0x5a, n / 2 + 1));
			free(p);
		}
}

static void a_realloc_that_fails_leaves_the_block(void)
{
	static const size_t sizes[] = {10, 1000, 5000, 100000, 1 << 20};
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		void *p = malloc(sizes[i]);
		fill(p, 0x77, sizes[i]);
		if (sizeof(size_t) == 8)
			REFUSED(realloc(p, PTRDIFF_MAX));
		REFUSED(realloc(p, (size_t)PTRDIFF_MAX + 1));
		REFUSED(reallocarray(p, SIZE_MAX / 2, 3));
		CHECK(holds(p, 0x77, sizes[i]));
		free(p);
	}
}

/* ---- the rest ---- */

static void sized_frees_free(void)
{
	for (size_t n = 0; n < 2 * SMALL; n += 10) {
		void *p = malloc(n);
		free_sized(p, n);
		p = aligned_alloc(64, n);
		free_aligned_sized(p, 64, n);
	}
	free_sized(NULL, 0);
	free_aligned_sized(NULL, 16, 0);
	void *first = malloc(40);
	free_sized(first, 40);
	CHECK_EQUAL(malloc(40), first);
}

static void usable_size_of_NULL_is_0(void)
{
	CHECK_EQUAL(malloc_usable_size(NULL), 0);
}

static void trim_takes_any_pad(void)
{
	void *p = malloc(100000), *q = malloc(100);
	fill(q, 0x42, 100);
	for (size_t pad = 1; pad; pad *= 2) {
		malloc_trim(pad);
		malloc_trim(0 - pad);
		malloc_trim(pad - 1);
		void *r = malloc(100000);
		fill(r, 1, 100000);
		free(r);
	}
	CHECK(holds(q, 0x42, 100));
	free(p);
	free(q);
}

#ifdef __GLIBC__
/* ---- as glibc does it ---- */

enum call {
	MALLOC,
	CALLOC,
	REALLOC,
	MEMALIGN,
	ALIGNED_ALLOC,
	POSIX_MEMALIGN,
	VALLOC,
	PVALLOC
};

struct glibc {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	void (*free)(void *);
	size_t (*usable)(void *);
};

/* What came of a call: everything a program can see of it but the address itself. */
struct outcome {
	bool got, aligned, enough;
	int returned, error;
};

static struct outcome outcome_of(const struct glibc *g, enum call call, size_t a, size_t b)
{
	void *p = NULL;
	struct outcome o = {false, true, true, 0, 0};
	errno = 0;
	switch (call) {
	case MALLOC:
		p = g->malloc(b);
		break;
	case CALLOC:
		p = g->calloc(a, b);
		break;
	case REALLOC:
		p = g->realloc(g->malloc(a), b);
		break;
	case MEMALIGN:
		p = g->memalign(a, b);
		break;
	case ALIGNED_ALLOC:
		p = g->aligned_alloc(a, b);
		break;
	case POSIX_MEMALIGN:
		o.returned = g->posix_memalign(&p, a, b);
		break;
	case VALLOC:
		p = g->valloc(b);
		break;
	case PVALLOC:
		p = g->pvalloc(b);
		break;
	}
	o.error = errno;
	o.got = p != NULL;
	if (p && (call == MEMALIGN || call == ALIGNED_ALLOC || call == POSIX_MEMALIGN))
		o.aligned = aligned(p, power_of(a));
	if (p && call != CALLOC)
		o.enough = g->usable(p) >= b;
	g->free(p);
	return o;
}

static bool glibc_open(struct glibc *g)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	static const char *const name[] = {
		"malloc",         "calloc", "realloc", "memalign", "aligned_alloc",
		"posix_memalign", "valloc", "pvalloc", "free",     "malloc_usable_size"};
	void *found[sizeof name / sizeof *name];
	for (unsigned i = 0; libc && i < sizeof name / sizeof *name; i++)
		found[i] = dlsym(libc, name[i]);
	if (libc)
		memcpy(g, found, sizeof *g);
	return libc && g->malloc && g->malloc != malloc;
}

static void every_function_answers_as_glibc_does(void)
{
	static const struct glibc ours = {
		malloc,         calloc, realloc, memalign, aligned_alloc,
		posix_memalign, valloc, pvalloc, free,     malloc_usable_size};
	struct glibc theirs;
	static const size_t some[] = {
		0,
		1,
		2,
		3,
		4,
		7,
		8,
		9,
		15,
		16,
		17,
		24,
		48,
		64,
		100,
		1000,
		1024,
		4096,
		5000,
		65536,
		1 << 20,
		SIZE_MAX / 2,
		SIZE_MAX / 2 + 1,
		SIZE_MAX / 2 + 2,
		SIZE_MAX - 4096,
		SIZE_MAX - 15,
		SIZE_MAX - 1,
		SIZE_MAX,
	};
	enum {
		N = sizeof some / sizeof *some
	};
	unsigned different = 0;
	if (getenv("LW_EMULATED"))
		return; /* glibc's own calloc crashes when qemu-user refuses it the break */
	CHECK(glibc_open(&theirs));
	for (unsigned call = MALLOC; call <= PVALLOC; call++)
		for (unsigned i = 0; i < N * N; i++) {
			size_t a = some[i / N], b = some[i % N];
			struct outcome got = outcome_of(&ours, call, a, b);
			struct outcome want = outcome_of(&theirs, call, a, b);
			bool same = got.got == want.got && got.aligned == want.aligned &&
			            got.enough == want.enough && got.returned == want.returned &&
			            got.error == want.error;
			if (!same && different++ < 20)
				check_say(
					STDERR_FILENO,
					"# call %u(0x%zx, 0x%zx): block %d, errno %d; glibc %d, %d\n",
					call, a, b, got.got, got.error, want.got, want.error);
		}
	CHECK_EQUAL(different, 0);
}
#endif

static const struct check_test tests[] = {
	TEST(every_function_aligns_every_size),
	TEST(pvalloc_gives_whole_pages),
	TEST(every_alignment_is_kept),
	TEST(small_aligned_blocks_do_not_overlap),
	TEST(every_usable_byte_can_be_written),
	TEST(what_is_too_large_is_refused_with_ENOMEM),
	TEST(posix_memalign_returns_its_error_and_sets_errno_without_memory),
	TEST(a_product_that_overflows_is_refused),
	TEST(free_keeps_errno),
	TEST(success_does_not_touch_errno),
	TEST(calloc_clears_dirty_memory_of_every_size),
	TEST(calloc_clears_what_the_heap_grew_over),
	TEST(realloc_of_NULL_allocates_and_to_0_frees),
	TEST(realloc_keeps_contents_from_each_size_to_each),
	TEST(realloc_grows_and_shrinks_step_by_step),
	TEST(realloc_of_aligned_blocks_keeps_contents),
	TEST(a_realloc_that_fails_leaves_the_block),
	TEST(sized_frees_free),
	TEST(usable_size_of_NULL_is_0),
	TEST(trim_takes_any_pad),
#ifdef __GLIBC__
	TEST(every_function_answers_as_glibc_does),
#endif
};

CHECK_MAIN(tests)

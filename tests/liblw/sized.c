/*
 * sized.c - free_sized and free_aligned_sized: C23's frees that say what they free.
 *
 * A size that no allocation of the block can have had is a bug of the program's, and is told as
 * others are.
 */
#include "check.h"

#include <malloc.h>
#include <stdint.h>

void free_sized(void *p, size_t n);
void free_aligned_sized(void *p, size_t align, size_t n);

static const size_t sizes[] = {1,    16,   17,   100,   256,    300,    1000,
                               1024, 1025, 5000, 60000, 200000, 3 << 20};
#define SIZES (sizeof sizes / sizeof *sizes)

static void the_size_that_was_asked_is_right(void)
{
	for (unsigned i = 0; i < SIZES; i++)
		for (int k = 0; k < 30; k++) {
			size_t n = sizes[i] + k % 3;
			free_sized(check_opaque(malloc(n)), n);
			free_sized(check_opaque(calloc(1, n)), n);
			free_sized(check_opaque(realloc(malloc(2 * n), n)), n);
			free_sized(check_opaque(realloc(malloc(n / 2), n)), n);
			free_sized(check_opaque(realloc(malloc(n + n / 9), n)), n);
			for (size_t align = 8; align <= 8192; align *= 2) {
				void *p = check_opaque(aligned_alloc(align, n));
				CHECK_EQUAL((uintptr_t)p % align, 0);
				free_aligned_sized(p, align, n);
			}
		}
	free_sized(check_opaque(malloc(0)), 0);
	free_sized(NULL, 77);
	free_aligned_sized(NULL, 8, 77);
}

#define SLOT_MAX (128 * sizeof(size_t)) /* larger blocks are chunks, which may hold any more */

static void *block;
static size_t said, alignment;

static void free_wrong(void)
{
	alignment ? free_aligned_sized(block, alignment, said) : free_sized(block, said);
}

static void dies(void *p, size_t n)
{
	char text[32];
	snprintf(text, sizeof text, "0x%0*zx", (int)(2 * sizeof p), (size_t)p);
	CHECK(block = p);
	said = n;
	int status = check_run(free_wrong);
	if (!WIFSIGNALED(status) || !strstr(check_words, text))
		check_say(STDERR_FILENO, "# said %zu, holds %zu, status 0x%x: %s\n", n,
		          malloc_usable_size(p), status, check_words);
	CHECK(WIFSIGNALED(status));
	CHECK_EQUAL(WTERMSIG(status), SIGABRT);
	CHECK(!strncmp(check_words, "liblw: ", 7));
	CHECK(strstr(check_words, "not its size"));
	CHECK(strstr(check_words, text));
}

static void a_size_that_cannot_be_is_told(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		size_t n = sizes[i];
		alignment = 0;
		dies(malloc(n), 2 * n + 64 + n / 4);
		dies(malloc(n), SIZE_MAX);
		if (n > 100 && n <= SLOT_MAX)
			dies(malloc(n), n / 4);
		alignment = 64;
		dies(aligned_alloc(64, n), 2 * n + 256);
		if (n > 250 && n <= SLOT_MAX)
			dies(aligned_alloc(64, n), n / 4);
	}
}

static const struct check_test tests[] = {
	TEST(the_size_that_was_asked_is_right),
	TEST(a_size_that_cannot_be_is_told),
};

CHECK_MAIN(tests)

/* family.c - every function of the malloc family, well and badly used. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(int good, const char *what)
{
	if (good)
		return;
	failures++;
	fprintf(stderr, "family: %s\n", what);
}

static void give_back(void *block, size_t size)
{
	if (block)
		memset(block, 0x5a, size);
	errno = 77;
	free(block);
	check(errno == 77, "free keeps errno");
}

static void grow(void)
{
	char *block = NULL;

	for (size_t size = 1; size < 3000000; size = size * 3 / 2 + 1) {
		block = realloc(block, size);
		memset(block, 1, size);
	}
	block = realloc(block, 10);
	free(realloc(block, 0)); /* NULL where it frees, a block where it does not */
}

static void fail(volatile size_t huge)
{
	void *aligned = (void *)1;

	errno = 0;
	check(!malloc(huge) && errno == ENOMEM, "too much is ENOMEM");
	check(!calloc(huge, 16) && errno == ENOMEM, "a product that overflows is ENOMEM");
	check(!reallocarray(NULL, huge, 16), "reallocarray checks its product");
	check(posix_memalign(&aligned, 3, 8) == EINVAL && aligned == (void *)1,
	      "bad alignment is EINVAL");
}

int main(void)
{
	void *aligned = NULL;

	for (size_t size = 0; size < 300000; size = size * 2 + 7) {
		give_back(malloc(size), size);
		give_back(calloc(3, size), 3 * size);
		give_back(memalign(64, size), size);
		give_back(aligned_alloc(256, size & ~(size_t)255), size & ~(size_t)255);
		check(!posix_memalign(&aligned, 4096, size) && !((uintptr_t)aligned & 4095),
		      "alignment");
		give_back(aligned, size);
		give_back(valloc(size), size);
		give_back(pvalloc(size), size);
		give_back(reallocarray(NULL, 5, size), 5 * size);
	}
	grow();
	fail(SIZE_MAX / 8);
	malloc_trim(0);
	free(NULL);
	return failures ? 1 : 0;
}

/*
 * Has one place of the heap be one thing after the other: pools become blocks and, before they are
 * merged, pools again; blocks change their size in place and move; a wall in front of the break
 * makes the heap go on in mappings, which go back when they are empty.  What a trace tells of it
 * has to agree with itself at every fact.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SMALL  1024 /* the largest request that a pool serves on 64 bits */
#define SMALLS 120  /* their pools are less than what a thread may defer */
#define LARGES 24

static void *small[SMALLS], *large[LARGES];

/* Pools, that are given back; the bytes of one; pools. */
static void pools_and_blocks(void)
{
	for (size_t bytes = 4096; bytes <= 65536; bytes *= 2)
		for (int round = 0; round < 2; round++) {
			for (int i = 0; i < SMALLS; i++)
				small[i] = malloc(SMALL);
			for (int i = 0; i < SMALLS; i++)
				free(small[i]);
			large[0] = memset(malloc(bytes), 1, bytes);
			free(large[0]);
		}
}

static void sizes(void)
{
	for (int i = 0; i < LARGES; i++)
		large[i] = malloc(300000 + (size_t)i * 7000);
	for (int i = 0; i < LARGES; i += 2)
		free(large[i]);
	for (size_t size = 900000; size > 1000; size /= 3)
		for (int i = 1; i < LARGES; i += 2)
			large[i] = realloc(large[i], size);
	for (int i = 1; i < LARGES; i += 2)
		free(large[i]);
	free(calloc(1, 5000000));
	malloc_trim(0);
}

int main(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end;

	pools_and_blocks();
	sizes();
	end = (uintptr_t)sbrk(0);
	end += -end & (page - 1);
	if (mmap((void *)(end + 16 * page), page, PROT_NONE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		perror("places: mmap");
	sizes();
	pools_and_blocks();
	return 0;
}

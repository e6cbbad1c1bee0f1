/* twice.c - frees a block twice:  twice SIZE HOW FREES
 *
 * HOW is `here`, `there` (the first time in another thread) or `realloc` (the first time by a
 * realloc that moves it); FREES is how many others lie between.  `reused` hands the block out again
 * before it frees that twice: the free from before is not to blame.  First it says on stdout where
 * the functions lie that free first. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section of their own, whose ends the linker names. */
#define FIRST __attribute__((noinline, section("first")))

extern char __start_first[], __stop_first[], __executable_start[];

FIRST static void *free_first(void *block)
{
	free(block);
	__asm__ volatile("" ::: "memory");
	return NULL;
}

FIRST static void *move_first(void *block, size_t size)
{
	void *volatile moved = realloc(block, size);

	return moved;
}

int main(int argc, char **argv)
{
	size_t size = argc > 3 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned frees = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 0;
	char **others = calloc(frees + 1, sizeof *others);
	pthread_t thread;
	char *block;

	for (unsigned i = 0; i < frees; i++)
		others[i] = malloc(2000 + i % 500);
	block = malloc(size);
	printf("block=%p first=%p end=%p base=%p\n", block, (void *)__start_first,
	       (void *)__stop_first, (void *)__executable_start);
	fflush(stdout);
	if (!strcmp(argv[2], "there")) {
		pthread_create(&thread, NULL, free_first, block);
		pthread_join(thread, NULL);
	} else if (!strcmp(argv[2], "realloc")) {
		move_first(block, size * 40);
	} else {
		free_first(block);
	}
	for (unsigned i = 0; i < frees; i++)
		free(others[i]);
	if (!strcmp(argv[2], "reused")) {
		while (malloc(size) != block)
			;
		free(block);
	}
	free(block);
	return 0;
}

/*
 * Allocates in many sizes from several threads, frees most of it, and at the end prints what the
 * allocator itself says is live (lw_stats), then leaves without running any destructor: the last
 * fact of the trace is the state that was printed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../liblw/lw.h"

#define SLOTS 3000

static void *churn(void *argument)
{
	unsigned seed = *(unsigned *)argument;
	static __thread char *slot[SLOTS];

	for (int i = 0; i < 20000; i++) {
		unsigned at, size;

		seed = seed * 1103515245u + 12345u;
		at = (seed >> 8) % SLOTS;
		size = (seed >> 20) % 50 == 0 ? 5000 + (seed >> 8) % 90000 : (seed >> 16) % 900 + 1;
		if (slot[at] && seed % 3 == 0) {
			slot[at] = realloc(slot[at], size);
		} else {
			free(slot[at]);
			slot[at] = malloc(size);
		}
	}
	for (int i = 0; i < SLOTS; i++)
		if (i % 4)
			free(slot[i]);
	return NULL;
}

int main(void)
{
	void (*stats_of)(struct lw_stats *) = NULL;
	unsigned seed[3] = {1, 2, 3};
	struct lw_stats stats;
	pthread_t thread[2];
	char line[200];
	void *big;
	int length;

	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, churn, &seed[i]);
	churn(&seed[2]);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	big = malloc(3000000);
	memset(big, 1, 3000000);
	*(void **)&stats_of = dlsym(RTLD_DEFAULT, "lw_stats");
	if (!stats_of)
		return 3;
	memset(&stats, 0, sizeof(stats));
	stats.version = sizeof(stats);
	stats_of(&stats);
	length = snprintf(line, sizeof(line), "%zu %zu %zu\n", stats.live, stats.live_blocks,
	                  stats.extent);
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		return 4;
	_exit(0);
}

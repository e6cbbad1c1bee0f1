/* pairs.c - the CPU time of a malloc and a free, in ns: the best of five rounds. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 5,
	PAIRS = 400000
};

static double now(clockid_t which)
{
	struct timespec time;

	clock_gettime(which, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(void)
{
	double best = 1e18, clock = now(CLOCK_MONOTONIC);

	for (int i = 0; i < 1000; i++)
		now(CLOCK_MONOTONIC);
	clock = (now(CLOCK_MONOTONIC) - clock) / 1000;
	for (int round = 0; round < ROUNDS; round++) {
		double begin = now(CLOCK_THREAD_CPUTIME_ID);

		for (int i = 0; i < PAIRS; i++) {
			void *volatile block = malloc(40);

			free(block);
		}
		begin = (now(CLOCK_THREAD_CPUTIME_ID) - begin) / PAIRS;
		best = begin < best ? begin : best;
	}
	printf("%.1f ns a pair, %.1f ns a clock read\n", best, clock);
	return 0;
}

/* slow.c - builds a heap, says so, and goes on for some seconds: a program to attach to. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SLOTS = 1000
};

int main(void)
{
	static void *slot[SLOTS];

	for (size_t i = 0; i < 400000; i++) {
		free(slot[i % SLOTS]);
		slot[i % SLOTS] = malloc(i % 977 * 7 + 1);
	}
	puts("ready");
	fflush(stdout);
	for (size_t i = 0; i < 4000; i++) {
		free(slot[i % SLOTS]);
		slot[i % SLOTS] = malloc(100 + i % 10);
		usleep(1000);
	}
	return 0;
}

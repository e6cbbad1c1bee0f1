/*
 * Forks again and again while eight threads allocate: a lock of the allocator that another thread
 * holds at the moment of fork must not stay locked in the child.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define FORKS   60
#define SLOTS   256

static atomic_int stop;

static void churn(unsigned seed, int rounds)
{
	static __thread char *slot[SLOTS];

	for (int i = 0; i < rounds; i++) {
		unsigned at, size;

		seed = seed * 1103515245u + 12345u;
		at = (seed >> 8) % SLOTS;
		size = (seed >> 16) % 5 == 0 ? 20000 : (seed >> 16) % 700 + 1;
		if (slot[at] && slot[at][0] != (char)at)
			abort();
		free(slot[at]);
		slot[at] = malloc(size);
		memset(slot[at], (int)at, size);
	}
}

static void *thread_body(void *argument)
{
	while (!atomic_load(&stop))
		churn((unsigned)(size_t)argument, 500);
	return NULL;
}

static void *child_body(void *argument)
{
	churn((unsigned)(size_t)argument, 2000);
	return NULL;
}

/* The child allocates, grows a block, starts a thread of its own, and forks once more. */
static int child_run(int number)
{
	pthread_t thread;
	char *block = NULL;

	churn((unsigned)number, 2000);
	for (size_t size = 10; size < 300000; size *= 3)
		block = realloc(block, size);
	free(block);
	pthread_create(&thread, NULL, child_body, (void *)(size_t)number);
	pthread_join(thread, NULL);
	if (number % 10 == 0) {
		pid_t grandchild = fork();
		int status;

		if (grandchild == 0) {
			churn(7, 1000);
			_exit(0);
		}
		waitpid(grandchild, &status, 0);
		return status != 0;
	}
	return 0;
}

int main(void)
{
	pthread_t thread[THREADS];
	int failed = 0;

	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, thread_body, (void *)(i + 1));
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			alarm(20);
			_exit(child_run(i));
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
			failed++;
		churn(3, 1000);
	}
	atomic_store(&stop, 1);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("%d forks, %d failed\n", FORKS, failed);
	return failed != 0;
}

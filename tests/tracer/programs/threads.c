/* threads.c - four threads, twice, hand blocks to each other; every block is freed in the end. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	THREADS = 4,
	STEPS = 5000,
	SLOTS = 256
};

static void *slot[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *seed)
{
	unsigned random = (unsigned)(size_t)seed * 7919 + 1;

	for (int i = 0; i < STEPS; i++) {
		size_t size = (random >> 8) % (i % 50 ? 2000 : 200000) + 1;
		unsigned at = (random >> 16) % SLOTS;
		char *block = malloc(size);
		void *old;

		if (i % 7 == 0)
			block = realloc(block, 2 * size);
		memset(block, 1, size < 64 ? size : 64);
		pthread_mutex_lock(&lock);
		old = slot[at];
		slot[at] = block;
		pthread_mutex_unlock(&lock);
		free(old);
		random = random * 1103515245 + 12345;
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < THREADS; i++)
			pthread_create(&thread[i], NULL, work, (void *)(i + 1));
		for (int i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
	}
	for (int i = 0; i < SLOTS; i++)
		free(slot[i]);
	return 0;
}

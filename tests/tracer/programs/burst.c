/* burst.c - facts as fast as they come, from two threads. */
#include <pthread.h>
#include <stdlib.h>

static void *work(void *size)
{
	for (int i = 0; i < 150000; i++) {
		void *volatile block = malloc((size_t)size);

		free(block);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, work, (void *)41);
	work((void *)40);
	pthread_join(thread, NULL);
	return 0;
}

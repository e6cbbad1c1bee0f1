/* closer.c - closes every file it can name, as daemons do, and then allocates. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	closefrom(3);
	for (int i = 0; i < 100; i++) {
		void *volatile block = malloc(100);

		if (i % 2)
			free(block);
	}
	return 0;
}

/* forks.c - children free what they inherited; the last one's child becomes another program. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BLOCKS = 1000,
	CHILDREN = 3
};

static void *block[BLOCKS];

static void child(int number)
{
	for (int i = 0; i < BLOCKS; i += 2)
		free(block[i]);
	for (int i = 0; i < 500; i++) {
		char *mine = malloc((size_t)(i + number));

		memset(mine, 0, (size_t)(i + number));
		if (i % 2)
			free(mine);
	}
	if (number == CHILDREN - 1 && !fork()) {
		free(block[1]);
		block[1] = malloc(77);
		execlp("ls", "ls", "-d", "/", (char *)NULL);
		_exit(127);
	}
	wait(NULL);
	exit(number);
}

/* Status 5, so that a test can see it passed on. */
int main(void)
{
	for (int i = 0; i < BLOCKS; i++)
		block[i] = malloc((size_t)i * 10);
	for (int number = 0; number < CHILDREN; number++)
		if (!fork())
			child(number);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	while (wait(NULL) > 0)
		;
	return 5;
}

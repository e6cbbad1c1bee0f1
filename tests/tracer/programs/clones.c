/* clones.c - a child made by clone(), which allocates and returns; its status is passed on. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static char stack[1 << 18] __attribute__((aligned(16)));

static int child(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		void *volatile block = malloc(10);

		if (i % 2)
			free(block);
	}
	return 3;
}

int main(void)
{
	int status = 0, pid = clone(child, stack + sizeof stack, SIGCHLD, NULL);

	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/*
 * Runs one command with a library preloaded and prints what it cost, on one line:
 *
 *   measure LIB|- COMMAND ARGS...          CPU ms, peak RSS KiB, minor faults, wall ms
 *   measure --server STOP LIB|- COMMAND ARGS...
 *
 * The cost is that of the command and of all its children that it waited for (wait4's rusage).
 * With --server the command is a server: it is started, STOP (a shell line, without the library)
 * drives it and ends it, and the cost is the server's alone. This program stays small on purpose:
 * a child's peak RSS begins with that of its parent at the time of exec. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double ms_of(struct timeval t)
{
	return t.tv_sec * 1e3 + t.tv_usec / 1e3;
}

static void start(const char *library, char **command)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (strcmp(library, "-"))
		setenv("LD_PRELOAD", library, 1);
	execvp(command[0], command);
	fprintf(stderr, "measure: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	const char *stop = NULL;
	struct rusage use;
	double begin;
	pid_t child;
	int status;

	if (argc > 2 && !strcmp(argv[1], "--server")) {
		stop = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: measure [--server STOP] LIB|- COMMAND ARGS...\n");
		return 2;
	}
	begin = wall_ms();
	child = fork();
	if (child == 0)
		start(argv[1], argv + 2);
	if (stop && system(stop))
		fprintf(stderr, "measure: the server's load failed: %s\n", stop);
	if (child < 0 || wait4(child, &status, 0, &use) < 0) {
		fprintf(stderr, "measure: cannot start: %s\n", strerror(errno));
		return 1;
	}
	printf("%.2f %ld %ld %.2f\n", ms_of(use.ru_utime) + ms_of(use.ru_stime), use.ru_maxrss,
	       use.ru_minflt, wall_ms() - begin);
	if (WIFSIGNALED(status))
		fprintf(stderr, "measure: %s: signal %d\n", argv[2], WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

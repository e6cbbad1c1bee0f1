#include "deadline.h"
#include "lwtrace.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

volatile pid_t deadline_victim;
static char message[200];

/* Async-signal-safe: whatever hangs may hold any lock. */
static void time_is_over(int signal)
{
	(void)signal;
	(void)!write(STDERR_FILENO, message, strlen(message));
	if (deadline_victim)
		kill(deadline_victim, SIGKILL);
	_exit(STATUS_FAILED);
}

void deadline_start(unsigned seconds, const char *what)
{
	struct sigaction action = {.sa_handler = time_is_over};
	sigset_t alarms;

	snprintf(message, sizeof message,
	         "lwtrace: %s: the session daemon does not answer; run `lwtrace doctor`\n", what);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(seconds);
}

void deadline_stop(void)
{
	alarm(0);
}

unsigned long long clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000000000u + (unsigned long long)now.tv_nsec;
}

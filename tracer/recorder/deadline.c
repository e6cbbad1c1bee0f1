/* deadline.c - see deadline.h. */
#include "deadline.h"
#include "status.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

volatile pid_t deadline_victim;
static const char *volatile doing = "";

static void write_text(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(STATUS_FAILED);
}

/* Async-signal-safe: whatever hangs may hold any lock. */
static void time_is_over(int signal)
{
	(void)signal;
	write_text("lwtrace: ");
	write_text(doing);
	write_text(": the session daemon does not answer; run `lwtrace doctor`\n");
	if (deadline_victim)
		kill(deadline_victim, SIGKILL);
	_exit(STATUS_FAILED);
}

void deadline_start(unsigned seconds, const char *what)
{
	struct sigaction action = {.sa_handler = time_is_over};
	sigset_t alarms;

	doing = what;
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

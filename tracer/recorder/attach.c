/*
 * attach.c - lwtrace attach: record a program that runs already, under one of our libraries.
 */
#include "lwtrace.h"
#include "recording.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct target {
	pid_t pid;
	char name[64];
	const char *allocator; /* NULL: none of our libraries is in it */
};

/* Our library is among its mappings, or it cannot be recorded. */
static int look_at(struct target *target)
{
	char path[64], line[4400];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)target->pid);
	file = fopen(path, "re");
	if (!file || !fgets(target->name, sizeof target->name, file))
		target->name[0] = '\0';
	if (file)
		fclose(file);
	target->name[strcspn(target->name, "\n")] = '\0';
	snprintf(path, sizeof path, "/proc/%d/maps", (int)target->pid);
	file = fopen(path, "re");
	if (!file)
		return msg_errno(STATUS_FAILED, "cannot look at process: pid=%d", (int)target->pid);
	while (fgets(line, sizeof line, file)) {
		if (strstr(line, "/liblw-trace.so"))
			target->allocator = "liblw";
		else if (strstr(line, "/liblw-shim.so"))
			target->allocator = "shim";
	}
	fclose(file);
	if (!target->allocator)
		return msg_fail(
			STATUS_FAILED,
			"cannot record process: pid=%d, name=\"%s\": it was not started with the traced "
			"library; see lwtrace env",
			(int)target->pid, target->name);
	return 0;
}

/* Until it ends, a limit is reached, or lwtrace is asked to end. */
static void wait_for(const struct target *target, const struct recording *recording)
{
	struct timespec time = {0, 100000000};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	msg_note("recording pid %d, %s; end with Ctrl-C, the program runs on", (int)target->pid,
	         target->name);
	while (!kill(target->pid, 0) || errno == EPERM)
		if (sigtimedwait(&ends, NULL, &time) > 0 || recording_limit(recording))
			break;
}

static int attach(const struct command *self, int argc, char **argv)
{
	static struct target target;
	static char *described[] = {target.name, NULL};
	static struct recording recording = {.status = -1, .argv = described}; /* large */
	int64_t pid;
	int status, ended;

	(void)self, (void)argc;
	if (!option_value(&option_int, argv[0], &pid) || !pid || pid > INT_MAX)
		return msg_fail(STATUS_FAILED,
		                "the number of one process is needed: see lwtrace attach --help");
	recording.pid = recording.session.pid = target.pid = (pid_t)pid;
	status = look_at(&target);
	if (!status)
		status = recording_prepare(&recording, target.name);
	if (status)
		return status;
	recording.allocator = target.allocator;
	status = recording_start(&recording);
	if (!status)
		wait_for(&target, &recording);
	ended = recording_end(&recording, !status);
	return status ? status : ended;
}

const struct command command_attach = {
	.name = "attach",
	.operands = "PID",
	.purpose = "record a program that runs already",
	.text = "Records process PID from now on. It must have been started with one of our\n"
		"libraries, by the lines of lwtrace env for instance. Under liblw the trace\n"
		"begins with a list of the blocks that are live; under another allocator what\n"
		"was there before stays unknown.",
	.examples = "attach -o T --max-time 10s $(pidof PROGRAM)",
	.least = 1,
	.most = 1,
	.options = {recording_rows},
	.run = attach,
};

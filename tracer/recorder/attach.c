/*
 * attach.c - lwtrace attach: record a program that runs already, under one of our libraries.
 */
#define _GNU_SOURCE
#include "deadline.h"
#include "options.h"
#include "output.h"
#include "session.h"
#include "sessiond.h"
#include "sum.h"
#include "verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	const char *output;
	int force, strict;
	uint64_t max_size, max_ms;
} wish;

static const struct option_row rows[] = {
	{'o', "output", "DIR", "the trace's folder (default: lwtrace-PROGRAM-PID)", OPTION_TEXT,
         &wish.output, 0},
	{'f', "force", NULL, "replace DIR if it holds an earlier trace", OPTION_FLAG, &wish.force,
         1},
	{0, "max-size", "N", "stop at N bytes (K, M, G)", OPTION_SIZE, &wish.max_size, 0},
	{0, "max-time", "N", "stop after N seconds (ms, s, m, h)", OPTION_DURATION, &wish.max_ms,
         0},
	{0, "strict", NULL, "status 125 when facts were lost", OPTION_FLAG, &wish.strict, 1},
	{0}};

static const struct option_row *attach_options(void)
{
	return rows;
}

struct target {
	pid_t pid;
	char name[64];
	const char *allocator; /* NULL: none of our libraries is in it */
};

/* Our library is among its mappings, or it cannot be recorded. */
static int look_at(struct target *target, struct reason *reason)
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
		return fail(reason, "cannot look at process: pid=%d: %s", (int)target->pid,
		            strerror(errno));
	while (fgets(line, sizeof line, file)) {
		if (strstr(line, "/liblw-trace.so"))
			target->allocator = "liblw";
		else if (strstr(line, "/liblw-shim.so"))
			target->allocator = "shim";
	}
	fclose(file);
	if (!target->allocator)
		return fail(
			reason,
			"cannot record process: pid=%d, name=\"%s\": it was not started with the traced "
			"library; see lwtrace env",
			(int)target->pid, target->name);
	return 0;
}

static bool limit_reached(const struct output *output, uint64_t started)
{
	if (wish.max_ms && (clock_now() - started) / 1000000 >= wish.max_ms)
		return true;
	return wish.max_size && trace_bytes(output->path) >= wish.max_size;
}

/* Until it ends, a limit is reached, or lwtrace is asked to end. */
static uint64_t wait_for(const struct target *target, const struct output *output)
{
	const uint64_t started = clock_now();
	struct timespec time = {0, 100000000};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	say(0, "recording pid %d, %s; end with Ctrl-C, the program runs on", (int)target->pid,
	    target->name);
	while (!kill(target->pid, 0) || errno == EPERM)
		if (sigtimedwait(&ends, NULL, &time) > 0 || limit_reached(output, started))
			break;
	return clock_now() - started;
}

static int attach(int argc, char **argv, struct reason *reason)
{
	struct target target = {.pid = argc == 1 ? atoi(argv[0]) : 0};
	char *described[] = {target.name, NULL};
	static struct output output;
	struct session_wish session_wish = {.pid = target.pid};
	struct session session = {.created = false};
	struct story story = {
		.argv = described, .pid = target.pid, .status = -1, .strict = wish.strict};
	struct sessiond daemon = {.lock = -1};
	int status;

	if (target.pid <= 0)
		return fail(reason,
		            "the number of one process is needed: see lwtrace attach --help");
	if (look_at(&target, reason) || buffers_fit(&session.buffers, reason) ||
	    output_make(&output, wish.output, target.name, wish.force, reason))
		return -1;
	story.allocator = target.allocator;
	session_wish.output = output.path;
	status = sessiond_open(&daemon, reason);
	if (!status)
		status = session_open(&session, &session_wish, reason);
	if (!status) {
		story.wall_s = (double)wait_for(&target, &output) / 1e9;
		status = session_stop(&session, reason);
	}
	sessiond_close(&daemon);
	if (status) {
		output_discard(&output);
		return -1;
	}
	return sum_tell(&output, &story, reason);
}

const struct verb verb_attach = {
	"attach",
	"PID",
	"record a program that runs already",
	"Records process PID from now on.  It must have been started with one of our libraries, by\n"
	"the lines of lwtrace env for instance.  Under liblw the trace begins with a list of the\n"
	"blocks that are live; under another allocator what was there before stays unknown.",
	attach_options,
	attach,
};

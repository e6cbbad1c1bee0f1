/*
 * record.c - lwtrace record: options, session, program, session, sum.
 */
#define _GNU_SOURCE
#include "deadline.h"
#include "libraries.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "run.h"
#include "session.h"
#include "sessiond.h"
#include "sum.h"
#include "trace.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
	const char *output, *allocator, *relay;
	int force, plain, follow, strict;
	uint64_t max_size, max_ms;
} wish = {.allocator = "liblw"};

static const struct option_row rows[] = {
	{'o', "output", "DIR", "the trace's folder (default: lwtrace-PROGRAM-PID)", OPTION_TEXT,
         &wish.output, 0},
	{'f', "force", NULL, "replace DIR if it holds an earlier trace", OPTION_FLAG, &wish.force,
         1},
	{'a', "allocator", "NAME",
         "liblw (default), ptmalloc: glibc's whatever the program links,\nsystem: the program's own, or "
         "the path of a library",
         OPTION_TEXT, &wish.allocator, 0},
	{0, "plain", NULL,
         "one event for each fact, which any CTF tool reads;\nso far the only encoding",
         OPTION_FLAG, &wish.plain, 1},
	{0, "follow", NULL, "go on until the program's descendants have ended too", OPTION_FLAG,
         &wish.follow, 1},
	{0, "max-size", "N", "stop recording at N bytes (K, M, G); the program runs on",
         OPTION_SIZE, &wish.max_size, 0},
	{0, "max-time", "N", "stop recording after N seconds (ms, s, m, h); the program\nruns on",
         OPTION_DURATION, &wish.max_ms, 0},
	{0, "strict", NULL, "status 125 when facts were lost", OPTION_FLAG, &wish.strict, 1},
	{0, "to", "net://HOST", "stream to the relay daemon there (lwtrace serve)", OPTION_TEXT,
         &wish.relay, 0},
	{0}};

static const struct option_row *record_options(void)
{
	return rows;
}

struct recording {
	struct program program;
	struct preload preload;
	struct output output;
	struct sessiond daemon;
	struct session session;
	struct run run;
	char **argv;
	uint64_t wall_ns;
	bool stopped; /* the session, by a limit */
};

/* ---- the story -------------------------------------------------------------------------- */

static int check_wish(struct recording *recording, struct reason *reason)
{
	if (wish.relay && wish.output)
		return fail(reason,
		            "--to and -o exclude each other: the relay daemon writes the trace");
	if (program_find(&recording->program, recording->argv[0], reason) ||
	    program_check(&recording->program, reason) ||
	    preload_find(&recording->preload, wish.allocator, true, reason) ||
	    buffers_fit(&recording->session.buffers, reason))
		return -1;
	return wish.relay ? 0
	                  : output_make(&recording->output, wish.output, recording->argv[0],
	                                wish.force, reason);
}

static int start(struct recording *recording, struct reason *reason)
{
	struct session_wish session = {.output = recording->output.path, .url = wish.relay};

	if (sessiond_open(&recording->daemon, reason))
		return -1;
	say(1, "buffers: %llu x %llu KiB for each of %u CPUs and process, of %llu MiB in /dev/shm",
	    (unsigned long long)recording->session.buffers.subbuf_count,
	    (unsigned long long)recording->session.buffers.subbuf_size >> 10,
	    recording->session.buffers.cpus,
	    (unsigned long long)recording->session.buffers.shm_free >> 20);
	return session_open(&recording->session, &session, reason);
}

/* Whether a limit given by the user is reached; says so. */
static bool limit_reached(const struct recording *recording, uint64_t started)
{
	if (wish.max_ms && (clock_now() - started) / 1000000 >= wish.max_ms) {
		say(0, "recording stopped: %g seconds are over; the program runs on",
		    (double)wish.max_ms / 1000);
		return true;
	}
	if (wish.max_size && !wish.relay && trace_bytes(recording->output.path) >= wish.max_size) {
		say(0, "recording stopped: %.1f MiB are written; the program runs on",
		    (double)wish.max_size / 1048576);
		return true;
	}
	return false;
}

static int run(struct recording *recording, struct reason *reason)
{
	const uint64_t started = clock_now();
	int status = 0;

	if (run_start(&recording->run, &recording->program, recording->argv, &recording->preload,
	              reason))
		return -1;
	say(1, "recording: program=\"%s\", pid=%d", recording->program.path,
	    (int)recording->run.pid);
	while (!run_wait(&recording->run, 100)) {
		if (!recording->stopped && limit_reached(recording, started)) {
			recording->stopped = true;
			recording->wall_ns = clock_now() - started;
			status = session_stop(&recording->session, reason);
		}
	}
	if (!recording->stopped)
		recording->wall_ns = clock_now() - started;
	return status;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static int finish(struct recording *recording, struct reason *reason)
{
	const struct rusage *usage = &recording->run.usage;
	struct story story = {.argv = recording->argv,
	                      .allocator = recording->preload.name,
	                      .pid = recording->run.pid,
	                      .status = recording->run.status,
	                      .wall_s = (double)recording->wall_ns / 1e9,
	                      .cpu_s = seconds(&usage->ru_utime) + seconds(&usage->ru_stime),
	                      .strict = wish.strict};

	if (wish.relay) {
		say(0, "streamed to %s; there: lwview load, in the relay daemon's output folder",
		    wish.relay);
		return 0;
	}
	return sum_tell(&recording->output, &story, reason);
}

/* ---- verb ------------------------------------------------------------------------------- */

static int record(int argc, char **argv, struct reason *reason)
{
	static struct recording recording; /* large */
	struct reason later;
	int status = -1;

	if (!argc)
		return fail(reason, "no program to record: see lwtrace record --help");
	recording.argv = argv;
	recording.daemon.lock = -1;
	recording.run.follow = wish.follow;
	if (check_wish(&recording, reason))
		return -1;
	run_prepare();
	if (!start(&recording, reason))
		status = run(&recording, reason);
	if (session_stop(&recording.session, status ? &later : reason))
		status = -1;
	sessiond_close(&recording.daemon);
	if (recording.run.ended) {
		if (finish(&recording, status ? &later : reason))
			status = -1;
	} else {
		output_discard(&recording.output);
	}
	return status ? -1 : recording.run.status;
}

const struct verb verb_record = {
	"record",
	"[--] PROGRAM [ARGS...]",
	"run a program and record every fact about its heap",
	"Runs PROGRAM with the allocator given, and writes a trace of each process it becomes\n"
	"or forks.  Starts a session daemon of its own where none runs.  The exit status is the\n"
	"program's own, 128+N after signal N, 126 or 127 when it cannot be run, and 125 when\n"
	"lwtrace itself failed.",
	record_options,
	record,
};

/*
 * record.c - lwtrace record: options, session, program, session, sum.
 */
#include "commands.h"
#include "deadline.h"
#include "libraries.h"
#include "program.h"
#include "recording.h"
#include "run.h"
#include "session.h"
#include "sessiond.h"
#include "sum.h"

static const char *allocator = "liblw", *relay;
static bool follow;

static const struct option_row rows[] = {
	{'a', "allocator", &option_text, &allocator, "NAME",
         "liblw (default), ptmalloc: glibc's whatever the program links,\nsystem: the program's own, or "
         "the path of a library"},
	{0, "follow", &option_flag, &follow, NULL,
         "go on until the program's descendants have ended too"},
	{0, "to", &option_text, &relay, "net://HOST",
         "stream to the relay daemon there (lwtrace serve)"},
	OPTION_END,
};

struct recording {
	struct program program;
	struct preload preload;
	struct output output;
	struct sessiond daemon;
	struct session session;
	struct run run;
	char **argv;
	uint64_t wall_ns;
};

/* ---- the story -------------------------------------------------------------------------- */

static int check_options(struct recording *recording)
{
	const struct recording_options *o = &recording_options;
	int status;

	if (relay && (o->output || o->force || o->max_size || o->strict))
		return msg_fail(STATUS_FAILED, "--to goes without -o, -f, --max-size and --strict: "
		                               "the relay daemon writes the trace");
	status = program_find(&recording->program, recording->argv[0]);
	if (!status)
		status = program_check(&recording->program);
	if (!status)
		status = preload_find(&recording->preload, allocator, true);
	if (!status)
		status = buffers_fit(&recording->session.buffers);
	if (!status && !relay)
		status = output_make(&recording->output, o->output, recording->argv[0], o->force);
	return status;
}

static int start(struct recording *recording)
{
	struct buffers *buffers = &recording->session.buffers;
	struct session_options session = {.output = recording->output.path, .url = relay};
	int status = sessiond_open(&recording->daemon);

	if (status)
		return status;
	msg_step("buffers: %llu x %llu KiB for each of %u CPUs and process, of %llu MiB in "
	         "/dev/shm",
	         (unsigned long long)buffers->subbuf_count,
	         (unsigned long long)buffers->subbuf_size >> 10, buffers->cpus,
	         (unsigned long long)buffers->shm_free >> 20);
	return session_open(&recording->session, &session);
}

static int run(struct recording *recording)
{
	const uint64_t started = clock_now();
	bool stopped = false; /* by a limit */
	int status = run_start(&recording->run, &recording->program, recording->argv,
	                       &recording->preload);

	if (status)
		return status;
	msg_step("recording: program=\"%s\", pid=%d", recording->program.path,
	         (int)recording->run.pid);
	while (!run_wait(&recording->run, 100)) {
		if (!stopped && recording_limit(&recording->output, started)) {
			stopped = true;
			recording->wall_ns = clock_now() - started;
			status = session_stop(&recording->session);
		}
	}
	if (!stopped)
		recording->wall_ns = clock_now() - started;
	return status;
}

static int finish(struct recording *recording)
{
	struct story story = {.argv = recording->argv,
	                      .allocator = recording->preload.name,
	                      .pid = recording->run.pid,
	                      .status = recording->run.status,
	                      .wall_s = (double)recording->wall_ns / 1e9,
	                      .cpu_s = run_cpu_seconds(&recording->run)};

	if (relay) {
		msg_note("streamed to %s; there: lwview load, in the relay daemon's output folder",
		         relay);
		return 0;
	}
	return sum_tell(&recording->output, &story);
}

/* ---- command ---------------------------------------------------------------------------- */

static int record(const struct command *self, int argc, char **argv)
{
	static struct recording recording; /* large */
	int status, stopped;

	(void)self, (void)argc;
	recording.argv = argv;
	recording.daemon.lock = -1;
	recording.run.follow = follow;
	status = check_options(&recording);
	if (status)
		return status;
	run_prepare();
	status = start(&recording);
	if (!status)
		status = run(&recording);
	stopped = session_stop(&recording.session);
	sessiond_close(&recording.daemon);
	if (!recording.run.ended) {
		output_discard(&recording.output);
		return status;
	}
	if (!status)
		status = stopped;
	stopped = finish(&recording);
	if (!status)
		status = stopped;
	return status ? status : recording.run.status;
}

const struct command command_record = {
	.name = "record",
	.operands = "[--] PROGRAM [ARGS...]",
	.purpose = "run a program and record every fact about its heap",
	.text = "Runs PROGRAM with the allocator given, and writes a trace of each process it\n"
		"becomes or forks. Starts a session daemon of its own where none runs. The exit\n"
		"status is the program's own, 128+N after signal N, 126 or 127 when it cannot\n"
		"be run, and 125 when lwtrace itself failed.",
	.examples = "record -o T -- PROGRAM\n"
		    "record --allocator ptmalloc -o P --strict -- PROGRAM ARGUMENT\n"
		    "record --follow --max-time 30s -- sh -c 'make all'",
	.least = 1,
	.most = -1,
	.leading = true,
	.options = {recording_rows, rows},
	.run = record,
};

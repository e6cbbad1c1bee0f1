/*
 * record.c - lwtrace record: a recording that begins before the program and ends after it.
 */
#include "lwtrace.h"
#include "libraries.h"
#include "program.h"
#include "recording.h"
#include "run.h"

static struct recording recording;
static struct run run;
static const char *allocator = "liblw";

static const struct option_row rows[] = {
	{'a', "allocator", &option_text, &allocator, "NAME",
         "liblw (default), ptmalloc: glibc's whatever the program links,\nsystem: the program's own, or "
         "the path of a library"},
	{0, "follow", &option_flag, &run.follow, NULL,
         "go on until the program's descendants have ended too"},
	{0, "to", &option_text, &recording.session.url, "net://HOST",
         "stream to the relay daemon there (lwtrace serve)"},
	OPTION_END,
};

static int run_program(const struct program *program, const struct preload *preload)
{
	int status = run_start(&run, program, recording.argv, preload);

	if (status)
		return status;
	msg_step("recording: program=\"%s\", pid=%d", program->path, (int)run.pid);
	while (!run_wait(&run, 100))
		if (recording.session.created && recording_limit(&recording))
			status = recording_stop(&recording);
	recording.pid = run.pid;
	recording.status = run.status;
	recording.cpu_s = run_cpu_seconds(&run);
	return status;
}

static int record(const struct command *self, int argc, char **argv)
{
	static struct program program; /* large, as the next */
	static struct preload preload;
	int status = program_find(&program, argv[0]), ended;

	(void)self, (void)argc;
	recording.argv = argv;
	recording.allocator = preload.name;
	if (!status)
		status = program_check(&program);
	if (!status)
		status = preload_find(&preload, allocator, true);
	if (!status)
		status = recording_prepare(&recording, argv[0]);
	if (status)
		return status;
	run_prepare();
	status = recording_start(&recording);
	if (!status)
		status = run_program(&program, &preload);
	ended = recording_end(&recording, run.ended);
	return status ? status : ended ? ended : run.status;
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

/*
 * doctor.c - lwtrace doctor: whether a recording can work here, and what to do if not.
 */
#include "lwtrace.h"
#include "libraries.h"
#include "program.h"
#include "session.h"

#include "cli/text.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static char finding[1024];

/* What a check has found, when all is well. */
static int found(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int found(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding, sizeof finding, format, args);
	va_end(args);
	return 0;
}

static int look_at_system(void)
{
	struct utsname name;

	if (uname(&name))
		return msg_errno(STATUS_FAILED, "uname");
	return found("%s %s, %d-bit, page %ld", name.machine, name.release,
	             (int)(8 * sizeof(void *)), sysconf(_SC_PAGESIZE));
}

static int look_for_daemon_program(void)
{
	if (!program_in_path("lttng-sessiond"))
		return msg_fail(STATUS_FAILED,
		                "no lttng-sessiond in PATH: install the package lttng-tools");
	return found("lttng-sessiond is installed");
}

static int look_at_daemon(void)
{
	if (session_daemon_alive())
		return found("one runs and answers, with %d sessions; it will be used",
		             session_count());
	return found("none runs; lwtrace record starts one and ends it");
}

static int look_at_home(void)
{
	const char *home = getenv("LTTNG_HOME") ? getenv("LTTNG_HOME") : getenv("HOME");

	if (!geteuid())
		return found("root: the daemon's files are in /var/run/lttng");
	if (!home || access(home, W_OK))
		return found("HOME cannot be written: the daemon's files go to a folder in /tmp");
	return found("the daemon's files are in %s/.lttng", home);
}

static int look_at_memory(void)
{
	struct buffers buffers;

	if (buffers_fit(&buffers))
		return -1;
	return found(
		"/dev/shm has %llu MiB: %llu x %llu KiB for each of %u CPUs, %llu MiB a process%s",
		buffers.shm_free >> 20, buffers.subbuf_count, buffers.subbuf_size >> 10,
		buffers.cpus,
		(buffers.subbuf_size * (buffers.subbuf_count + 1) * buffers.cpus) >> 20,
		buffers.subbuf_size * buffers.subbuf_count < (uint64_t)16 << 20
			? "; below 16 MiB a CPU a burst of facts may be lost"
			: "");
}

static int look_at_libraries(void)
{
	static const char *const allocators[] = {"liblw", "ptmalloc"};
	struct preload preload;

	for (int i = 0; i < 2; i++)
		if (preload_find(&preload, allocators[i], true))
			return -1;
	return found("found: %s", preload.list);
}

/* In a process of its own: loading it starts lttng-ust's threads. */
static int look_at_provider(void)
{
	char path[PATH_MAX];
	int status = 0;
	pid_t child;

	if (library_find("liblw-provider.so", path))
		return -1;
	child = fork();
	if (!child) {
		setenv("LTTNG_UST_REGISTER_TIMEOUT", "0", 1);
		_exit(dlopen(path, RTLD_NOW) ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return msg_errno(STATUS_FAILED, "cannot try");
	if (status)
		return msg_fail(STATUS_FAILED,
		                "cannot be loaded: path=\"%s\": install the package liblttng-ust1",
		                path);
	return found("loads: %s", path);
}

/* A check calls found(), or fails with what is wrong and what to do. */
static const struct {
	const char *name;
	int (*look)(void);
} checks[] = {
	{"system", look_at_system},         {"lttng-tools", look_for_daemon_program},
	{"session daemon", look_at_daemon}, {"rights", look_at_home},
	{"shared memory", look_at_memory},  {"libraries", look_at_libraries},
	{"provider", look_at_provider},
};

static int doctor(const struct command *self, int argc, char **argv)
{
	int problems = 0;

	(void)self, (void)argc, (void)argv;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		int status = checks[i].look();

		if (status)
			msg_take(finding, sizeof finding);
		text_scrub(finding);
		printf("%-4s %-15s %s\n", status ? "BAD" : "ok", checks[i].name, finding);
		problems += status != 0;
	}
	return problems ? msg_fail(STATUS_FAILED, "recording cannot work: problems=%d", problems)
	                : 0;
}

const struct command command_doctor = {
	.name = "doctor",
	.operands = "",
	.purpose = "check whether recording can work here",
	.text = "Prints a line for each thing a recording needs, and what to do where one is\n"
		"missing.",
	.examples = "doctor",
	.run = doctor,
};

/*
 * doctor.c - lwtrace doctor: whether a recording can work here, and what to do if not.
 */
#define _GNU_SOURCE
#include "libraries.h"
#include "options.h"
#include "session.h"
#include "verbs.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct option_row rows[] = {{0}};

static const struct option_row *doctor_options(void)
{
	return rows;
}

/* A check writes what it found, or what is wrong and what to do; 0: well, -1: not. */
struct check {
	const char *name;
	int (*look)(struct reason *finding);
};

#define FOUND(finding, ...) (fail(finding, __VA_ARGS__), 0)

static int look_at_system(struct reason *finding)
{
	struct utsname name;

	if (uname(&name))
		return fail(finding, "uname: %s", strerror(errno));
	return FOUND(finding, "%s %s, %d-bit, page %ld", name.machine, name.release,
	             (int)(8 * sizeof(void *)), sysconf(_SC_PAGESIZE));
}

static bool in_path(const char *name)
{
	const char *path = getenv("PATH");
	char candidate[4096];

	for (const char *at = path ? path : "/usr/bin:/bin"; *at; at += *at == ':') {
		size_t length = strcspn(at, ":");

		snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, at, name);
		if (!access(candidate, X_OK))
			return true;
		at += length;
	}
	return false;
}

static int look_for_daemon_program(struct reason *finding)
{
	if (!in_path("lttng-sessiond"))
		return fail(finding, "no lttng-sessiond in PATH: install the package lttng-tools");
	return FOUND(finding, "lttng-sessiond is installed");
}

static int look_at_daemon(struct reason *finding)
{
	if (session_daemon_alive())
		return FOUND(finding, "one runs and answers, with %d sessions; it will be used",
		             session_count());
	return FOUND(finding, "none runs; lwtrace record starts one and ends it");
}

static int look_at_home(struct reason *finding)
{
	const char *home = getenv("LTTNG_HOME") ? getenv("LTTNG_HOME") : getenv("HOME");

	if (!geteuid())
		return FOUND(finding, "root: the daemon's files are in /var/run/lttng");
	if (!home || access(home, W_OK))
		return FOUND(finding,
		             "HOME cannot be written: the daemon's files go to a folder in /tmp");
	return FOUND(finding, "the daemon's files are in %s/.lttng", home);
}

static int look_at_memory(struct reason *finding)
{
	struct buffers buffers;

	if (buffers_fit(&buffers, finding))
		return -1;
	return FOUND(
		finding,
		"/dev/shm has %llu MiB: %llu x %llu KiB for each of %u CPUs, %llu MiB a process%s",
		(unsigned long long)buffers.shm_free >> 20,
		(unsigned long long)buffers.subbuf_count,
		(unsigned long long)buffers.subbuf_size >> 10, buffers.cpus,
		(unsigned long long)(buffers.subbuf_size * (buffers.subbuf_count + 1) *
	                             buffers.cpus) >>
			20,
		buffers.subbuf_size * buffers.subbuf_count < (uint64_t)16 << 20
			? "; below 16 MiB a CPU a burst of facts may be lost"
			: "");
}

static int look_at_libraries(struct reason *finding)
{
	static const char *const allocators[] = {"liblw", "ptmalloc"};
	struct preload preload;

	for (int i = 0; i < 2; i++)
		if (preload_find(&preload, allocators[i], true, finding))
			return -1;
	return FOUND(finding, "found: %s", preload.list);
}

/* In a process of its own: loading it starts lttng-ust's threads. */
static int look_at_provider(struct reason *finding)
{
	struct preload preload;
	char path[9100];
	char *slash;
	int status = 0;
	pid_t child;

	if (preload_find(&preload, "ptmalloc", true, finding))
		return -1;
	snprintf(path, sizeof path, "%s", preload.list);
	slash = strrchr(path, '/');
	snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "liblw-provider.so");
	child = fork();
	if (!child) {
		setenv("LTTNG_UST_REGISTER_TIMEOUT", "0", 1);
		_exit(dlopen(path, RTLD_NOW) ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return fail(finding, "cannot try: %s", strerror(errno));
	if (status)
		return fail(finding,
		            "cannot be loaded: path=\"%s\": install the package liblttng-ust1",
		            path);
	return FOUND(finding, "loads: %s", path);
}

static const struct check checks[] = {
	{"system", look_at_system},         {"lttng-tools", look_for_daemon_program},
	{"session daemon", look_at_daemon}, {"rights", look_at_home},
	{"shared memory", look_at_memory},  {"libraries", look_at_libraries},
	{"provider", look_at_provider},
};

static int doctor(int argc, char **argv, struct reason *reason)
{
	int bad = 0;

	if (argc)
		return fail(reason, "unexpected argument: \"%s\"", argv[0]);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		struct reason finding = {0};
		int status = checks[i].look(&finding);

		printf("%-4s %-15s %s\n", status ? "BAD" : "ok", checks[i].name, finding.text);
		bad += status != 0;
	}
	return bad ? fail(reason, "recording cannot work: problems=%d", bad) : 0;
}

const struct verb verb_doctor = {
	"doctor",
	"",
	"check whether recording can work here",
	"Prints a line for each thing a recording needs, and what to do where one is missing.",
	doctor_options,
	doctor,
};

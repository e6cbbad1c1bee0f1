/* serve.c - lwtrace serve: a relay daemon for boards that stream. */
#define _GNU_SOURCE
#include "options.h"
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *output = "lwtrace-served";
static unsigned port = 5342;

static const struct option_row rows[] = {
	{'o', "output", "DIR",
         "where traces are written, a folder for each host\n(default: lwtrace-served)", OPTION_TEXT,
         &output, 0},
	{'p', "port", "N", "first of three ports: control, data, live (default: 5342)",
         OPTION_COUNT, &port, 0},
	{0}};

static const struct option_row *serve_options(void)
{
	return rows;
}

static int serve(int argc, char **argv, struct reason *reason)
{
	char folder[PATH_MAX], control[64], data[64], live[64], host[256] = "HOST";

	if (argc)
		return fail(reason, "unexpected argument: \"%s\"", argv[0]);
	if (port > 65533)
		return fail(reason, "bad value of --port: value=\"%u\"", port);
	if (mkdir(output, 0777) && errno != EEXIST)
		return fail(reason, "cannot make output folder: path=\"%s\": %s", output,
		            strerror(errno));
	if (!realpath(output, folder))
		return fail(reason, "cannot find output folder: path=\"%s\": %s", output,
		            strerror(errno));
	snprintf(control, sizeof control, "tcp://0.0.0.0:%u", port);
	snprintf(data, sizeof data, "tcp://0.0.0.0:%u", port + 1);
	snprintf(live, sizeof live, "tcp://0.0.0.0:%u", port + 2);
	gethostname(host, sizeof host - 1);
	say(0, "traces go to %s; end with Ctrl-C", folder);
	if (port == 5342)
		say(0, "on the board: lwtrace record --to net://%s -- PROGRAM", host);
	else
		say(0, "on the board: lwtrace record --to net://%s:%u:%u -- PROGRAM", host, port,
		    port + 1);
	execlp("lttng-relayd", "lttng-relayd", "--output", folder, "--control-port", control,
	       "--data-port", data, "--live-port", live, (char *)NULL);
	return fail(reason, "cannot run lttng-relayd: %s: install the package lttng-tools",
	            strerror(errno));
}

const struct verb verb_serve = {
	"serve",
	"",
	"receive the traces of other machines",
	"Runs an lttng-relayd in the foreground and prints the command to use on the board.",
	serve_options,
	serve,
};

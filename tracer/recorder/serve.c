/* serve.c - lwtrace serve: a relay daemon for boards that stream. */
#include "lwtrace.h"
#include "output.h"

#include <stdio.h>
#include <unistd.h>

static const char *shown = "lwtrace-served";
static int64_t port = 5342;

static const struct option_type type_port = {.units = option_no_units, .least = 1, .most = 65533};

static const struct option_row rows[] = {
	{'o', "output", &option_text, &shown, "DIR",
         "where traces are written, a folder for each host\n(default: lwtrace-served)"},
	{'p', "port", &type_port, &port, "N",
         "first of three ports: control, data, live (default: 5342)"},
	OPTION_END,
};

static int serve(const struct command *self, int argc, char **argv)
{
	char folder[PATH_MAX], url[3][32], host[256] = "HOST";

	(void)self, (void)argc, (void)argv;
	if (output_folder(shown, folder))
		return STATUS_FAILED;
	for (int i = 0; i < 3; i++)
		snprintf(url[i], sizeof url[i], "tcp://0.0.0.0:%d", (int)port + i);
	gethostname(host, sizeof host - 1);
	msg_note("traces go to %s; end with Ctrl-C", folder);
	if (port == 5342)
		msg_note("on the board: lwtrace record --to net://%s -- PROGRAM", host);
	else
		msg_note("on the board: lwtrace record --to net://%s:%d:%d -- PROGRAM", host,
		         (int)port, (int)port + 1);
	execlp("lttng-relayd", "lttng-relayd", "--output", folder, "--control-port", url[0],
	       "--data-port", url[1], "--live-port", url[2], (char *)NULL);
	return msg_fail(STATUS_FAILED,
	                "cannot run lttng-relayd: %m: install the package lttng-tools");
}

const struct command command_serve = {
	.name = "serve",
	.operands = "",
	.purpose = "receive the traces of other machines",
	.text = "Runs an lttng-relayd in the foreground and prints the command to use on the\n"
		"board.",
	.examples = "serve -o traces",
	.options = {rows},
	.run = serve,
};

/* env.c - lwtrace env: the settings that make a program recordable, for a unit file. */
#include "lwtrace.h"
#include "libraries.h"

#include <stdio.h>

static const char *allocator = "liblw";

static const struct option_row rows[] = {
	{'a', "allocator", &option_text, &allocator, "NAME",
         "as for lwtrace record (default: liblw)"},
	OPTION_END,
};

static int print(const struct command *self, int argc, char **argv)
{
	struct preload preload;
	int status = preload_find(&preload, allocator, true);

	(void)self, (void)argc, (void)argv;
	if (status)
		return status;
	printf("LD_PRELOAD=%s\nLTTNG_UST_REGISTER_TIMEOUT=20000\n", preload.list);
	if (preload.below)
		printf("LW_SHIM_BELOW=%s\nLW_SHIM_NAME=%s\n", preload.below, preload.name);
	return 0;
}

const struct command command_env = {
	.name = "env",
	.operands = "",
	.purpose = "print the environment that makes a program recordable",
	.text = "Lines of NAME=VALUE, as systemd's EnvironmentFile= and env(1) take them. A\n"
		"program started so can be recorded by lwtrace attach, and by any LTTng session\n"
		"with per-process buffers that was started before its events lw:* are enabled.\n"
		"With LW_TRACE=0 beside these lines it is never recorded.",
	.examples = "env\n"
		    "env --allocator ptmalloc >/etc/default/PROGRAM",
	.options = {rows},
	.run = print,
};

/* env.c - lwtrace env: the settings that make a program recordable, for a unit file. */
#define _GNU_SOURCE
#include "libraries.h"
#include "options.h"
#include "verbs.h"

#include <stdio.h>

static const char *allocator = "liblw";

static const struct option_row rows[] = {{'a', "allocator", "NAME",
                                          "as for lwtrace record (default: liblw)", OPTION_TEXT,
                                          &allocator, 0},
                                         {0}};

static const struct option_row *env_options(void)
{
	return rows;
}

static int env_run(int argc, char **argv, struct reason *reason)
{
	struct preload preload;

	if (argc)
		return fail(reason, "unexpected argument: \"%s\"", argv[0]);
	if (preload_find(&preload, allocator, true, reason))
		return -1;
	printf("LD_PRELOAD=%s\nLTTNG_UST_REGISTER_TIMEOUT=20000\n", preload.list);
	if (preload.below)
		printf("LW_SHIM_BELOW=%s\nLW_SHIM_NAME=%s\n", preload.below, preload.name);
	return 0;
}

const struct verb verb_env = {
	"env",
	"",
	"print the environment that makes a program recordable",
	"Lines of NAME=VALUE, as systemd's EnvironmentFile= and env(1) take them.  A program started\n"
	"so can be recorded by lwtrace attach, and by any LTTng session with per-process buffers that\n"
	"was started before its events lw:* are enabled.  With LW_TRACE=0 beside these lines it is\n"
	"never recorded.",
	env_options,
	env_run,
};

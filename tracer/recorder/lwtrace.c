/* lwtrace.c - record a program's heap: the table of commands. */
#include "commands.h"

static const struct option_row rows[] = {
	{'v', "verbose", &option_loud, &msg_level, NULL, "say each step"},
	OPTION_END,
};

static const struct command *const commands[] = {
	&command_record, &command_attach, &command_stat, &command_serve,
	&command_doctor, &command_env,    NULL,
};

static const struct command_set lwtrace = {
	.name = "lwtrace",
	.operands = "...",
	.purpose = "Records every fact about a program's heap, for lwview.",
	.statuses =
		"Exit status: 0 well; 125 lwtrace failed; of record and stat otherwise the program's\n"
		"own, 128+N after signal N, 126 or 127 when it cannot be run.",
	.usage_status = STATUS_FAILED,
	.options = rows,
	.commands = commands,
};

int main(int argc, char **argv)
{
	return command_main(&lwtrace, argc, argv);
}

/* lwtrace.c - record a program's heap: the table of commands. */
#include "lwtrace.h"

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
	.purpose = "record every fact about a program's heap",
	.text = "Runs a program, or joins one that runs, and writes a trace of what its allocator does:\n"
		"every block, every pool, every page. The trace is CTF, recorded by LTTng; a session\n"
		"daemon is started where none runs. lwview reads it.",
	.statuses = "0  well; of record and stat: so says the program\n"
		    "125  lwtrace failed, or was used wrongly\n"
		    "126  the program cannot be run\n"
		    "127  the program was not found\n"
		    "128+N  signal N ended the program\n"
		    "other  the program's own",
	.see_also = ".Xr lttng 1 ,\n.Xr lwview 1 ,\n.Xr lw-trace 5",
	.usage_status = STATUS_FAILED,
	.options = rows,
	.commands = commands,
};

int main(int argc, char **argv)
{
	return command_main(&lwtrace, argc, argv);
}

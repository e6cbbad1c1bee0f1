/* commands.h - the commands of lwtrace, one file each. */
#ifndef LW_COMMANDS_H
#define LW_COMMANDS_H

#include "cli/command.h"
#include "status.h"

extern const struct command command_record, command_attach, command_stat, command_serve,
	command_doctor, command_env;

#endif

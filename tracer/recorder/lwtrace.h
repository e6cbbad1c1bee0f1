/* lwtrace.h - what the files of lwtrace share: its exit statuses, and its commands, one file each. */
#ifndef LW_LWTRACE_H
#define LW_LWTRACE_H

#include "cli/command.h"
#include "cli/message.h"

/* As env(1) and timeout(1) have them: below are the program's own.  Functions return them too. */
enum {
	STATUS_FAILED = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127
};

extern const struct command command_record, command_attach, command_stat, command_serve,
	command_doctor, command_env;

#endif

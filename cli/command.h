/* SPDX-License-Identifier: MIT */
/*
 * command.h - a program that is a table of commands: `lwview map heap.db`. From the table come its
 * usage, `COMMAND --help`, `--version`, what is refused, and the run.
 */
#ifndef LW_CLI_COMMAND_H
#define LW_CLI_COMMAND_H

#include "options.h"

struct command {
	const char *name;
	const char *operands; /* as usage shows them, "heap.db" */
	const char *purpose;  /* one line */
	const char *text;     /* paragraphs for --help, lines of at most 90 columns; NULL none */
	int least, most;      /* number of operands; most -1: any */
	bool leading;         /* options stand before the first operand, which has its own */
	const struct option_row *options[4]; /* tables, NULL ends them */
	/* Is given the operands; returns the exit status, see message.h. */
	int (*run)(const struct command *self, int argc, char **argv);
};

struct command_set {
	const char *name;
	const char *operands; /* of its commands on the whole, as usage shows them */
	const char *purpose;
	const char *statuses; /* the exit statuses, a paragraph */
	int usage_status;
	const struct option_row *options;      /* every command has these too */
	const struct command *const *commands; /* NULL ends them */
};

/* All that main() does: returns the exit status. */
int command_main(const struct command_set *set, int argc, char **argv);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * command.h - a program that is a table of commands: `lwview map heap.db`. From the table come its
 * usage, `COMMAND --help`, `--version`, what is refused, and the run; by manual.h, at build time, the
 * pages of the manual and the completion.
 */
#ifndef LW_CLI_COMMAND_H
#define LW_CLI_COMMAND_H

#include "options.h"

enum {
	COMMAND_TABLES = 9 /* of a command with those of all commands and the NULL behind them */
};

struct command {
	const char *name;
	const char *operands; /* as usage shows them, "heap.db" */
	const char *purpose;  /* one line */
	const char *text;     /* paragraphs, lines of at most 90 columns; NULL none */
	const char *examples; /* command lines, one a line, without the program's name; NULL none */
	int least, most;      /* number of operands; most -1: any */
	bool leading;         /* options stand before the first operand, which has its own */
	const struct option_row *options[COMMAND_TABLES - 3]; /* tables, NULL ends them */
	/* Is given the operands; returns the exit status, see message.h. */
	int (*run)(const struct command *self, int argc, char **argv);
};

struct command_set {
	const char *name;
	const char *operands; /* of its commands on the whole, as usage shows them */
	const char *purpose;
	const char *text;     /* paragraphs of its page; NULL: the purpose says it */
	const char *statuses; /* the exit statuses, one a line: "0  well" */
	const char *see_also; /* in mdoc; NULL none */
	int usage_status;
	const struct option_row *options;      /* every command has these too */
	const struct command *const *commands; /* NULL ends them */
};

/* The tables of `c`, its own and those of all commands, NULL behind them. */
void command_tables(const struct command_set *set, const struct command *c,
                    const struct option_row *tables[COMMAND_TABLES]);

/* All that main() does: returns the exit status. */
int command_main(const struct command_set *set, int argc, char **argv);

#endif

/*
 * options.h - declarative command lines: a row per option; parsing, checks and help follow from
 * the rows.
 */
#ifndef LW_OPTIONS_H
#define LW_OPTIONS_H

#include "say.h"

#include <stdint.h>

enum option_kind {
	OPTION_FLAG,     /* int, becomes VALUE */
	OPTION_TEXT,     /* const char * */
	OPTION_COUNT,    /* unsigned, a number of at least 1 */
	OPTION_SIZE,     /* uint64_t bytes, with K, M or G */
	OPTION_DURATION, /* uint64_t ms, with ms, s, m or h; seconds without */
};

struct option_row {
	char letter;      /* 0: none */
	const char *name; /* long name, without the dashes; NULL ends the table */
	const char *word; /* the argument's name in help; NULL: takes none */
	const char *help; /* lines after the first are indented alike */
	enum option_kind kind;
	void *target;
	int value;
};

struct verb {
	const char *name;
	const char *arguments; /* what follows the options in the usage line */
	const char *purpose;   /* one line */
	const char *text;      /* the paragraphs of --help */
	const struct option_row *(*options)(void);
	int (*run)(int argc, char **argv, struct reason *reason); /* exit status; -1: see REASON */
};

/*
 * Reads the options of VERB from ARGV, up to the first argument that is none, or "--".  Returns the
 * index of the first argument after them, 0 when help was asked for and printed, -1 on wrong use.
 */
int options_read(const struct verb *verb, int argc, char **argv, struct reason *reason);

#endif

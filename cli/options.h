/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line, declared as rows.
 *
 * A command lists its own options as an array of struct option_row that ends with OPTION_END;
 * the shared ones below are known to every command. Help is printed from the rows.
 */
#ifndef LWVIEW_OPTIONS_H
#define LWVIEW_OPTIONS_H

#include "msg.h"

#include <stdbool.h>
#include <stdint.h>

/* A moment as the user names it; scope.h turns it into a time and a fact of a process. */
enum when_kind {
	WHEN_NONE,    /* not given */
	WHEN_TIME,    /* ns after the start of the process: 1.5s, 20ms, 300us, 7ns; 3 = 3 s */
	WHEN_PERCENT, /* of the process's run: 20% */
	WHEN_PEAK,    /* the greatest live size */
	WHEN_END,
};

struct when {
	enum when_kind kind;
	int64_t ns;     /* WHEN_TIME */
	double percent; /* WHEN_PERCENT, 0..100 */
};

enum option_type {
	OPTION_FLAG,  /* bool */
	OPTION_TEXT,  /* const char * */
	OPTION_INT,   /* int64_t */
	OPTION_SIZE,  /* int64_t, bytes: 8M, 4KiB, 100 */
	OPTION_RATIO, /* double: 0.3, 30% */
	OPTION_SPAN,  /* int64_t, ns: 5us */
	OPTION_WHEN,  /* struct when */
};

struct option_row {
	char letter;      /* 'o' for -o, 0 none */
	const char *name; /* "output" for --output, NULL none */
	enum option_type type;
	void *target;         /* where the value goes, its type follows from `type` */
	const char *argument; /* name of the value in the help, NULL for a flag */
	const char *help;
};

#define OPTION_END                                     \
	{                                              \
		0, NULL, OPTION_FLAG, NULL, NULL, NULL \
	}

/* What every command understands. Absent numbers are -1. */
struct options {
	struct when begin, end, at;
	int64_t pid, thread;
	int64_t min_size, max_size; /* bytes, both inclusive */
	const char *output;         /* -o FILE */
	bool force;                 /* -f: overwrite */
	bool json, csv;
	bool quiet, help;
	const char **args; /* operands, in order */
	int arg_count;
};

/* Sets `o` and the targets of `own` (may be NULL) from the words after the command's name. */
enum status options_parse(struct options *o, const struct option_row *own, int argc, char **argv);
void options_release(struct options *o);

/* Prints own rows and shared rows, aligned. */
void options_print_help(const struct option_row *own);

/* Parsers of single values; false: not understood. */
bool parse_size(const char *text, int64_t *bytes);
bool parse_span(const char *text, int64_t *ns);
bool parse_ratio(const char *text, double *ratio);
bool parse_when(const char *text, struct when *when);

#endif

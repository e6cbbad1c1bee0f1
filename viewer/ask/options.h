/* SPDX-License-Identifier: MIT */
/* options.h - the options that commands of lwview share: which part of a recording, what output. */
#ifndef LWVIEW_OPTIONS_H
#define LWVIEW_OPTIONS_H

#include "cli/options.h"
#include "viewer/status.h"

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

extern const struct option_type option_when; /* struct when */

/* Absent numbers are -1. */
struct options {
	struct when begin, end, at;
	int64_t pid, thread;
	int64_t min_size, max_size; /* bytes, both inclusive */
	const char *site;           /* a call site, NULL none */
	const char *output;         /* -o FILE */
	bool force;                 /* -f: overwrite */
	bool json, csv;
	char **args; /* operands, in order */
	int arg_count;
};

/* Where the rows below put what the command line says; a process has one. */
extern struct options options_given;

extern const struct option_row file_options[];   /* -o -f */
extern const struct option_row data_options[];   /* --json --csv */
extern const struct option_row filter_options[]; /* --at --begin --end --pid ... */

/* Takes the operands; refuses options that exclude each other. */
enum status options_complete(struct options *o, int argc, char **argv);

/* What a command writes: as --json or --csv says, or the end of -o's name. */
enum form {
	FORM_TEXT = 1, /* bits of what a command has */
	FORM_JSON = 2,
	FORM_CSV = 4,
	FORM_PICTURE = 8,
	FORM_PAGE = 16,
	FORM_TABLES = FORM_TEXT | FORM_JSON | FORM_CSV
};

/*
 * A name without an ending is a text, and so is stdout. Sets o->json and o->csv to what was chosen;
 * a form that the command has not, or an ending that is none, is refused.
 */
enum status form_choose(enum form *form, struct options *o, const char *command, unsigned has);

#endif

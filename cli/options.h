/* SPDX-License-Identifier: MIT */
/*
 * options.h - options as rows: what the command line may hold, what --help, the manual and the
 * completion say of it, and where the values go.
 *
 * A table of rows ends with OPTION_END. A command has a few tables: its own and those it shares
 * with others; an option that stands in none of them is refused, however much it is abbreviated.
 */
#ifndef LW_CLI_OPTIONS_H
#define LW_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct option_unit {
	const char *name; /* "": no unit was written */
	double factor;
};

/*
 * What a value is, and what of it is allowed. One with units is a number: the range is in the units
 * of the target, and both ends belong to it. A command may have types of its own.
 */
struct option_type {
	const struct option_unit *units; /* ends with a NULL name; NULL: not a number, see parse */
	bool real;                       /* the target is a double, else an int64_t */
	double least, most;              /* most 0: as much as the target holds */
	bool flag;                       /* takes no value */
	bool (*parse)(const char *text, void *target); /* false: not understood */
};

extern const struct option_type option_flag;  /* bool */
extern const struct option_type option_quiet; /* int, a level: to -1 */
extern const struct option_type option_loud;  /* int, a level: to 1 */
extern const struct option_type option_text;  /* const char *, not copied */
extern const struct option_type option_int;   /* int64_t: 42 */
extern const struct option_type option_size;  /* int64_t, bytes: 8M, 4KiB, 100 */
extern const struct option_type option_span;  /* int64_t, ns: 5us, 1.5s, 10min; 3 is 3 s */
extern const struct option_type option_ratio; /* double: 1.5, 150% */
extern const struct option_type option_share; /* double: 0.3, 30%; at most all */

/* The units of numbers that have none. */
extern const struct option_unit option_no_units[];

/* Refused without a unit: 5 may have meant anything. */
extern const struct option_type option_limit_size, option_limit_span, option_limit_ratio;

struct option_row {
	char letter;      /* 'o' for -o, 0 none */
	const char *name; /* "output" for --output */
	const struct option_type *type;
	void *target;
	const char *argument; /* the value's name in the help, NULL for a flag */
	const char *help;     /* one line, or some */
};

#define OPTION_END           \
	{                    \
		.name = NULL \
	}

/*
 * Sets the targets of `tables` (NULL ends them) from argv, whose first word is the command's name.
 * Puts the operands last, *first is where they begin; with `leading` options must stand before the
 * first operand, as for a program with options of its own. Returns 0 or the status of wrong usage.
 */
int options_read(const struct option_row *const *tables, bool leading, int argc, char **argv,
                 int *first);

/* Prints the rows of all tables, aligned. */
void options_print(const struct option_row *const *tables);

/* Sets `target` from one value; false: it is not understood, or out of range. */
bool option_value(const struct option_type *type, const char *text, void *target);

#endif

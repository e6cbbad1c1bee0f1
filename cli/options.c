/* SPDX-License-Identifier: MIT */
/* options.c - the command line; see options.h. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit size_units[] = {
	{"", 1},         {"B", 1},           {"k", 1024},       {"K", 1024},  {"KiB", 1024},
	{"M", 1048576},  {"MiB", 1048576},   {"G", 1073741824}, {"kB", 1000}, {"GiB", 1073741824},
	{"MB", 1000000}, {"GB", 1000000000}, {NULL, 0},
};

/* A bare number is seconds: that is what people mean by "--begin 3". */
static const struct unit time_units[] = {
	{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"min", 6e10}, {NULL, 0},
};

static const struct unit ratio_units[] = {{"", 1}, {"%", 0.01}, {NULL, 0}};

static bool parse_unit(const char *text, const struct unit *units, double *value)
{
	char *rest;

	errno = 0;
	*value = strtod(text, &rest);
	if (rest == text || errno || !isfinite(*value) || *value < 0)
		return false;
	for (; units->name; units++) {
		if (!strcmp(rest, units->name)) {
			*value *= units->factor;
			return *value < 9e18;
		}
	}
	return false;
}

bool parse_size(const char *text, int64_t *bytes)
{
	double value;

	if (!parse_unit(text, size_units, &value))
		return false;
	*bytes = (int64_t)value;
	return true;
}

bool parse_span(const char *text, int64_t *ns)
{
	double value;

	if (!parse_unit(text, time_units, &value))
		return false;
	*ns = (int64_t)(value + 0.5);
	return true;
}

bool parse_ratio(const char *text, double *ratio)
{
	return parse_unit(text, ratio_units, ratio);
}

bool parse_when(const char *text, struct when *when)
{
	size_t length = strlen(text);

	if (!strcmp(text, "peak"))
		when->kind = WHEN_PEAK;
	else if (!strcmp(text, "end"))
		when->kind = WHEN_END;
	else if (length && text[length - 1] == '%') {
		when->kind = WHEN_PERCENT;
		if (!parse_ratio(text, &when->percent))
			return false;
		when->percent *= 100;
		return when->percent <= 100;
	} else {
		when->kind = WHEN_TIME;
		return parse_span(text, &when->ns);
	}
	return true;
}

static bool parse_int(const char *text, int64_t *value)
{
	char *rest;

	errno = 0;
	*value = strtoll(text, &rest, 10);
	return rest != text && !*rest && !errno && *value >= 0;
}

static bool parse_value(const struct option_row *row, const char *text)
{
	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)row->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)row->target = text;
		return true;
	case OPTION_INT:
		return parse_int(text, row->target);
	case OPTION_SIZE:
		return parse_size(text, row->target);
	case OPTION_RATIO:
		return parse_ratio(text, row->target);
	case OPTION_SPAN:
		return parse_span(text, row->target);
	case OPTION_WHEN:
		return parse_when(text, row->target);
	}
	return false;
}

/* The shared rows; their targets lie in `o`, so the table is filled per call. */
#define SHARED_ROWS 14 /* with the end mark */

static void shared_rows(struct options *o, struct option_row rows[SHARED_ROWS])
{
	const struct option_row all[SHARED_ROWS] = {
		{'o', "output", OPTION_TEXT, &o->output, "FILE", "write the result to FILE"},
		{'f', "force", OPTION_FLAG, &o->force, NULL, "overwrite an existing output"},
		{0, "at", OPTION_WHEN, &o->at, "TIME", "the moment: 1.5s, 20%, peak, end"},
		{0, "begin", OPTION_WHEN, &o->begin, "TIME", "leave out what happened before"},
		{0, "end", OPTION_WHEN, &o->end, "TIME", "leave out what happened after"},
		{0, "pid", OPTION_INT, &o->pid, "PID", "this process (default: most facts)"},
		{0, "thread", OPTION_INT, &o->thread, "TID", "only blocks of this thread"},
		{0, "min-size", OPTION_SIZE, &o->min_size, "SIZE", "only blocks of at least SIZE"},
		{0, "max-size", OPTION_SIZE, &o->max_size, "SIZE", "only blocks of at most SIZE"},
		{0, "json", OPTION_FLAG, &o->json, NULL, "print JSON, raw integers"},
		{0, "csv", OPTION_FLAG, &o->csv, NULL, "print CSV, raw integers"},
		{'q', "quiet", OPTION_FLAG, &o->quiet, NULL, "no remarks, no progress"},
		{'h', "help", OPTION_FLAG, &o->help, NULL, "this text"},
		OPTION_END,
	};

	memcpy(rows, all, sizeof(all));
}

static bool row_is_end(const struct option_row *row)
{
	return !row->letter && !row->name;
}

/* `word` is "-o" or "--output[=x]"; *value is set to the part behind '=', or NULL. */
static const struct option_row *find_row(const struct option_row *row, const char *word,
                                         const char **value)
{
	const char *equal = strchr(word, '=');
	size_t length = equal ? (size_t)(equal - word) : strlen(word);

	*value = NULL;
	for (; row && !row_is_end(row); row++) {
		if (word[1] != '-') {
			if (row->letter != word[1])
				continue;
			*value = word[2] ? word + 2 : NULL;
			return row;
		}
		if (row->name && strlen(row->name) == length - 2 &&
		    !strncmp(row->name, word + 2, length - 2)) {
			*value = equal ? equal + 1 : NULL;
			return row;
		}
	}
	return NULL;
}

/* Handles argv[*i] and, when the option takes a separate value, argv[*i + 1]. */
static enum status parse_option(const struct option_row *own, const struct option_row *shared,
                                int argc, char **argv, int *i)
{
	const char *word = argv[*i], *value;
	const struct option_row *row = find_row(own, word, &value);

	if (!row)
		row = find_row(shared, word, &value);
	if (!row)
		return msg_fail(STATUS_USAGE, "unknown option: option=\"%s\"", word);
	if (row->type == OPTION_FLAG) {
		if (value)
			return msg_fail(STATUS_USAGE, "option takes no value: option=\"%s\"", word);
	} else if (!value) {
		if (*i + 1 >= argc)
			return msg_fail(STATUS_USAGE, "option needs a value: option=\"%s\"", word);
		value = argv[++*i];
	}
	if (!parse_value(row, value))
		return msg_fail(STATUS_USAGE,
		                "cannot understand value: option=\"%s\", value=\"%s\"", word,
		                value);
	return STATUS_OK;
}

enum status options_parse(struct options *o, const struct option_row *own, int argc, char **argv)
{
	struct option_row shared[SHARED_ROWS];
	bool operands_only = false;

	*o = (struct options){.pid = -1, .thread = -1, .min_size = -1, .max_size = -1};
	o->args = calloc((size_t)argc + 1, sizeof(*o->args));
	if (!o->args)
		return msg_errno(STATUS_FAILED, "cannot read the command line");
	shared_rows(o, shared);
	for (int i = 0; i < argc; i++) {
		if (operands_only || argv[i][0] != '-' || !argv[i][1])
			o->args[o->arg_count++] = argv[i];
		else if (!strcmp(argv[i], "--"))
			operands_only = true;
		else if (parse_option(own, shared, argc, argv, &i))
			return STATUS_USAGE;
	}
	if (o->json && o->csv)
		return msg_fail(STATUS_USAGE, "choose one: --json or --csv");
	msg_quiet(o->quiet);
	return STATUS_OK;
}

void options_release(struct options *o)
{
	free(o->args);
	o->args = NULL;
}

static void print_rows(const struct option_row *row)
{
	for (; row && !row_is_end(row); row++) {
		char left[64], letter[4] = "  ";

		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c", row->letter);
		snprintf(left, sizeof(left), "%s%s--%s%s%s", letter, row->letter ? ", " : "  ",
		         row->name, row->argument ? " " : "", row->argument ? row->argument : "");
		printf("  %-24s %s\n", left, row->help);
	}
}

void options_print_help(const struct option_row *own)
{
	struct option_row shared[SHARED_ROWS];
	struct options o;

	shared_rows(&o, shared);
	print_rows(own);
	print_rows(shared);
}

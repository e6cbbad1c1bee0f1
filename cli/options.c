/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "message.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

const struct option_unit option_no_units[] = {{"", 1}, {NULL, 0}};

static const struct option_unit size_units[] = {
	{"", 1},         {"B", 1},           {"k", 1024},       {"K", 1024},  {"KiB", 1024},
	{"M", 1048576},  {"MiB", 1048576},   {"G", 1073741824}, {"kB", 1000}, {"GiB", 1073741824},
	{"MB", 1000000}, {"GB", 1000000000}, {NULL, 0},
};

/* A bare number is seconds: that is what people mean by "--begin 3". */
static const struct option_unit span_units[] = {
	{"", 1e9},   {"ns", 1},     {"us", 1e3},   {"ms", 1e6}, {"s", 1e9},
	{"m", 6e10}, {"min", 6e10}, {"h", 3.6e12}, {NULL, 0},
};

static const struct option_unit ratio_units[] = {{"", 1}, {"%", 0.01}, {NULL, 0}};

static bool set_flag(const char *text, void *target)
{
	(void)text;
	return *(bool *)target = true;
}

static bool set_quiet(const char *text, void *target)
{
	(void)text;
	*(int *)target = -1;
	return true;
}

static bool set_loud(const char *text, void *target)
{
	(void)text;
	*(int *)target = 1;
	return true;
}

static bool set_text(const char *text, void *target)
{
	*(const char **)target = text;
	return true;
}

const struct option_type option_flag = {.flag = true, .parse = set_flag};
const struct option_type option_quiet = {.flag = true, .parse = set_quiet};
const struct option_type option_loud = {.flag = true, .parse = set_loud};
const struct option_type option_text = {.parse = set_text};
const struct option_type option_int = {.units = option_no_units};
const struct option_type option_size = {.units = size_units};
const struct option_type option_span = {.units = span_units};
const struct option_type option_ratio = {.units = ratio_units, .real = true};
const struct option_type option_share = {.units = ratio_units, .real = true, .most = 1};

/* Without the first unit, that of a bare number. */
const struct option_type option_limit_size = {.units = size_units + 1};
const struct option_type option_limit_span = {.units = span_units + 1};
const struct option_type option_limit_ratio = {.units = ratio_units + 1, .real = true};

enum verdict {
	GOOD,
	UNKNOWN,
	NO_UNIT,
	OUT_OF_RANGE
};

static enum verdict read_number(const struct option_type *type, const char *text, void *target)
{
	const double most = type->most > 0 ? type->most : 9e18;
	const struct option_unit *unit = type->units;
	double value;
	char *rest;

	errno = 0;
	value = strtod(text, &rest);
	if (!(isdigit((unsigned char)*text) || *text == '.') || rest == text || errno)
		return UNKNOWN;
	while (unit->name && strcmp(rest, unit->name))
		unit++;
	if (!unit->name)
		return *rest ? UNKNOWN : NO_UNIT;
	value *= unit->factor;
	if (type->units == option_no_units && value != floor(value))
		return UNKNOWN;
	if (value < type->least || value > most)
		return OUT_OF_RANGE;
	if (type->real)
		*(double *)target = value;
	else
		*(int64_t *)target = (int64_t)(value + 0.5);
	return GOOD;
}

static enum verdict read_value(const struct option_type *type, const char *text, void *target)
{
	if (type->units)
		return read_number(type, text, target);
	return type->parse(text, target) ? GOOD : UNKNOWN;
}

bool option_value(const struct option_type *type, const char *text, void *target)
{
	return read_value(type, text, target) == GOOD;
}

/* "ns, us, ms" */
static const char *list_units(const struct option_unit *unit, char *text, size_t size)
{
	size_t length = 0;

	for (text[0] = '\0'; unit->name && length < size; unit++)
		length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
		                           unit->name);
	return text;
}

static int store(const struct option_row *row, const char *option, const char *text)
{
	char units[100];

	switch (read_value(row->type, text, row->target)) {
	case GOOD:
		break;
	case UNKNOWN:
		return msg_usage("cannot understand value: option=\"%s\", value=\"%s\"", option,
		                 text);
	case NO_UNIT:
		return msg_usage("value needs a unit: option=\"%s\", value=\"%s\", units=\"%s\"",
		                 option, text, list_units(row->type->units, units, sizeof(units)));
	case OUT_OF_RANGE:
		return msg_usage("value out of range: option=\"%s\", value=\"%s\", least=%.15g, "
		                 "most=%.15g",
		                 option, text, row->type->least,
		                 row->type->most > 0 ? row->type->most : 9e18);
	}
	return 0;
}

/* ---- command lines ---- */

enum {
	MAX_ROWS = 60,
	LONG = 256 /* getopt_long() returns this + the index of a row, or the letter */
};

struct grammar {
	const struct option_row *row[MAX_ROWS];
	int rows;
	struct option longs[MAX_ROWS + 1];
	char letters[2 * MAX_ROWS + 3];
};

static void make_grammar(struct grammar *g, const struct option_row *const *tables, bool leading)
{
	char *letter = g->letters;

	if (leading)
		*letter++ = '+';
	*letter++ = ':'; /* a missing value is another error than an unknown option */
	for (g->rows = 0; *tables; tables++) {
		for (const struct option_row *row = *tables; row->name; row++) {
			bool value = !row->type->flag;

			assert(g->rows < MAX_ROWS);
			if (row->letter) {
				*letter++ = row->letter;
				if (value)
					*letter++ = ':';
			}
			g->longs[g->rows] = (struct option){row->name, value, NULL, LONG + g->rows};
			g->row[g->rows++] = row;
		}
	}
	g->longs[g->rows] = (struct option){0};
	*letter = '\0';
}

/* The row that getopt_long() means by `code`, and how the user may have written it. */
static const struct option_row *find_row(const struct grammar *g, int code, char option[64])
{
	if (code >= LONG) {
		snprintf(option, 64, "--%s", g->row[code - LONG]->name);
		return g->row[code - LONG];
	}
	snprintf(option, 64, "-%c", code);
	for (int i = 0; i < g->rows; i++)
		if (g->row[i]->letter == code)
			return g->row[i];
	return NULL;
}

static int unknown(const char *option, const char *command)
{
	return msg_usage("unknown option: option=\"%s\": see %s %s --help", option, msg_program,
	                 command);
}

/* One option; *done when there are no more. */
static int read_option(const struct grammar *g, int argc, char **argv, bool *done)
{
	int code = getopt_long(argc, argv, g->letters, g->longs, NULL);
	const struct option_row *row;
	const char *word;
	char option[64];

	*done = code == -1;
	if (*done)
		return 0;
	if (code == ':') {
		row = find_row(g, optopt, option);
		return msg_usage("option needs a value: option=\"%s\", value=%s", option,
		                 row->argument);
	}
	if (code == '?') {
		if (!optopt)
			return unknown(argv[optind - 1], argv[0]);
		if (optopt < LONG) {
			snprintf(option, sizeof(option), "-%c", optopt);
			return unknown(option, argv[0]);
		}
		return msg_usage("option takes no value: option=\"%s\"", argv[optind - 1]);
	}
	row = find_row(g, code, option);
	word = argv[optind - 1];
	if (optarg == word)
		word = argv[optind - 2];
	/* Scripts must not break when another option begins alike. */
	if (code >= LONG && strcspn(word + 2, "=") != strlen(row->name))
		return unknown(word, argv[0]);
	return store(row, option, optarg);
}

int options_read(const struct option_row *const *tables, bool leading, int argc, char **argv,
                 int *first)
{
	struct grammar g;
	bool done = false;
	int status = 0;

	make_grammar(&g, tables, leading);
	optind = 0; /* glibc's way to begin anew */
	opterr = 0;
	while (!status && !done)
		status = read_option(&g, argc, argv, &done);
	*first = optind;
	return status;
}

/* ---- help ---- */

static void print_row(const struct option_row *row)
{
	const char *line = row->help;
	char left[64], letter[4] = "  ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c", row->letter);
	snprintf(left, sizeof(left), "%s%s--%s%s%s", letter, row->letter ? ", " : "  ", row->name,
	         row->argument ? " " : "", row->argument ? row->argument : "");
	printf("  %-24s", left);
	if (strlen(left) > 24)
		printf("\n%26s", "");
	for (;;) {
		size_t length = strcspn(line, "\n");

		printf(" %.*s\n", (int)length, line);
		line += length;
		if (!*line++)
			return;
		printf("%26s", "");
	}
}

void options_print(const struct option_row *const *tables)
{
	for (; *tables; tables++)
		for (const struct option_row *row = *tables; row->name; row++)
			print_row(row);
}

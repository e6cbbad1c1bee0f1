/* options.c - see options.h. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that every verb has. */
static const struct option_row common_rows[] = {
	{'q', "quiet", NULL, "say nothing but failures", OPTION_FLAG, &say_level, -1},
	{'v', "verbose", NULL, "say each step", OPTION_FLAG, &say_level, 1},
	{0}};

static void print_row(const struct option_row *row)
{
	char left[64];
	const char *line = row->help;

	snprintf(left, sizeof left, "%c%c%s--%s%s%s", row->letter ? '-' : ' ',
	         row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
	         row->word ? " " : "", row->word ? row->word : "");
	printf("  %-26s", left);
	if (strlen(left) > 25)
		printf("\n%28s", "");
	while (*line) {
		size_t length = strcspn(line, "\n");

		printf("%.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
		if (*line)
			printf("%28s", "");
	}
}

static void print_help(const struct verb *verb)
{
	printf("lwtrace %s - %s\n\nusage: lwtrace %s [options]%s%s\n\n%s\n\noptions:\n", verb->name,
	       verb->purpose, verb->name, *verb->arguments ? " " : "", verb->arguments, verb->text);
	for (const struct option_row *row = verb->options(); row->name; row++)
		print_row(row);
	for (const struct option_row *row = common_rows; row->name; row++)
		print_row(row);
	printf("  %-26sprint this text\n", "-h, --help");
}

static const struct option_row *find_in(const struct option_row *row, const char *name,
                                        size_t length)
{
	for (; row->name; row++) {
		if (length == 1 && row->letter == *name)
			return row;
		if (length > 1 && strlen(row->name) == length && !strncmp(row->name, name, length))
			return row;
	}
	return NULL;
}

static const struct option_row *find_row(const struct verb *verb, const char *name, size_t length)
{
	const struct option_row *row = find_in(verb->options(), name, length);

	return row ? row : find_in(common_rows, name, length);
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* Reads a number and one of UNITS, the first of which is meant when none is written. */
static int read_number(const char *text, const struct unit *units, uint64_t *number)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !(value >= 0) || value > 1e15)
		return -1;
	if (!*end) {
		*number = (uint64_t)(value * (double)units->factor);
		return 0;
	}
	for (; units->name; units++) {
		if (!strcmp(end, units->name)) {
			*number = (uint64_t)(value * (double)units->factor);
			return 0;
		}
	}
	return -1;
}

static int store(const struct option_row *row, const char *text, struct reason *reason)
{
	static const struct unit plain[] = {{"", 1}, {0}};
	static const struct unit sizes[] = {{"B", 1},          {"K", 1 << 10},
	                                    {"KiB", 1 << 10},  {"M", 1 << 20},
	                                    {"MiB", 1 << 20},  {"G", 1u << 30},
	                                    {"GiB", 1u << 30}, {0}};
	static const struct unit times[] = {
		{"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}, {0}};
	uint64_t number = 0;
	int bad = 0;

	switch (row->kind) {
	case OPTION_FLAG:
		*(int *)row->target = row->value;
		return 0;
	case OPTION_TEXT:
		*(const char **)row->target = text;
		return 0;
	case OPTION_COUNT:
		bad = read_number(text, plain, &number) || !number || number > 1000000;
		if (!bad)
			*(unsigned *)row->target = (unsigned)number;
		break;
	case OPTION_SIZE:
		bad = read_number(text, sizes, row->target);
		break;
	case OPTION_DURATION:
		bad = read_number(text, times, row->target);
		break;
	}
	if (bad)
		return fail(reason, "bad value of --%s: value=\"%s\", see lwtrace --help",
		            row->name, text);
	return 0;
}

/* One argument that begins with a dash; *AT is advanced when its value is the next one. */
static int read_option(const struct verb *verb, int argc, char **argv, int *at,
                       struct reason *reason)
{
	const char *argument = argv[*at];
	int is_long = argument[1] == '-';
	const char *name = argument + 1 + is_long;
	size_t length = is_long ? strcspn(name, "=") : 1;
	const char *text = name[length] ? name + length + is_long : NULL;
	const struct option_row *row = NULL;

	if (!is_long || length > 1)
		row = find_row(verb, name, length);
	if (!row)
		return fail(reason, "unknown option: option=\"%s\", see lwtrace %s --help",
		            argument, verb->name);
	if (!row->word && text)
		return fail(reason, "option takes no value: option=\"%s\"", argument);
	if (row->word && !text) {
		if (*at + 1 >= argc)
			return fail(reason, "option needs a value: option=\"%s\", value=%s",
			            argument, row->word);
		text = argv[++*at];
	}
	return store(row, text, reason);
}

int options_read(const struct verb *verb, int argc, char **argv, struct reason *reason)
{
	int at;

	for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		if (!strcmp(argv[at], "--"))
			return at + 1;
		if (!strcmp(argv[at], "-h") || !strcmp(argv[at], "--help")) {
			print_help(verb);
			return 0;
		}
		if (read_option(verb, argc, argv, &at, reason))
			return -1;
	}
	return at;
}

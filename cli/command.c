/* SPDX-License-Identifier: MIT */
#include "command.h"

#include "message.h"

#include <stdio.h>
#include <string.h>

static bool help;

static const struct option_row common_rows[] = {
	{'q', "quiet", &option_quiet, &msg_level, NULL, "say nothing but failures"},
	{'h', "help", &option_flag, &help, NULL, "print this text"},
	OPTION_END,
};

/* Each line of `text`, indented, behind `name`. */
static void print_lines(FILE *out, const char *name, const char *text)
{
	for (; *text; text += strcspn(text, "\n")) {
		text += *text == '\n';
		fprintf(out, "  %s%s%.*s\n", name, *name ? " " : "", (int)strcspn(text, "\n"),
		        text);
	}
}

void command_tables(const struct command_set *set, const struct command *c,
                    const struct option_row *tables[COMMAND_TABLES])
{
	const struct option_row *const *own = c->options;

	while (own < c->options + COMMAND_TABLES - 3 && *own)
		*tables++ = *own++;
	if (set->options)
		*tables++ = set->options;
	*tables++ = common_rows;
	*tables = NULL;
}

static void print_usage(const struct command_set *set, FILE *out)
{
	fprintf(out, "usage: %s COMMAND [OPTIONS] %s\n\n%s\n\ncommands:\n", set->name,
	        set->operands, set->purpose);
	for (const struct command *const *c = set->commands; *c; c++)
		fprintf(out, "  %-10s %-22s %s\n", (*c)->name, (*c)->operands, (*c)->purpose);
	fprintf(out, "\n%s COMMAND --help says more.\n\nexit status:\n", set->name);
	print_lines(out, "", set->statuses);
}

static void print_help(const struct command_set *set, const struct command *c,
                       const struct option_row *const *tables)
{
	printf("%s %s - %s\n\nusage: %s %s [OPTIONS]%s%s\n", set->name, c->name, c->purpose,
	       set->name, c->name, *c->operands ? " " : "", c->operands);
	if (c->text)
		printf("\n%s\n", c->text);
	printf("\noptions:\n");
	options_print(tables);
	if (c->examples) {
		printf("\nexamples:\n");
		print_lines(stdout, set->name, c->examples);
	}
}

static int run_command(const struct command_set *set, const struct command *c, int argc,
                       char **argv)
{
	const struct option_row *tables[COMMAND_TABLES];
	int first, status;

	command_tables(set, c, tables);
	status = options_read(tables, c->leading, argc, argv, &first);
	if (status)
		return status;
	if (help) {
		print_help(set, c, tables);
		return 0;
	}
	if (argc - first < c->least || (c->most >= 0 && argc - first > c->most))
		return msg_usage("usage: %s %s [OPTIONS]%s%s", set->name, c->name,
		                 *c->operands ? " " : "", c->operands);
	return c->run(c, argc - first, argv + first);
}

static int dispatch(const struct command_set *set, int argc, char **argv)
{
	if (argc < 2) {
		print_usage(set, stderr);
		return set->usage_status;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_usage(set, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", set->name, LW_VERSION);
		return 0;
	}
	for (const struct command *const *c = set->commands; *c; c++)
		if (!strcmp(argv[1], (*c)->name))
			return run_command(set, *c, argc - 1, argv + 1);
	return msg_usage("unknown command: command=\"%s\": see %s --help", argv[1], set->name);
}

int command_main(const struct command_set *set, int argc, char **argv)
{
	int status;

	msg_program = set->name;
	msg_usage_status = set->usage_status;
	status = dispatch(set, argc, argv);
	msg_progress(NULL);
	msg_flush();
	return status;
}

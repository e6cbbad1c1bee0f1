/* SPDX-License-Identifier: MIT */
/* command.c - see command.h. */
#include "command.h"

#include "message.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_TABLES = sizeof(((struct command *)0)->options) / sizeof(struct option_row *)
};

static bool help;

static const struct option_row common_rows[] = {
	{'q', "quiet", &option_quiet, &msg_level, NULL, "say nothing but failures"},
	{'h', "help", &option_flag, &help, NULL, "print this text"},
	OPTION_END,
};

static void print_usage(const struct command_set *p, FILE *out)
{
	fprintf(out, "usage: %s COMMAND [OPTIONS] %s\n\n%s\n\ncommands:\n", p->name, p->operands,
	        p->purpose);
	for (const struct command *const *c = p->commands; *c; c++)
		fprintf(out, "  %-10s %-22s %s\n", (*c)->name, (*c)->operands, (*c)->purpose);
	fprintf(out, "\n%s COMMAND --help says more.\n%s\n", p->name, p->statuses);
}

static void print_help(const struct command_set *p, const struct command *c,
                       const struct option_row *const *tables)
{
	printf("%s %s - %s\n\nusage: %s %s [OPTIONS]%s%s\n", p->name, c->name, c->purpose, p->name,
	       c->name, *c->operands ? " " : "", c->operands);
	if (c->text)
		printf("\n%s\n", c->text);
	printf("\noptions:\n");
	options_print(tables);
}

/* All tables of a command, NULL at the end. */
static void gather_tables(const struct command_set *p, const struct command *c,
                          const struct option_row *tables[MAX_TABLES + 3])
{
	int count = 0;

	while (count < MAX_TABLES && c->options[count]) {
		tables[count] = c->options[count];
		count++;
	}
	if (p->options)
		tables[count++] = p->options;
	tables[count++] = common_rows;
	tables[count] = NULL;
}

static int run_command(const struct command_set *p, const struct command *c, int argc, char **argv)
{
	const struct option_row *tables[MAX_TABLES + 3];
	int first, status;

	gather_tables(p, c, tables);
	status = options_read(tables, c->leading, argc, argv, &first);
	if (status)
		return status;
	if (help) {
		print_help(p, c, tables);
		return 0;
	}
	if (argc - first < c->least || (c->most >= 0 && argc - first > c->most))
		return msg_usage("usage: %s %s [OPTIONS]%s%s", p->name, c->name,
		                 *c->operands ? " " : "", c->operands);
	return c->run(c, argc - first, argv + first);
}

static int dispatch(const struct command_set *p, int argc, char **argv)
{
	if (argc < 2) {
		print_usage(p, stderr);
		return p->usage_status;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_usage(p, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", p->name, LW_VERSION);
		return 0;
	}
	for (const struct command *const *c = p->commands; *c; c++)
		if (!strcmp(argv[1], (*c)->name))
			return run_command(p, *c, argc - 1, argv + 1);
	return msg_usage("unknown command: command=\"%s\": see %s --help", argv[1], p->name);
}

int command_main(const struct command_set *set, int argc, char **argv)
{
	int status;

	msg_init(set->name, set->usage_status);
	status = dispatch(set, argc, argv);
	msg_progress(NULL);
	msg_flush();
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * main.c - lwview, the offline viewer: one table of commands, help printed from it, the only
 * exit.
 */
#include "view.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	/* data */
	{"load", "TRACE", "turns a recording into a database, heap.db", command_load, load_options,
         NULL},
	{"info", "heap.db", "what was recorded, totals, peaks, losses", command_info, NULL, NULL},
	{"sql", "heap.db \"SELECT ...\"", "asks the database by hand, read-only", command_sql, NULL,
         NULL},
	{"export", "heap.db", "every lifetime as JSON or CSV, live bytes as folded stacks",
         command_export, export_options, NULL},
	{"check", "heap.db", "fails when a limit is exceeded, for CI", command_check, check_options,
         NULL},
	{"sites", "heap.db", "call sites by bytes asked for", command_table, table_options, NULL},
	{"leaks", "heap.db", "blocks alive at the end, by call site", command_table, table_options,
         NULL},
	{"sizes", "heap.db", "sizes asked for", command_table, table_options, NULL},
	{"lifetimes", "heap.db", "how long blocks live, by decades", command_table, table_options,
         NULL},
	{"threads", "heap.db", "who allocates, who frees what others allocated", command_table,
         table_options, NULL},
	{"pools", "heap.db", "pools by object size", command_table, table_options, NULL},
	{"churn", "heap.db", "call sites whose blocks die within 1 ms", command_table,
         table_options, NULL},
	/* pictures */
	{"map", "heap.db", "shows the address space at one moment", command_map, map_options, NULL},
	{"latency", "heap.db", "time inside the allocator, per operation", command_latency,
         latency_options, NULL},
	{"timeline", "heap.db", "sizes and fragmentation through time", command_timeline,
         timeline_options, NULL},
	{"compare", "BASE.db NEW.db...", "two recordings side by side, base -> new",
         command_compare, compare_options, NULL},
	{"report", "BASE.db [NEW.db...]", "one HTML page with every picture and table",
         command_report, report_options, NULL},
	{"rss", "heap.db", "what of the heap is resident", command_rss, rss_options, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};

static void print_usage(FILE *out)
{
	fputs("usage: lwview COMMAND [OPTIONS] FILE...\n\n"
	      "Shows the inside of a heap that lwtrace recorded.\n\ncommands:\n",
	      out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-10s %-22s %s\n", c->name, c->operands, c->purpose);
	fputs("\nlwview COMMAND --help tells the options of a command.\n"
	      "Exit status: 0 well; 1 check breached or difference found; 2 wrong usage, or the\n"
	      "output exists without -f; 3 bad or lossy input; 4 a tool, the disk or memory failed.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static enum status run_command(const struct command *c, int argc, char **argv)
{
	struct options o;
	enum status status = options_parse(&o, c->options, argc, argv);

	if (!status && o.help) {
		printf("usage: lwview %s [OPTIONS] %s\n\n%s\n\noptions:\n", c->name, c->operands,
		       c->purpose);
		options_print_help(c->options);
	} else if (!status) {
		status = c->run(c, &o);
	}
	options_release(&o);
	return status;
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("lwview " LW_VERSION);
		return STATUS_OK;
	}
	c = find_command(argv[1]);
	if (!c)
		return (int)msg_fail(STATUS_USAGE,
		                     "unknown command, see lwview --help: command=\"%s\"", argv[1]);
	return (int)run_command(c, argc - 2, argv + 2);
}

/* SPDX-License-Identifier: MIT */
/* main.c - lwview, the offline viewer: the table of its commands. */
#include "view.h"

struct view {
	struct command command;
	enum status (*run)(const struct command *self, struct options *o);
};

static int run(const struct command *self, int argc, char **argv)
{
	const struct view *view = (const struct view *)self;
	enum status status = options_complete(&options_given, argc, argv);

	return (int)(status ? status : view->run(self, &options_given));
}

/* A view's own table of options may be followed by those it shares. */
#define VIEW(name, operands, least, most, purpose, run_view, ...)                                 \
	{                                                                                         \
		{name, operands, purpose, NULL, least, most, false, {__VA_ARGS__}, run}, run_view \
	}
#define SHARED filter_options, output_options

static const struct view views[] = {
	/* data */
	VIEW("load", "TRACE", 1, 1, "turns a recording into a database, heap.db", command_load,
             load_options, SHARED),
	VIEW("info", "heap.db", 1, 1, "what was recorded, totals, peaks, losses", command_info,
             SHARED),
	VIEW("sql", "heap.db \"SELECT ...\"", 2, 2, "asks the database by hand, read-only",
             command_sql, SHARED),
	VIEW("export", "heap.db", 1, 1,
             "every lifetime as JSON or CSV, live bytes as folded stacks", command_export,
             export_options, SHARED),
	VIEW("check", "heap.db", 1, 1, "fails when a limit is exceeded, for CI", command_check,
             check_options, SHARED),
	VIEW("sites", "heap.db", 1, 1, "call sites by bytes asked for", command_table,
             table_options, SHARED),
	VIEW("leaks", "heap.db", 1, 1, "blocks alive at the end, by call site", command_table,
             table_options, SHARED),
	VIEW("sizes", "heap.db", 1, 1, "sizes asked for", command_table, table_options, SHARED),
	VIEW("lifetimes", "heap.db", 1, 1, "how long blocks live, by decades", command_table,
             table_options, SHARED),
	VIEW("threads", "heap.db", 1, 1, "who allocates, who frees what others allocated",
             command_table, table_options, SHARED),
	VIEW("pools", "heap.db", 1, 1, "pools by object size", command_table, table_options,
             SHARED),
	VIEW("temporary", "heap.db", 1, 1, "call sites whose blocks die within 1 ms", command_table,
             table_options, SHARED),
	/* pictures */
	VIEW("map", "heap.db", 1, 1, "shows the address space at one moment", command_map,
             map_options, SHARED),
	VIEW("latency", "heap.db", 1, 1, "time inside the allocator, per operation",
             command_latency, latency_options, SHARED),
	VIEW("timeline", "heap.db", 1, 1, "sizes and fragmentation through time", command_timeline,
             timeline_options, SHARED),
	VIEW("compare", "BASE.db NEW.db...", 2, -1, "two recordings side by side, base -> new",
             command_compare, compare_options, SHARED),
	VIEW("report", "BASE.db [NEW.db...]", 1, -1, "one HTML page with every picture and table",
             command_report, report_options, SHARED),
	VIEW("rss", "heap.db", 1, 1, "what of the heap is resident", command_rss, rss_options,
             SHARED),
};

enum {
	VIEWS = sizeof(views) / sizeof(*views)
};

static const struct command *commands[VIEWS + 1];

static const struct command_set lwview = {
	.name = "lwview",
	.operands = "FILE...",
	.purpose = "Shows the inside of a heap that lwtrace recorded.",
	.statuses =
		"Exit status: 0 well; 1 check breached or difference found; 2 wrong usage, or the\n"
		"output exists without -f; 3 bad or lossy input; 4 a tool, the disk or memory failed.",
	.usage_status = STATUS_USAGE,
	.commands = commands,
};

int main(int argc, char **argv)
{
	for (int i = 0; i < VIEWS; i++)
		commands[i] = &views[i].command;
	return command_main(&lwview, argc, argv);
}

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

/* The examples are strings like those of struct command; own tables may be followed by the shared. */
#define VIEW(name_, operands_, least_, most_, purpose_, examples_, run_, ...) \
	{                                                                     \
		{.name = name_,                                               \
		 .operands = operands_,                                       \
		 .purpose = purpose_,                                         \
		 .examples = examples_,                                       \
		 .least = least_,                                             \
		 .most = most_,                                               \
		 .options = {__VA_ARGS__},                                    \
		 .run = run},                                                 \
			run_                                                  \
	}
#define SHARED filter_options, output_options

static const struct view views[] = {
	/* data */
	VIEW("load", "TRACE", 1, 1, "turns a recording into a database, heap.db",
             "load T -o t.db\n"
             "load BOARD/T -f -o t.db --sysroot BOARD/root",
             command_load, load_options, SHARED),
	VIEW("info", "heap.db", 1, 1, "what was recorded, totals, peaks, losses",
             "info t.db\n"
             "info t.db --json",
             command_info, SHARED),
	VIEW("sql", "heap.db \"SELECT ...\"", 2, 2, "asks the database by hand, read-only",
             "sql t.db \"SELECT * FROM leaks\"", command_sql, SHARED),
	VIEW("export", "heap.db", 1, 1,
             "every lifetime as JSON or CSV, live bytes as folded stacks",
             "export t.db --csv -o blocks.csv\n"
             "export t.db --folded",
             command_export, export_options, SHARED),
	VIEW("check", "heap.db", 1, 1, "fails when a limit is exceeded, for CI",
             "check t.db --max-leaks 64K --max-p99 20us --max-frag 30%", command_check,
             check_options, SHARED),
	VIEW("sites", "heap.db", 1, 1, "call sites by bytes asked for",
             "sites t.db --limit 20\n"
             "sites t.db --begin 20% --end 80% --csv",
             command_table, table_options, SHARED),
	VIEW("leaks", "heap.db", 1, 1, "blocks alive at the end, by call site",
             "leaks t.db\n"
             "leaks t.db --min-size 4K --json",
             command_table, table_options, SHARED),
	VIEW("sizes", "heap.db", 1, 1, "sizes asked for", "sizes t.db", command_table,
             table_options, SHARED),
	VIEW("lifetimes", "heap.db", 1, 1, "how long blocks live, by decades", "lifetimes t.db",
             command_table, table_options, SHARED),
	VIEW("threads", "heap.db", 1, 1, "who allocates, who frees what others allocated",
             "threads t.db", command_table, table_options, SHARED),
	VIEW("pools", "heap.db", 1, 1, "pools by object size", "pools t.db", command_table,
             table_options, SHARED),
	VIEW("temporary", "heap.db", 1, 1, "call sites whose blocks die within 1 ms",
             "temporary t.db --limit 10", command_table, table_options, SHARED),
	/* pictures */
	VIEW("map", "heap.db", 1, 1, "shows the address space at one moment",
             "map t.db --at peak -o map.svg\n"
             "map t.db --at 1.5s",
             command_map, map_options, SHARED),
	VIEW("latency", "heap.db", 1, 1, "time inside the allocator, per operation",
             "latency t.db\n"
             "latency t.db -o latency.svg",
             command_latency, latency_options, SHARED),
	VIEW("timeline", "heap.db", 1, 1, "sizes and fragmentation through time",
             "timeline t.db -o time.svg\n"
             "timeline t.db --rows 40",
             command_timeline, timeline_options, SHARED),
	VIEW("compare", "BASE.db NEW.db...", 2, -1, "two recordings side by side, base -> new",
             "compare base.db new.db\n"
             "compare base.db new.db -o compare.svg",
             command_compare, compare_options, SHARED),
	VIEW("report", "BASE.db [NEW.db...]", 1, -1, "one HTML page with every picture and table",
             "report base.db new.db -o DIR\n"
             "report t.db -o DIR --stat stat.json",
             command_report, report_options, SHARED),
	VIEW("rss", "heap.db", 1, 1, "what of the heap is resident", "rss t.db -o rss.svg",
             command_rss, rss_options, SHARED),
};

enum {
	VIEWS = sizeof(views) / sizeof(*views)
};

static const struct command *commands[VIEWS + 1];

static const struct command_set lwview = {
	.name = "lwview",
	.operands = "FILE...",
	.purpose = "show the inside of a heap that lwtrace recorded",
	.text = "Reads what lwtrace recorded: load makes a database of the trace, the other commands\n"
		"ask it and print text, JSON or CSV, or draw a picture with gnuplot.",
	.statuses = "0  well\n"
		    "1  check found a limit exceeded, or compare --exit-code a difference\n"
		    "2  wrong usage, or the output exists and there is no -f\n"
		    "3  bad input, or lossy input without --allow-loss\n"
		    "4  a tool, the disk or memory failed",
	.see_also = ".Xr gnuplot 1 ,\n.Xr lwtrace 1 ,\n.Xr sqlite3 1 ,\n.Xr lw-database 5 ,\n"
		    ".Xr lw-trace 5 ,\n.Xr lw-metrics 7",
	.usage_status = STATUS_USAGE,
	.commands = commands,
};

int main(int argc, char **argv)
{
	for (int i = 0; i < VIEWS; i++)
		commands[i] = &views[i].command;
	return command_main(&lwview, argc, argv);
}

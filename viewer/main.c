/* SPDX-License-Identifier: MIT */
/* main.c - lwview, the offline viewer: its views, and the commands that are none. */
#include "commands.h"
#include "view.h"

struct task {
	struct command command;
	enum status (*run)(const struct command *self, struct options *o);
};

static int task_run(const struct command *self, int argc, char **argv)
{
	const struct task *task = (const struct task *)self;
	enum status status = options_complete(&options_given, argc, argv);

	return (int)(status ? status : task->run(self, &options_given));
}

/* The examples are strings like those of struct command; own tables may be followed by the shared. */
#define TASK(name_, operands_, least_, most_, purpose_, examples_, ...)                \
	static const struct task task_##name_ = {.command = {.name = #name_,           \
	                                                     .operands = operands_,    \
	                                                     .purpose = purpose_,      \
	                                                     .examples = examples_,    \
	                                                     .least = least_,          \
	                                                     .most = most_,            \
	                                                     .options = {__VA_ARGS__}, \
	                                                     .run = task_run},         \
	                                         .run = command_##name_}
#define OUTPUT file_options, data_options
#define SHARED filter_options, OUTPUT

TASK(load, "TRACE", 1, 1, "turns a recording into a database, heap.db",
     "load T -o t.db\n"
     "load BOARD/T -f -o t.db --sysroot BOARD/root",
     load_options, file_options);
TASK(compare, "BASE.db NEW.db...", 2, -1, "two recordings side by side, base -> new",
     "compare base.db new.db\n"
     "compare base.db new.db -o compare.svg",
     compare_options, picture_options, SHARED);
TASK(report, "BASE.db [NEW.db...]", 1, -1, "one HTML page with every picture and table",
     "report base.db new.db -o DIR\n"
     "report t.db -o DIR --stat stat.json",
     report_options, filter_options, file_options);
TASK(check, "heap.db", 1, 1, "fails when a limit is exceeded, for CI",
     "check t.db --max-leaks 64K --max-p99 20us --max-frag 30%", check_options, SHARED);
TASK(export, "heap.db", 1, 1, "every lifetime as JSON or CSV, live bytes as folded stacks",
     "export t.db --csv -o blocks.csv\n"
     "export t.db --folded",
     export_options, SHARED);
TASK(sql, "heap.db \"SELECT ...\"", 2, 2, "asks the database by hand, read-only",
     "sql t.db \"SELECT * FROM leaks\"", OUTPUT);

static const struct command *const commands[] = {
	&task_load.command,
#define VIEW_ROW(name) &view_##name.command,
	VIEWS(VIEW_ROW)
#undef VIEW_ROW
		& task_compare.command,
	&task_report.command,
	&task_check.command,
	&task_export.command,
	&task_sql.command,
	NULL,
};

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
	return command_main(&lwview, argc, argv);
}

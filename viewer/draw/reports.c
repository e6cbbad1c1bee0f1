/* SPDX-License-Identifier: MIT */
/* reports.c - the views that are one query: each is a row of its own, the query is ask/'s. */
#include "viewer/view.h"

static int64_t limit = -1;

static const struct option_row report_options_own[] = {
	{'n', "limit", &option_int, &limit, "N", "at most N rows (text: 40, else all)"},
	OPTION_END,
};

static enum status report_table(const struct viewing *v, struct sheet *sheet)
{
	bool people = !v->options->json && !v->options->csv;
	enum status status = table_sheet(v->scope, v->view->command.name, people,
	                                 limit >= 0 ? limit : v->rows, sheet);

	if (limit < 0 && (int64_t)sheet_rows(sheet) == v->rows)
		sheet_note(sheet, "(the first %d rows; --limit N shows more)", (int)v->rows);
	return status;
}

static enum status report_text(const struct viewing *v, FILE *out)
{
	scope_describe(v->scope, out);
	return STATUS_OK;
}

#define REPORT(name_, rows, purpose_, caption, ...)                                      \
	const struct view view_##name_ = {VIEW_COMMAND(#name_, purpose_, caption,        \
	                                               #name_ " t.db\n" #name_           \
	                                                      " t.db --begin 20% --csv", \
	                                               report_options_own),              \
	                                  .tables = {"rows"},                            \
	                                  .page_rows = rows,                             \
	                                  .table = report_table,                         \
	                                  .text = report_text,                           \
	                                  __VA_ARGS__}

REPORT(sites, 12, "call sites by bytes asked for",
       "Each place in the program that asked for memory: how many blocks and bytes, how many are\n"
       "still alive, how long they lived on average, and what a call cost.");
REPORT(leaks, 12, "blocks alive at the end, by call site",
       "What was never freed, by the place that asked for it, and when its first and last block\n"
       "was made.");
REPORT(temporary, 12, "call sites whose blocks die within 1 ms",
       "What a change of the program could save: blocks that live less than a millisecond, by\n"
       "the place that asked for them.");
REPORT(sizes, 12, "sizes asked for",
       "Each size that was asked for: blocks, bytes, slack (usable beyond what was asked for),\n"
       "and how many are alive.");
REPORT(lifetimes, 20, "how long blocks live, by decades",
       "Blocks by how long they lived: each row holds those from its time up to ten times as\n"
       "long; the last one, those that were never freed.");
REPORT(threads, 20, "who allocates, who frees what others allocated",
       "Each thread that called the allocator: blocks obtained and freed, blocks freed that\n"
       "another thread had obtained, time spent inside the allocator.");
REPORT(pools, 40, "pools by object size",
       "Pools of equal small objects by their size: how many there were, how many objects they\n"
       "could hold and held at most.",
       .refuses = TAKES_NO_SITE, .why = "a pool serves many call sites");

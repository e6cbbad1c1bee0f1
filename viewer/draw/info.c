/* SPDX-License-Identifier: MIT */
/* info.c - the view `info`: what was recorded, in tables alone. */
#include "viewer/ask/info.h"
#include "viewer/view.h"

#include <assert.h>

static enum status info_table(const struct viewing *v, struct sheet *sheets)
{
	enum status status = STATUS_OK;

	assert(view_tables(v->view) == INFO_SHEETS);
	for (int i = 0; !status && i < INFO_SHEETS; i++)
		if (info_applies(v->scope, (enum info_sheet)i))
			status = info_sheet(v->scope, (enum info_sheet)i, &sheets[i]);
	return status;
}

const struct view view_info = {
	VIEW_COMMAND(
		"info", "what was recorded, totals, peaks, losses",
		"What was recorded, of which processes; calls of each function; the figures at the peak\n"
		"of live bytes and at the end; the greatest value of each over all facts; what is alive\n"
		"at the end. How each figure is defined stands beside it.",
		"info t.db\n"
		"info t.db --json"),
	.tables = {"recording", "selection", "processes", "calls", "figures", "peaks", "end"},
	.page_rows = -1,
	.table = info_table,
};

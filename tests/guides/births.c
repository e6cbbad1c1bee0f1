/* SPDX-License-Identifier: MIT */
/* births.c - the view that tests/guides/add-a-view.sh adds: when blocks are obtained. */
#include "plot.h"
#include "viewer/view.h"

#include <inttypes.h>

enum {
	STEPS = 50
};

struct births {
	int64_t blocks[STEPS], all;
	char who[160];
};

static enum status births_load(struct viewing *v)
{
	struct births *d = v->data;
	struct query *q = db_prepare(v->scope->db,
	                             "SELECT min(49, 50 * (birth - ?2) / max(1, ?3 - ?2)), count(*)"
	                             "  FROM block"
	                             " WHERE process = ?1 AND flags & 1 = 0 AND birth >= ?2"
	                             " GROUP BY 1");

	db_bind_int(q, 1, v->scope->process);
	db_bind_int(q, 2, v->scope->start);
	db_bind_int(q, 3, v->scope->finish);
	while (db_step(q)) {
		d->blocks[db_int(q, 0)] = db_int(q, 1);
		d->all += db_int(q, 1);
	}
	scope_who(v->scope, d->who, sizeof(d->who));
	return db_finish(q);
}

static const char *births_missing(const void *data)
{
	return ((const struct births *)data)->all ? NULL : "no block was obtained";
}

static enum status births_table(const struct viewing *v, struct sheet *sheet)
{
	const struct births *d = v->data;

	sheet_init(sheet, ">step|>blocks");
	for (int i = 0; i < STEPS; i++) {
		sheet_integer(sheet, i);
		sheet_count(sheet, d->blocks[i]);
	}
	return STATUS_OK;
}

static void births_plot_size(const void *const data[], int count, int *width, int *height)
{
	(void)data;
	(void)count;
	*width = 1280;
	*height = 300;
}

static enum status births_plot(const void *const data[], int count, struct plot *plot)
{
	const struct births *d = data[0];

	(void)count;
	plot_words(plot, 1000, 92, 24, PLOT_TITLE, d->who);
	plot_area(plot, 92, 60, 1140, 190);
	plot_command(plot, "unset key\nset xlabel 'share of the run, %%'\nset ylabel 'blocks'\n"
	                   "$births << EOD\n");
	for (int i = 0; i < STEPS; i++)
		plot_command(plot, "%d %" PRId64 "\n", 2 * i, d->blocks[i]);
	plot_command(plot, "EOD\nplot $births using 1:2 with steps linecolor rgb '#0072b2'\n");
	return STATUS_OK;
}

const struct view view_births = {
	VIEW_COMMAND("births", "when blocks are obtained",
                     "Blocks obtained in each fiftieth of the run.", "births heap.db -o births.svg",
                     picture_options),
	.size = sizeof(struct births),
	.load = births_load,
	.missing = births_missing,
	.tables = {"steps"},
	.page_rows = -1,
	.table = births_table,
	.plot_size = births_plot_size,
	.plot = births_plot,
};

/* SPDX-License-Identifier: MIT */
/* rss.c - the view `rss`: the heap's part of resident memory, the rest, the extent beside them. */
#include "curves.h"

static const char *rss_missing(const void *data)
{
	const struct timeline *t = data;

	return t->samples && t->rss_anon.value >= 0 ? NULL
	                                            : "no sample of resident memory was recorded";
}

static void rss_row(struct sheet *sheet, const struct timeline *t, size_t i)
{
	const struct sample *s = &t->sample[i];
	int64_t outside = s->extent - s->heap_resident;

	if (s->rss_anon < 0)
		return;
	sheet_span(sheet, s->time);
	sheet_bytes(sheet, s->rss_anon);
	sheet_bytes(sheet, s->heap_resident);
	sheet_bytes(sheet, s->rss_anon - s->heap_resident);
	sheet_bytes(sheet, s->extent);
	sheet_bytes(sheet, outside > 0 ? outside : 0);
}

static enum status rss_table(const struct viewing *v, struct sheet *sheet)
{
	const struct timeline *t = v->data;

	sheet_init(sheet, ">time=time_ns|>RssAnon=rss_anon_bytes|"
	                  ">heap resident=heap_resident_bytes|"
	                  ">rest of the process=rest_bytes|>extent=extent_bytes|"
	                  ">untouched=untouched_bytes");
	samples_spread(t, false, rss_row, sheet);
	sheet_note(sheet,
	           "RssAnon = heap resident + rest; untouched: of the extent, never touched or "
	           "returned.\nNot counted: shared memory, among it trace buffers and "
	           "CUDA/NvMap, and files");
	samples_peaks(t, sheet + 1);
	return STATUS_OK;
}

static void rss_plot_size(const void *const data[], int count, int *width, int *height)
{
	(void)data;
	(void)count;
	*width = CURVES_WIDTH;
	*height = 480;
}

static enum status rss_plot(const void *const data[], int count, struct plot *plot)
{
	const struct timeline *const t[] = {data[0]};
	struct frame f = curves_begin(plot, t, count, false);
	char title[300];

	panel_x_label(plot, t[0], &f);
	panel_begin(plot, CURVES_TOP, 320, f.y.unit);
	snprintf(title, sizeof(title), "Resident memory: %s", t[0]->who);
	plot_words(plot, 1000, CURVES_LEFT, 24, PLOT_TITLE, title);
	plot_swatch(plot, 1100, CURVES_LEFT, CURVES_TOP - 22, "#7fcdae", "heap resident");
	plot_swatch(plot, 1101, CURVES_LEFT + 200, CURVES_TOP - 22, "#f1b07e", "rest of RssAnon");
	plot_swatch(plot, 1102, CURVES_LEFT + 400, CURVES_TOP - 22, "#24292f", "heap extent");
	plot_command(plot,
	             "plot $t0 using 1:%d:(0) with filledcurves fillcolor rgb '#7fcdae', "
	             "$t0 using 1:%d:%d with filledcurves fillcolor rgb '#f1b07e', "
	             "$t0 using 1:%d with lines linewidth 2 linecolor rgb '" PLOT_INK "'\n"
	             "unset multiplot\n",
	             RESIDENT, RESIDENT, RSS, EXTENT);
	return STATUS_OK;
}

const struct view view_rss = {
	VIEW_COMMAND(
		"rss", "what of the heap is resident",
		"Anonymous resident memory of the process: the heap's part and the rest. Not counted:\n"
		"shared memory, among it trace buffers and CUDA/NvMap, and files.",
		"rss t.db\n"
		"rss t.db -o rss.svg",
		samples_options, picture_options),
	.idle = samples_idle,
	.refuses = TAKES_NO_THREAD | TAKES_NO_SIZE | TAKES_NO_SITE,
	.why = "what is resident is known of the heap as a whole",
	.heap = true,
	.size = sizeof(struct timeline),
	.load = samples_load,
	.release = samples_release,
	.missing = rss_missing,
	.tables = {"samples", "peaks"},
	.data_tables = 1,
	.table = rss_table,
	.text = samples_heading,
	.plot_size = rss_plot_size,
	.plot = rss_plot,
};

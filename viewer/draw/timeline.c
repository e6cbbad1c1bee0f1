/* SPDX-License-Identifier: MIT */
/* timeline.c - the view `timeline`: sizes, the split of the extent, fragmentation through time. */
#include "curves.h"

#include <string.h>

static const char *over;

static const struct option_row timeline_options[] = {
	{0, "over", &option_text, &over, "AXIS", "time (default) or asked: bytes asked for"},
	OPTION_END,
};

static bool over_asked(void)
{
	return over && !strcmp(over, "asked");
}

static enum status timeline_load(struct viewing *v)
{
	if (over && strcmp(over, "asked") && strcmp(over, "time"))
		return msg_fail(STATUS_USAGE, "--over wants time or asked: over=\"%s\"", over);
	return samples_load(v);
}

static const char *timeline_missing(const void *data)
{
	const struct timeline *t = data;

	return t->samples ? NULL : "nothing happened in the heap";
}

/* --- tables --------------------------------------------------------------------------------- */

static void timeline_row(struct sheet *sheet, const struct timeline *t, size_t i)
{
	static const enum figure shown[] = {
		FIGURE_ASKED,         FIGURE_BLOCKS,      FIGURE_LIVE,     FIGURE_USABLE,
		FIGURE_HEAP,          FIGURE_UTILISATION, FIGURE_INTERNAL, FIGURE_EXTERNAL,
		FIGURE_HEAP_RESIDENT, FIGURE_RSS_ANON,
	};
	double value[FIGURES];

	figure_values(&t->sample[i], value);
	sheet_span(sheet, t->sample[i].time);
	for (size_t k = 0; k < sizeof(shown) / sizeof(*shown); k++)
		sheet_value(sheet, figure_rows[shown[k]].unit, value[shown[k]]);
	if (t->chosen)
		sheet_bytes(sheet, t->chosen[i]);
}

#define COLUMNS                                                                      \
	">time=time_ns|>asked=asked_bytes|>blocks|>L=L_bytes|>U=U_bytes|>H=H_bytes|" \
	">L/H=utilisation_ratio|>internal=internal_ratio|>external=external_ratio|"  \
	">resident=heap_resident_bytes|>RssAnon=rss_anon_bytes"

static enum status timeline_table(const struct viewing *v, struct sheet *sheet)
{
	const struct timeline *t = v->data;

	sheet_init(sheet, t->chosen ? COLUMNS "|>selected=selected_bytes" : COLUMNS);
	samples_spread(t, over_asked(), timeline_row, sheet);
	sheet_note(sheet,
	           "asked: bytes asked for since the start; L live asked for, U live usable, H "
	           "heap extent;\ninternal = 1 - L/U, external = 1 - largest free run / free "
	           "bytes; resident: the heap's part of RssAnon");
	samples_peaks(t, sheet + 1);
	return STATUS_OK;
}

/* --- the picture ---------------------------------------------------------------------------- */

/* A dot at the exact peak; the sampled curve need not reach it. */
static void peak_mark(struct plot *plot, const struct timeline_peak *p, const struct frame *f,
                      int number, const char *colour)
{
	double x = (double)(f->over_asked ? p->asked : p->time) / f->x.size;

	if (p->value >= 0)
		plot_command(plot,
		             "set label %d '' at first %g,%g point pointtype 7 pointsize 0.6 "
		             "linecolor rgb '%s'\n",
		             number, x, (double)p->value / f->y.size, colour);
}

static void sizes_panel(struct plot *plot, const struct timeline *t, const struct frame *f,
                        double top, double height)
{
	static const struct curve curves[] = {
		{"extent", "#24292f", EXTENT, "linewidth 2"},
		{"U, usable", "#56b4e9", U, "linewidth 1.5"},
		{"L, live", "#0072b2", L, "linewidth 1.5"},
		{"heap resident", "#009e73", RESIDENT, "linewidth 1.5"},
		{"RssAnon", "#d55e00", RSS, "linewidth 1.5 dashtype (6,4)"},
	};
	const struct timeline_peak *peaks[] = {&t->extent, NULL, &t->live, NULL, &t->rss_anon};
	static const struct curve selected = {"selected, live", "#cc79a7", CHOSEN, "linewidth 1.5"};
	const double apart = t->chosen ? 208 : 240;
	struct curve used[6];
	int i, count = t->rss_anon.value >= 0 ? 5 : 3;

	memcpy(used, curves, sizeof(curves));
	panel_begin(plot, top, height, f->y.unit);
	for (i = 0; i < count; i++) {
		curve_legend(plot, &curves[i], i, apart, top, peaks[i]);
		if (peaks[i])
			peak_mark(plot, peaks[i], f, 1 + i, curves[i].colour);
	}
	if (t->chosen) {
		used[count] = selected;
		curve_legend(plot, &selected, count, apart, top, NULL);
		count++;
	}
	curves_draw(plot, used, count);
}

static void ratios_panel(struct plot *plot, double top, double height)
{
	static const struct curve curves[] = {
		{"external, 1 - largest/free", "#e69f00", EXTERNAL, "linewidth 1.5"},
		{"internal, 1 - L/U", "#0072b2", INTERNAL, "linewidth 1.5"},
		{"utilisation, L/H", "#009e73", UTILISATION, "linewidth 1.5"},
	};
	int i;

	panel_begin(plot, top, height, "%");
	plot_command(plot, "set yrange [0:100]\nset ytics 25\n");
	for (i = 0; i < 3; i++)
		curve_legend(plot, &curves[i], i, 240, top, NULL);
	curves_draw(plot, curves, 3);
	plot_command(plot, "set yrange [0:*]\n");
}

/* One column of two recordings. */
static void pair_panel(struct plot *plot, const struct timeline *const t[], int column,
                       const char *name, const char *unit, double top, double height)
{
	int i;

	panel_begin(plot, top, height, unit);
	plot_words(plot, 1110, CURVES_LEFT, top - 16, PLOT_PLAIN, name);
	if (column != H)
		plot_command(plot, "set yrange [0:5<*<100]\nset ytics auto\n");
	for (i = 0; i < 2; i++)
		plot_swatch(plot, 1100 + i, CURVES_LEFT + 420 + 400.0 * i, top - 16,
		            plot_pair_colours[i], t[i]->who);
	plot_command(plot,
	             "plot $t0 using %d:%d with lines linewidth 1.5 linecolor rgb '%s', "
	             "$t1 using %d:%d with lines linewidth 1.5 linecolor rgb '%s'\n",
	             X, column, plot_pair_colours[0], X, column, plot_pair_colours[1]);
}

static void heading(struct plot *plot, const struct timeline *const t[], int count)
{
	char title[400];

	if (count == 1)
		snprintf(title, sizeof(title), "Heap through time: %s", t[0]->who);
	else
		snprintf(title, sizeof(title), "Two heaps at equal bytes asked for");
	plot_words(plot, 1000, CURVES_LEFT, 24, PLOT_TITLE, title);
	for (int i = count; i-- > 0;)
		if (t[i]->lost[0]) {
			snprintf(title, sizeof(title), "%s%s%s%s", count > 1 ? t[i]->who : "",
			         count > 1 ? ": " : "", t[i]->lost,
			         t[i]->losses ? "; the intervals are shaded" : "");
			plot_words(plot, 1001 + i, CURVES_LEFT + 600.0 * i, 46, PLOT_WARNING,
			           title);
		}
}

static void timeline_plot_size(const void *const data[], int count, int *width, int *height)
{
	(void)data;
	*width = CURVES_WIDTH;
	*height = count == 1 ? 1000 : 900;
}

static enum status timeline_plot(const void *const data[], int count, struct plot *plot)
{
	const struct timeline *const t[] = {data[0], data[count - 1]};
	struct frame f = curves_begin(plot, t, count, count > 1 || over_asked());

	if (count == 1) {
		sizes_panel(plot, t[0], &f, CURVES_TOP, 330);
		split_panel(plot, t[0], &f, CURVES_TOP + 330 + 70, 210);
		panel_x_label(plot, t[0], &f);
		ratios_panel(plot, CURVES_TOP + 330 + 70 + 210 + 70, 170);
	} else {
		pair_panel(plot, t, H, "H, heap extent", f.y.unit, CURVES_TOP, 300);
		pair_panel(plot, t, EXTERNAL, "external fragmentation", "%", CURVES_TOP + 370, 150);
		panel_x_label(plot, t[0], &f);
		pair_panel(plot, t, INTERNAL, "internal fragmentation", "%", CURVES_TOP + 590, 150);
	}
	plot_command(plot, "unset label\nunset object\nunset tics\nunset border\nunset xlabel\n"
	                   "unset ylabel\nunset grid\n");
	heading(plot, t, count);
	plot_command(plot, "set xrange [0:1]\nset yrange [0:1]\nplot 2\nunset multiplot\n");
	return STATUS_OK;
}

const struct view view_timeline = {
	VIEW_COMMAND(
		"timeline", "sizes and fragmentation through time",
		"Sizes, the split of the extent, and fragmentation through time. L: live asked for; U:\n"
		"live usable; H: extent less the tracer's own blocks. External: 1 - largest free run /\n"
		"free bytes; internal: 1 - L / U; utilisation: L / H. Red bands: events were lost there.\n"
		"Options that choose blocks (--thread, --min-size, --max-size, --site, --at) add what is\n"
		"selected: its live bytes, beside the whole heap.",
		"timeline t.db\n"
		"timeline t.db --begin 20% --end 40% -o timeline.svg\n"
		"timeline t.db --over asked --rows 100 --csv",
		timeline_options, samples_options, picture_options),
	.idle = samples_idle,
	.heap = true,
	.size = sizeof(struct timeline),
	.load = timeline_load,
	.release = samples_release,
	.missing = timeline_missing,
	.tables = {"samples", "peaks"},
	.data_tables = 1,
	.table = timeline_table,
	.text = samples_heading,
	.pair = "Both heaps over the bytes that the program has asked for, so that equal places are "
		"equal points of the program. H: heap extent less the tracer's own blocks. External "
		"fragmentation: 1 - largest free run / free bytes. Internal: 1 - L / U.",
	.plot_size = timeline_plot_size,
	.plot = timeline_plot,
};

/* SPDX-License-Identifier: MIT */
/* latency.c - the view `latency`: percentiles, and a log-log histogram per operation. */
#include "plot.h"
#include "viewer/ask/latency.h"
#include "viewer/view.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>

/* Curves are drawn in wider buckets than counted in: 4 per octave, or they look like noise. */
enum {
	DRAWN_WIDTH = 4
};

static const double shares[] = {0.5, 0.99, 0.999, 1};
static const char *const share_names[] = {"p50", "p99", "p99.9", "max"};

/* Of a kind by its code: Okabe and Ito's, dark enough for lines; any other kind is ink. */
static const char *const curve_colours[] = {"#0072b2", "#e69f00", "#cc79a7", "#009e73",
                                            "#d55e00", "#56b4e9", "#a6761d", "#636363"};

static const char *kind_colour(const struct latency_kind *kind)
{
	bool known = kind->code >= 0 && kind->code < 8;

	return known ? curve_colours[kind->code] : PLOT_INK;
}

struct shown {
	struct latency latency;
	char who[200];
	const char *loss; /* the scope's */
};

static enum status latency_open(struct viewing *v)
{
	struct shown *d = v->data;
	enum status status = latency_load(&d->latency, v->scope);

	snprintf(d->who, sizeof(d->who), "%s%s", v->scope->who,
	         d->latency.part ? ", a part of it" : "");
	d->loss = v->scope->loss;
	return status;
}

static void latency_close(void *data)
{
	struct shown *d = data;

	latency_release(&d->latency);
}

static const char *latency_missing(const void *data)
{
	const struct shown *d = data;

	return d->latency.operations ? NULL : "no call of the allocator to show";
}

/* --- the table ------------------------------------------------------------------------------ */

static void histogram_cells(struct sheet *t, const char *kind, const struct histogram *h,
                            int64_t clock_cost)
{
	size_t i;

	sheet_text(t, "%s", kind);
	sheet_count(t, h->calls);
	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		sheet_latency(t, histogram_percentile(h, shares[i]), clock_cost);
	sheet_latency(t, h->total / h->calls, clock_cost);
	sheet_span(t, h->total);
}

static enum status latency_table(const struct viewing *v, struct sheet *t)
{
	const struct latency *l = &((const struct shown *)v->data)->latency;

	sheet_init(t, "<operation|<from or to|>calls|>p50=p50_ns|>p99=p99_ns|"
	              ">p99.9=p99_9_ns|>max=max_ns|>mean=mean_ns|>sum=sum_ns");
	for (size_t i = 0; i < l->operations; i++) {
		const struct latency_operation *op = &l->operation[i];

		sheet_text(t, "%s", op->name);
		histogram_cells(t, "all", &op->all, l->clock_cost);
		for (size_t k = 0; k < op->kinds && op->kinds > 1; k++) {
			sheet_text(t, "%s", op->name);
			sheet_words(t, "%s", ""); /* people see the name above */
			histogram_cells(t, op->kind[k].name, &op->kind[k].histogram, l->clock_cost);
		}
	}
	sheet_note(
		t,
		"Time inside the allocator, hooks left out, wall clock. Percentiles come from buckets "
		"of 1/16 octave:\nnever too low, too high by at most 1/16; max is exact. One clock "
		"read costs %" PRId64 " ns: what is below says no more.",
		l->clock_cost);
	return STATUS_OK;
}

static enum status latency_heading_text(const struct viewing *v, FILE *out)
{
	const struct shown *d = v->data;

	fprintf(out, "%s\n%s%s\n", d->who, d->loss, d->loss[0] ? "\n" : "");
	return STATUS_OK;
}

/* --- the picture ---------------------------------------------------------------------------- */

enum {
	WIDTH = 1280,
	LEFT = 84,
	RIGHT = 24,
	GAP = 96,
	TOP = 92,
	PANEL = 250,
	BETWEEN = 136
};

struct axes {
	double least, greatest; /* ns */
	double most;            /* calls */
};

/*
 * The operations of the next panel: those with the lowest code that is not shown yet, of one
 * recording or of both. False: all are.
 */
static bool panel_next(const struct shown *const d[], int count, size_t at[2],
                       const struct latency_operation *op[2])
{
	int code = INT_MAX;

	for (int i = 0; i < count; i++) {
		const struct latency *l = &d[i]->latency;

		if (at[i] < l->operations && l->operation[at[i]].code < code)
			code = l->operation[at[i]].code;
	}
	for (int i = 0; i < count; i++) {
		const struct latency *l = &d[i]->latency;
		bool has = at[i] < l->operations && l->operation[at[i]].code == code;

		op[i] = has ? &l->operation[at[i]++] : NULL;
	}
	return code != INT_MAX;
}

static void latency_plot_size(const void *const data[], int count, int *width, int *height)
{
	const struct shown *const d[] = {data[0], data[count - 1]};
	const struct latency_operation *op[2];
	size_t at[2] = {0};
	int shown = 0;

	while (panel_next(d, count, at, op))
		shown++;
	*width = WIDTH;
	*height = TOP + (shown + 1) / 2 * (PANEL + BETWEEN);
}

static int64_t drawn_count(const struct histogram *h, int bucket)
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < DRAWN_WIDTH; i++)
		sum += h->count[bucket + i];
	return sum;
}

static void axes_widen(struct axes *a, const struct histogram *h)
{
	int b;

	for (b = 0; b < HISTOGRAM_BUCKETS; b += DRAWN_WIDTH) {
		int64_t count = drawn_count(h, b);

		if (!count)
			continue;
		a->least = fmin(a->least, (double)bucket_low(b));
		a->greatest = fmax(a->greatest, (double)bucket_low(b + DRAWN_WIDTH));
		a->most = fmax(a->most, (double)count);
	}
}

/* A staircase; where nothing was counted it lies below the axis. */
static void curve_data(struct plot *plot, const char *name, const struct histogram *h)
{
	int b, first = 0, last = HISTOGRAM_BUCKETS - DRAWN_WIDTH;

	while (first < last && !drawn_count(h, first))
		first += DRAWN_WIDTH;
	while (last > first && !drawn_count(h, last))
		last -= DRAWN_WIDTH;
	plot_command(plot, "$%s << EOD\n", name);
	assert(h->calls > 0 && drawn_count(h, first) > 0);
	for (b = first; b <= last; b += DRAWN_WIDTH) {
		int64_t count = drawn_count(h, b);
		double low = b ? (double)bucket_low(b) : 0.5;
		double high = (double)bucket_low(b + DRAWN_WIDTH);

		if (b == first)
			plot_command(plot, "%g 0.1\n", low);
		plot_command(plot, count ? "%g %" PRId64 "\n" : "%g 0.1\n", low, count);
		plot_command(plot, count ? "%g %" PRId64 "\n" : "%g 0.1\n", high, count);
		if (b == last)
			plot_command(plot, "%g 0.1\n", high);
	}
	plot_command(plot, "EOD\n");
}

static void time_tics(struct plot *plot)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	double value = 1;
	int i;

	plot_command(plot, "set xtics (");
	for (i = 0; i < 12; i++, value *= 10)
		plot_command(plot, "%s'%d %s' %g", i ? ", " : "",
		             i % 3 == 0   ? 1
		             : i % 3 == 1 ? 10
		                          : 100,
		             units[i / 3], value);
	plot_command(plot, ")\n");
}

/* Percentiles as dashed lines with their names at the top, lower where they would overlap. */
static void percentile_marks(struct plot *plot, const struct histogram *h, const struct axes *a,
                             const char *colour, int number, double top)
{
	/* The ratio of two times whose names just do not touch. */
	double apart = pow(a->greatest / a->least, 0.085), last = 0, height = top;
	size_t i;

	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++, number++) {
		double at = fmax(1, (double)histogram_percentile(h, shares[i]));

		height = at < apart * last ? height - 0.055 : top;
		last = at;
		plot_command(
			plot,
			"set arrow %d from first %g, graph 0 to first %g, graph %g nohead back "
			"dashtype (4,3) linewidth 1 linecolor rgb '%s'\n",
			number, at, at, height, colour);
		plot_command(plot,
		             "set label %d '%s' at first %g, graph %g center front font ',10' "
		             "textcolor rgb '%s'\n",
		             number, share_names[i], at, height + 0.035, colour);
	}
}

static void percentile_words(char *text, size_t size, const struct histogram *h, int64_t clock_cost)
{
	size_t i, n;

	n = (size_t)snprintf(text, size, "%s calls", count_text(h->calls).text);
	for (i = 0; i < sizeof(shares) / sizeof(*shares) && n < size; i++)
		n += (size_t)snprintf(
			text + n, size - n, ", %s %s", share_names[i],
			latency_text(histogram_percentile(h, shares[i]), clock_cost).text);
}

/* What lies below the cost of one clock read is there, but not measured. */
static void clock_shade(struct plot *plot, const struct axes *a, int64_t clock_cost)
{
	if ((double)clock_cost <= a->least)
		return;
	plot_command(
		plot,
		"set object 900 rectangle from first %g, graph 0 to first %" PRId64
		", graph 1 behind fillstyle solid 0.5 noborder fillcolor rgb '" PLOT_FAINT "'\n"
		"set label 900 '< %" PRId64 " ns' at first %" PRId64
		", graph 0.965 right front offset -0.5,0 font ',10' textcolor rgb '" PLOT_INK "'\n",
		a->least, clock_cost, clock_cost, clock_cost);
}

struct place {
	double left, top, width;
};

/* Four to a line, two lines. */
static void kind_swatch(struct plot *plot, struct place at, int number, const char *colour,
                        const char *name)
{
	const int line = number / 4;

	plot_swatch(plot, 1100 + number, at.left + number % 4 * 110.0, at.top - 34 + line * 18.0,
	            colour, name);
}

/* One recording: its kinds as curves over the sum. */
static void curves_of_one(struct plot *plot, const struct latency_operation *op,
                          const struct axes *a, struct place at)
{
	int shown = 0;

	curve_data(plot, "all", &op->all);
	for (size_t k = 0; k < op->kinds; k++) {
		char name[16];

		snprintf(name, sizeof(name), "k%d", op->kind[k].code);
		curve_data(plot, name, &op->kind[k].histogram);
		kind_swatch(plot, at, shown++, kind_colour(&op->kind[k]), op->kind[k].name);
	}
	kind_swatch(plot, at, shown, "#e4e7eb", "all");
	percentile_marks(plot, &op->all, a, PLOT_INK, 1, 0.93);
	plot_command(plot, "plot $all using 1:2 with filledcurves x1 linecolor rgb '#e4e7eb'");
	for (size_t k = 0; k < op->kinds; k++)
		plot_command(plot, ", $k%d using 1:2 with lines linewidth 1.5 linecolor rgb '%s'",
		             op->kind[k].code, kind_colour(&op->kind[k]));
	plot_command(plot, "\n");
}

static void curves_of_two(struct plot *plot, const struct shown *const d[],
                          const struct latency_operation *const op[], const struct axes *a,
                          struct place at)
{
	const char *comma = "plot ";
	int i;

	for (i = 0; i < 2; i++) {
		char name[8], text[200];

		if (!op[i])
			continue;
		snprintf(name, sizeof(name), "k%d", i);
		curve_data(plot, name, &op[i]->all);
		percentile_words(text, sizeof(text), &op[i]->all, d[i]->latency.clock_cost);
		plot_swatch(plot, 1100 + i, at.left, at.top - 32 + 18 * i, plot_pair_colours[i],
		            text);
		percentile_marks(plot, &op[i]->all, a, plot_pair_colours[i], 1 + 10 * i,
		                 0.93 - 0.12 * i);
	}
	for (i = 0; i < 2; i++)
		if (op[i]) {
			plot_command(plot,
			             "%s$k%d using 1:2 with lines linewidth 1.5 linecolor rgb '%s'",
			             comma, i, plot_pair_colours[i]);
			comma = ", ";
		}
	plot_command(plot, "\n");
}

static void panel_draw(struct plot *plot, const struct shown *const d[], int count,
                       const struct latency_operation *const op[], const struct axes *a,
                       struct place at)
{
	const int named = op[0] ? 0 : 1;
	char text[300], words[240];

	assert(op[named] && (count == 2 || op[0]));
	plot_command(plot, "unset label\nunset arrow\nunset object\n");
	plot_area(plot, at.left, at.top, at.width, PANEL);
	clock_shade(plot, a, d[named]->latency.clock_cost);
	if (count == 1) {
		percentile_words(words, sizeof(words), &op[0]->all, d[0]->latency.clock_cost);
		snprintf(text, sizeof(text), "%s: %s", op[0]->name, words);
		plot_words(plot, 1000, at.left, at.top - 54, PLOT_PLAIN, text);
		curves_of_one(plot, op[0], a, at);
	} else {
		plot_words(plot, 1000, at.left, at.top - 52, PLOT_PLAIN, op[named]->name);
		curves_of_two(plot, d, op, a, at);
	}
}

static void latency_heading(struct plot *plot, const struct shown *const d[], int count)
{
	char title[400];

	if (count == 1)
		snprintf(title, sizeof(title), "Time inside the allocator: %s", d[0]->who);
	else
		snprintf(title, sizeof(title),
		         "Time inside the allocator, calls of each operation");
	plot_words(plot, 1001, LEFT, 24, PLOT_TITLE, title);
	if (count == 2) {
		plot_swatch(plot, 1002, LEFT + 560, 24, plot_pair_colours[0], d[0]->who);
		plot_swatch(plot, 1003, LEFT + 880, 24, plot_pair_colours[1], d[1]->who);
	} else if (d[0]->loss[0]) {
		plot_words(plot, 1004, LEFT + 700, 24, PLOT_WARNING, d[0]->loss);
	}
}

/* One pair of axes for all panels, with room for what is said of times below the clock's cost. */
static struct axes axes_of(const struct shown *const d[], int count)
{
	double clock_cost = (double)d[0]->latency.clock_cost;
	struct axes a = {.least = 1e18};

	assert(count <= 2);
	for (int i = 0; i < count; i++)
		for (size_t k = 0; k < d[i]->latency.operations; k++)
			axes_widen(&a, &d[i]->latency.operation[k].all);
	a.greatest *= 1.3;
	if (clock_cost > 0)
		a.least = fmin(a.least / 1.3, clock_cost / pow(a.greatest / clock_cost, 0.12));
	a.least = fmax(1, a.least);
	return a;
}

static enum status latency_plot(const void *const data[], int count, struct plot *plot)
{
	const struct shown *const d[] = {data[0], data[count - 1]};
	const struct axes a = axes_of(d, count);
	const struct latency_operation *op[2] = {NULL, NULL};
	double width = (WIDTH - LEFT - RIGHT - GAP) / 2.0;
	size_t at[2] = {0};

	plot_command(plot,
	             "set logscale xy\nset format y '%%.0f'\nset mxtics 10\nunset key\n"
	             "set grid xtics ytics linewidth 0.5 linecolor rgb '" PLOT_FAINT "'\n"
	             "set xrange [%g:%g]\nset yrange [0.7:%g]\n"
	             "set xlabel 'time inside the allocator' offset 0,0.5\n"
	             "set ylabel 'calls' offset 1.5,0\n",
	             a.least, a.greatest, a.most * 12);
	time_tics(plot);
	plot_command(plot, "set multiplot\n");
	for (int shown = 0; panel_next(d, count, at, op); shown++) {
		const int line = shown / 2;

		panel_draw(plot, d, count, op, &a,
		           (struct place){LEFT + shown % 2 * (width + GAP),
		                          TOP + 24 + line * (PANEL + BETWEEN), width});
	}
	plot_command(plot, "unset label\nunset arrow\nunset object\nunset tics\nunset border\n"
	                   "unset xlabel\nunset ylabel\nunset logscale\n");
	latency_heading(plot, d, count);
	plot_command(plot, "set xrange [0:1]\nset yrange [0:1]\nplot 2 notitle\nunset multiplot\n");
	return STATUS_OK;
}

const struct view view_latency = {
	VIEW_COMMAND(
		"latency", "time inside the allocator, per operation",
		"Time inside the allocator per operation, by where the memory came from or went, both\n"
		"axes logarithmic, measured while tracing with the hooks left out. Percentiles are never\n"
		"too low and at most 1/16 too high; max is exact. Shaded: below the cost of one clock\n"
		"read, where a value says no more than \"less\".",
		"latency t.db\n"
		"latency t.db --max-size 1K -o latency.svg",
		picture_options),
	.size = sizeof(struct shown),
	.load = latency_open,
	.release = latency_close,
	.missing = latency_missing,
	.tables = {"operations"},
	.table = latency_table,
	.text = latency_heading_text,
	.pair = "Time inside the allocator per operation, both axes logarithmic, measured while "
		"tracing with the hooks left out. Shaded: below the cost of one clock read, where a "
		"value says no more than \"less\".",
	.plot_size = latency_plot_size,
	.plot = latency_plot,
};

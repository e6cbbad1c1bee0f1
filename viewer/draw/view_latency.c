/* SPDX-License-Identifier: MIT */
/*
 * view_latency.c - the time inside the allocator: percentiles, and a log-log histogram per
 * operation.
 */
#include "view_latency.h"
#include "viewer/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Words 'function' from here on give blocks back: their kind is a path, not a source. */
enum {
	FIRST_FREE = 9
};

/* Curves are drawn in wider buckets than counted in: 4 per octave, or they look like noise. */
enum {
	DRAWN_WIDTH = 4
};

static const double shares[] = {0.5, 0.99, 0.999, 1};
static const char *const share_names[] = {"p50", "p99", "p99.9", "max"};

/* Okabe and Ito's, dark enough for lines. */
static const char *const curve_colours[LATENCY_KINDS] = {
	"#0072b2", "#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9", "#a6761d", "#636363"};

/* --- loading -------------------------------------------------------------------------------- */

static enum status latency_count(struct latency *l, int operation, int kind, int64_t low,
                                 int64_t calls, int64_t total, int64_t greatest)
{
	struct histogram **h;

	if (operation < 0 || operation >= LATENCY_OPERATIONS || kind < 0 || kind >= LATENCY_KINDS)
		return STATUS_OK;
	h = &l->kind[operation][kind];
	if (!*h)
		*h = calloc(1, sizeof(**h));
	if (!*h)
		return msg_errno(STATUS_FAILED, "cannot load latencies");
	histogram_add(*h, low, calls, total, greatest);
	return STATUS_OK;
}

/* The whole run has its histogram in the database. */
static enum status load_all(struct latency *l, struct scope *s)
{
	struct query *q = db_prepare(s->db, "SELECT operation, kind, low, count, total, max"
	                                    "  FROM latency_hist WHERE process = ?1");
	enum status status = STATUS_OK;

	db_bind_int(q, 1, s->process);
	while (!status && db_step(q))
		status = latency_count(l, (int)db_int(q, 0), (int)db_int(q, 1), db_int(q, 2),
		                       db_int(q, 3), db_int(q, 4), db_int(q, 5));
	return db_finish(q) ? db_status(s->db) : status;
}

/* A part of it is counted from the blocks; failed calls are no blocks and stay out. */
static enum status load_part(struct latency *l, struct scope *s, const struct options *o)
{
	struct query *q =
		db_prepare(s->db,
	                   "SELECT function, source, alloc_latency"
	                   "  FROM block"
	                   " WHERE process = ?1 AND flags & 13 = 0 AND birth_seq BETWEEN ?2 AND ?3"
	                   "   AND (?4 < 0 OR alloc_tid = ?4)"
	                   "   AND (?5 < 0 OR size >= ?5) AND (?6 < 0 OR size <= ?6)"
	                   " UNION ALL "
	                   "SELECT 9, path, free_latency"
	                   "  FROM block"
	                   " WHERE process = ?1 AND flags & 1 = 0 AND death_seq BETWEEN ?2 AND ?3"
	                   "   AND (?4 < 0 OR free_tid = ?4)"
	                   "   AND (?5 < 0 OR size >= ?5) AND (?6 < 0 OR size <= ?6)"
	                   "   AND free_latency IS NOT NULL");
	enum status status = STATUS_OK;

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, s->begin.seq > 1 ? s->begin.seq : 1);
	db_bind_int(q, 3, s->end.seq);
	db_bind_int(q, 4, o->thread);
	db_bind_int(q, 5, o->min_size);
	db_bind_int(q, 6, o->max_size);
	while (!status && db_step(q)) {
		int64_t ns = db_int(q, 2);

		status = latency_count(l, (int)db_int(q, 0), (int)db_int(q, 1), ns, 1, ns, ns);
	}
	return db_finish(q) ? db_status(s->db) : status;
}

static enum status load_words(struct latency *l, struct scope *s)
{
	struct query *q = db_prepare(s->db, "SELECT class, code, name FROM word");
	int i;

	while (db_step(q)) {
		const char *class = db_text(q, 0), *name = db_text(q, 2);
		int64_t code = db_int(q, 1);

		if (!strcmp(class, "function") && code < LATENCY_OPERATIONS)
			snprintf(l->operation_name[code], sizeof(l->operation_name[code]), "%s",
			         name);
		for (i = 0; i < LATENCY_OPERATIONS; i++)
			if (!strcmp(class, i < FIRST_FREE ? "source" : "path") &&
			    code < LATENCY_KINDS)
				snprintf(l->kind_name[i][code], sizeof(l->kind_name[i][code]), "%s",
				         name);
	}
	return db_finish(q);
}

static enum status latency_sum(struct latency *l)
{
	int i, k;

	for (i = 0; i < LATENCY_OPERATIONS; i++)
		for (k = 0; k < LATENCY_KINDS; k++) {
			if (!l->kind[i][k])
				continue;
			if (!l->all[i])
				l->all[i] = calloc(1, sizeof(*l->all[i]));
			if (!l->all[i])
				return msg_errno(STATUS_FAILED, "cannot load latencies");
			histogram_merge(l->all[i], l->kind[i][k]);
		}
	return STATUS_OK;
}

static int operations_present(const struct latency *l)
{
	int i, count = 0;

	for (i = 0; i < LATENCY_OPERATIONS; i++)
		count += l->all[i] != NULL;
	return count;
}

enum status latency_load(struct latency *l, struct scope *s, const struct options *o)
{
	bool part = o->thread >= 0 || o->min_size >= 0 || o->max_size >= 0 ||
	            o->begin.kind != WHEN_NONE || o->end.kind != WHEN_NONE;
	enum status status;

	memset(l, 0, sizeof(*l));
	l->clock_cost = db_value(s->db, "SELECT clock_cost FROM process WHERE id = ?1", 1,
	                         (int64_t[]){s->process});
	snprintf(l->who, sizeof(l->who), "%s (pid %" PRId64 ") on %s%s", s->name[0] ? s->name : "?",
	         s->pid, s->allocator[0] ? s->allocator : "?", part ? ", a part of it" : "");
	if (s->lost)
		snprintf(l->loss, sizeof(l->loss),
		         "%" PRId64 " events were lost and are not counted", s->lost);
	status = load_words(l, s);
	if (!status)
		status = part ? load_part(l, s, o) : load_all(l, s);
	if (!status)
		status = latency_sum(l);
	if (!status && !operations_present(l))
		status = msg_fail(STATUS_INPUT, "no call of the allocator to show: path=\"%s\"",
		                  db_path(s->db));
	if (status)
		latency_release(l);
	return status;
}

void latency_release(struct latency *l)
{
	int i, k;

	for (i = 0; i < LATENCY_OPERATIONS; i++) {
		free(l->all[i]);
		for (k = 0; k < LATENCY_KINDS; k++)
			free(l->kind[i][k]);
	}
	memset(l, 0, sizeof(*l));
}

/* --- the table ------------------------------------------------------------------------------ */

static void histogram_row(struct sheet *t, const char *operation, const char *kind,
                          const struct histogram *h, int64_t clock_cost)
{
	size_t i;

	sheet_text(t, "%s", operation);
	sheet_text(t, "%s", kind);
	sheet_count(t, h->calls);
	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		sheet_latency(t, histogram_percentile(h, shares[i]), clock_cost);
	sheet_latency(t, h->total / h->calls, clock_cost);
	sheet_span(t, h->total);
}

void latency_sheet(const struct latency *l, struct sheet *t)
{
	int i, k;

	sheet_init(t, "<operation|<from or to|>calls|>p50=p50_ns|>p99=p99_ns|"
	              ">p99.9=p99_9_ns|>max=max_ns|>mean=mean_ns|>sum=sum_ns");
	for (i = 0; i < LATENCY_OPERATIONS; i++) {
		if (!l->all[i])
			continue;
		histogram_row(t, l->operation_name[i], "all", l->all[i], l->clock_cost);
		for (k = 0; k < LATENCY_KINDS; k++)
			if (l->kind[i][k] && l->kind[i][k]->calls != l->all[i]->calls)
				histogram_row(t, "", l->kind_name[i][k], l->kind[i][k],
				              l->clock_cost);
	}
	sheet_note(
		t,
		"Time inside the allocator, hooks left out, wall clock. Percentiles come from buckets "
		"of 1/16 octave:\nnever too low, too high by at most 1/16; max is exact. One clock "
		"read costs %" PRId64 " ns: what is below says no more.",
		l->clock_cost);
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

void latency_size(const struct latency *l, int count, int *width, int *height)
{
	int i, shown = 0;

	for (i = 0; i < LATENCY_OPERATIONS; i++)
		shown += l[0].all[i] || l[count - 1].all[i];
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
	char calls[FIGURE_MAX], one[FIGURE_MAX];
	size_t i, n;

	n = (size_t)snprintf(text, size, "%s calls", count_text(calls, h->calls));
	for (i = 0; i < sizeof(shares) / sizeof(*shares) && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, ", %s %s", share_names[i],
		                      latency_text(one, histogram_percentile(h, shares[i]),
		                                   clock_cost));
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
	plot_swatch(plot, 1100 + number, at.left + number % 4 * 110.0,
	            at.top - 34 + number / 4 * 18.0, colour, name);
}

/* One recording: its kinds as curves over the sum. */
static void curves_of_one(struct plot *plot, const struct latency *l, int op, const struct axes *a,
                          struct place at)
{
	int k, shown = 0;

	curve_data(plot, "all", l->all[op]);
	for (k = 0; k < LATENCY_KINDS; k++)
		if (l->kind[op][k]) {
			char name[8];

			snprintf(name, sizeof(name), "k%d", k);
			curve_data(plot, name, l->kind[op][k]);
			kind_swatch(plot, at, shown++, curve_colours[k], l->kind_name[op][k]);
		}
	kind_swatch(plot, at, shown, "#e4e7eb", "all");
	percentile_marks(plot, l->all[op], a, PLOT_INK, 1, 0.93);
	plot_command(plot, "plot $all using 1:2 with filledcurves x1 linecolor rgb '#e4e7eb'");
	for (k = 0; k < LATENCY_KINDS; k++)
		if (l->kind[op][k])
			plot_command(plot,
			             ", $k%d using 1:2 with lines linewidth 1.5 linecolor rgb '%s'",
			             k, curve_colours[k]);
	plot_command(plot, "\n");
}

static const char *const pair_colours[] = {"#d55e00", "#0072b2"};

static void curves_of_two(struct plot *plot, const struct latency *l, int op, const struct axes *a,
                          struct place at)
{
	const char *comma = "plot ";
	int i;

	for (i = 0; i < 2; i++) {
		char name[8], text[200];

		if (!l[i].all[op])
			continue;
		snprintf(name, sizeof(name), "k%d", i);
		curve_data(plot, name, l[i].all[op]);
		percentile_words(text, sizeof(text), l[i].all[op], l[i].clock_cost);
		plot_swatch(plot, 1100 + i, at.left, at.top - 32 + 18 * i, pair_colours[i], text);
		percentile_marks(plot, l[i].all[op], a, pair_colours[i], 1 + 10 * i,
		                 0.93 - 0.12 * i);
	}
	for (i = 0; i < 2; i++)
		if (l[i].all[op]) {
			plot_command(plot,
			             "%s$k%d using 1:2 with lines linewidth 1.5 linecolor rgb '%s'",
			             comma, i, pair_colours[i]);
			comma = ", ";
		}
	plot_command(plot, "\n");
}

static void operation_draw(struct plot *plot, const struct latency *l, int count, int op,
                           const struct axes *a, struct place at)
{
	const struct latency *named = l[0].all[op] ? &l[0] : &l[count - 1];
	char text[300], words[240];

	plot_command(plot, "unset label\nunset arrow\nunset object\n");
	plot_area(plot, at.left, at.top, at.width, PANEL);
	clock_shade(plot, a, named->clock_cost);
	if (count == 1) {
		percentile_words(words, sizeof(words), l->all[op], l->clock_cost);
		snprintf(text, sizeof(text), "%s: %s", l->operation_name[op], words);
		plot_words(plot, 1000, at.left, at.top - 54, PLOT_PLAIN, text);
		curves_of_one(plot, l, op, a, at);
	} else {
		plot_words(plot, 1000, at.left, at.top - 52, PLOT_PLAIN, named->operation_name[op]);
		curves_of_two(plot, l, op, a, at);
	}
}

static void latency_heading(struct plot *plot, const struct latency *l, int count)
{
	char title[400];

	if (count == 1)
		snprintf(title, sizeof(title), "Time inside the allocator: %s", l->who);
	else
		snprintf(title, sizeof(title),
		         "Time inside the allocator, calls of each operation");
	plot_words(plot, 1001, LEFT, 24, PLOT_TITLE, title);
	if (count == 2) {
		plot_swatch(plot, 1002, LEFT + 480, 24, pair_colours[0], l[0].who);
		plot_swatch(plot, 1003, LEFT + 840, 24, pair_colours[1], l[1].who);
	} else if (l->loss[0]) {
		plot_words(plot, 1004, LEFT + 700, 24, PLOT_WARNING, l->loss);
	}
}

void latency_plot(const struct latency *l, int count, struct plot *plot)
{
	struct axes a = {.least = 1e18};
	double width = (WIDTH - LEFT - RIGHT - GAP) / 2.0;
	int i, op, shown = 0;

	for (i = 0; i < count; i++)
		for (op = 0; op < LATENCY_OPERATIONS; op++)
			if (l[i].all[op])
				axes_widen(&a, l[i].all[op]);
	/* Room for what is said of times below the clock's cost. */
	a.greatest *= 1.3;
	if (l->clock_cost > 0)
		a.least =
			fmin(a.least / 1.3,
		             (double)l->clock_cost / pow(a.greatest / (double)l->clock_cost, 0.12));
	a.least = fmax(1, a.least);
	plot_command(plot,
	             "set logscale xy\nset format y '%%.0f'\nset mxtics 10\nunset key\n"
	             "set grid xtics ytics linewidth 0.5 linecolor rgb '" PLOT_FAINT "'\n"
	             "set xrange [%g:%g]\nset yrange [0.7:%g]\n"
	             "set xlabel 'time inside the allocator' offset 0,0.5\n"
	             "set ylabel 'calls' offset 1.5,0\n",
	             a.least, a.greatest, a.most * 12);
	time_tics(plot);
	plot_command(plot, "set multiplot\n");
	for (op = 0; op < LATENCY_OPERATIONS; op++) {
		struct place at = {LEFT + shown % 2 * (width + GAP),
		                   TOP + 24 + shown / 2 * (PANEL + BETWEEN), width};

		if (!l[0].all[op] && !l[count - 1].all[op])
			continue;
		operation_draw(plot, l, count, op, &a, at);
		shown++;
	}
	plot_command(plot, "unset label\nunset arrow\nunset object\nunset tics\nunset border\n"
	                   "unset xlabel\nunset ylabel\nunset logscale\n");
	latency_heading(plot, l, count);
	plot_command(plot, "set xrange [0:1]\nset yrange [0:1]\nplot 2 notitle\nunset multiplot\n");
}

/* --- the command ---------------------------------------------------------------------------- */

static const char *keep;

const struct option_row latency_options[] = {
	{0, "keep-script", OPTION_TEXT, &keep, "FILE", "keep the gnuplot script"},
	OPTION_END,
};

static enum status latency_picture(const struct latency *l, const struct options *o)
{
	struct plot_spec spec = {.output = o->output, .keep = keep, .force = o->force};
	struct plot *plot;
	enum status status;

	latency_size(l, 1, &spec.width, &spec.height);
	status = plot_open(&plot, &spec);
	if (status)
		return status;
	latency_plot(l, 1, plot);
	return plot_close(plot);
}

static void latency_text_out(const struct latency *l, const struct options *o)
{
	struct sheet t;

	latency_sheet(l, &t);
	if (!o->json && !o->csv)
		printf("%s\n%s%s\n", l->who, l->loss, l->loss[0] ? "\n" : "");
	sheet_write(&t, o, stdout);
	sheet_release(&t);
}

enum status command_latency(const struct command *self, struct options *o)
{
	enum status status;
	struct latency l;
	struct scope s;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s [OPTIONS] heap.db", self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = latency_load(&l, &s, o);
	if (!status) {
		if (o->output)
			status = latency_picture(&l, o);
		else
			latency_text_out(&l, o);
		latency_release(&l);
	}
	scope_close(&s);
	return status;
}

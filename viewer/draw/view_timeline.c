/* SPDX-License-Identifier: MIT */
/*
 * view_timeline.c - the heap through time, as a table and as curves.
 */
#include "view_timeline.h"
#include "heapmap.h"
#include "viewer/view.h"
#include "view_map.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- loading -------------------------------------------------------------------------------- */

static void *grown(void *array, size_t count, size_t size)
{
	/* Powers of two: room is there unless count is one. */
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

static enum status load_samples(struct timeline *t, struct scope *s)
{
	struct query *q = db_prepare(
		s->db,
		"SELECT seq, time - ?4, live, slack, tracer, headers, pool_free, deferred, bins, top,"
		"       extent, largest_free, asked,"
		"       coalesce(rss_anon, -1), coalesce(heap_resident, -1), blocks"
		"  FROM timeline"
		" WHERE process = ?1 AND seq BETWEEN ?2 AND ?3"
		" ORDER BY seq");

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, s->begin.seq);
	db_bind_int(q, 3, s->end.seq);
	db_bind_int(q, 4, s->start);
	while (db_step(q)) {
		struct sample *room = grown(t->sample, t->samples, sizeof(*room));

		if (!room) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the timeline");
		}
		t->sample = room;
		t->sample[t->samples++] =
			(struct sample){db_int(q, 0),  db_int(q, 1),  db_int(q, 2),  db_int(q, 3),
		                        db_int(q, 4),  db_int(q, 5),  db_int(q, 6),  db_int(q, 7),
		                        db_int(q, 8),  db_int(q, 9),  db_int(q, 10), db_int(q, 11),
		                        db_int(q, 12), db_int(q, 13), db_int(q, 14), db_int(q, 15)};
	}
	return db_finish(q);
}

/* A loss whose time is unknown may have been anywhere: all of the run is marked. */
static enum status load_losses(struct timeline *t, struct scope *s)
{
	struct query *q =
		db_prepare(s->db,
	                   "SELECT coalesce(begin, ?2) - ?2, coalesce(finish, ?3) - ?2, count"
	                   "  FROM loss WHERE process IN (0, ?1) ORDER BY begin");

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, s->start);
	db_bind_int(q, 3, s->finish);
	while (db_step(q)) {
		struct timeline_loss *room = grown(t->loss, t->losses, sizeof(*room));

		if (!room) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the losses");
		}
		t->loss = room;
		t->loss[t->losses++] =
			(struct timeline_loss){db_int(q, 0), db_int(q, 1), db_int(q, 2)};
	}
	return db_finish(q);
}

/* Over all facts, never over samples. */
static struct timeline_peak load_peak(struct scope *s, const char *figure)
{
	struct timeline_peak peak = {.value = -1};
	struct query *q =
		db_prepare(s->db,
	                   "SELECT p.value, p.time - ?3, t.asked, p.seq"
	                   "  FROM peak p"
	                   "  LEFT JOIN timeline t ON t.process = p.process AND t.seq = p.seq"
	                   " WHERE p.process = ?1 AND p.figure = ?2");

	db_bind_int(q, 1, s->process);
	db_bind_text(q, 2, figure);
	db_bind_int(q, 3, s->start);
	if (db_step(q))
		peak = (struct timeline_peak){db_int(q, 0), db_int(q, 1), db_int(q, 2),
		                              db_int(q, 3)};
	db_finish(q);
	return peak;
}

/* Of a part of the run only samples are known; they keep the extremes of each step. */
static void part_peaks(struct timeline *t)
{
	struct timeline_peak *peaks[] = {&t->live, &t->extent, &t->rss_anon};
	size_t i, k;

	for (k = 0; k < 3; k++)
		peaks[k]->value = -1;
	for (i = 0; i < t->samples; i++) {
		const struct sample *s = &t->sample[i];
		const int64_t values[] = {s->live, s->extent, s->rss_anon};

		for (k = 0; k < 3; k++)
			if (values[k] > peaks[k]->value)
				*peaks[k] = (struct timeline_peak){values[k], s->time, s->asked,
				                                   s->seq};
	}
}

/*
 * lttng-ust waits for its daemon before the program begins, on a small machine longer than a short
 * program runs. Returns the ns up to a little before the program's own first call, 0 if that is
 * less than a twentieth of the run.
 */
static int64_t idle_start(struct scope *s)
{
	int64_t first = db_value(s->db,
	                         "SELECT min(birth)"
	                         "  FROM block"
	                         " WHERE process = ?1 AND birth_seq > 0 AND flags & 7 = 0",
	                         1, (int64_t[]){s->process});
	int64_t idle = first - s->start, run = s->finish - s->start;

	idle -= (run - idle) / 50;
	return first && idle > run / 20 ? idle : 0;
}

/* Of what is left out the last state stays, as the state in which the program began. */
static void idle_drop(struct timeline *t)
{
	size_t i = 0;

	while (i + 1 < t->samples && t->sample[i + 1].time <= t->skip)
		i++;
	if (t->sample[i].time > t->skip)
		return;
	memmove(t->sample, t->sample + i, (t->samples - i) * sizeof(*t->sample));
	t->samples -= i;
	t->sample[0].time = t->skip;
}

enum status timeline_load(struct timeline *t, struct scope *s, const struct options *o)
{
	enum status status;

	*t = (struct timeline){.duration = s->finish - s->start, .lost = s->lost};
	t->outside = allocator_is_outside(s->allocator);
	snprintf(t->who, sizeof(t->who), "%s (pid %" PRId64 ") on %s", s->name[0] ? s->name : "?",
	         s->pid, s->allocator[0] ? s->allocator : "?");
	status = load_samples(t, s);
	if (!status)
		status = load_losses(t, s);
	t->live = load_peak(s, "live");
	t->extent = load_peak(s, "extent");
	t->rss_anon = load_peak(s, "rss_anon");
	t->part = s->begin.seq > 1 || s->end.seq < s->last_seq;
	if (t->part)
		part_peaks(t);
	if (!status)
		status = db_status(s->db);
	if (!status && !t->samples)
		status = msg_fail(STATUS_INPUT, "nothing happened in the heap: path=\"%s\"",
		                  db_path(s->db));
	if (status) {
		timeline_release(t);
		return status;
	}
	if (o->begin.kind == WHEN_NONE && (t->skip = idle_start(s)))
		idle_drop(t);
	return STATUS_OK;
}

void timeline_release(struct timeline *t)
{
	free(t->sample);
	free(t->loss);
	*t = (struct timeline){0};
}

/* --- tables --------------------------------------------------------------------------------- */

static int64_t sample_x(const struct sample *s, bool over_asked)
{
	return over_asked ? s->asked : s->time;
}

/* Calls `row` with the last sample of each of `rows` equal steps that has one. */
static void samples_spread(const struct timeline *t, int64_t rows, bool over_asked,
                           void (*row)(struct sheet *, const struct sample *), struct sheet *sheet)
{
	int64_t first = sample_x(&t->sample[0], over_asked);
	int64_t span = sample_x(&t->sample[t->samples - 1], over_asked) - first;
	int64_t step = 1;
	size_t i;

	for (i = 0; i < t->samples; i++) {
		double edge = (double)first + (double)span * (double)step / (double)rows;

		if (i + 1 < t->samples && (double)sample_x(&t->sample[i + 1], over_asked) <= edge)
			continue;
		row(sheet, &t->sample[i]);
		while (i + 1 < t->samples && step < rows &&
		       (double)sample_x(&t->sample[i + 1], over_asked) > edge)
			edge = (double)first + (double)span * (double)++step / (double)rows;
	}
}

static void known_bytes(struct sheet *sheet, int64_t bytes)
{
	if (bytes < 0)
		sheet_none(sheet);
	else
		sheet_bytes(sheet, bytes);
}

static void timeline_row(struct sheet *sheet, const struct sample *s)
{
	sheet_span(sheet, s->time);
	sheet_bytes(sheet, s->asked);
	sheet_count(sheet, s->blocks);
	sheet_bytes(sheet, s->live);
	sheet_bytes(sheet, s->live + s->slack);
	sheet_bytes(sheet, sample_heap(s));
	sheet_ratio(sheet, figure_value(FIGURE_UTILISATION, s));
	sheet_ratio(sheet, figure_value(FIGURE_INTERNAL, s));
	sheet_ratio(sheet, figure_value(FIGURE_EXTERNAL, s));
	known_bytes(sheet, s->heap_resident);
	known_bytes(sheet, s->rss_anon);
}

void timeline_sheet(const struct timeline *t, int64_t rows, bool over_asked, struct sheet *sheet)
{
	sheet_init(sheet, ">time=time_ns|>asked=asked_bytes|>blocks|>L=L_bytes|"
	                  ">U=U_bytes|>H=H_bytes|>L/H=utilisation_ratio|"
	                  ">internal=internal_ratio|>external=external_ratio|"
	                  ">resident=heap_resident_bytes|>RssAnon=rss_anon_bytes");
	samples_spread(t, rows, over_asked, timeline_row, sheet);
	sheet_note(sheet,
	           "asked: bytes asked for since the start; L live asked for, U live usable, H "
	           "heap extent;\ninternal = 1 - L/U, external = 1 - largest free run / free "
	           "bytes; resident: the heap's part of RssAnon");
}

static void peak_row(struct sheet *sheet, const char *name, const struct timeline_peak *p)
{
	if (p->value < 0)
		return;
	sheet_text(sheet, "%s", name);
	sheet_bytes(sheet, p->value);
	sheet_integer(sheet, p->value);
	sheet_span(sheet, p->time);
	sheet_count(sheet, p->seq);
}

void timeline_peaks(const struct timeline *t, struct sheet *sheet)
{
	sheet_init(sheet, "<peak of|>size|>bytes|>time|>fact");
	peak_row(sheet, "L, live asked for", &t->live);
	peak_row(sheet, "extent, from the system", &t->extent);
	peak_row(sheet, "RssAnon", &t->rss_anon);
	sheet_note(sheet, t->part ? "Peaks of a part of the run: of the samples in it."
	                          : "Peaks are taken over all facts, never over samples.");
}

bool timeline_has_rss(const struct timeline *t)
{
	return t->rss_anon.value >= 0;
}

static void rss_row(struct sheet *sheet, const struct sample *s)
{
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

void rss_sheet(const struct timeline *t, int64_t rows, struct sheet *sheet)
{
	sheet_init(sheet, ">time=time_ns|>RssAnon=rss_anon_bytes|"
	                  ">heap resident=heap_resident_bytes|"
	                  ">rest of the process=rest_bytes|>extent=extent_bytes|"
	                  ">untouched=untouched_bytes");
	samples_spread(t, rows, false, rss_row, sheet);
	sheet_note(sheet,
	           "RssAnon = heap resident + rest; untouched: of the extent, never touched or "
	           "returned.\nNot counted: shared memory, among it trace buffers and "
	           "CUDA/NvMap, and files");
}

/* --- pictures ------------------------------------------------------------------------------- */

enum {
	WIDTH = 1280,
	LEFT = 92,
	RIGHT = 40,
	TOP = 88
};

/* Columns of the data block of a timeline. */
enum {
	X = 1,
	L,
	U,
	H,
	RSS,
	RESIDENT,
	INTERNAL,
	EXTERNAL,
	UTILISATION,
	STACK
};

struct part {
	const char *name;
	const char *colour;
	size_t offset;
	bool inside_only; /* shown as a part of `free` when the allocator is seen from outside */
};

/* The split of the extent, from the axis upwards. */
static const struct part parts[] = {
	{"live", "#4a98c9", offsetof(struct sample, live), false},
	{"slack", "#9ecae1", offsetof(struct sample, slack), false},
	{"headers", "#636363", offsetof(struct sample, headers), false},
	{"tracer's own", "#a6761d", offsetof(struct sample, tracer), false},
	{"pool slots free", "#f0e442", offsetof(struct sample, pool_free), true},
	{"deferred", "#cc79a7", offsetof(struct sample, deferred), true},
	{"free", "#e69f00", offsetof(struct sample, bins), false},
	{"top", "#7fcdae", offsetof(struct sample, top), false},
};
enum {
	PARTS = sizeof(parts) / sizeof(*parts)
};

static const char *const pair_colours[] = {"#d55e00", "#0072b2"};

static int64_t part_bytes(const struct sample *s, int part, bool outside)
{
	const char *base = (const char *)s;

	if (outside && parts[part].inside_only)
		return 0;
	if (outside && parts[part].offset == offsetof(struct sample, bins))
		return s->pool_free + s->deferred + s->bins;
	return *(const int64_t *)(base + parts[part].offset);
}

/* Bytes and times are written in a unit that gives short numbers; the axis names it. */
struct scale {
	double size;
	const char *unit;
};

static struct scale byte_scale(int64_t most)
{
	return most >= (int64_t)8 << 30 ? (struct scale){1024.0 * 1024 * 1024, "GiB"}
	       : most >= 8 << 20        ? (struct scale){1024.0 * 1024, "MiB"}
	                                : (struct scale){1024, "KiB"};
}

static struct scale time_scale(int64_t most)
{
	return most >= 2000000000 ? (struct scale){1e9, "s"}
	       : most >= 2000000  ? (struct scale){1e6, "ms"}
	                          : (struct scale){1e3, "us"};
}

struct frame {
	struct scale x, y;
	bool over_asked;
	double left, right; /* least and greatest x, in its unit */
};

static struct frame frame_of(const struct timeline *t, int count, bool over_asked)
{
	int64_t most_x = 1, most_y = 1;
	struct frame f = {.over_asked = over_asked};
	size_t k;
	int i;

	for (i = 0; i < count; i++) {
		int64_t x = sample_x(&t[i].sample[t[i].samples - 1], over_asked);

		most_x = x > most_x ? x : most_x;
		for (k = 0; k < t[i].samples; k++) {
			const struct sample *s = &t[i].sample[k];
			int64_t y = s->extent > s->rss_anon ? s->extent : s->rss_anon;

			most_y = y > most_y ? y : most_y;
		}
	}
	f.x = over_asked ? byte_scale(most_x) : time_scale(most_x);
	f.y = byte_scale(most_y);
	f.right = (double)most_x / f.x.size;
	f.left = over_asked ? 0 : (double)t->skip / f.x.size;
	return f;
}

static void ratio_write(FILE *out, double ratio)
{
	if (isfinite(ratio))
		fprintf(out, " %.4f", 100 * ratio);
	else
		fputs(" NaN", out);
}

static void known_write(FILE *out, int64_t bytes, double unit)
{
	if (bytes >= 0)
		fprintf(out, " %.6g", (double)bytes / unit);
	else
		fputs(" NaN", out);
}

static void sample_write(FILE *out, const struct timeline *t, const struct sample *s,
                         const struct frame *f, int64_t x)
{
	double sum = 0;
	int p;

	fprintf(out, "%.8g %.6g %.6g %.6g", (double)x / f->x.size, (double)s->live / f->y.size,
	        (double)(s->live + s->slack) / f->y.size, (double)sample_heap(s) / f->y.size);
	known_write(out, s->rss_anon, f->y.size);
	known_write(out, s->heap_resident, f->y.size);
	ratio_write(out, figure_value(FIGURE_INTERNAL, s));
	ratio_write(out, figure_value(FIGURE_EXTERNAL, s));
	ratio_write(out, figure_value(FIGURE_UTILISATION, s));
	for (p = 0; p < PARTS; p++) {
		fprintf(out, " %.6g", sum);
		sum += (double)part_bytes(s, p, t->outside) / f->y.size;
	}
	fprintf(out, " %.6g\n", sum);
}

/*
 * Of the samples that share a step of two pixels only those with most and least live bytes and
 * the last are drawn. A state holds until the next fact: where the next lies further than a
 * pixel away, the curve goes there level before it jumps.
 */
static void timeline_data(struct plot *plot, const struct timeline *t, const struct frame *f,
                          int number)
{
	double pixel = (f->right - f->left) * f->x.size / (WIDTH - LEFT - RIGHT);
	FILE *out = plot_script(plot);
	size_t i = 0, k, end;

	plot_command(plot, "$t%d << EOD\n", number);
	while (i < t->samples) {
		int64_t x = sample_x(&t->sample[i], f->over_asked);
		size_t most = i, least = i;

		for (end = i; end < t->samples; end++) {
			const struct sample *s = &t->sample[end];

			if ((double)(sample_x(s, f->over_asked) - x) > 2 * pixel)
				break;
			most = s->live > t->sample[most].live ? end : most;
			least = s->live < t->sample[least].live ? end : least;
		}
		if (i && (double)(x - sample_x(&t->sample[i - 1], f->over_asked)) > pixel)
			sample_write(out, t, &t->sample[i - 1], f, x);
		for (k = i; k < end; k++)
			if (k == most || k == least || k == end - 1)
				sample_write(out, t, &t->sample[k], f,
				             sample_x(&t->sample[k], f->over_asked));
		i = end;
	}
	plot_command(plot, "EOD\n");
}

static int64_t asked_at(const struct timeline *t, int64_t time)
{
	size_t i;

	for (i = 0; i + 1 < t->samples && t->sample[i + 1].time <= time; i++)
		;
	return t->sample[i].asked;
}

/* Where facts are missing, across every panel; at least 3 pixels wide. */
static void losses_shade(struct plot *plot, const struct timeline *t, const struct frame *f)
{
	double least = (f->right - f->left) * 3 / (WIDTH - LEFT - RIGHT);
	size_t i;

	for (i = 0; i < t->losses && i < 200; i++) {
		const struct timeline_loss *l = &t->loss[i];
		int64_t begin = f->over_asked ? asked_at(t, l->begin) : l->begin;
		int64_t finish = f->over_asked ? asked_at(t, l->finish) : l->finish;
		double from = fmax(f->left, (double)begin / f->x.size);
		double to = fmin(f->right, fmax((double)finish / f->x.size, from + least));

		plot_command(
			plot,
			"set object %zu rectangle from first %g, graph 0 to first %g, graph 1 "
			"front fillstyle transparent solid 0.2 noborder fillcolor rgb '" PLOT_ALARM
			"'\n",
			i + 1, from, to);
	}
}

static void panel_begin(struct plot *plot, double top, double height, const char *label)
{
	plot_command(plot, "unset label\ndo for [i = 1100:1110] { unset object i }\n");
	plot_area(plot, LEFT, top, WIDTH - LEFT - RIGHT, height);
	plot_command(plot, "set ylabel '%s' offset 1,0\n", label);
}

static void x_label(struct plot *plot, const struct timeline *t, const struct frame *f)
{
	char idle[FIGURE_MAX];

	plot_command(plot, "set xlabel '%s, %s",
	             f->over_asked ? "bytes asked for since the start" : "time since the start",
	             f->x.unit);
	if (!f->over_asked && t->skip)
		plot_command(plot,
		             "; the first %s, before the program''s own first call, are left out",
		             text_span(idle, sizeof(idle), (double)t->skip));
	plot_command(plot, "' offset 0,0.5\n");
}

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

struct curve {
	const char *name, *colour;
	int column;
	const char *style;
};

static void curves_draw(struct plot *plot, const struct curve *curve, int count)
{
	int i;

	for (i = 0; i < count; i++)
		plot_command(plot, "%s using %d:%d with lines %s linecolor rgb '%s'",
		             i ? ", $t0" : "plot $t0", X, curve[i].column, curve[i].style,
		             curve[i].colour);
	plot_command(plot, "\n");
}

/* "L, live asked for, peak 1.5 MiB" */
static void curve_legend(struct plot *plot, const struct curve *curve, int number, double top,
                         const struct timeline_peak *peak)
{
	char text[160], size[FIGURE_MAX];

	snprintf(text, sizeof(text), "%s%s%s", curve->name, peak ? ", peak " : "",
	         peak ? text_size(size, sizeof(size), (double)peak->value) : "");
	plot_swatch(plot, 1100 + number, LEFT + 240.0 * number, top - 16, curve->colour, text);
}

static void sizes_panel(struct plot *plot, const struct timeline *t, const struct frame *f,
                        double top, double height)
{
	static const struct curve curves[] = {
		{"extent", "#24292f", STACK + PARTS, "linewidth 2"},
		{"U, usable", "#56b4e9", U, "linewidth 1.5"},
		{"L, live", "#0072b2", L, "linewidth 1.5"},
		{"heap resident", "#009e73", RESIDENT, "linewidth 1.5"},
		{"RssAnon", "#d55e00", RSS, "linewidth 1.5 dashtype (6,4)"},
	};
	const struct timeline_peak *peaks[] = {&t->extent, NULL, &t->live, NULL, &t->rss_anon};
	int i, count = timeline_has_rss(t) ? 5 : 3;

	panel_begin(plot, top, height, f->y.unit);
	for (i = 0; i < count; i++) {
		curve_legend(plot, &curves[i], i, top, peaks[i]);
		if (peaks[i])
			peak_mark(plot, peaks[i], f, 1 + i, curves[i].colour);
	}
	curves_draw(plot, curves, count);
}

static void split_panel(struct plot *plot, const struct timeline *t, const struct frame *f,
                        double top, double height)
{
	int p, shown = 0;
	size_t i;

	panel_begin(plot, top, height, f->y.unit);
	for (p = 0; p < PARTS; p++) {
		int64_t any = 0;

		for (i = 0; i < t->samples; i++)
			any |= part_bytes(&t->sample[i], p, t->outside);
		if (any)
			plot_swatch(plot, 1100 + p, LEFT + 145.0 * shown++, top - 16,
			            parts[p].colour, parts[p].name);
	}
	plot_command(plot, "plot ");
	for (p = 0; p < PARTS; p++)
		plot_command(plot, "%s$t0 using %d:%d:%d with filledcurves fillcolor rgb '%s'",
		             p ? ", " : "", X, STACK + p, STACK + p + 1, parts[p].colour);
	plot_command(plot, "\n");
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
		curve_legend(plot, &curves[i], i, top, NULL);
	curves_draw(plot, curves, 3);
	plot_command(plot, "set yrange [0:*]\n");
}

/* One column of two recordings. */
static void pair_panel(struct plot *plot, const struct timeline *t, int column, const char *name,
                       const char *unit, double top, double height)
{
	int i;

	panel_begin(plot, top, height, unit);
	plot_words(plot, 1110, LEFT, top - 16, PLOT_PLAIN, name);
	if (column != H)
		plot_command(plot, "set yrange [0:5<*<100]\nset ytics auto\n");
	for (i = 0; i < 2; i++)
		plot_swatch(plot, 1100 + i, LEFT + 420 + 400.0 * i, top - 16, pair_colours[i],
		            t[i].who);
	plot_command(plot,
	             "plot $t0 using %d:%d with lines linewidth 1.5 linecolor rgb '%s', "
	             "$t1 using %d:%d with lines linewidth 1.5 linecolor rgb '%s'\n",
	             X, column, pair_colours[0], X, column, pair_colours[1]);
}

static void timeline_heading(struct plot *plot, const struct timeline *t, int count)
{
	char title[400], count_of[FIGURE_MAX];

	if (count == 1)
		snprintf(title, sizeof(title), "Heap through time: %s", t->who);
	else
		snprintf(title, sizeof(title), "Two heaps at equal bytes asked for");
	plot_words(plot, 1000, LEFT, 24, PLOT_TITLE, title);
	if (t[0].lost || t[count - 1].lost) {
		snprintf(title, sizeof(title), "%s events were lost: figures are \"at least\"",
		         count_text(count_of, t[0].lost + (count > 1 ? t[1].lost : 0)));
		if (t[0].losses)
			strcat(title, "; the intervals are shaded");
		plot_words(plot, 1001, LEFT, 46, PLOT_WARNING, title);
	}
}

void timeline_size(int count, int *width, int *height)
{
	*width = WIDTH;
	*height = count == 1 ? 1000 : 900;
}

static void plot_begin(struct plot *plot, const struct frame *f)
{
	plot_command(plot,
	             "set datafile missing 'NaN'\nunset key\n"
	             "set grid ytics linewidth 0.5 linecolor rgb '" PLOT_FAINT "'\n"
	             "set xrange [%g:%g]\nset yrange [0:*]\nset multiplot\n",
	             f->left, f->right);
}

void timeline_plot(const struct timeline *t, int count, bool over_asked, struct plot *plot)
{
	struct frame f = frame_of(t, count, over_asked);
	int i;

	for (i = 0; i < count; i++)
		timeline_data(plot, &t[i], &f, i);
	plot_begin(plot, &f);
	for (i = 0; i < count; i++)
		losses_shade(plot, &t[i], &f);
	if (count == 1) {
		sizes_panel(plot, t, &f, TOP, 330);
		split_panel(plot, t, &f, TOP + 330 + 70, 210);
		x_label(plot, t, &f);
		ratios_panel(plot, TOP + 330 + 70 + 210 + 70, 170);
	} else {
		pair_panel(plot, t, H, "H, heap extent", f.y.unit, TOP, 300);
		pair_panel(plot, t, EXTERNAL, "external fragmentation", "%", TOP + 370, 150);
		x_label(plot, t, &f);
		pair_panel(plot, t, INTERNAL, "internal fragmentation", "%", TOP + 590, 150);
	}
	plot_command(plot, "unset label\nunset object\nunset tics\nunset border\nunset xlabel\n"
	                   "unset ylabel\nunset grid\n");
	timeline_heading(plot, t, count);
	plot_command(plot, "set xrange [0:1]\nset yrange [0:1]\nplot 2\nunset multiplot\n");
}

void rss_size(int *width, int *height)
{
	*width = WIDTH;
	*height = 480;
}

void rss_plot(const struct timeline *t, struct plot *plot)
{
	struct frame f = frame_of(t, 1, false);
	char title[300];

	timeline_data(plot, t, &f, 0);
	plot_begin(plot, &f);
	losses_shade(plot, t, &f);
	x_label(plot, t, &f);
	panel_begin(plot, TOP, 320, f.y.unit);
	snprintf(title, sizeof(title), "Resident memory: %s", t->who);
	plot_words(plot, 1000, LEFT, 24, PLOT_TITLE, title);
	plot_swatch(plot, 1100, LEFT, TOP - 22, "#7fcdae", "heap resident");
	plot_swatch(plot, 1101, LEFT + 200, TOP - 22, "#f1b07e", "rest of RssAnon");
	plot_swatch(plot, 1102, LEFT + 400, TOP - 22, "#24292f", "heap extent");
	plot_command(plot,
	             "plot $t0 using 1:%d:(0) with filledcurves fillcolor rgb '#7fcdae', "
	             "$t0 using 1:%d:%d with filledcurves fillcolor rgb '#f1b07e', "
	             "$t0 using 1:%d with lines linewidth 2 linecolor rgb '" PLOT_INK "'\n"
	             "unset multiplot\n",
	             RESIDENT, RESIDENT, RSS, STACK + PARTS);
}

/* --- the commands --------------------------------------------------------------------------- */

static const char *keep, *over;
static int64_t row_count;

const struct option_row timeline_options[] = {
	{0, "over", OPTION_TEXT, &over, "AXIS", "time (default) or asked: bytes asked for"},
	{0, "rows", OPTION_INT, &row_count, "N", "rows of the table (default 20)"},
	{0, "keep-script", OPTION_TEXT, &keep, "FILE", "keep the gnuplot script"},
	OPTION_END,
};

const struct option_row rss_options[] = {
	{0, "rows", OPTION_INT, &row_count, "N", "rows of the table (default 20)"},
	{0, "keep-script", OPTION_TEXT, &keep, "FILE", "keep the gnuplot script"},
	OPTION_END,
};

static enum status timeline_picture(const struct timeline *t, const struct options *o, bool rss)
{
	struct plot_spec spec = {.output = o->output, .keep = keep, .force = o->force};
	struct plot *plot;
	enum status status;

	if (rss)
		rss_size(&spec.width, &spec.height);
	else
		timeline_size(1, &spec.width, &spec.height);
	status = plot_open(&plot, &spec);
	if (status)
		return status;
	if (rss)
		rss_plot(t, plot);
	else
		timeline_plot(t, 1, over && !strcmp(over, "asked"), plot);
	return plot_close(plot);
}

static void text_heading(const struct timeline *t)
{
	char idle[FIGURE_MAX];

	printf("%s\n%s", t->who, t->lost ? "events were lost: figures are \"at least\"\n" : "");
	if (t->skip)
		printf("the first %s, before the program's own first call, are left out: --begin 0 shows "
		       "them\n",
		       text_span(idle, sizeof(idle), (double)t->skip));
	putchar('\n');
}

static void timeline_text(const struct timeline *t, const struct options *o, bool rss)
{
	int64_t rows = row_count ? row_count : 20;
	bool plain = !o->json && !o->csv;
	struct sheet sheet;

	if (plain)
		text_heading(t);
	if (rss)
		rss_sheet(t, rows, &sheet);
	else
		timeline_sheet(t, rows, over && !strcmp(over, "asked"), &sheet);
	sheet_write(&sheet, o, stdout);
	sheet_release(&sheet);
	if (!plain)
		return;
	putchar('\n');
	timeline_peaks(t, &sheet);
	sheet_print(&sheet, stdout);
	sheet_release(&sheet);
}

static enum status timeline_run(const struct command *self, struct options *o, bool rss)
{
	struct timeline t;
	struct scope s;
	enum status status;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s [OPTIONS] heap.db", self->name);
	if (over && strcmp(over, "asked") && strcmp(over, "time"))
		return msg_fail(STATUS_USAGE, "--over wants time or asked: over=\"%s\"", over);
	if (o->thread >= 0 || o->min_size >= 0 || o->max_size >= 0)
		return msg_fail(STATUS_USAGE,
		                "%s shows the whole heap: --thread, --min-size and "
		                "--max-size cannot narrow it",
		                self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = timeline_load(&t, &s, o);
	if (!status) {
		if (rss && !timeline_has_rss(&t))
			status = msg_fail(STATUS_INPUT,
			                  "no sample of resident memory was recorded: path=\"%s\"",
			                  o->args[0]);
		else if (o->output)
			status = timeline_picture(&t, o, rss);
		else
			timeline_text(&t, o, rss);
		timeline_release(&t);
	}
	scope_close(&s);
	return status;
}

enum status command_timeline(const struct command *self, struct options *o)
{
	return timeline_run(self, o, false);
}

enum status command_rss(const struct command *self, struct options *o)
{
	return timeline_run(self, o, true);
}

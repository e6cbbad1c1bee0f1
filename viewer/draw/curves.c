/* SPDX-License-Identifier: MIT */
/* curves.c - axes, data and panels of samples through time; see curves.h. */
#include "curves.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>

enum {
	INSIDE = CURVES_WIDTH - CURVES_LEFT - CURVES_RIGHT /* pixels of a panel */
};

/* --- data ----------------------------------------------------------------------------------- */

struct part {
	const char *name;
	const char *colour;
	size_t offset;
	bool inside_only; /* shown as a part of `free` when the allocator is seen from outside */
};

/* The split of the extent, from the axis upwards. */
static const struct part parts[PARTS] = {
	{"live", "#4a98c9", offsetof(struct sample, live), false},
	{"slack", "#9ecae1", offsetof(struct sample, slack), false},
	{"headers", "#636363", offsetof(struct sample, headers), false},
	{"tracer's own", "#a6761d", offsetof(struct sample, tracer), false},
	{"pool slots free", "#f0e442", offsetof(struct sample, pool_free), true},
	{"deferred", "#cc79a7", offsetof(struct sample, deferred), true},
	{"free", "#e69f00", offsetof(struct sample, bins), false},
	{"top", "#7fcdae", offsetof(struct sample, top), false},
};
static int64_t part_bytes(const struct sample *s, int part, bool outside)
{
	const char *base = (const char *)s;

	if (outside && parts[part].inside_only)
		return 0;
	if (outside && parts[part].offset == offsetof(struct sample, bins))
		return s->pool_free + s->deferred + s->bins;
	return *(const int64_t *)(base + parts[part].offset);
}

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

static struct frame frame_of(const struct timeline *const t[], int count, bool over_asked)
{
	int64_t most_x = 1, most_y = 1;
	struct frame f = {.over_asked = over_asked};
	size_t k;
	int i;

	for (i = 0; i < count; i++) {
		int64_t x = sample_x(&t[i]->sample[t[i]->samples - 1], over_asked);

		most_x = x > most_x ? x : most_x;
		for (k = 0; k < t[i]->samples; k++) {
			const struct sample *s = &t[i]->sample[k];
			int64_t y = s->extent > s->rss_anon ? s->extent : s->rss_anon;

			most_y = y > most_y ? y : most_y;
		}
	}
	f.x = over_asked ? byte_scale(most_x) : time_scale(most_x);
	f.y = byte_scale(most_y);
	f.right = (double)most_x / f.x.size;
	f.left = over_asked ? 0 : (double)t[0]->skip / f.x.size;
	return f;
}

/* The columns from L on: bytes in the axis' unit, ratios in percent. */
static void figures_write(FILE *out, const struct sample *s, double unit)
{
	static const enum figure columns[] = {
		FIGURE_LIVE,          FIGURE_USABLE,   FIGURE_HEAP,     FIGURE_RSS_ANON,
		FIGURE_HEAP_RESIDENT, FIGURE_INTERNAL, FIGURE_EXTERNAL, FIGURE_UTILISATION,
	};
	double value[FIGURES];

	figure_values(s, value);
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		bool ratio = figure_rows[columns[i]].unit == UNIT_RATIO;

		if (isnan(value[columns[i]]))
			fputs(" NaN", out);
		else if (ratio)
			fprintf(out, " %.4f", 100 * value[columns[i]]);
		else
			fprintf(out, " %.6g", value[columns[i]] / unit);
	}
}

static void sample_write(FILE *out, const struct timeline *t, size_t i, const struct frame *f,
                         int64_t x)
{
	const struct sample *s = &t->sample[i];
	double sum = 0;
	int p;

	fprintf(out, "%.8g", (double)x / f->x.size);
	figures_write(out, s, f->y.size);
	for (p = 0; p < PARTS; p++) {
		fprintf(out, " %.6g", sum);
		sum += (double)part_bytes(s, p, t->outside) / f->y.size;
	}
	fprintf(out, " %.6g", sum);
	if (t->chosen)
		fprintf(out, " %.6g", (double)t->chosen[i] / f->y.size);
	fputc('\n', out);
}

/*
 * Of the samples that share a step of two pixels only those with most and least live bytes and
 * the last are drawn. A state holds until the next fact: where the next lies further than a
 * pixel away, the curve goes there level before it jumps.
 */
static void timeline_data(struct plot *plot, const struct timeline *t, const struct frame *f,
                          int number)
{
	double pixel = (f->right - f->left) * f->x.size / INSIDE;
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
			sample_write(out, t, i - 1, f, x);
		for (k = i; k < end; k++)
			if (k == most || k == least || k == end - 1)
				sample_write(out, t, k, f, sample_x(&t->sample[k], f->over_asked));
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
	double least = (f->right - f->left) * 3 / INSIDE;
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

struct frame curves_begin(struct plot *plot, const struct timeline *const t[], int count,
                          bool over_asked)
{
	struct frame f;
	int i;

	assert(t[0]->samples > 0 && t[count - 1]->samples > 0);
	f = frame_of(t, count, over_asked);
	for (i = 0; i < count; i++)
		timeline_data(plot, t[i], &f, i);
	plot_command(plot,
	             "set datafile missing 'NaN'\nunset key\n"
	             "set grid ytics linewidth 0.5 linecolor rgb '" PLOT_FAINT "'\n"
	             "set xrange [%g:%g]\nset yrange [0:*]\nset multiplot\n",
	             f.left, f.right);
	for (i = 0; i < count; i++)
		losses_shade(plot, t[i], &f);
	return f;
}

/* --- panels --------------------------------------------------------------------------------- */

void panel_begin(struct plot *plot, double top, double height, const char *label)
{
	plot_command(plot, "unset label\ndo for [i = 1100:1110] { unset object i }\n");
	plot_area(plot, CURVES_LEFT, top, INSIDE, height);
	plot_command(plot, "set ylabel '%s' offset 1,0\n", label);
}

void panel_x_label(struct plot *plot, const struct timeline *t, const struct frame *f)
{
	plot_command(plot, "set xlabel '%s, %s",
	             f->over_asked ? "bytes asked for since the start" : "time since the start",
	             f->x.unit);
	if (!f->over_asked && t->skip)
		plot_command(plot,
		             "; the first %s, before the program''s own first call, are left out",
		             text_span((double)t->skip).text);
	plot_command(plot, "' offset 0,0.5\n");
}

void curves_draw(struct plot *plot, const struct curve *curve, int count)
{
	int i;

	for (i = 0; i < count; i++)
		plot_command(plot, "%s using %d:%d with lines %s linecolor rgb '%s'",
		             i ? ", $t0" : "plot $t0", X, curve[i].column, curve[i].style,
		             curve[i].colour);
	plot_command(plot, "\n");
}

void curve_legend(struct plot *plot, const struct curve *curve, int number, double apart,
                  double top, const struct timeline_peak *peak)
{
	char text[160];

	snprintf(text, sizeof(text), "%s%s%s", curve->name, peak ? ", peak " : "",
	         peak ? text_size((double)peak->value).text : "");
	plot_swatch(plot, 1100 + number, CURVES_LEFT + apart * number, top - 16, curve->colour,
	            text);
}

void split_panel(struct plot *plot, const struct timeline *t, const struct frame *f, double top,
                 double height)
{
	int p, shown = 0;
	size_t i;

	panel_begin(plot, top, height, f->y.unit);
	for (p = 0; p < PARTS; p++) {
		int64_t any = 0;

		for (i = 0; i < t->samples; i++)
			any |= part_bytes(&t->sample[i], p, t->outside);
		if (any)
			plot_swatch(plot, 1100 + p, CURVES_LEFT + 145.0 * shown++, top - 16,
			            parts[p].colour, parts[p].name);
	}
	plot_command(plot, "plot ");
	for (p = 0; p < PARTS; p++)
		plot_command(plot, "%s$t0 using %d:%d:%d with filledcurves fillcolor rgb '%s'",
		             p ? ", " : "", X, STACK + p, STACK + p + 1, parts[p].colour);
	plot_command(plot, "\n");
}

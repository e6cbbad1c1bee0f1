/* SPDX-License-Identifier: MIT */
/*
 * check.c - `lwview check`: limits for continuous integration, and growth against a baseline; each row
 * below is one figure that can be limited.
 */
#include "scope.h"
#include "sheet.h"
#include "viewer/view.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What a row measures. */
enum measure {
	PEAK,    /* the greatest value of `figure` */
	AT_PEAK, /* `figure` where the heap was largest */
	QUERY,   /* the answer to `sql`; ?1: process */
};

static struct limit {
	const char *option, *title;
	enum unit unit;
	enum measure measure;
	enum figure figure;
	const char *sql;
	bool share;       /* a ratio that is at most 1 */
	bool grows;       /* compared with the baseline */
	const char *text; /* as given, NULL: not limited */
	double most;
} limits[] = {
	{"max-peak", "peak heap (H)", UNIT_BYTES, PEAK, FIGURE_HEAP, .grows = true},
	{"max-live", "peak live (L)", UNIT_BYTES, PEAK, FIGURE_LIVE, .grows = true},
	{"max-frag", "external fragmentation", UNIT_RATIO, AT_PEAK, FIGURE_EXTERNAL, .share = true},
	{"max-overhead", "overhead", UNIT_RATIO, AT_PEAK, FIGURE_OVERHEAD, .share = false},
	{"max-leaks", "alive at the end", UNIT_BYTES, QUERY, .grows = true,
         .sql = "SELECT alive_bytes FROM totals WHERE process = ?1"},
	/* Of each operation the bucket that holds the percentile, of these the worst. */
	{"max-p99", "99th percentile", UNIT_NS, QUERY,
         .sql = "SELECT max(p99) FROM (SELECT operation, min(top) AS p99 FROM"
                " (SELECT operation, max AS top, sum(count) OVER (PARTITION BY operation ORDER BY low)"
                "    AS upto, sum(count) OVER (PARTITION BY operation) AS whole FROM"
                "  (SELECT operation, low, sum(count) AS count, max(max) AS max FROM latency_hist"
                "    WHERE process = ?1 GROUP BY operation, low))"
                " WHERE upto >= 0.99 * whole GROUP BY operation)"},
	{"max-latency", "slowest call", UNIT_NS, QUERY,
         .sql = "SELECT max(max) FROM latency_hist WHERE process = ?1"},
	{NULL, "bytes asked for", UNIT_BYTES, QUERY, .grows = true,
         .sql = "SELECT bytes FROM totals WHERE process = ?1"},
	{NULL, "blocks obtained", UNIT_COUNT, QUERY, .grows = true,
         .sql = "SELECT blocks FROM totals WHERE process = ?1"},
};

#define LIMITS (sizeof(limits) / sizeof(*limits))

static const char *against, *growth_text;

const struct option_row check_options[] = {
	{0, "max-peak", OPTION_TEXT, &limits[0].text, "SIZE", "greatest heap extent (H)"},
	{0, "max-live", OPTION_TEXT, &limits[1].text, "SIZE", "greatest live bytes (L)"},
	{0, "max-frag", OPTION_TEXT, &limits[2].text, "RATIO",
         "external fragmentation at the peak of H"},
	{0, "max-overhead", OPTION_TEXT, &limits[3].text, "RATIO", "(H - L) / L at the peak of H"},
	{0, "max-leaks", OPTION_TEXT, &limits[4].text, "SIZE", "bytes alive at the end"},
	{0, "max-p99", OPTION_TEXT, &limits[5].text, "TIME",
         "99th percentile of the slowest operation"},
	{0, "max-latency", OPTION_TEXT, &limits[6].text, "TIME", "the slowest call"},
	{0, "against", OPTION_TEXT, &against, "BASE.db", "limit the growth since this recording"},
	{0, "max-growth", OPTION_TEXT, &growth_text, "RATIO",
         "of peak H, peak L, bytes alive at the end, bytes asked for, blocks obtained"},
	OPTION_END,
};

/* ---- what is allowed ---- */

/* A size or a time needs its unit; a ratio is 0..1, or has a %. */
static bool limit_parse(const char *text, enum unit unit, bool share, double *most)
{
	bool bare = !*text || isdigit((unsigned char)text[strlen(text) - 1]);
	int64_t value;

	if (unit == UNIT_RATIO)
		return option_value(share ? &option_share : &option_ratio, text, most) &&
		       (*most <= 1 || !bare);
	if (bare || !option_value(unit == UNIT_BYTES ? &option_size : &option_span, text, &value))
		return false;
	*most = (double)value;
	return true;
}

static enum status limit_refused(const char *option, enum unit unit, const char *text)
{
	return msg_fail(STATUS_USAGE, "limit wants %s: option=\"--%s\", value=\"%s\"",
	                unit == UNIT_BYTES ? "a size with its unit, 8MiB or 100B"
	                : unit == UNIT_NS  ? "a time with its unit, 5us or 2ms"
	                                   : "a ratio, 0.3 or 30%",
	                option, text);
}

static enum status limits_parse(double *growth)
{
	int given = 0;

	for (struct limit *l = limits; l < limits + LIMITS; l++) {
		if (!l->text)
			continue;
		given++;
		if (!limit_parse(l->text, l->unit, l->share, &l->most))
			return limit_refused(l->option, l->unit, l->text);
	}
	if (!against != !growth_text)
		return msg_fail(STATUS_USAGE, "--against BASE.db and --max-growth go together");
	if (growth_text && !limit_parse(growth_text, UNIT_RATIO, false, growth))
		return limit_refused("max-growth", UNIT_RATIO, growth_text);
	if (!given && !against)
		return msg_fail(STATUS_USAGE, "no limit given, see lwview check --help");
	return STATUS_OK;
}

/* ---- what is measured ---- */

static double measure(struct scope *s, const struct limit *l)
{
	char sql[400];
	struct query *q;
	double value = NAN;

	if (l->measure == PEAK)
		snprintf(sql, sizeof(sql),
		         "SELECT value FROM peak WHERE process = ?1 AND figure = '%s'",
		         figure_rows[l->figure].key);
	else if (l->measure == AT_PEAK)
		snprintf(sql, sizeof(sql),
		         "SELECT %s FROM timeline s JOIN peak p ON p.process = s.process"
		         " AND p.seq = s.seq AND p.figure = 'heap' WHERE s.process = ?1",
		         figure_rows[l->figure].sql);
	q = db_prepare(s->db, l->measure == QUERY ? l->sql : sql);
	db_bind_int(q, 1, s->process);
	if (db_step(q) && !db_is_null(q, 0))
		value = db_real(q, 0);
	db_finish(q);
	return value;
}

/* One row of the answer; returns whether it is exceeded. */
static bool compare(struct sheet *t, const struct limit *l, const char *since, double most,
                    double value)
{
	bool exceeded = value > most;

	sheet_text(t, "%s%s", since, l->title);
	sheet_text(t, "%s", unit_word(l->unit));
	sheet_value(t, l->unit, most);
	sheet_value(t, l->unit, value);
	sheet_text(t, "%s", exceeded ? "EXCEEDED" : "within");
	return exceeded;
}

static enum status nothing(const struct scope *s, const struct limit *l)
{
	enum status status = db_status(s->db);

	if (!status)
		status = msg_fail(STATUS_INPUT, "nothing to measure: path=\"%s\", limit=\"%s\"",
		                  db_path(s->db), l->title);
	return status;
}

static enum status check_limits(struct scope *s, struct sheet *t, int *exceeded)
{
	for (const struct limit *l = limits; l < limits + LIMITS; l++) {
		double value;

		if (!l->text)
			continue;
		if (s->single && l->measure != QUERY)
			return msg_fail(
				STATUS_USAGE,
				"this is of the whole heap, it takes no --thread, no --site "
				"and no size: option=\"--%s\"",
				l->option);
		value = measure(s, l);
		if (isnan(value))
			return nothing(s, l);
		*exceeded += compare(t, l, "", l->most, value);
	}
	return STATUS_OK;
}

/* A heap's own figures know nothing of a thread or a site: they are left out under such filters. */
static enum status check_growth(struct scope *s, struct scope *base, double growth, struct sheet *t,
                                int *exceeded)
{
	for (const struct limit *l = limits; l < limits + LIMITS; l++) {
		double value, before;

		if (!l->grows || (s->single && l->measure != QUERY))
			continue;
		value = measure(s, l);
		before = measure(base, l);
		if (isnan(value) || isnan(before))
			return nothing(isnan(value) ? s : base, l);
		*exceeded += compare(t, l, "growth of ", before * (1 + growth), value);
	}
	return STATUS_OK;
}

static enum status check_against(struct scope *s, double growth, const struct options *o,
                                 struct sheet *t, int *exceeded)
{
	enum status status;
	struct scope base;

	status = scope_open_selection(&base, against, o);
	if (status)
		return status;
	if (scope_differs_in_program(&base, s))
		msg_note("these are different programs: base=\"%s\", new=\"%s\"", base.name,
		         s->name);
	status = check_growth(s, &base, growth, t, exceeded);
	scope_close(&base);
	return status;
}

static enum status check_print(struct scope *s, const struct sheet *t, const struct options *o)
{
	char heading[256];
	enum status status;
	FILE *out;

	status = output_open(&out, o);
	if (status)
		return status;
	scope_describe(s, heading, sizeof(heading));
	if (!o->json && !o->csv)
		fprintf(out, "%s\n", heading);
	sheet_write(t, o, out);
	return output_close(out, o);
}

enum status command_check(const struct command *self, struct options *o)
{
	enum status status;
	struct sheet t;
	struct scope s;
	int exceeded = 0;
	double growth = 0;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db --max-...", self->name);
	status = limits_parse(&growth);
	if (!status)
		status = scope_open_selection(&s, o->args[0], o);
	if (status)
		return status;
	sheet_init(&t, "<limit|.unit|>at most|>measured|<verdict");
	status = check_limits(&s, &t, &exceeded);
	if (!status && against)
		status = check_against(&s, growth, o, &t, &exceeded);
	if (!status)
		status = check_print(&s, &t, o);
	sheet_release(&t);
	scope_close(&s);
	return status ? status : exceeded ? STATUS_DIFFERENT : STATUS_OK;
}

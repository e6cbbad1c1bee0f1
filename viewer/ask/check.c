/* SPDX-License-Identifier: MIT */
/*
 * check.c - `lwview check`: limits for continuous integration, and growth against a baseline; each row
 * below is one figure that can be limited.
 */
#include "scope.h"
#include "sheet.h"
#include "viewer/commands.h"

#include <stdio.h>

/* What a row measures. */
enum measure {
	PEAK,    /* the greatest value of `figure` */
	AT_PEAK, /* `figure` where the heap was largest */
	QUERY,   /* the answer to `sql`; ?1: process */
};

static int64_t max_peak = -1, max_live = -1, max_leaks = -1, max_p99 = -1, max_latency = -1;
static double max_frag = -1, max_overhead = -1, max_growth = -1;
static const char *against;

const struct option_row check_options[] = {
	{0, "max-peak", &option_limit_size, &max_peak, "SIZE", "greatest heap extent (H)"},
	{0, "max-live", &option_limit_size, &max_live, "SIZE", "greatest live bytes (L)"},
	{0, "max-frag", &option_share, &max_frag, "RATIO",
         "external fragmentation at the peak of H"},
	{0, "max-overhead", &option_limit_ratio, &max_overhead, "PERCENT",
         "(H - L) / L at the peak of H"},
	{0, "max-leaks", &option_limit_size, &max_leaks, "SIZE", "bytes alive at the end"},
	{0, "max-p99", &option_limit_span, &max_p99, "TIME",
         "99th percentile of the slowest operation"},
	{0, "max-latency", &option_limit_span, &max_latency, "TIME", "the slowest call"},
	{0, "against", &option_text, &against, "BASE.db", "limit the growth since this recording"},
	{0, "max-growth", &option_limit_ratio, &max_growth, "PERCENT",
         "of peak H, peak L, bytes alive at the end, bytes\nasked for and blocks obtained"},
	OPTION_END,
};

static const struct limit {
	const char *title;
	enum unit unit;
	const void *most; /* int64_t, of a ratio double; negative: not limited; NULL: only growth */
	bool grows;       /* compared with the baseline */
	enum measure measure;
	enum figure figure;
	const char *sql;
} limits[] = {
	{"peak heap (H)", UNIT_BYTES, &max_peak, true, PEAK, FIGURE_HEAP, NULL},
	{"peak live (L)", UNIT_BYTES, &max_live, true, PEAK, FIGURE_LIVE, NULL},
	{"external fragmentation", UNIT_RATIO, &max_frag, false, AT_PEAK, FIGURE_EXTERNAL, NULL},
	{"overhead", UNIT_RATIO, &max_overhead, false, AT_PEAK, FIGURE_OVERHEAD, NULL},
	{"alive at the end", UNIT_BYTES, &max_leaks, true, QUERY, 0,
         "SELECT alive_bytes FROM totals WHERE process = ?1"},
	/* Of each operation the bucket that holds the percentile, of these the worst. */
	{"99th percentile", UNIT_NS, &max_p99, false, QUERY, 0,
         "SELECT max(p99) FROM (SELECT operation, min(top) AS p99 FROM"
         " (SELECT operation, max AS top, sum(count) OVER (PARTITION BY operation ORDER BY low)"
         "    AS upto, sum(count) OVER (PARTITION BY operation) AS whole FROM"
         "  (SELECT operation, low, sum(count) AS count, max(max) AS max FROM latency_hist"
         "    WHERE process = ?1 GROUP BY operation, low))"
         " WHERE upto >= 0.99 * whole GROUP BY operation)"},
	{"slowest call", UNIT_NS, &max_latency, false, QUERY, 0,
         "SELECT max(max) FROM latency_hist WHERE process = ?1"},
	{"bytes asked for", UNIT_BYTES, NULL, true, QUERY, 0,
         "SELECT bytes FROM totals WHERE process = ?1"},
	{"blocks obtained", UNIT_COUNT, NULL, true, QUERY, 0,
         "SELECT blocks FROM totals WHERE process = ?1"},
};

#define LIMITS (sizeof(limits) / sizeof(*limits))

/* Negative: not limited. */
static double limit_of(const struct limit *l)
{
	if (!l->most)
		return -1;
	return l->unit == UNIT_RATIO ? *(const double *)l->most : (double)*(const int64_t *)l->most;
}

static enum status limits_given(void)
{
	bool any = against;

	for (size_t i = 0; i < LIMITS; i++)
		any |= limit_of(&limits[i]) >= 0;
	if (!against != (max_growth < 0))
		return msg_fail(STATUS_USAGE, "--against BASE.db and --max-growth go together");
	if (!any)
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
		return scope_peak(s, figure_rows[l->figure].key);
	if (l->measure == AT_PEAK)
		snprintf(sql, sizeof(sql),
		         "SELECT %s FROM timeline s JOIN peak p ON p.process = s.process"
		         " AND p.seq = s.seq AND p.figure = 'heap' WHERE s.process = ?1",
		         figure_rows[l->figure].sql);
	q = scope_query(s, l->measure == QUERY ? l->sql : sql);
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
	if (db_status(s->db))
		return db_status(s->db);
	return msg_fail(STATUS_INPUT, "nothing to measure: path=\"%s\", limit=\"%s\"",
	                db_path(s->db), l->title);
}

static enum status check_limits(struct scope *s, struct sheet *t, int *exceeded)
{
	for (const struct limit *l = limits; l < limits + LIMITS; l++) {
		double most = limit_of(l), value;

		if (most < 0)
			continue;
		if (s->single && l->measure != QUERY)
			return msg_fail(
				STATUS_USAGE,
				"this is of the whole heap, it takes no --thread, no --site "
				"and no size: limit=\"%s\"",
				l->title);
		value = measure(s, l);
		if (isnan(value))
			return nothing(s, l);
		*exceeded += compare(t, l, "", most, value);
	}
	return STATUS_OK;
}

/* A heap's own figures know nothing of a thread or a site: they are left out under such filters. */
static enum status check_growth(struct scope *s, struct scope *base, struct sheet *t, int *exceeded)
{
	for (const struct limit *l = limits; l < limits + LIMITS; l++) {
		double value, before;

		if (!l->grows || (s->single && l->measure != QUERY))
			continue;
		value = measure(s, l);
		before = measure(base, l);
		if (isnan(value) || isnan(before))
			return nothing(isnan(value) ? s : base, l);
		*exceeded += compare(t, l, "growth of ", before * (1 + max_growth), value);
	}
	return STATUS_OK;
}

static enum status check_against(struct scope *s, const struct options *o, struct sheet *t,
                                 int *exceeded)
{
	enum status status;
	struct scope base;

	status = scope_open_selection(&base, against, o, false);
	if (status)
		return msg_context(status, "cannot compare with the baseline");
	if (scope_differs_in_program(&base, s))
		msg_note("these are different programs: base=\"%s\", new=\"%s\"", base.name,
		         s->name);
	status = check_growth(s, &base, t, exceeded);
	scope_close(&base);
	return status;
}

static enum status check_print(struct scope *s, const struct sheet *t, const struct options *o)
{
	enum status status;
	FILE *out;

	status = output_open(&out, o);
	if (status)
		return status;
	if (!o->json && !o->csv)
		scope_describe(s, out);
	sheet_write(t, o, out);
	return output_close(out, o, STATUS_OK);
}

enum status command_check(const struct command *self, struct options *o)
{
	enum status status;
	struct sheet t;
	struct scope s;
	int exceeded = 0;

	status = form_choose(&(enum form){0}, o, self->name, FORM_TABLES);
	if (!status)
		status = limits_given();
	if (!status)
		status = scope_open_selection(&s, o->args[0], o, false);
	if (status)
		return status;
	sheet_init(&t, "<limit|.unit|>at most|>measured|<verdict");
	status = check_limits(&s, &t, &exceeded);
	if (!status && against)
		status = check_against(&s, o, &t, &exceeded);
	if (!status)
		status = check_print(&s, &t, o);
	sheet_release(&t);
	scope_close(&s);
	return status ? status : exceeded ? STATUS_DIFFERENT : STATUS_OK;
}

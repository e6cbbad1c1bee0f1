/* SPDX-License-Identifier: MIT */
/* check.c - `lwview check`: limits for continuous integration; each row below is one of them. */
#include "scope.h"
#include "sheet.h"
#include "viewer/view.h"

#include <stdio.h>

/* Limits; what is not given stays negative and is not checked. */
static int64_t max_peak = -1, max_live = -1, max_leaks = -1, max_p99 = -1, max_latency = -1;
static double max_frag = -1, max_overhead = -1;

const struct option_row check_options[] = {
	{0, "max-peak", OPTION_SIZE, &max_peak, "SIZE", "greatest heap extent (H)"},
	{0, "max-live", OPTION_SIZE, &max_live, "SIZE", "greatest live bytes (L)"},
	{0, "max-frag", OPTION_RATIO, &max_frag, "RATIO",
         "external fragmentation at the peak of H"},
	{0, "max-overhead", OPTION_RATIO, &max_overhead, "RATIO", "(H - L) / L at the peak of H"},
	{0, "max-leaks", OPTION_SIZE, &max_leaks, "SIZE", "bytes alive at the end"},
	{0, "max-p99", OPTION_SPAN, &max_p99, "TIME", "99th percentile of the slowest operation"},
	{0, "max-latency", OPTION_SPAN, &max_latency, "TIME", "the slowest call"},
	OPTION_END,
};

static const struct limit {
	const char *name;
	enum unit unit;
	const void *target; /* int64_t, of a ratio double */
	const char *sql;    /* ?1: process */
} limits[] = {
	{"peak heap (H)", UNIT_BYTES, &max_peak,
         "SELECT value FROM peak WHERE process = ?1 AND figure = 'heap'"},
	{"peak live (L)", UNIT_BYTES, &max_live,
         "SELECT value FROM peak WHERE process = ?1 AND figure = 'live'"},
	{"external fragmentation", UNIT_RATIO, &max_frag,
         "SELECT f.external FROM figures f JOIN peak p"
         "    ON p.process = f.process AND p.seq = f.seq AND p.figure = 'heap'"
         " WHERE f.process = ?1"},
	{"overhead", UNIT_RATIO, &max_overhead,
         "SELECT f.overhead FROM figures f JOIN peak p"
         "    ON p.process = f.process AND p.seq = f.seq AND p.figure = 'heap'"
         " WHERE f.process = ?1"},
	{"alive at the end", UNIT_BYTES, &max_leaks,
         "SELECT coalesce(sum(bytes), 0) FROM leaks WHERE process = ?1"},
	/* Of each operation the bucket that holds the percentile, of these the worst. */
	{"99th percentile", UNIT_NS, &max_p99,
         "SELECT max(p99) FROM (SELECT operation, min(top) AS p99 FROM"
         " (SELECT operation, max AS top, sum(count) OVER (PARTITION BY operation ORDER BY low)"
         "    AS upto, sum(count) OVER (PARTITION BY operation) AS whole FROM"
         "  (SELECT operation, low, sum(count) AS count, max(max) AS max FROM latency_hist"
         "    WHERE process = ?1 GROUP BY operation, low))"
         " WHERE upto >= 0.99 * whole GROUP BY operation)"},
	{"slowest call", UNIT_NS, &max_latency,
         "SELECT max(max) FROM latency_hist WHERE process = ?1"},
};

static double limit_of(const struct limit *l)
{
	return l->unit == UNIT_RATIO ? *(const double *)l->target
	                             : (double)*(const int64_t *)l->target;
}

static double measure(struct scope *s, const struct limit *l)
{
	struct query *q = db_prepare(s->db, l->sql);
	double value = 0;

	db_bind_int(q, 1, s->process);
	if (db_step(q))
		value = db_real(q, 0);
	db_finish(q);
	return value;
}

/* Returns how many limits were exceeded; *checked: how many were given. */
static int check_all(struct scope *s, struct sheet *sheet, int *checked)
{
	int breached = 0;

	sheet_init(sheet, "<limit|>at most|>measured|<verdict");
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		double limit = limit_of(&limits[i]), value;

		if (limit < 0)
			continue;
		++*checked;
		value = measure(s, &limits[i]);
		breached += value > limit;
		sheet_text(sheet, "%s", limits[i].name);
		sheet_value(sheet, limits[i].unit, limit);
		sheet_value(sheet, limits[i].unit, value);
		sheet_text(sheet, "%s", value > limit ? "EXCEEDED" : "within");
	}
	return breached;
}

static enum status check(struct scope *s, const struct options *o)
{
	struct sheet sheet;
	enum status status, closed;
	int checked = 0, breached;
	char heading[256];
	FILE *out;

	breached = check_all(s, &sheet, &checked);
	status = db_status(s->db);
	if (!status && !checked)
		status = msg_fail(STATUS_USAGE, "no limit given, see lwview check --help");
	if (!status)
		status = output_open(&out, o);
	if (!status) {
		scope_describe(s, heading, sizeof(heading));
		if (!o->json && !o->csv)
			fprintf(out, "%s\n", heading);
		sheet_write(&sheet, o, out);
		closed = output_close(out, o);
		status = closed ? closed : breached ? STATUS_DIFFERENT : STATUS_OK;
	}
	sheet_release(&sheet);
	return status;
}

enum status command_check(const struct command *self, struct options *o)
{
	enum status status;
	struct scope s;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db --max-...", self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = check(&s, o);
	scope_close(&s);
	return status;
}

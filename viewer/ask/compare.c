/* SPDX-License-Identifier: MIT */
/*
 * compare.c - two recordings of one program: their point, and every figure with its difference.
 */
#include "compare.h"
#include "latency.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the point ------------------------------------------------------------------------------ */

/* What the program did with blocks, all together: one walk over them. */
struct totals {
	int64_t asked, allocations, alive;
};

static struct totals totals_of(struct scope *s)
{
	struct totals t = {0};
	struct query *q = scope_query(
		s, "SELECT coalesce(sum(size) FILTER (WHERE birth_seq > 0 AND flags & 13 = 0), 0),"
		   "       count(*) FILTER (WHERE birth_seq > 0 AND flags & 13 = 0),"
		   "       count(*) FILTER (WHERE death_seq IS NULL)"
		   "  FROM block WHERE process = ?1 AND flags & 1 = 0");

	if (db_step(q))
		t = (struct totals){db_int(q, 0), db_int(q, 1), db_int(q, 2)};
	db_finish(q);
	return t;
}

static int64_t live_at(struct scope *s, int64_t seq)
{
	return db_value(s->db,
	                "SELECT coalesce(sum(size), 0)"
	                "  FROM main.block"
	                " WHERE process = ?1 AND birth_seq BETWEEN 1 AND ?2 AND flags & 13 = 0"
	                "   AND (death_seq IS NULL OR death_seq > ?2)",
	                2, (int64_t[]){s->process, seq});
}

/* The facts between which the bytes asked for pass from one value to another, by the samples. */
static void seq_window(struct scope *s, int64_t from, int64_t to, int64_t *first, int64_t *last)
{
	*first = db_value(s->db,
	                  "SELECT coalesce(max(seq), 0) FROM main.timeline"
	                  " WHERE process = ?1 AND asked < ?2",
	                  2, (int64_t[]){s->process, from});
	*last = db_value(s->db,
	                 "SELECT coalesce(min(seq), ?3) FROM main.timeline"
	                 " WHERE process = ?1 AND asked > ?2",
	                 3, (int64_t[]){s->process, to, s->last_seq});
}

/*
 * Two runs differ by some bytes, if only for the allocator's name in the environment, or by what
 * was lost. Within that difference, `slack`, any allocation may be the same one: that with the
 * nearest live bytes is taken, for the next one may lie behind a great free.
 */
struct moment compare_moment(struct scope *s, int64_t asked, int64_t slack, int64_t live,
                             bool *reached)
{
	struct moment m = scope_last(s);
	int64_t first, last;
	struct query *q;

	seq_window(s, asked - slack, asked + slack, &first, &last);
	q = scope_query(
		s, "WITH event AS ("
		   "	SELECT birth_seq AS seq, birth AS time, size AS asked, size AS live"
		   "	  FROM main.block"
		   "	 WHERE process = ?1 AND birth_seq > ?5 AND birth_seq <= ?6"
		   "	   AND flags & 13 = 0"
		   "	UNION ALL "
		   "	SELECT death_seq, NULL, 0, -size"
		   "	  FROM main.block"
		   "	 WHERE process = ?1 AND death_seq > ?5 AND death_seq <= ?6"
		   "	   AND birth_seq > 0 AND flags & 13 = 0)"
		   " SELECT seq, time, asked"
		   "  FROM (SELECT seq, time, ?7 + sum(asked) OVER run AS asked,"
		   "               ?8 + sum(live) OVER run AS live"
		   "          FROM event"
		   "        WINDOW run AS (ORDER BY seq ROWS UNBOUNDED PRECEDING))"
		   " WHERE time IS NOT NULL"
		   " ORDER BY max(abs(asked - ?2) - ?3, 0), abs(live - ?4), abs(asked - ?2), seq"
		   " LIMIT 1");
	db_bind_int(q, 2, asked);
	db_bind_int(q, 3, slack);
	db_bind_int(q, 4, live);
	db_bind_int(q, 5, first);
	db_bind_int(q, 6, last);
	db_bind_int(q, 7, snapshot_asked(s, first));
	db_bind_int(q, 8, live_at(s, first));
	*reached = false;
	if (db_step(q)) {
		m = (struct moment){.seq = db_int(q, 0), .time = db_int(q, 1)};
		*reached = db_int(q, 2) >= asked - asked / 50;
	}
	db_finish(q);
	return m;
}

/* The last allocation up to a moment: it brought the bytes asked for to where they are. */
static struct moment last_allocation(struct scope *s, struct moment m)
{
	return moment_query(s,
	                    "SELECT birth_seq, birth"
	                    "  FROM main.block"
	                    " WHERE process = ?1 AND birth_seq BETWEEN 1 AND ?2 AND flags & 13 = 0"
	                    " ORDER BY birth_seq DESC LIMIT 1",
	                    m.seq, m);
}

/* --- the figures ---------------------------------------------------------------------------- */

static void row_add(struct compare *c, const char *group, const char *name, enum unit unit,
                    double base, double new, const char *meaning)
{
	assert(c->rows < COMPARE_ROWS);
	if (!(isnan(base) && isnan(new)))
		c->row[c->rows++] = (struct comparison){group, name, meaning, unit, base, new};
}

static double count_of(struct scope *s, const char *sql)
{
	return (double)db_value(s->db, sql, 1, (int64_t[]){s->process});
}

static void rows_of_run(struct compare *c)
{
	struct scope *b = c->scope[0], *n = c->scope[1];
	static const struct {
		const char *name, *figure, *meaning;
		enum unit unit;
	} peaks[] = {
		{"peak H", "heap", "heap extent, the tracer's own blocks left out", UNIT_BYTES},
		{"peak extent", "extent", "all that came from the system", UNIT_BYTES},
		{"peak live", "live", "max L: asked for and not freed", UNIT_BYTES},
		{"peak resident heap", "heap_resident", "of the samples of resident memory",
	         UNIT_BYTES},
		{"peak RssAnon", "rss_anon", "anonymous resident memory of the process",
	         UNIT_BYTES},
		{"peak headers", "headers", "the allocator's bookkeeping", UNIT_BYTES},
		{"peak blocks", "blocks", "live blocks", UNIT_COUNT},
	};
	size_t i;

	for (i = 0; i < sizeof(peaks) / sizeof(*peaks); i++)
		row_add(c, "whole run", peaks[i].name, peaks[i].unit,
		        scope_peak(b, peaks[i].figure), scope_peak(n, peaks[i].figure),
		        peaks[i].meaning);
	row_add(c, "whole run", "blow-up", UNIT_TIMES,
	        scope_peak(b, "heap") / scope_peak(b, "live"),
	        scope_peak(n, "heap") / scope_peak(n, "live"), "max H / max L");
}

static void rows_of_point(struct compare *c)
{
	static const struct {
		const char *name;
		enum figure figure, less; /* less FIGURES: nothing */
		const char *meaning;      /* NULL: as the figure has it */
	} rows[] = {
		{"H", FIGURE_HEAP, FIGURES, "heap extent, the tracer's own blocks left out"},
		{"L", FIGURE_LIVE, FIGURES, "live, asked for"},
		{"slack", FIGURE_SLACK, FIGURES, "usable beyond what was asked for"},
		{"headers", FIGURE_HEADERS, FIGURES, "the allocator's bookkeeping"},
		{"free", FIGURE_FREE, FIGURE_TOP, "in pools, deferred and in bins, together"},
		{"top", FIGURE_TOP, FIGURES, "free, at the end of the break"},
		{"largest free run", FIGURE_LARGEST_FREE, FIGURES, "of free chunks or top"},
		{"live blocks", FIGURE_BLOCKS, FIGURES, "the program's"},
		{"internal fragmentation", FIGURE_INTERNAL, FIGURES, NULL},
		{"external fragmentation", FIGURE_EXTERNAL, FIGURES, NULL},
		{"utilisation", FIGURE_UTILISATION, FIGURES, NULL},
		{"overhead", FIGURE_OVERHEAD, FIGURES, NULL},
	};
	double base[FIGURES + 1] = {0}, new[FIGURES + 1] = {0};

	figure_values(&c->snapshot[0].heap.split, base);
	figure_values(&c->snapshot[1].heap.split, new);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct figure_row *row = &figure_rows[rows[i].figure];

		row_add(c, "same point", rows[i].name, row->unit,
		        base[rows[i].figure] - base[rows[i].less],
		        new[rows[i].figure] - new[rows[i].less],
		        rows[i].meaning ? rows[i].meaning : row->meaning);
	}
}

static void rows_of_calls(struct compare *c, const struct totals *tb, const struct totals *tn)
{
	struct scope *b = c->scope[0], *n = c->scope[1];
	static const char sbrks[] = "SELECT count(*) FROM sbrk WHERE process = ?1";
	static const char fails[] = "SELECT count(*) FROM fail WHERE process = ?1";
	const char *group = "calls";

	row_add(c, group, "bytes asked for", UNIT_BYTES, (double)tb->asked, (double)tn->asked,
	        "by the program, all together");
	row_add(c, group, "allocations", UNIT_COUNT, (double)tb->allocations,
	        (double)tn->allocations, "blocks obtained; a realloc is one");
	row_add(c, group, "never freed", UNIT_COUNT, (double)tb->alive, (double)tn->alive,
	        "blocks alive at the end");
	row_add(c, group, "moves of the break", UNIT_COUNT, count_of(b, sbrks), count_of(n, sbrks),
	        "sbrk facts");
	row_add(c, group, "failed calls", UNIT_COUNT, count_of(b, fails), count_of(n, fails),
	        "allocations that returned NULL");
}

static enum status rows_of_latency(struct compare *c)
{
	static const struct {
		const char *name, *operation;
		double share;
	} rows[] = {{"malloc p50", "malloc", 0.5},     {"malloc p99", "malloc", 0.99},
	            {"malloc p99.9", "malloc", 0.999}, {"malloc max", "malloc", 1},
	            {"free p50", "free", 0.5},         {"free p99", "free", 0.99},
	            {"free p99.9", "free", 0.999},     {"free max", "free", 1}};
	struct latency l[2] = {0};
	enum status status = latency_load(&l[0], c->scope[0]);

	if (!status)
		status = latency_load(&l[1], c->scope[1]);
	c->clock_cost = l[0].clock_cost > l[1].clock_cost ? l[0].clock_cost : l[1].clock_cost;
	for (size_t i = 0; !status && i < sizeof(rows) / sizeof(*rows); i++) {
		const struct latency_operation *x = latency_find(&l[0], rows[i].operation);
		const struct latency_operation *y = latency_find(&l[1], rows[i].operation);

		row_add(c, "latency", rows[i].name, UNIT_NS,
		        x ? (double)histogram_percentile(&x->all, rows[i].share) : NAN,
		        y ? (double)histogram_percentile(&y->all, rows[i].share) : NAN,
		        "while traced, wall clock");
	}
	latency_release(&l[0]);
	latency_release(&l[1]);
	return status;
}

enum status compare_load(struct compare *c, struct scope *base, struct scope *new,
                         const struct when *at)
{
	bool peak = at->kind == WHEN_NONE || at->kind == WHEN_PEAK;
	struct moment m = peak ? snapshot_peak(base) : scope_moment(base, at, WHEN_END), n;
	struct totals tb, tn;
	int64_t slack;
	enum status status;

	*c = (struct compare){.scope = {base, new}};
	c->other_program = scope_differs_in_program(base, new);
	c->part = base->selected;
	c->point = snapshot_asked(base, m.seq);
	tb = totals_of(base);
	tn = totals_of(new);
	m = last_allocation(base, m);
	slack = llabs(snapshot_asked(base, base->last_seq) - snapshot_asked(new, new->last_seq));
	slack = slack < c->point / 50 ? slack : c->point / 50;
	n = compare_moment(new, c->point, slack, live_at(base, m.seq), &c->reached);
	snprintf(c->where, sizeof(c->where), "where the program has asked for %s%s%s",
	         text_size((double)c->point).text, peak ? ", at the peak of base's extent" : "",
	         c->reached ? "" : " (new never asked for so much: its end is shown)");
	status = snapshot_load(&c->snapshot[0], base, m);
	if (!status)
		status = snapshot_load(&c->snapshot[1], new, n);
	if (!status) {
		rows_of_run(c);
		rows_of_point(c);
		rows_of_calls(c, &tb, &tn);
		status = rows_of_latency(c);
	}
	if (status)
		compare_release(c);
	return status;
}

void compare_release(struct compare *c)
{
	snapshot_release(&c->snapshot[0]);
	snapshot_release(&c->snapshot[1]);
}

/* --- the table ------------------------------------------------------------------------------ */

static bool same(double base, double new)
{
	return base == new || (isnan(base) && isnan(new)) || fabs(base - new) < 1e-12;
}

struct words change_text(double base, double new)
{
	struct words w = {"-"};

	if (same(base, new))
		return (struct words){"no difference"};
	if (!isfinite(base) || !isfinite(new) || base == 0)
		return w;
	if (new / base >= 10)
		snprintf(w.text, sizeof(w.text), "x %.1f", new / base);
	else
		snprintf(w.text, sizeof(w.text), "%+.1f %%", 100 * (new - base) / fabs(base));
	return w;
}

int compare_differences(const struct compare *c)
{
	int i, count = 0;

	for (i = 0; i < c->rows; i++)
		count += c->row[i].unit != UNIT_NS && !same(c->row[i].base, c->row[i].new);
	return count;
}

double compare_value(const struct compare *c, const char *name, int which)
{
	int i;

	for (i = 0; i < c->rows; i++)
		if (!strcmp(c->row[i].name, name))
			return which ? c->row[i].new : c->row[i].base;
	return NAN;
}

static void figure_cell(struct sheet *t, enum unit unit, double value, int64_t clock_cost)
{
	if (unit == UNIT_NS && isfinite(value))
		sheet_latency(t, (int64_t)value, clock_cost);
	else
		sheet_value(t, unit, value);
}

/* new - base, in the figure's own unit; for people with its sign, and pp for points of a percentage. */
static void difference_cell(struct sheet *t, const struct comparison *r)
{
	double d = same(r->base, r->new) ? 0 : r->new - r->base;

	sheet_value(t, r->unit, d);
	if (d == 0)
		sheet_words(t, "0");
	else if (r->unit == UNIT_RATIO && isfinite(d))
		sheet_words(t, "%+.1f pp", 100 * d);
	else if (isfinite(d))
		sheet_words(t, "%c%s", d < 0 ? '-' : '+', unit_text(r->unit, fabs(d)).text);
}

/* (new - base) / base; for people as they say it. */
static void change_cell(struct sheet *t, const struct comparison *r)
{
	sheet_ratio(t, same(r->base, r->new) ? 0 : (r->new - r->base) / fabs(r->base));
	sheet_words(t, "%s", change_text(r->base, r->new).text);
}

void compare_sheet(const struct compare *c, struct sheet *t)
{
	int differences = compare_differences(c), i;

	sheet_init(
		t,
		"<of|<figure|.unit|>base|>-> new=new|>difference|>change=change_ratio|<what it is");
	for (i = 0; i < c->rows; i++) {
		const struct comparison *r = &c->row[i];

		sheet_text(t, "%s", r->group);
		sheet_text(t, "%s", r->name);
		sheet_text(t, "%s", unit_word(r->unit));
		figure_cell(t, r->unit, r->base, c->clock_cost);
		figure_cell(t, r->unit, r->new, c->clock_cost);
		difference_cell(t, r);
		change_cell(t, r);
		sheet_text(t, "%s", r->meaning);
	}
	sheet_note(t, "%s Same point: %s.%s",
	           differences ? "difference = new - base: + is more in new."
	                       : "No difference, latencies apart.",
	           c->where,
	           c->part ? "\nCalls and latencies are those of the blocks chosen." : "");
}

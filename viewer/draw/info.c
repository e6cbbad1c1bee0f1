/* SPDX-License-Identifier: MIT */
/* info.c - the view `info`: what was recorded, in tables alone; each is a query, or one of figures. */
#include "viewer/figures.h"
#include "viewer/view.h"

#include <stdio.h>

/* In the order of view_info.tables. */
enum {
	RECORDING,  /* what was recorded, where, how completely */
	SELECTION,  /* how much the filters leave */
	PROCESSES,  /* all processes of the recording */
	CALLS,      /* calls of each function, the tracer's own apart */
	OF_FIGURES, /* the defined figures at the peak of live bytes and at the end */
	PEAKS,      /* the greatest value of each figure over all facts */
	END,        /* what is alive at the end: program, tracer, together */
	SHEETS
};

static void fill_query(struct scope *s, struct sheet *sheet, const char *sql)
{
	struct query *q = scope_query(s, sql);

	sheet_query(sheet, q);
	db_finish(q);
}

static const struct {
	const char *title, *sql, *note;
} queries[SHEETS] = {
	[RECORDING] =
		{NULL,
                 "SELECT p.name AS program,"
                 "       json_extract(m.value, '$.program') || coalesce(' ' ||"
                 "         (SELECT group_concat(a.value, ' ') FROM json_each(m.value, '$.args') a),"
                 "         '') AS command,"
                 "       json_extract(m.value, '$.exit_status') AS \"exit status\","
                 "       p.pid, nullif(p.host, '') AS host, p.allocator,"
                 "       strftime('%Y-%m-%d %H:%M:%S UTC',"
                 "         (p.start + nullif(p.clock_offset, 0)) / 1000000000, 'unixepoch') AS began,"
                 "       p.finish - p.start AS duration_ns, p.facts AS facts_n, p.lost AS lost_n,"
                 "       CASE p.complete WHEN 1 THEN 'yes'"
                 "         ELSE 'no: figures are \"at least\"' END AS complete,"
                 "       (SELECT value FROM meta WHERE key = 'repaired') AS repaired,"
                 "       nullif(p.violations, 0) AS contradictions_n,"
                 "       nullif(p.unknown_frees, 0) AS \"frees of unknown blocks_n\","
                 "       nullif(p.implied, 0) AS \"extent seen by use only_bytes\","
                 "       (SELECT count(*) FROM thread WHERE process = p.id AND tracer = 0)"
                 "         AS threads_n,"
                 "       (SELECT count(*) FROM site WHERE process = p.id) AS \"call sites_n\","
                 "       nullif(p.page_size, 0) AS \"page size_bytes\","
                 "       p.header AS \"chunk header_bytes\","
                 "       nullif(p.clock_cost, 0) AS \"a clock read_ns\""
                 "  FROM process p"
                 "  LEFT JOIN meta m ON m.key = 'lwtrace' AND json_valid(m.value)"
                 " WHERE p.id = ?1",
                 NULL},
	[SELECTION] = {NULL,
                       "SELECT blocks AS blocks_n, bytes, usable_bytes, alive AS alive_n,"
                       "       alive_bytes"
                       "  FROM totals WHERE process = ?1",
                       "the program's blocks that the filters leave"},
	[PROCESSES] = {"processes",
                       "SELECT p.name AS program, p.pid AS pid, p.ppid AS parent, p.allocator,"
                       "       p.facts AS facts_n, p.lost AS lost_n, l.value AS \"peak L_bytes\","
                       "       h.value AS \"peak H_bytes\""
                       "  FROM process p"
                       "  LEFT JOIN peak l ON l.process = p.id AND l.figure = 'live'"
                       "  LEFT JOIN peak h ON h.process = p.id AND h.figure = 'heap'"
                       " WHERE ?1 ORDER BY p.id",
                       NULL},
	[CALLS] = {"calls",
                   "SELECT w.name AS function,"
                   "       sum(c.count) FILTER (WHERE NOT c.tracer) AS program_n,"
                   "       sum(c.bytes) FILTER (WHERE NOT c.tracer) AS asked_bytes,"
                   "       sum(c.failed) FILTER (WHERE NOT c.tracer) AS failed_n,"
                   "       sum(c.latency) FILTER (WHERE NOT c.tracer) AS time_ns,"
                   "       sum(c.count) FILTER (WHERE c.tracer) AS tracer_n,"
                   "       sum(c.bytes) FILTER (WHERE c.tracer) AS \"tracer asked_bytes\""
                   "  FROM calls c JOIN word w ON w.class = 'function' AND w.code = c.function"
                   " WHERE c.process = ?1 GROUP BY c.function ORDER BY c.function",
                   "program: the recorded program's own calls; tracer: those of lttng-ust itself"},
	[PEAKS] =
		{"peaks, over all facts",
                 "SELECT p.figure,"
                 "       CASE WHEN p.figure NOT IN ('blocks', 'external')"
                 "            THEN CAST(p.value AS INTEGER) END AS bytes,"
                 "       CASE p.figure WHEN 'blocks' THEN CAST(p.value AS INTEGER) END AS count_n,"
                 "       CASE p.figure WHEN 'external' THEN p.value END AS ratio,"
                 "       p.time - o.start AS at_ns, p.seq AS fact_n"
                 "  FROM peak p JOIN process o ON o.id = p.process"
                 " WHERE p.process = ?1 ORDER BY p.figure",
                 "heap: H; external: 1 - largest free run / free bytes; waste: H - L"},
	[END] = {"alive at the end",
                 "SELECT CASE who WHEN 0 THEN 'program' WHEN 1 THEN 'tracer' ELSE 'together' END"
                 "         AS whose,"
                 "       count(b.id) AS blocks_n,"
                 "       coalesce(sum(coalesce(b.size, b.usable)), 0) AS asked_bytes,"
                 "       coalesce(sum(b.usable), 0) AS usable_bytes"
                 "  FROM (SELECT 0 AS who UNION ALL SELECT 1 UNION ALL SELECT 2)"
                 "  LEFT JOIN block b ON b.process = ?1 AND b.death_seq IS NULL"
                 "       AND (who = 2 OR b.flags & 1 = who)"
                 " GROUP BY who ORDER BY who",
                 "together: what the allocator itself counts as live"},
};

/* ---- the defined figures, at two moments ---- */

static void put_figure(struct scope *s, struct sheet *sheet, const struct figure_row *row,
                       int64_t seq)
{
	char sql[256];
	struct query *q;

	snprintf(sql, sizeof(sql), "SELECT %s FROM timeline s WHERE process = ?1 AND seq = ?2",
	         row->sql);
	q = scope_query(s, sql);
	db_bind_int(q, 2, seq);
	if (db_step(q))
		sheet_field(sheet, row->unit, q, 0);
	else
		sheet_none(sheet);
	db_finish(q);
}

static void fill_figures(struct scope *s, struct sheet *sheet)
{
	const int64_t id[] = {s->process};
	int64_t peak = db_value(
		s->db, "SELECT seq FROM peak WHERE process = ?1 AND figure = 'live'", 1, id);
	int64_t last = db_value(s->db, "SELECT max(seq) FROM timeline WHERE process = ?1", 1, id);

	sheet_init(sheet, ".figure|<figure=title|<symbol|.unit|>at peak of L|>at the end|<meaning");
	sheet_title(sheet, "figures");
	for (int i = 0; i < FIGURES; i++) {
		sheet_text(sheet, "%s", figure_rows[i].key);
		sheet_text(sheet, "%s", figure_rows[i].title);
		sheet_text(sheet, "%s", figure_rows[i].symbol);
		sheet_text(sheet, "%s", unit_word(figure_rows[i].unit));
		put_figure(s, sheet, &figure_rows[i], peak);
		put_figure(s, sheet, &figure_rows[i], last);
		sheet_text(sheet, "%s", figure_rows[i].meaning);
	}
	sheet_note(sheet, s->window ? "of the samples of this part of the run"
	                            : "blow-up, max H / max L, is in the peaks");
}

/* The whole heap has no thread, size or site; its calls and other processes have no time either. */
static bool applies(const struct scope *s, int which)
{
	switch (which) {
	case SELECTION:
		return s->selected;
	case PROCESSES:
	case CALLS:
		return !s->selected;
	case OF_FIGURES:
	case PEAKS:
		return !s->single;
	default:
		return true;
	}
}

static void fill(struct scope *s, struct sheet *sheet, int which)
{
	fill_query(s, sheet, queries[which].sql);
	if (which == RECORDING && s->chosen[0])
		sheet_title(sheet, "chosen: %s", s->chosen);
	else if (which == PEAKS && s->window)
		sheet_title(sheet, "peaks, of the samples of this part of the run");
	else if (queries[which].title)
		sheet_title(sheet, "%s", queries[which].title);
	if (queries[which].note && (which != END || !s->selected))
		sheet_note(sheet, "%s", queries[which].note);
	if (which <= SELECTION)
		sheet->turned = which == RECORDING ? "recording" : "selection";
}

static enum status info_table(const struct viewing *v, struct sheet *sheets)
{
	for (int i = 0; i < SHEETS; i++)
		if (applies(v->scope, i)) {
			if (i == OF_FIGURES)
				fill_figures(v->scope, &sheets[i]);
			else
				fill(v->scope, &sheets[i], i);
		}
	return db_status(v->scope->db);
}

const struct view view_info = {
	VIEW_COMMAND(
		"info", "what was recorded, totals, peaks, losses",
		"What was recorded, of which processes; calls of each function; the figures at the peak\n"
		"of live bytes and at the end; the greatest value of each over all facts; what is alive\n"
		"at the end. How each figure is defined stands beside it.",
		"info t.db\n"
		"info t.db --json"),
	.tables = {"recording", "selection", "processes", "calls", "figures", "peaks", "end"},
	.page_rows = -1,
	.table = info_table,
};

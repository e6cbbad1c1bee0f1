/* SPDX-License-Identifier: MIT */
/* info.c - `lwview info`; see info.h. Each sheet is a query, or a table of expressions. */
#include "info.h"

#include "cli/json.h"
#include "table.h"
#include "viewer/figures.h"
#include "viewer/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const info_names[INFO_SHEETS] = {
	"recording", "processes", "calls", "figures", "peaks", "end",
};

static void put_value(struct sheet *sheet, struct query *q, int column, enum unit unit)
{
	if (db_is_null(q, column))
		sheet_text(sheet, "-");
	else if (unit == UNIT_BYTES)
		sheet_bytes(sheet, db_int(q, column));
	else if (unit == UNIT_NS)
		sheet_span(sheet, db_int(q, column));
	else if (unit == UNIT_RATIO)
		sheet_ratio(sheet, db_real(q, column));
	else if (unit == UNIT_COUNT)
		sheet_count(sheet, db_int(q, column));
	else
		sheet_text(sheet, "%s", db_text(q, column));
}

/* ---- what was recorded: one property a row ---- */

struct property {
	const char *name;
	enum unit unit;
	const char *sql; /* ?1: process; no row, or NULL: not shown */
};

static const struct property properties[] = {
	{"program", UNIT_NONE, "SELECT name FROM process WHERE id = ?1"},
	{"command", UNIT_NONE,
         "SELECT json_extract(value, '$.program') || coalesce(' ' || (SELECT"
         " group_concat(a.value, ' ') FROM json_each(meta.value, '$.args') a), '')"
         "  FROM meta WHERE key = 'lwtrace' AND json_valid(value) AND ?1"},
	{"exit status", UNIT_NONE,
         "SELECT json_extract(value, '$.exit_status') FROM meta"
         " WHERE key = 'lwtrace' AND json_valid(value) AND ?1"},
	{"pid", UNIT_NONE, "SELECT pid FROM process WHERE id = ?1"},
	{"host", UNIT_NONE, "SELECT nullif(host, '') FROM process WHERE id = ?1"},
	{"allocator", UNIT_NONE, "SELECT allocator FROM process WHERE id = ?1"},
	{"began", UNIT_NONE,
         "SELECT strftime('%Y-%m-%d %H:%M:%S UTC', (start + clock_offset) / 1000000000, "
         "'unixepoch') FROM process WHERE id = ?1 AND clock_offset"},
	{"duration", UNIT_NS, "SELECT finish - start FROM process WHERE id = ?1"},
	{"facts", UNIT_COUNT, "SELECT facts FROM process WHERE id = ?1"},
	{"lost", UNIT_COUNT, "SELECT lost FROM process WHERE id = ?1"},
	{"complete", UNIT_NONE,
         "SELECT CASE complete WHEN 1 THEN 'yes' ELSE 'no: figures are \"at least\"' END"
         "  FROM process WHERE id = ?1"},
	{"repaired", UNIT_NONE, "SELECT value FROM meta WHERE key = 'repaired' AND ?1"},
	{"contradictions", UNIT_COUNT, "SELECT nullif(violations, 0) FROM process WHERE id = ?1"},
	{"frees of unknown blocks", UNIT_COUNT,
         "SELECT nullif(unknown_frees, 0) FROM process WHERE id = ?1"},
	{"extent seen by use only", UNIT_BYTES,
         "SELECT nullif(implied, 0) FROM process WHERE id = ?1"},
	{"threads", UNIT_COUNT, "SELECT count(*) FROM thread WHERE process = ?1 AND tracer = 0"},
	{"call sites", UNIT_COUNT, "SELECT count(*) FROM site WHERE process = ?1"},
	{"page size", UNIT_BYTES, "SELECT nullif(page_size, 0) FROM process WHERE id = ?1"},
	{"chunk header", UNIT_BYTES, "SELECT header FROM process WHERE id = ?1"},
	{"a clock read", UNIT_NS, "SELECT nullif(clock_cost, 0) FROM process WHERE id = ?1"},
};

static void fill_recording(struct scope *s, struct sheet *sheet)
{
	sheet_init(sheet, "<recording|>value");
	for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++) {
		struct query *q = db_prepare(s->db, properties[i].sql);

		db_bind_int(q, 1, s->process);
		if (db_step(q) && !db_is_null(q, 0)) {
			sheet_text(sheet, "%s", properties[i].name);
			put_value(sheet, q, 0, properties[i].unit);
		}
		db_finish(q);
	}
}

/* ---- sheets that are one query ---- */

/* As in table.h, the end of a column's name says what it is; "_n" is a count. */
static enum unit unit_of(const char *name)
{
	static const struct {
		const char *suffix;
		enum unit unit;
	} units[] = {{"_n", UNIT_COUNT}, {"_B", UNIT_BYTES}, {"_ns", UNIT_NS}, {"_r", UNIT_RATIO}};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t n = strlen(units[i].suffix);

		if (length > n && !strcmp(name + length - n, units[i].suffix))
			return units[i].unit;
	}
	return UNIT_NONE;
}

/* "peak_live_B" becomes ">peak live". */
static void head(struct sheet *sheet, struct query *q)
{
	char columns[512] = "";
	size_t at = 0;

	for (int i = 0; i < db_column_count(q); i++) {
		const char *name = db_column_name(q, i);
		enum unit unit = unit_of(name);
		size_t length =
			unit == UNIT_NONE ? strlen(name) : (size_t)(strrchr(name, '_') - name);

		at += (size_t)snprintf(columns + at, sizeof(columns) - at, "%s%c%.*s", i ? "|" : "",
		                       unit == UNIT_NONE ? '<' : '>', (int)length, name);
	}
	for (char *c = columns; *c; c++)
		if (*c == '_')
			*c = ' ';
	sheet_init(sheet, columns);
}

static void fill_query(struct scope *s, struct sheet *sheet, const char *title, const char *sql,
                       const char *note)
{
	struct query *q = db_prepare(s->db, sql);

	head(sheet, q);
	sheet_title(sheet, "%s", title);
	if (note)
		sheet_note(sheet, "%s", note);
	db_bind_int(q, 1, s->process);
	while (db_step(q))
		for (int i = 0; i < db_column_count(q); i++)
			put_value(sheet, q, i, unit_of(db_column_name(q, i)));
	db_finish(q);
}

static const struct {
	const char *title, *sql, *note;
} queries[INFO_SHEETS] = {
	[INFO_PROCESSES] = {"processes",
                            "SELECT p.name AS program, p.pid AS pid, p.ppid AS parent, p.allocator,"
                            "       p.facts AS facts_n, p.lost AS lost_n, l.value AS peak_L_B,"
                            "       h.value AS peak_H_B"
                            "  FROM process p"
                            "  LEFT JOIN peak l ON l.process = p.id AND l.figure = 'live'"
                            "  LEFT JOIN peak h ON h.process = p.id AND h.figure = 'heap'"
                            " WHERE ?1 ORDER BY p.id",
                            NULL},
	[INFO_CALLS] =
		{"calls",
                 "SELECT w.name AS function,"
                 "       sum(c.count) FILTER (WHERE NOT c.tracer) AS program_n,"
                 "       sum(c.bytes) FILTER (WHERE NOT c.tracer) AS asked_B,"
                 "       sum(c.failed) FILTER (WHERE NOT c.tracer) AS failed_n,"
                 "       sum(c.latency) FILTER (WHERE NOT c.tracer) AS time_ns,"
                 "       sum(c.count) FILTER (WHERE c.tracer) AS tracer_n,"
                 "       sum(c.bytes) FILTER (WHERE c.tracer) AS tracer_asked_B"
                 "  FROM calls c JOIN word w ON w.class = 'function' AND w.code = c.function"
                 " WHERE c.process = ?1 GROUP BY c.function ORDER BY c.function",
                 "program: the recorded program's own calls; tracer: those of lttng-ust itself"},
	[INFO_PEAKS] =
		{"peaks, over all facts",
                 "SELECT p.figure,"
                 "       CASE WHEN p.figure NOT IN ('blocks', 'external')"
                 "            THEN CAST(p.value AS INTEGER) END AS bytes_B,"
                 "       CASE p.figure WHEN 'blocks' THEN CAST(p.value AS INTEGER) END AS count_n,"
                 "       CASE p.figure WHEN 'external' THEN p.value END AS ratio_r,"
                 "       p.time - o.start AS at_ns, p.seq AS fact_n"
                 "  FROM peak p JOIN process o ON o.id = p.process"
                 " WHERE p.process = ?1 ORDER BY p.figure",
                 "heap: H; external: 1 - largest free run / free bytes; waste: H - L"},
	[INFO_END] =
		{"alive at the end",
                 "SELECT CASE who WHEN 0 THEN 'program' WHEN 1 THEN 'tracer' ELSE 'together' END"
                 "         AS whose,"
                 "       count(b.id) AS blocks_n,"
                 "       coalesce(sum(coalesce(b.size, b.usable)), 0) AS asked_B,"
                 "       coalesce(sum(b.usable), 0) AS usable_B"
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
	q = db_prepare(s->db, sql);
	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, seq);
	if (db_step(q))
		put_value(sheet, q, 0, row->unit);
	else
		sheet_text(sheet, "-");
	db_finish(q);
}

static void fill_figures(struct scope *s, struct sheet *sheet)
{
	const int64_t id[] = {s->process};
	int64_t peak = db_value(
		s->db, "SELECT seq FROM peak WHERE process = ?1 AND figure = 'live'", 1, id);
	int64_t last = db_value(s->db, "SELECT max(seq) FROM timeline WHERE process = ?1", 1, id);

	sheet_init(sheet, "<figure|<symbol|>at peak of L|>at the end|<meaning");
	sheet_title(sheet, "figures");
	for (int i = 0; i < FIGURES; i++) {
		sheet_text(sheet, "%s", figure_rows[i].title);
		sheet_text(sheet, "%s", figure_rows[i].symbol);
		put_figure(s, sheet, &figure_rows[i], peak);
		put_figure(s, sheet, &figure_rows[i], last);
		sheet_text(sheet, "%s", figure_rows[i].meaning);
	}
	sheet_note(sheet, "blow-up, max H / max L, is in the peaks");
}

enum status info_sheet(struct scope *s, enum info_sheet which, struct sheet *sheet)
{
	if (which == INFO_RECORDING)
		fill_recording(s, sheet);
	else if (which == INFO_FIGURES)
		fill_figures(s, sheet);
	else
		fill_query(s, sheet, queries[which].title, queries[which].sql, queries[which].note);
	return db_status(s->db);
}

/* ---- the command ---- */

static void print_sheet(const struct sheet *sheet, int which, const struct options *o, FILE *out)
{
	if (o->json) {
		fprintf(out, "%s", which ? ",\n" : "{");
		json_string(out, info_names[which]);
		fputs(": ", out);
		sheet_json(sheet, out);
	} else {
		if (which)
			fputc('\n', out);
		sheet_write(sheet, o, out);
	}
}

static enum status print_info(struct scope *s, const struct options *o, FILE *out)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < INFO_SHEETS && !status; i++) {
		struct sheet sheet;

		status = info_sheet(s, (enum info_sheet)i, &sheet);
		if (!status)
			print_sheet(&sheet, i, o, out);
		sheet_release(&sheet);
	}
	if (o->json)
		fputs("}\n", out);
	return status;
}

enum status command_info(const struct command *self, struct options *o)
{
	enum status status, closed;
	struct scope s;
	FILE *out;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db", self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = output_open(&out, o);
	if (!status) {
		status = print_info(&s, o, out);
		closed = output_close(out, o);
		status = status ? status : closed;
	}
	scope_close(&s);
	return status;
}

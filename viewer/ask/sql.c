/* SPDX-License-Identifier: MIT */
/*
 * sql.c - `lwview sql`, `lwview export`, and the reports that are nothing but a query: a row of
 * the table below is a command.
 */
#include "scope.h"
#include "tables.h"
#include "viewer/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reports ---- */

static int64_t row_limit = -1;

const struct option_row table_options[] = {
	{'n', "limit", OPTION_INT, &row_limit, "N", "at most N rows (text: 40, else all)"},
	OPTION_END,
};

/*
 * All of them see the same blocks: the program's own, born from --begin to --end, of --thread, of
 * --min-size to --max-size. ?1 process, ?2 ?3 first and last fact, ?4 thread or -1, ?5 ?6 bytes,
 * ?7 limit, ?8 start of the process.
 */
#define BLOCKS                                                                  \
	"WITH b AS (SELECT *, coalesce(size, usable) AS bytes FROM block"       \
	" WHERE process = ?1 AND flags & 1 = 0 AND birth_seq BETWEEN ?2 AND ?3" \
	"   AND (?4 < 0 OR alloc_tid = ?4) AND coalesce(size, usable) BETWEEN ?5 AND ?6) "

/* A call site in words: function (file:line), else module+offset, else the address. */
#define PLACE                                                                                \
	"CASE WHEN s.id IS NULL THEN 'not recorded'"                                         \
	"     WHEN s.file IS NOT NULL THEN printf('%s (%s:%d)', s.function, s.file, s.line)" \
	"     WHEN s.function IS NOT NULL THEN printf('%s (%s)', s.function, s.module)"      \
	"     WHEN s.module IS NOT NULL THEN printf('%s+0x%x', s.module, s.offset)"          \
	"     ELSE printf('0x%x', s.address) END AS place"

struct report {
	const char *name, *sql;
};

static const struct report reports[] = {
	{"sites", BLOCKS
         "SELECT count(*) AS blocks, sum(bytes) AS bytes, sum(usable - bytes) AS slack_bytes,"
         "  sum(death_seq IS NULL) AS alive,"
         "  sum(CASE WHEN death_seq IS NULL THEN bytes ELSE 0 END) AS alive_bytes,"
         "  avg(death - birth) AS mean_life_ns, avg(alloc_latency) AS mean_latency_ns," PLACE
         " FROM b LEFT JOIN site s ON s.id = b.alloc_site GROUP BY b.alloc_site"
         " ORDER BY 2 DESC, 1 DESC, b.alloc_site LIMIT ?7"},
	/* Alive right after --end, which is the end by default. */
	{"leaks",
         BLOCKS "SELECT count(*) AS blocks, sum(bytes) AS bytes, sum(usable) AS usable_bytes,"
                "  min(birth) - ?8 AS first_ns, max(birth) - ?8 AS last_ns," PLACE
                " FROM b LEFT JOIN site s ON s.id = b.alloc_site"
                " WHERE death_seq IS NULL OR death_seq > ?3 GROUP BY b.alloc_site"
                " ORDER BY 2 DESC, 1 DESC, b.alloc_site LIMIT ?7"},
	{"sizes", BLOCKS "SELECT size, count(*) AS blocks, sum(bytes) AS bytes,"
                         "  sum(usable - bytes) AS slack_bytes, sum(death_seq IS NULL) AS alive,"
                         "  avg(death - birth) AS mean_life_ns"
                         " FROM b GROUP BY size ORDER BY 2 DESC, size LIMIT ?7"},
	{"lifetimes",
         BLOCKS "SELECT CASE WHEN death IS NULL THEN NULL"
                "  ELSE CAST(pow10 AS INTEGER) END AS from_ns,"
                "  count(*) AS blocks, sum(bytes) AS bytes FROM"
                " (SELECT *, CASE WHEN death IS NULL THEN NULL ELSE"
                "   CAST('1' || substr('0000000000000000000', 1,"
                "   length(max(death - birth, 1)) - 1) AS INTEGER) END AS pow10 FROM b)"
                " GROUP BY 1 ORDER BY 1 IS NULL, 1 LIMIT ?7"},
	{"threads",
         BLOCKS "SELECT t.tid, t.tracer, t.allocs, t.frees,"
                "  (SELECT count(*) FROM b WHERE free_tid = t.tid AND alloc_tid <> t.tid)"
                "  AS freed_of_others, t.bytes AS bytes, t.latency AS inside_ns,"
                "  t.first - ?8 AS first_ns, t.last - ?8 AS last_ns"
                " FROM thread t WHERE t.process = ?1 AND (?4 < 0 OR t.tid = ?4)"
                " ORDER BY t.tracer, t.bytes DESC, t.tid LIMIT ?7"},
	{"pools",
         "SELECT object AS object_bytes, count(*) AS pools, sum(bytes) AS bytes,"
         "  sum(capacity) AS objects, sum(peak_used) AS peak_used, sum(finish_seq IS NULL) AS alive"
         " FROM pool WHERE process = ?1 AND capacity > 0 AND begin_seq BETWEEN ?2 AND ?3"
         "  AND object BETWEEN ?5 AND ?6 AND (?4 < 0 OR tid = ?4)"
         " GROUP BY object ORDER BY object LIMIT ?7"},
	/* Sites whose blocks die within 1 ms: what a change of the program could save. */
	{"churn",
         BLOCKS "SELECT count(*) AS blocks, sum(bytes) AS bytes,"
                "  avg(death - birth) AS mean_life_ns, sum(prior IS NOT NULL) AS from_realloc,"
                "  sum(alloc_latency) AS inside_ns," PLACE
                " FROM b LEFT JOIN site s ON s.id = b.alloc_site WHERE death - birth < 1000000"
                " GROUP BY b.alloc_site ORDER BY 1 DESC, b.alloc_site LIMIT ?7"},
	/* Every lifetime, with words in place of codes. */
	{"export", BLOCKS
         "SELECT b.id, b.ptr, b.size, b.usable, b.birth - ?8 AS birth,"
         "  b.death - ?8 AS death, b.birth_seq, b.death_seq, b.alloc_tid, b.free_tid,"
         "  b.alloc_latency, b.free_latency,"
         "  (SELECT name FROM word WHERE class = 'function' AND code = b.function) AS function,"
         "  (SELECT name FROM word WHERE class = 'source' AND code = b.source) AS source,"
         "  (SELECT name FROM word WHERE class = 'path' AND code = b.path) AS path,"
         "  b.align, b.flags, b.prior," PLACE
         " FROM b LEFT JOIN site s ON s.id = b.alloc_site ORDER BY b.birth_seq, b.id LIMIT ?7"},
};

#define TEXT_ROWS 40 /* a screen */

static void bind_scope(struct query *q, const struct scope *s, const struct options *o)
{
	bool data = o->json || o->csv;

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, s->begin.seq);
	db_bind_int(q, 3, s->end.seq);
	db_bind_int(q, 4, o->thread);
	db_bind_int(q, 5, o->min_size < 0 ? 0 : o->min_size);
	db_bind_int(q, 6, o->max_size < 0 ? INT64_MAX : o->max_size);
	db_bind_int(q, 7, row_limit >= 0 || data ? row_limit : TEXT_ROWS);
	db_bind_int(q, 8, s->start);
}

static enum status print_report(struct scope *s, const char *sql, const struct options *o)
{
	enum status status, closed;
	char heading[256];
	struct query *q;
	int64_t rows = 0;
	FILE *out;

	status = output_open(&out, o);
	if (status)
		return status;
	q = db_prepare(s->db, sql);
	bind_scope(q, s, o);
	if (!o->json && !o->csv) {
		scope_describe(s, heading, sizeof(heading));
		fprintf(out, "%s\n", heading);
	}
	sheet_print_query(q, o, out, &rows);
	if (!o->json && !o->csv && row_limit < 0 && rows == TEXT_ROWS)
		fprintf(out, "(the first %d rows; --limit N shows more)\n", TEXT_ROWS);
	if (db_finish(q))
		status = db_status(s->db);
	closed = output_close(out, o);
	return status ? status : closed;
}

static const char *find_report(const char *name)
{
	for (size_t i = 0; i < sizeof(reports) / sizeof(*reports); i++)
		if (!strcmp(reports[i].name, name))
			return reports[i].sql;
	return NULL;
}

/* ---- reports on the page ---- */

enum status table_sheet(struct scope *s, const char *name, const struct options *o, int64_t limit,
                        struct sheet *sheet)
{
	struct query *q = db_prepare(s->db, find_report(name));

	bind_scope(q, s, o);
	db_bind_int(q, 7, limit);
	sheet_query(sheet, q);
	return db_finish(q) ? db_status(s->db) : STATUS_OK;
}

enum status command_table(const struct command *self, struct options *o)
{
	enum status status;
	struct scope s;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db", self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = print_report(&s, find_report(self->name), o);
	scope_close(&s);
	return status;
}

/* ---- export ---- */

static bool folded;

const struct option_row export_options[] = {
	{0, "folded", OPTION_FLAG, &folded, NULL,
         "call sites and their live bytes at --at (default: peak), for flame graphs"},
	{'n', "limit", OPTION_INT, &row_limit, "N", "at most N lifetimes"},
	OPTION_END,
};

static enum status export_folded(struct scope *s, const struct options *o)
{
	struct moment m = scope_moment(s, &o->at, WHEN_PEAK);
	struct query *q;
	enum status status, closed;
	FILE *out;

	status = output_open(&out, o);
	if (status)
		return status;
	q = db_prepare(s->db,
	               "SELECT sum(coalesce(b.size, b.usable)), ?3, coalesce(s.module, '?'), " PLACE
	               " FROM block b LEFT JOIN site s ON s.id = b.alloc_site"
	               " WHERE b.process = ?1 AND b.flags & 1 = 0 AND b.birth_seq <= ?2"
	               "   AND (b.death_seq IS NULL OR b.death_seq > ?2)"
	               " GROUP BY b.alloc_site ORDER BY 1 DESC, b.alloc_site");
	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, m.seq);
	db_bind_text(q, 3, s->name);
	while (db_step(q))
		fprintf(out, "%s;%s;%s %" PRId64 "\n", db_text(q, 1), db_text(q, 2), db_text(q, 3),
		        db_int(q, 0));
	status = db_finish(q);
	closed = output_close(out, o);
	return status ? status : closed;
}

enum status command_export(const struct command *self, struct options *o)
{
	enum status status;
	struct scope s;

	if (o->arg_count != 1 || o->json + o->csv + folded != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db --json|--csv|--folded",
		                self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	status = folded ? export_folded(&s, o) : print_report(&s, find_report("export"), o);
	scope_close(&s);
	return status;
}

/* ---- by hand ---- */

enum status command_sql(const struct command *self, struct options *o)
{
	enum status status, closed = STATUS_OK;
	struct db *db;
	struct query *q;
	int64_t rows;
	FILE *out;

	if (o->arg_count != 2)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db \"SELECT ...\"",
		                self->name);
	status = db_open(&db, o->args[0]);
	if (status)
		return status;
	status = output_open(&out, o);
	if (!status) {
		q = db_prepare(db, o->args[1]);
		sheet_print_query(q, o, out, &rows);
		closed = output_close(out, o);
		if (db_finish(q))
			status = db_status(db);
		status = status ? status : closed;
	}
	db_close(db);
	/* What the user typed was wrong, not the machine. */
	return status == STATUS_FAILED && !closed ? STATUS_USAGE : status;
}

/* SPDX-License-Identifier: MIT */
/*
 * selection.c - the filters: temporary views that stand in front of the tables; see scope.h.
 *
 * SQLite looks for a name among the temporary ones first. So the reports, made anew from their own
 * text beside the views below, speak of the selection, and their text stands in schema.sql alone.
 */
#include "scope.h"
#include "viewer/figures.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The site that is meant: a function, file:line, module+offset, an address, or all of `place`. */
static const char sites[] =
	"INSERT INTO selected_site"
	" SELECT s.id, coalesce(s.file, s.module, s.address)"
	"   FROM main.site s JOIN main.place w ON w.id = s.id"
	"  WHERE s.process = ?1"
	"    AND ?2 IN (w.place, s.function, s.file || ':' || s.line,"
	"               printf('%s+0x%x', s.module, s.offset), printf('0x%x', s.address))";

/* Printed with the process, the first fact of the window and the last one that is known. */
static const char blocks[] =
	"CREATE TEMP VIEW block AS"
	" SELECT id, process, ptr, size, usable, birth,"
	"        CASE WHEN death_seq <= %3$lld THEN death END AS death, birth_seq,"
	"        CASE WHEN death_seq <= %3$lld THEN death_seq END AS death_seq, alloc_site,"
	"        CASE WHEN death_seq <= %3$lld THEN free_site END AS free_site, alloc_tid,"
	"        CASE WHEN death_seq <= %3$lld THEN free_tid END AS free_tid, alloc_latency,"
	"        CASE WHEN death_seq <= %3$lld THEN free_latency END AS free_latency,"
	"        source, function, CASE WHEN death_seq <= %3$lld THEN path END AS path,"
	"        align, header, flags, prior"
	"   FROM main.block"
	"  WHERE process = %1$lld AND birth_seq BETWEEN %2$lld AND %3$lld";

static const char pools[] =
	"CREATE TEMP VIEW pool AS"
	" SELECT process, address, bytes, object, capacity, offset, tid, begin,"
	"        CASE WHEN finish_seq <= %3$lld THEN finish END AS finish, begin_seq,"
	"        CASE WHEN finish_seq <= %3$lld THEN finish_seq END AS finish_seq, peak_used"
	"   FROM main.pool"
	"  WHERE process = %1$lld AND begin_seq BETWEEN %2$lld AND %3$lld";

static const char timelines[] = "CREATE TEMP VIEW timeline AS"
				" SELECT * FROM main.timeline"
				"  WHERE process = %1$lld AND seq BETWEEN %2$lld AND %3$lld";

/* Views over the views above. */
static const char *const tables[] = {
	/* What each thread did with the blocks. One that a realloc ended was not freed. */
	"CREATE TEMP VIEW thread AS"
	" SELECT process, tid, min(time) AS first, max(time) AS last, sum(allocs) AS allocs,"
	"        sum(frees) AS frees, sum(bytes) AS bytes, sum(latency) AS latency,"
	"        coalesce((SELECT m.tracer FROM main.thread m"
	"                   WHERE m.process = d.process AND m.tid = d.tid), 0) AS tracer"
	"   FROM (SELECT process, alloc_tid AS tid, birth AS time, 1 AS allocs, 0 AS frees, bytes,"
	"                alloc_latency AS latency FROM program_block"
	"         UNION ALL"
	"         SELECT process, free_tid, death, 0, 1, 0, free_latency FROM program_block"
	"          WHERE free_latency IS NOT NULL) d"
	"  GROUP BY process, tid",

	"CREATE TEMP VIEW latency_hist AS"
	" SELECT process, function AS operation, source AS kind, alloc_latency AS low,"
	"        alloc_latency + 1 AS high, count(*) AS count, sum(alloc_latency) AS total,"
	"        alloc_latency AS max"
	"   FROM program_block WHERE flags & 12 = 0 GROUP BY process, function, source, alloc_latency"
	" UNION ALL"
	" SELECT process, (SELECT code FROM word WHERE class = 'function' AND name = 'free'), path,"
	"        free_latency, free_latency + 1, count(*), sum(free_latency), free_latency"
	"   FROM program_block WHERE free_latency IS NOT NULL GROUP BY process, path, free_latency",
};

/* SQL that is written piece by piece. */
struct text {
	FILE *file;
	char *sql;
	size_t size;
};

static bool text_open(struct text *t, struct db *db)
{
	t->file = open_memstream(&t->sql, &t->size);
	if (!t->file)
		db_fail(db, "cannot select");
	return t->file;
}

static void text_run(struct text *t, struct db *db)
{
	if (fclose(t->file))
		db_fail(db, "cannot select");
	else
		db_exec(db, t->sql);
	free(t->sql);
}

/* A table's rows of the process and its window; of them those with the filters' thread and sizes. */
static void table_select(struct scope *s, const struct options *o, const char *format,
                         const char *death, const char *thread, const char *size)
{
	bool at = o->at.kind != WHEN_NONE;
	int64_t known = at ? scope_moment(s, &o->at, WHEN_END).seq : s->end.seq;
	struct text t;

	if (!text_open(&t, s->db))
		return;
	fprintf(t.file, format, (long long)s->process, (long long)s->begin.seq, (long long)known);
	if (death && at)
		fprintf(t.file, " AND (%1$s IS NULL OR %1$s > %2$" PRId64 ")", death, known);
	if (thread && o->thread >= 0)
		fprintf(t.file, " AND %s = %" PRId64, thread, o->thread);
	if (size && o->min_size >= 0)
		fprintf(t.file, " AND %s >= %" PRId64, size, o->min_size);
	if (size && o->max_size >= 0)
		fprintf(t.file, " AND %s <= %" PRId64, size, o->max_size);
	if (format == blocks && o->site)
		fputs(" AND alloc_site IN (SELECT id FROM selected_site)", t.file);
	text_run(&t, s->db);
}

/* The greatest value of each figure among the samples of the window; max() gives its row. */
static void peaks_select(struct db *db)
{
	const char *before = "CREATE TEMP VIEW peak AS";
	struct text t;

	if (!text_open(&t, db))
		return;
	for (int i = 0; i < FIGURES; i++) {
		if (!figure_rows[i].peak)
			continue;
		fprintf(t.file,
		        "%1$s SELECT process, '%2$s' AS figure, max(%3$s) AS value, seq, time"
		        "  FROM timeline s GROUP BY process HAVING max(%3$s) IS NOT NULL",
		        before, figure_rows[i].key, figure_rows[i].sql);
		before = " UNION ALL";
	}
	text_run(&t, db);
}

/* One statement each, whatever the text of a file that is not ours holds. */
static void views_remake(struct db *db)
{
	struct query *q = db_prepare(db, "SELECT 'CREATE TEMP' || substr(sql, length('CREATE '))"
	                                 "  FROM main.sqlite_master WHERE type = 'view'");

	while (db_step(q)) {
		struct query *view = db_prepare(db, db_text(q, 0));

		db_run(view);
		db_finish(view);
	}
	db_finish(q);
}

static enum status site_select(struct scope *s, const char *site)
{
	struct query *q;
	int64_t origins;

	db_exec(s->db, "CREATE TEMP TABLE selected_site (id INTEGER, origin)");
	q = scope_query(s, sites);
	db_bind_text(q, 2, site);
	db_run(q);
	if (db_finish(q))
		return db_status(s->db);
	origins = db_value(s->db, "SELECT count(DISTINCT origin) FROM selected_site", 0, NULL);
	if (!origins)
		return msg_fail(STATUS_INPUT, "no such call site: pid=%" PRId64 ", site=\"%s\"",
		                s->pid, site);
	if (origins > 1)
		return msg_fail(STATUS_INPUT,
		                "call site is ambiguous, name it by file:line or module+offset:"
		                " site=\"%s\", places=%" PRId64,
		                site, origins);
	return STATUS_OK;
}

enum status scope_select(struct scope *s, const struct options *o)
{
	enum status status = STATUS_OK;

	assert(!s->selected); /* the views would be there already */
	s->window =
		o->at.kind != WHEN_NONE || o->begin.kind != WHEN_NONE || o->end.kind != WHEN_NONE;
	s->moment = o->at.kind != WHEN_NONE;
	s->single = o->thread >= 0 || o->min_size >= 0 || o->max_size >= 0 || o->site;
	s->selected = s->window || s->single;
	if (!s->selected)
		return STATUS_OK;
	db_exec(s->db, "PRAGMA temp_store = MEMORY");
	if (o->site)
		status = site_select(s, o->site);
	if (status)
		return status;
	table_select(s, o, blocks, "death_seq", "alloc_tid", "coalesce(size, usable)");
	table_select(s, o, pools, "finish_seq", "tid", "object");
	table_select(s, o, timelines, NULL, NULL, NULL);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		db_exec(s->db, tables[i]);
	if (s->window)
		peaks_select(s->db);
	views_remake(s->db);
	s->empty = !db_value(s->db, "SELECT EXISTS (SELECT 1 FROM program_block)", 0, NULL);
	return db_status(s->db);
}

enum status scope_open_selection(struct scope *s, const char *path, const struct options *o,
                                 bool heap)
{
	enum status status = scope_open(s, path, o);

	if (status)
		return status;
	status = scope_select(s, o);
	if (!status && s->empty && (s->single || !heap))
		status = msg_fail(STATUS_INPUT,
		                  "the filters leave no block: path=\"%s\", pid=%" PRId64,
		                  db_path(s->db), s->pid);
	if (status)
		scope_close(s);
	return status;
}

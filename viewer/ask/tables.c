/* SPDX-License-Identifier: MIT */
/*
 * tables.c - the reports that are nothing but a view of the schema: `lwview NAME` prints view NAME;
 * beside them `lwview export` and `lwview sql`.
 */
#include "scope.h"
#include "sheet.h"
#include "viewer/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The rows of one process of a view, in the view's own order. People do not see the ids by which rows
 * are joined; programs do.
 */
static struct query *view_query(struct scope *s, const char *name, bool people, int64_t limit)
{
	struct query *q =
		db_prepare(s->db,
	                   "SELECT printf('SELECT %s FROM \"%w\" WHERE process = ?1 LIMIT ?2',"
	                   "  group_concat(name, ', '), ?1)"
	                   "  FROM pragma_table_info(?1)"
	                   " WHERE NOT ?2 OR name NOT IN ('process', 'site')");
	struct query *rows = NULL;

	db_bind_text(q, 1, name);
	db_bind_int(q, 2, people);
	if (db_step(q))
		rows = db_prepare(s->db, db_text(q, 0));
	db_finish(q);
	db_bind_int(rows, 1, s->process);
	db_bind_int(rows, 2, limit);
	return rows;
}

enum status table_sheet(struct scope *s, const char *name, bool people, int64_t limit,
                        struct sheet *sheet)
{
	struct query *q = view_query(s, name, people, limit);

	sheet_query(sheet, q);
	return db_finish(q);
}

/* ---- export ---- */

static bool folded;
static int64_t row_limit = -1;

const struct option_row export_options[] = {
	{0, "folded", &option_flag, &folded, NULL,
         "call sites and their live bytes at --at (default: peak), for flame graphs"},
	{'n', "limit", &option_int, &row_limit, "N", "at most N lifetimes"},
	OPTION_END,
};

/* Row by row: there may be millions. */
static enum status export_rows(struct scope *s, const struct options *o, FILE *out)
{
	struct query *q = view_query(s, "export", false, row_limit);

	sheet_print_query(q, o, out);
	return db_finish(q);
}

static enum status export_folded(struct scope *s, FILE *out)
{
	struct query *q = scope_query(s, "SELECT l.bytes, coalesce(s.module, '?'), l.place"
	                                 "  FROM leaks l LEFT JOIN site s ON s.id = l.site"
	                                 " WHERE l.process = ?1 ORDER BY l.bytes DESC, l.site");
	while (db_step(q))
		fprintf(out, "%s;%s;%s %" PRId64 "\n", s->name, db_text(q, 1), db_text(q, 2),
		        db_int(q, 0));
	return db_finish(q);
}

enum status command_export(const struct command *self, struct options *o)
{
	enum status status;
	struct scope s;
	FILE *out;

	status = form_choose(&(enum form){0}, o, self->name, FORM_TABLES);
	if (status)
		return status;
	if (o->json + o->csv + folded != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s heap.db --json|--csv|--folded",
		                self->name);
	if (folded && row_limit >= 0)
		return msg_fail(STATUS_USAGE,
		                "--folded sums up all lifetimes, it takes no --limit");
	if (folded && o->at.kind == WHEN_NONE && o->begin.kind == WHEN_NONE &&
	    o->end.kind == WHEN_NONE)
		o->at.kind = WHEN_PEAK;
	status = scope_open_selection(&s, o->args[0], o, false);
	if (status)
		return status;
	status = output_open(&out, o);
	if (!status) {
		status = folded ? export_folded(&s, out) : export_rows(&s, o, out);
		status = output_close(out, o, status);
	}
	scope_close(&s);
	return status;
}

/* ---- by hand ---- */

enum status command_sql(const struct command *self, struct options *o)
{
	enum status status;
	struct query *q;
	struct db *db;
	FILE *out;

	status = form_choose(&(enum form){0}, o, self->name, FORM_TABLES);
	if (status)
		return status;
	status = db_open(&db, o->args[0]);
	if (status)
		return status;
	/* What the user typed is wrong, not the machine. */
	q = db_prepare(db, o->args[1]);
	status = q ? output_open(&out, o) : STATUS_USAGE;
	if (q && !status) {
		sheet_print_query(q, o, out);
		status = output_close(out, o, db_status(db) ? STATUS_USAGE : STATUS_OK);
	}
	db_finish(q);
	db_close(db);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * sql.c - `lwview sql`, and the reports that are nothing but a query: a row of the table below
 * is a command.
 */
#include "scope.h"
#include "table.h"
#include "view.h"

#include <inttypes.h>
#include <string.h>

enum status command_sql(const struct command *self, struct options *o)
{
	enum status status, closed = STATUS_OK;
	struct db *db;
	struct query *q;
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
		if (q)
			status = table_print(q, o, out, NULL);
		closed = output_close(out, o);
		if (db_finish(q))
			status = db_status(db);
		status = status ? status : closed;
	}
	db_close(db);
	/* What the user typed was wrong, not the machine. */
	return status == STATUS_FAILED && !closed ? STATUS_USAGE : status;
}

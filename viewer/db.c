/* SPDX-License-Identifier: MIT */
/* db.c - the one door to SQLite; see db.h. */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

struct db {
	sqlite3 *handle;
	enum status status; /* first failure, sticks */
	char *path;
};

struct query {
	struct db *db;
	sqlite3_stmt *stmt;
};

static const unsigned char schema[] = {
#include "schema.inc"
	0,
};

/* The SQL is the best description of what failed; blanks squeezed, cut to a line. */
static void squeeze(char *out, size_t size, const char *sql)
{
	size_t n = 0;

	for (; *sql && n + 1 < size; sql++) {
		bool blank = strchr(" \t\n", *sql);

		if (blank && n && out[n - 1] == ' ')
			continue;
		out[n++] = blank ? ' ' : *sql;
	}
	out[n] = 0;
}

static enum status db_error(struct db *db, const char *sql)
{
	int code = sqlite3_errcode(db->handle);
	const char *text = sqlite3_errmsg(db->handle);
	char line[200];

	if (db->status)
		return db->status;
	squeeze(line, sizeof(line), sql ? sql : "");
	switch (code) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		db->status = msg_fail(STATUS_INPUT, "not a heap database: path=\"%s\": %s",
		                      db->path, text);
		break;
	case SQLITE_FULL:
	case SQLITE_IOERR:
		db->status = msg_fail(STATUS_FAILED, "cannot write database: path=\"%s\": %s",
		                      db->path, text);
		break;
	default:
		db->status =
			msg_fail(STATUS_FAILED, "database refused: sql=\"%s\": %s", line, text);
	}
	return db->status;
}

static enum status db_attach(struct db **out, const char *path, int flags)
{
	struct db *db = calloc(1, sizeof(*db));

	*out = NULL;
	if (!db)
		return msg_errno(STATUS_FAILED, "cannot open database: path=\"%s\"", path);
	db->path = strdup(path);
	if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		enum status status =
			msg_fail(STATUS_INPUT, "cannot open database: path=\"%s\": %s", path,
		                 db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
		db_close(db);
		return status;
	}
	*out = db;
	return STATUS_OK;
}

enum status db_open(struct db **out, const char *path)
{
	enum status status;
	int64_t version;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* SQLite's own words for a missing file name neither the cause nor errno. */
	*out = NULL;
	if (fd < 0)
		return msg_errno(STATUS_INPUT, "cannot open database: path=\"%s\"", path);
	close(fd);
	status = db_attach(out, path, SQLITE_OPEN_READONLY);
	if (status)
		return status;
	version = db_value(*out, "PRAGMA user_version", 0, NULL);
	status = db_status(*out);
	if (!status &&
	    !db_value(*out, "SELECT count(*) FROM sqlite_master WHERE name = 'block'", 0, NULL))
		status = db_status(*out)
		                 ? db_status(*out)
		                 : msg_fail(STATUS_INPUT, "not a heap database: path=\"%s\"", path);
	else if (!status && version != DB_VERSION)
		status = msg_fail(STATUS_INPUT,
		                  "database has another version, load the trace again: "
		                  "path=\"%s\", version=%lld, known=%d",
		                  path, (long long)version, DB_VERSION);
	if (status) {
		db_close(*out);
		*out = NULL;
	}
	return status;
}

static enum status db_build(struct db **out, const char *path, const char *pragmas)
{
	enum status status = db_attach(out, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	if (status)
		return status;
	status = db_exec(*out, pragmas);
	if (!status)
		status = db_exec(*out, (const char *)schema);
	if (status) {
		db_close(*out);
		*out = NULL;
	}
	return status;
}

enum status db_create(struct db **out, const char *path)
{
	/* The file is thrown away when the load fails, so no journal and no sync are needed. */
	return db_build(out, path,
	                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -32768;"
	                "PRAGMA temp_store = FILE;");
}

enum status db_create_memory(struct db **out)
{
	return db_build(out, ":memory:", "");
}

void db_close(struct db *db)
{
	if (!db)
		return;
	sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

enum status db_status(const struct db *db)
{
	return db->status;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

enum status db_exec(struct db *db, const char *sql)
{
	if (!db->status && sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, sql);
	return db->status;
}

struct query *db_prepare(struct db *db, const char *sql)
{
	struct query *q;

	if (db->status)
		return NULL;
	q = calloc(1, sizeof(*q));
	if (!q) {
		db->status = msg_errno(STATUS_FAILED, "cannot prepare a query");
		return NULL;
	}
	q->db = db;
	if (sqlite3_prepare_v2(db->handle, sql, -1, &q->stmt, NULL) != SQLITE_OK || !q->stmt) {
		db_error(db, sql);
		free(q);
		return NULL;
	}
	return q;
}

void db_bind_int(struct query *q, int index, int64_t value)
{
	if (q)
		sqlite3_bind_int64(q->stmt, index, value);
}

void db_bind_real(struct query *q, int index, double value)
{
	if (q)
		sqlite3_bind_double(q->stmt, index, value);
}

void db_bind_text(struct query *q, int index, const char *text)
{
	if (q)
		sqlite3_bind_text(q->stmt, index, text, -1, SQLITE_TRANSIENT);
}

void db_bind_null(struct query *q, int index)
{
	if (q)
		sqlite3_bind_null(q->stmt, index);
}

bool db_step(struct query *q)
{
	int code;

	if (!q || q->db->status)
		return false;
	code = sqlite3_step(q->stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		db_error(q->db, sqlite3_sql(q->stmt));
	return code == SQLITE_ROW;
}

void db_reset(struct query *q)
{
	if (q)
		sqlite3_reset(q->stmt);
}

void db_run(struct query *q)
{
	while (db_step(q))
		;
	db_reset(q);
}

enum status db_finish(struct query *q)
{
	enum status status;

	/* A query that could not be prepared has told its error; the caller's status is not lost. */
	if (!q)
		return STATUS_FAILED;
	status = q->db->status;
	sqlite3_finalize(q->stmt);
	free(q);
	return status;
}

int64_t db_int(struct query *q, int column)
{
	return q ? sqlite3_column_int64(q->stmt, column) : 0;
}

double db_real(struct query *q, int column)
{
	return q ? sqlite3_column_double(q->stmt, column) : 0;
}

const char *db_text(struct query *q, int column)
{
	const unsigned char *text = q ? sqlite3_column_text(q->stmt, column) : NULL;

	return text ? (const char *)text : "";
}

bool db_is_null(struct query *q, int column)
{
	return !q || sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

int db_column_count(struct query *q)
{
	return q ? sqlite3_column_count(q->stmt) : 0;
}

const char *db_column_name(struct query *q, int column)
{
	return q ? sqlite3_column_name(q->stmt, column) : "";
}

bool db_is_number(struct query *q, int column)
{
	int type = q ? sqlite3_column_type(q->stmt, column) : SQLITE_NULL;

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

bool db_is_real(struct query *q, int column)
{
	return q && sqlite3_column_type(q->stmt, column) == SQLITE_FLOAT;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

void db_fail(struct db *db, const char *what)
{
	if (!db->status)
		db->status = msg_errno(STATUS_FAILED, "%s", what);
}

#define BULK_ROWS 40

struct bulk {
	struct db *db;
	char *table;
	int columns;
	sqlite3_stmt *many;
	int text_column;
	const char *const *words;
	int rows; /* waiting */
	int64_t values[];
};

static sqlite3_stmt *bulk_prepare(struct bulk *b, int rows)
{
	size_t room = 64 + strlen(b->table) + (size_t)rows * ((size_t)b->columns * 2 + 4);
	char *sql = malloc(room), *at = sql;
	sqlite3_stmt *stmt = NULL;

	if (!sql) {
		db_fail(b->db, "cannot insert rows");
		return NULL;
	}
	at += sprintf(at, "INSERT INTO %s VALUES", b->table);
	for (int r = 0; r < rows; r++) {
		at += sprintf(at, r ? ",(" : "(");
		for (int c = 0; c < b->columns; c++)
			at += sprintf(at, c ? ",?" : "?");
		at += sprintf(at, ")");
	}
	if (sqlite3_prepare_v2(b->db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		db_error(b->db, sql);
	free(sql);
	return stmt;
}

struct bulk *bulk_open(struct db *db, const char *table, int columns)
{
	struct bulk *b;

	if (db->status)
		return NULL;
	b = calloc(1, sizeof(*b) + sizeof(int64_t) * (size_t)columns * BULK_ROWS);
	if (!b) {
		db_fail(db, "cannot insert rows");
		return NULL;
	}
	b->db = db;
	b->table = strdup(table);
	b->columns = columns;
	b->text_column = -1;
	b->many = b->table ? bulk_prepare(b, BULK_ROWS) : NULL;
	return b;
}

void bulk_words(struct bulk *b, int text_column, const char *const *words)
{
	if (!b)
		return;
	b->text_column = text_column;
	b->words = words;
}

static void bulk_bind(struct bulk *b, sqlite3_stmt *stmt, int index)
{
	int64_t value = b->values[index];

	if (value == DB_NULL)
		sqlite3_bind_null(stmt, index + 1);
	else if (index % b->columns == b->text_column)
		sqlite3_bind_text(stmt, index + 1, b->words[value], -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(stmt, index + 1, value);
}

static void bulk_flush(struct bulk *b, sqlite3_stmt *stmt)
{
	if (!stmt || b->db->status)
		return;
	for (int i = 0; i < b->rows * b->columns; i++)
		bulk_bind(b, stmt, i);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		db_error(b->db, b->table);
	sqlite3_reset(stmt);
	b->rows = 0;
}

void bulk_add(struct bulk *b, const int64_t *values)
{
	if (!b || b->db->status)
		return;
	memcpy(b->values + b->rows * b->columns, values, sizeof(*values) * (size_t)b->columns);
	if (++b->rows == BULK_ROWS)
		bulk_flush(b, b->many);
}

enum status bulk_close(struct bulk *b)
{
	enum status status;

	if (!b)
		return STATUS_FAILED;
	if (b->rows && !b->db->status) {
		sqlite3_stmt *rest = bulk_prepare(b, b->rows);

		bulk_flush(b, rest);
		sqlite3_finalize(rest);
	}
	status = b->db->status;
	sqlite3_finalize(b->many);
	free(b->table);
	free(b);
	return status;
}

struct db *bulk_db(struct bulk *b)
{
	return b->db;
}

int64_t db_value(struct db *db, const char *sql, int count, const int64_t *values)
{
	struct query *q = db_prepare(db, sql);
	int64_t value = 0;

	for (int i = 0; i < count; i++)
		db_bind_int(q, i + 1, values[i]);
	if (db_step(q))
		value = db_int(q, 0);
	db_finish(q);
	return value;
}

/* SPDX-License-Identifier: MIT */
/* db.c - the one door to SQLite; see db.h. */
#include "db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

/*
 * While rows are loaded, a second thread inserts them: half of a load is SQLite's. It has the
 * connection while it has a batch to insert, the caller has it otherwise: so every function below
 * that uses the connection waits first, by db_own(). Columns are read without it, so while a struct
 * bulk is open, only db_run() and db_exec() may be used beside it.
 */
struct db {
	sqlite3 *handle;
	_Atomic int status; /* enum status: the first failure, sticks */
	char *path;
	/* The writer: one batch at a time, the caller fills the next one meanwhile. */
	bool has_writer; /* rows were or are being loaded */
	pthread_t writer;
	sem_t idle, ready; /* of the two one is posted, or it is at work */
	struct bulk *work; /* a full batch to insert; NULL: no more will come */
};

struct query {
	struct db *db;
	sqlite3_stmt *stmt;
};

/* A signal ends a wait before its time. */
static void wait_for(sem_t *s)
{
	while (sem_wait(s))
		;
}

/* False: it is of no more use. */
static bool db_own(struct db *db)
{
	if (db->has_writer) {
		wait_for(&db->idle);
		sem_post(&db->idle);
	}
	return !db->status;
}

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

/* Of whoever has the connection. */
static void db_error(struct db *db, const char *sql)
{
	int code = sqlite3_errcode(db->handle);
	const char *text = sqlite3_errmsg(db->handle);
	char line[200];

	if (db->status)
		return;
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
	assert(*out);
	version = db_value(*out, "PRAGMA user_version", 0, NULL);
	status = db_status(*out);
	if (!status &&
	    !db_value(*out, "SELECT count(*) FROM sqlite_master WHERE name = 'block'", 0, NULL))
		status = db_status(*out)
		                 ? (int)db_status(*out)
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
	assert(*out);
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
	if (db->has_writer) {
		wait_for(&db->idle);
		db->work = NULL;
		sem_post(&db->ready);
		pthread_join(db->writer, NULL);
		sem_destroy(&db->idle);
		sem_destroy(&db->ready);
	}
	sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

enum status db_status(const struct db *db)
{
	return (enum status)db->status;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

enum status db_exec(struct db *db, const char *sql)
{
	if (db_own(db) && sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		db_error(db, sql);
	return db_status(db);
}

struct query *db_prepare(struct db *db, const char *sql)
{
	struct query *q;

	if (!db_own(db))
		return NULL;
	q = calloc(1, sizeof(*q));
	if (!q) {
		db_fail(db, "cannot prepare a query");
		return NULL;
	}
	q->db = db;
	if (sqlite3_prepare_v2(db->handle, sql, -1, &q->stmt, NULL) != SQLITE_OK || !q->stmt) {
		db_error(db, sql);
		free(q);
		q = NULL;
	}
	return q;
}

void db_bind_int(struct query *q, int index, int64_t value)
{
	if (!q)
		return;
	db_own(q->db);
	if (value == DB_NULL)
		sqlite3_bind_null(q->stmt, index);
	else
		sqlite3_bind_int64(q->stmt, index, value);
}

void db_bind_real(struct query *q, int index, double value)
{
	if (!q)
		return;
	db_own(q->db);
	sqlite3_bind_double(q->stmt, index, value);
}

void db_bind_text(struct query *q, int index, const char *text)
{
	if (!q)
		return;
	db_own(q->db);
	sqlite3_bind_text(q->stmt, index, text, -1, SQLITE_TRANSIENT);
}

bool db_step(struct query *q)
{
	int code;

	if (!q || !db_own(q->db))
		return false;
	code = sqlite3_step(q->stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		db_error(q->db, sqlite3_sql(q->stmt));
	return code == SQLITE_ROW;
}

void db_reset(struct query *q)
{
	if (!q)
		return;
	db_own(q->db);
	sqlite3_reset(q->stmt);
}

void db_run(struct query *q)
{
	while (db_step(q))
		;
	db_reset(q);
}

void db_run_with(struct query *q, int count, const struct db_cell *cells)
{
	for (int i = 0; i < count; i++) {
		if (cells[i].type == DB_IS_INT)
			db_bind_int(q, i + 1, cells[i].integer);
		else if (cells[i].type == DB_IS_REAL)
			db_bind_real(q, i + 1, cells[i].real);
		else
			db_bind_text(q, i + 1, cells[i].text);
	}
	db_run(q);
}

enum status db_finish(struct query *q)
{
	enum status status;

	/* A query that could not be prepared has told its error; the caller's status is not lost. */
	if (!q)
		return STATUS_FAILED;
	db_own(q->db);
	status = db_status(q->db);
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

void db_fail(struct db *db, const char *what)
{
	int error = errno;

	bool first = db_own(db);

	errno = error;
	if (first)
		db->status = (int)msg_errno(STATUS_FAILED, "%s", what);
}

/* ---- bulk rows ---- */

#define BULK_ROWS  40   /* of one INSERT; more gains nothing */
#define BATCH_ROWS 1000 /* handed to the writer at once; a multiple of BULK_ROWS */

struct bulk {
	struct db *db;
	char *table;
	int columns;
	sqlite3_stmt *many; /* BULK_ROWS rows */
	int rows;           /* in `filling` */
	int64_t *filling;   /* the caller's */
	int64_t *writing;   /* the writer's while it is at work on this bulk */
};

static sqlite3_stmt *bulk_prepare(struct bulk *b, int rows)
{
	sqlite3_str *text = sqlite3_str_new(b->db->handle);
	sqlite3_stmt *stmt = NULL;
	char *sql;

	sqlite3_str_appendf(text, "INSERT INTO %s VALUES", b->table);
	for (int i = 0; i < rows * b->columns; i++)
		sqlite3_str_appendall(text, i == 0 ? "(?" : i % b->columns ? ",?" : "),(?");
	sqlite3_str_appendall(text, ")");
	sql = sqlite3_str_finish(text);
	if (!sql)
		db_fail(b->db, "cannot insert rows");
	else if (sqlite3_prepare_v2(b->db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		db_error(b->db, sql);
	sqlite3_free(sql);
	return stmt;
}

static void bulk_insert(struct bulk *b, sqlite3_stmt *stmt, const int64_t *values, int rows)
{
	if (!stmt || b->db->status)
		return;
	for (int i = 0; i < rows * b->columns; i++) {
		if (values[i] == DB_NULL)
			sqlite3_bind_null(stmt, i + 1);
		else
			sqlite3_bind_int64(stmt, i + 1, values[i]);
	}
	if (sqlite3_step(stmt) != SQLITE_DONE)
		db_error(b->db, b->table);
	sqlite3_reset(stmt);
}

static void *writer_main(void *arg)
{
	struct db *db = arg;

	for (;;) {
		struct bulk *b;

		wait_for(&db->ready);
		b = db->work;
		if (!b)
			return NULL;
		for (int r = 0; r < BATCH_ROWS; r += BULK_ROWS)
			bulk_insert(b, b->many, b->writing + r * b->columns, BULK_ROWS);
		sem_post(&db->idle);
	}
}

static bool writer_start(struct db *db)
{
	if (db->has_writer)
		return true;
	sem_init(&db->idle, 0, 1);
	sem_init(&db->ready, 0, 0);
	db->has_writer = !pthread_create(&db->writer, NULL, writer_main, db);
	return db->has_writer;
}

static int count_columns(struct db *db, const char *table)
{
	struct query *q = db_prepare(db, "SELECT count(*) FROM pragma_table_info(?1)");
	int count;

	db_bind_text(q, 1, table);
	count = db_step(q) ? (int)db_int(q, 0) : 0;
	db_finish(q);
	return count;
}

struct bulk *bulk_open(struct db *db, const char *table)
{
	struct bulk *b;
	size_t room;

	if (!db_own(db))
		return NULL;
	b = calloc(1, sizeof(*b));
	if (b) {
		*b = (struct bulk){.db = db, .table = strdup(table)};
		b->columns = count_columns(db, table);
		room = sizeof(int64_t) * (size_t)b->columns * BATCH_ROWS;
		b->filling = malloc(room);
		b->writing = malloc(room);
	}
	if (!b || !b->table || !b->filling || !b->writing || !writer_start(db))
		db_fail(db, "cannot insert rows");
	else
		b->many = bulk_prepare(b, BULK_ROWS);
	return b;
}

void bulk_add_row(struct bulk *b, int columns, const int64_t *values)
{
	int64_t *full;

	if (!b || b->db->status)
		return;
	assert(columns == b->columns);
	(void)columns;
	memcpy(b->filling + b->rows * b->columns, values, sizeof(*values) * (size_t)b->columns);
	if (++b->rows < BATCH_ROWS)
		return;
	wait_for(&b->db->idle);
	full = b->filling;
	b->filling = b->writing;
	b->writing = full;
	b->rows = 0;
	b->db->work = b;
	sem_post(&b->db->ready);
}

/* The rows that fill no batch: as many at once as an INSERT takes, the last ones one by one. */
static void bulk_insert_rest(struct bulk *b)
{
	sqlite3_stmt *one = b->rows % BULK_ROWS ? bulk_prepare(b, 1) : NULL;
	int r = 0;

	for (; r + BULK_ROWS <= b->rows; r += BULK_ROWS)
		bulk_insert(b, b->many, b->filling + r * b->columns, BULK_ROWS);
	for (; r < b->rows; r++)
		bulk_insert(b, one, b->filling + r * b->columns, 1);
	sqlite3_finalize(one);
}

enum status bulk_close(struct bulk *b)
{
	enum status status;

	if (!b)
		return STATUS_FAILED;
	if (db_own(b->db))
		bulk_insert_rest(b);
	status = db_status(b->db);
	sqlite3_finalize(b->many);
	free(b->filling);
	free(b->writing);
	free(b->table);
	free(b);
	return status;
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

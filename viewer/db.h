/* SPDX-License-Identifier: MIT */
/*
 * db.h - the one door to SQLite.
 *
 * Errors are told where they happen, with the SQL, and stick: after one, every further call on
 * the same database or query does nothing, and db_finish()/db_status() return the status. So a
 * loop needs no check inside:
 *
 *	struct query *q = db_prepare(db, "SELECT seq, live FROM timeline WHERE process = ?1");
 *	db_bind_int(q, 1, process);
 *	while (db_step(q))
 *		use(db_int(q, 0), db_int(q, 1));
 *	return db_finish(q);
 */
#ifndef LWVIEW_DB_H
#define LWVIEW_DB_H

#include "viewer/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct query;

/* Version of schema.sql that this program writes and reads. */
#define DB_VERSION 2

/* Opens a heap database for reading; says so when `path` is none, or of another version. */
enum status db_open(struct db **db, const char *path);

/* A new, empty database with the schema, tuned for one big load: not crash safe until renamed. */
enum status db_create(struct db **db, const char *path);

/* The schema in memory; for tests and synthetic databases. */
enum status db_create_memory(struct db **db);

void db_close(struct db *db);
enum status db_exec(struct db *db, const char *sql);
enum status db_status(const struct db *db);
const char *db_path(const struct db *db);

#define DB_NULL INT64_MIN /* an integer that stands for NULL */

/* Never NULL-checked by callers: a NULL query makes the calls below do nothing. */
struct query *db_prepare(struct db *db, const char *sql);
void db_bind_int(struct query *q, int index, int64_t value); /* ?1 is index 1 */
void db_bind_real(struct query *q, int index, double value);
void db_bind_text(struct query *q, int index, const char *text); /* NULL binds NULL */

bool db_step(struct query *q);  /* true: a row */
void db_reset(struct query *q); /* to run it again; bindings stay */
enum status db_finish(struct query *q);
/* Step to the end and reset: for INSERTs. */
void db_run(struct query *q);

/* The same with ?1 ... bound: db_insert(q, DB_INT(process), DB_TEXT(key), DB_REAL(value)). */
#define db_insert(q, ...)                                                                       \
	db_run_with(q, (int)(sizeof((struct db_cell[]){__VA_ARGS__}) / sizeof(struct db_cell)), \
	            (const struct db_cell[]){__VA_ARGS__})
struct db_cell {
	enum {
		DB_IS_INT,
		DB_IS_REAL,
		DB_IS_TEXT
	} type;
	union {
		int64_t integer;
		double real;
		const char *text; /* or NULL */
	};
};
#define DB_INT(value)  ((struct db_cell){.type = DB_IS_INT, .integer = (int64_t)(value)})
#define DB_REAL(value) ((struct db_cell){.type = DB_IS_REAL, .real = (value)})
#define DB_TEXT(value) ((struct db_cell){.type = DB_IS_TEXT, .text = (value)})
void db_run_with(struct query *q, int count, const struct db_cell *cells);

/* Columns count from 0. */
int64_t db_int(struct query *q, int column);
double db_real(struct query *q, int column);
const char *db_text(struct query *q, int column); /* "" for NULL; valid until the next step */
bool db_is_null(struct query *q, int column);
int db_column_count(struct query *q);
const char *db_column_name(struct query *q, int column);
bool db_is_number(struct query *q, int column);
bool db_is_real(struct query *q, int column);

/*
 * Many rows of integers into one table, several rows per statement: three times as fast as one
 * by one, and in a thread of their own. While one is open no other query may be read (db_step),
 * only run.
 */
struct bulk;
struct bulk *bulk_open(struct db *db, const char *table);
#define bulk_add(b, ...)                                                           \
	bulk_add_row(b, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
	             (const int64_t[]){__VA_ARGS__})
void bulk_add_row(struct bulk *b, int columns, const int64_t *values);
enum status bulk_close(struct bulk *b); /* NULL is fine */

/* A failure of the caller's that ends all work on the database: memory, as a rule. */
void db_fail(struct db *db, const char *what);

/* First column of the first row; 0 when there is none. `format` is SQL with ?1.. as integers. */
int64_t db_value(struct db *db, const char *sql, int count, const int64_t *values);

#endif

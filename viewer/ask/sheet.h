/* SPDX-License-Identifier: MIT */
/*
 * sheet.h - the one table printer: a sheet is filled once, by hand or from a query, and printed as
 * text, HTML, JSON or CSV, so that all say the same.
 *
 * The name of a column ends with its unit: _bytes, _ns, _ratio (0..1), _times, _address; a count or
 * an id has none. JSON and CSV carry that name and the raw number; people see the heading without
 * the unit, and 1.50 MiB, 12.00 us, 12.3 %. In a query "_n" asks for a count in groups of three,
 * 1 234 567, and is no part of the name. What is not defined is null, an empty field, or "-".
 */
#ifndef LWVIEW_SHEET_H
#define LWVIEW_SHEET_H

#include "options.h"
#include "viewer/db.h"
#include "viewer/figures.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sheet_column {
	char *heading; /* for people */
	char *key;     /* in JSON and CSV */
	enum unit unit;
	bool right, hidden; /* hidden: from people */
};

struct sheet_cell {
	enum {
		CELL_NONE, /* not defined */
		CELL_TEXT,
		CELL_INTEGER,
		CELL_REAL
	} kind;
	enum unit unit;
	char *text;  /* CELL_TEXT */
	char *words; /* for people, NULL: made of the value by its unit */
	union {
		int64_t integer;
		double real;
	};
};

struct sheet {
	char *title; /* above it, or NULL */
	char *note;  /* below it, or NULL */
	const char
		*turned; /* of a sheet of one row: people see a column a row, under this heading */
	struct sheet_column *column;
	int columns;
	struct sheet_cell *cell; /* row by row; a row is complete when every column has a cell */
	size_t count;
};

/*
 * `columns` are parted by |: < or > for the alignment, or . to hide it from people; the heading; and,
 * if it differs, =key: ">time=time_ns|>blocks". Else the key is the heading with _ for what is no
 * letter or digit.
 */
void sheet_init(struct sheet *t, const char *columns);
#define sheet_title(t, ...) text_format(&(t)->title, __VA_ARGS__)
#define sheet_note(t, ...)  text_format(&(t)->note, __VA_ARGS__)
void text_format(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cells, left to right. */
void sheet_none(struct sheet *t);
#define sheet_text(t, ...) text_format(sheet_new_text(t), __VA_ARGS__)
char **sheet_new_text(struct sheet *t);
void sheet_number(struct sheet *t, enum unit unit, int64_t value);
void sheet_value(struct sheet *t, enum unit unit, double value);     /* NAN: none */
void sheet_latency(struct sheet *t, int64_t ns, int64_t clock_cost); /* < 21 ns */
/* What people see of the last cell; its value is for JSON and CSV alone. */
#define sheet_words(t, ...) text_format(sheet_last_words(t), __VA_ARGS__)
char **sheet_last_words(struct sheet *t);

#define sheet_integer(t, value) sheet_number(t, UNIT_NONE, value)  /* 1234567 */
#define sheet_bytes(t, bytes)   sheet_number(t, UNIT_BYTES, bytes) /* 1.50 MiB */
#define sheet_count(t, count)   sheet_number(t, UNIT_COUNT, count) /* 1 234 567 */
#define sheet_span(t, ns)       sheet_number(t, UNIT_NS, ns)       /* 12.00 us */
#define sheet_ratio(t, ratio)   sheet_value(t, UNIT_RATIO, ratio)  /* 12.3 % */

/* A column of a query's row. */
void sheet_field(struct sheet *t, enum unit unit, struct query *q, int column);

/* The columns of a query, then all its rows; the caller calls db_finish(). */
void sheet_query(struct sheet *t, struct query *q);

/*
 * At most `limit` rows, -1 all, of the view `name` of the schema (sites, leaks ...). People do not
 * see the ids by which rows are joined.
 */
struct scope;
enum status table_sheet(struct scope *s, const char *name, bool people, int64_t limit,
                        struct sheet *t);

size_t sheet_rows(const struct sheet *t);
void sheet_print(const struct sheet *t, FILE *out);
void sheet_html(const struct sheet *t, const char *id, FILE *out);
void sheet_json(const struct sheet *t, FILE *out); /* an array of objects */
void sheet_csv(const struct sheet *t, FILE *out);
/* The form that the options ask for. */
void sheet_write(const struct sheet *t, const struct options *o, FILE *out);
void sheet_release(struct sheet *t);

/* Runs a query to its end and prints it; as data row by row, so that its size does not matter. */
void sheet_print_query(struct query *q, const struct options *o, FILE *out);

/* Figures in words, for an argument of printf(): text_size(bytes).text. */
struct words {
	char text[48];
};
struct words unit_text(enum unit unit, double value);
struct words text_size(double bytes);    /* 1.50 MiB */
struct words text_span(double ns);       /* 12.00 us */
struct words count_text(int64_t count);  /* 1 234 567 */
struct words percent_text(double ratio); /* 12.3 % */
struct words short_size(double bytes);   /* 64 KiB, 1.5 MiB: no zeros at the end */
struct words latency_text(int64_t ns, int64_t clock_cost);

/* The five characters that mean something in HTML are replaced. */
void html_text(const char *text, FILE *out);

/*
 * Where a command's text goes: stdout, or the file of -o (which must not exist without -f).
 * output_close() returns `status`, or if all went well what became of the file: the disk may be full.
 */
enum status output_open(FILE **out, const struct options *o);
enum status output_close(FILE *out, const struct options *o, enum status status);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * sheet.h - a sheet is a table that is filled once and printed as text, HTML, JSON or CSV, so that
 * all say the same.
 *
 * Cells are added row by row, left to right; a row is complete when every column has a cell.
 */
#ifndef LWVIEW_SHEET_H
#define LWVIEW_SHEET_H

#include "options.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sheet_cell {
	char *text; /* for people */
	char *raw;  /* for JSON and CSV: a number; NULL: the text itself */
};

struct sheet {
	char *title; /* above it, or NULL */
	char *note;  /* below it, or NULL */
	int columns;
	char *align;             /* one letter a column: l or r */
	struct sheet_cell *cell; /* the header row first */
	size_t count, room;
};

/* `columns` holds the headers, each led by < or > for its alignment, parted by |. */
void sheet_init(struct sheet *t, const char *columns);
void sheet_title(struct sheet *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sheet_note(struct sheet *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

void sheet_text(struct sheet *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sheet_integer(struct sheet *t, int64_t value); /* 1234567 */
void sheet_bytes(struct sheet *t, int64_t bytes);   /* 1.5 MiB */
void sheet_count(struct sheet *t, int64_t count);   /* 1 234 567 */
void sheet_span(struct sheet *t, int64_t ns);       /* 12.0 us */
void sheet_ratio(struct sheet *t, double ratio);    /* 12.3 %; - when it is not a number */
void sheet_latency(struct sheet *t, int64_t ns, int64_t clock_cost); /* < 21 ns */

void sheet_print(const struct sheet *t, FILE *out);
void sheet_html(const struct sheet *t, const char *id, FILE *out);
void sheet_json(const struct sheet *t, FILE *out); /* an array of objects */
void sheet_csv(const struct sheet *t, FILE *out);
/* The form that the options ask for. */
void sheet_write(const struct sheet *t, const struct options *o, FILE *out);
void sheet_release(struct sheet *t);

/* Figures in words beside those of table.h; each returns `text`. */
#define FIGURE_MAX 48
char *count_text(char text[FIGURE_MAX], int64_t count);  /* 1 234 567 */
char *percent_text(char text[FIGURE_MAX], double ratio); /* 12.3 % */
char *short_size(char text[FIGURE_MAX], double bytes);   /* 64 KiB, 1.5 MiB: no zeros at the end */
char *latency_text(char text[FIGURE_MAX], int64_t ns, int64_t clock_cost);

#endif

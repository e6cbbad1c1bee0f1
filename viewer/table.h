/* SPDX-License-Identifier: MIT */
/*
 * table.h - a table is filled once and printed as text or as HTML, so both say the same.
 *
 * Cells are added row by row, left to right; a row is complete when every column has a cell.
 */
#ifndef LWVIEW_TABLE_H
#define LWVIEW_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table {
	char *title;  /* above it, or NULL */
	char *note;   /* below it, or NULL */
	int columns;
	char *align;  /* one letter a column: l or r */
	char **cells; /* the header row first */
	size_t count, room;
};

/* `columns` holds the headers, each led by < or > for its alignment, parted by |. */
void table_init(struct table *t, const char *columns);
void table_title(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_note(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *t, FILE *out);
void table_html(const struct table *t, const char *id, FILE *out);
void table_release(struct table *t);

/* Text for HTML: the five characters that mean something there are replaced. */
void html_text(const char *text, FILE *out);

/* Figures in words; each returns `text`. */
#define FIGURE_MAX 48
char *bytes_text(char text[FIGURE_MAX], int64_t bytes);	    /* 1.50 MiB */
char *duration_text(char text[FIGURE_MAX], int64_t ns);	    /* 1.25 us */
char *count_text(char text[FIGURE_MAX], int64_t count);	    /* 1 234 567, thin spaces as ' ' */
char *percent_text(char text[FIGURE_MAX], double ratio);    /* 12.3 %, or - when not a number */
char *latency_text(char text[FIGURE_MAX], int64_t ns, int64_t clock_cost); /* < 21 ns */

#endif

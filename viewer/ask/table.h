/* SPDX-License-Identifier: MIT */
/*
 * table.h - prints the rows of a query as text, JSON or CSV.
 *
 * The name of a column says how people want to read it: what stands behind "_" is cut off and
 * chooses the form in text ("peak_B": sizes as KiB/MiB, "_ns": times, "_x": hex, "_r": ratio);
 * JSON and CSV always carry raw numbers under the bare name.
 */
#ifndef LWVIEW_TABLE_H
#define LWVIEW_TABLE_H

#include "options.h"
#include "viewer/db.h"

#include <stdio.h>

/* Runs q to its end; the caller calls db_finish(). `rows`, if not NULL, gets the count. */
enum status table_print(struct query *q, const struct options *o, FILE *out, int64_t *rows);

/* "1.5 MiB", "12.0 us": for people. Return `text`. */
const char *text_size(char *text, size_t size, double bytes);
const char *text_span(char *text, size_t size, double ns);

/* A field of CSV as RFC 4180 has it: quoted only where needed, quotes doubled. */
void csv_string(FILE *out, const char *text);

/*
 * Where a command's text goes: stdout, or the file of -o (which must not exist without -f).
 * output_close() tells a full disk.
 */
enum status output_open(FILE **out, const struct options *o);
enum status output_close(FILE *out, const struct options *o);

#endif

/* SPDX-License-Identifier: MIT */
/* table.c - generic printing of query results; see table.h. */
#include "table.h"

#include "cli/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *text_size(char *text, size_t size, double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (fabs(bytes) >= 1024 && i + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		i++;
	}
	snprintf(text, size, i ? "%.2f %s" : "%.0f %s", bytes, units[i]);
	return text;
}

const char *text_span(char *text, size_t size, double ns)
{
	static const struct {
		double least;
		const char *format;
	} forms[] = {{1e9, "%.3f s"}, {1e6, "%.2f ms"}, {1e3, "%.2f us"}, {0, "%.0f ns"}};
	size_t i = 0;

	while (fabs(ns) < forms[i].least)
		i++;
	snprintf(text, size, forms[i].format, forms[i].least > 0 ? ns / forms[i].least : ns);
	return text;
}

enum form {
	FORM_PLAIN,
	FORM_SIZE,
	FORM_SPAN,
	FORM_HEX,
	FORM_RATIO
};

struct column {
	char name[64];
	enum form form;
	int width;
	bool number;
};

static void column_init(struct column *c, const char *name)
{
	static const struct {
		const char *suffix;
		enum form form;
	} forms[] = {{"_B", FORM_SIZE}, {"_ns", FORM_SPAN}, {"_x", FORM_HEX}, {"_r", FORM_RATIO}};
	size_t length;

	snprintf(c->name, sizeof(c->name), "%s", name);
	length = strlen(c->name);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t n = strlen(forms[i].suffix);

		if (length > n && !strcmp(c->name + length - n, forms[i].suffix)) {
			c->name[length - n] = 0;
			c->form = forms[i].form;
		}
	}
	c->width = (int)strlen(c->name);
}

static void cell_text(struct query *q, int i, enum form form, char *text, size_t size)
{
	if (db_is_null(q, i))
		snprintf(text, size, "-");
	else if (!db_is_number(q, i))
		snprintf(text, size, "%s", db_text(q, i));
	else if (form == FORM_SIZE)
		text_size(text, size, db_real(q, i));
	else if (form == FORM_SPAN)
		text_span(text, size, db_real(q, i));
	else if (form == FORM_HEX)
		snprintf(text, size, "0x%" PRIx64, (uint64_t)db_int(q, i));
	else if (form == FORM_RATIO)
		snprintf(text, size, "%.4f", db_real(q, i));
	else if (db_is_real(q, i))
		snprintf(text, size, "%.6g", db_real(q, i));
	else
		snprintf(text, size, "%" PRId64, db_int(q, i));
}

/* Raw numbers, enough digits to come back as they were. */
static void put_raw(struct query *q, int i, FILE *out)
{
	if (db_is_real(q, i))
		fprintf(out, "%.17g", db_real(q, i));
	else
		fprintf(out, "%" PRId64, db_int(q, i));
}

static int64_t print_json(struct query *q, const struct column *columns, int n, FILE *out)
{
	int64_t rows = 0;

	fputc('[', out);
	while (db_step(q)) {
		fputs(rows++ ? ",\n {" : "\n {", out);
		for (int i = 0; i < n; i++) {
			if (i)
				fputs(", ", out);
			json_string(out, columns[i].name);
			fputs(": ", out);
			if (db_is_null(q, i))
				fputs("null", out);
			else if (db_is_number(q, i))
				put_raw(q, i, out);
			else
				json_string(out, db_text(q, i));
		}
		fputc('}', out);
	}
	fputs(rows ? "\n]\n" : "]\n", out);
	return rows;
}

void csv_string(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static int64_t print_csv(struct query *q, const struct column *columns, int n, FILE *out)
{
	int64_t rows = 0;

	for (int i = 0; i < n; i++) {
		fputs(i ? "," : "", out);
		csv_string(out, columns[i].name);
	}
	fputc('\n', out);
	for (; db_step(q); rows++) {
		for (int i = 0; i < n; i++) {
			fputs(i ? "," : "", out);
			if (db_is_number(q, i))
				put_raw(q, i, out);
			else
				csv_string(out, db_text(q, i));
		}
		fputc('\n', out);
	}
	return rows;
}

static int64_t measure(struct query *q, struct column *columns, int n)
{
	int64_t rows = 0;
	char text[512];

	for (; db_step(q); rows++) {
		for (int i = 0; i < n; i++) {
			int width;

			cell_text(q, i, columns[i].form, text, sizeof(text));
			width = (int)strlen(text);
			if (width > columns[i].width)
				columns[i].width = width;
			if (db_is_number(q, i))
				columns[i].number = true;
		}
	}
	db_reset(q);
	return rows;
}

static void put_cell(FILE *out, const struct column *c, const char *text, bool last)
{
	if (c->number)
		fprintf(out, "%*s", c->width, text);
	else
		fprintf(out, "%-*s", last ? 0 : c->width, text);
	fputs(last ? "\n" : "  ", out);
}

/* Two passes, so that columns are as wide as their widest cell and rows need no memory. */
static int64_t print_text(struct query *q, struct column *columns, int n, FILE *out)
{
	int64_t rows = measure(q, columns, n);
	char text[512];

	for (int i = 0; i < n; i++)
		put_cell(out, &columns[i], columns[i].name, i + 1 == n);
	while (db_step(q)) {
		for (int i = 0; i < n; i++) {
			cell_text(q, i, columns[i].form, text, sizeof(text));
			put_cell(out, &columns[i], text, i + 1 == n);
		}
	}
	return rows;
}

enum status table_print(struct query *q, const struct options *o, FILE *out, int64_t *rows)
{
	int n = db_column_count(q);
	struct column *columns = calloc((size_t)n + 1, sizeof(*columns));
	int64_t count;

	if (!columns)
		return msg_errno(STATUS_FAILED, "cannot print the table");
	for (int i = 0; i < n; i++)
		column_init(&columns[i], db_column_name(q, i));
	if (o->json)
		count = print_json(q, columns, n, out);
	else if (o->csv)
		count = print_csv(q, columns, n, out);
	else
		count = print_text(q, columns, n, out);
	if (rows)
		*rows = count;
	free(columns);
	return STATUS_OK;
}

enum status output_open(FILE **out, const struct options *o)
{
	*out = stdout;
	if (!o->output || !strcmp(o->output, "-"))
		return STATUS_OK;
	*out = fopen(o->output, o->force ? "w" : "wx");
	if (*out)
		return STATUS_OK;
	if (errno == EEXIST)
		return msg_fail(STATUS_USAGE, "output exists, use -f to overwrite: path=\"%s\"",
		                o->output);
	return msg_errno(STATUS_FAILED, "cannot write output: path=\"%s\"", o->output);
}

enum status output_close(FILE *out, const struct options *o)
{
	bool failed = fflush(out) || ferror(out);

	if (out != stdout && fclose(out))
		failed = true;
	if (failed && errno != EPIPE)
		return msg_errno(STATUS_FAILED, "cannot write output: path=\"%s\"",
		                 o->output ? o->output : "-");
	return STATUS_OK;
}

/* SPDX-License-Identifier: MIT */
/* sheet.c - the one table printer, and figures in words; see sheet.h. */
#include "sheet.h"

#include "cli/array.h"
#include "cli/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *need(void *memory)
{
	if (!memory) {
		fputs("lwview: out of memory\n", stderr);
		exit(STATUS_FAILED);
	}
	return memory;
}

void text_format(char **text, const char *format, ...)
{
	va_list ap;

	assert(!*text);
	va_start(ap, format);
	if (vasprintf(text, format, ap) < 0)
		need(NULL);
	va_end(ap);
}

/* ---- figures in words ---- */

static __attribute__((format(printf, 1, 2))) struct words words(const char *format, ...)
{
	struct words w;
	va_list ap;

	va_start(ap, format);
	vsnprintf(w.text, sizeof(w.text), format, ap);
	va_end(ap);
	return w;
}

struct words text_size(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (fabs(bytes) >= 1024 && i + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		i++;
	}
	return words("%.*f %s", i ? 2 : 0, bytes, units[i]);
}

struct words text_span(double ns)
{
	static const struct {
		double least;
		int digits;
		const char *unit;
	} forms[] = {{1e9, 3, "s"}, {1e6, 2, "ms"}, {1e3, 2, "us"}, {0, 0, "ns"}};
	size_t i = 0;

	while (fabs(ns) < forms[i].least)
		i++;
	return words("%.*f %s", forms[i].digits, forms[i].least > 0 ? ns / forms[i].least : ns,
	             forms[i].unit);
}

struct words count_text(int64_t count)
{
	const struct words digits = words("%" PRId64, count);
	struct words w = {""};
	int n = (int)strlen(digits.text), at = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0 && digits.text[i - 1] != '-')
			w.text[at++] = ' ';
		w.text[at++] = digits.text[i];
	}
	return w;
}

struct words percent_text(double ratio)
{
	return isfinite(ratio) ? words("%.1f %%", 100 * ratio) : words("-");
}

struct words unit_text(enum unit unit, double value)
{
	switch (unit) {
	case UNIT_BYTES:
		return text_size(value);
	case UNIT_NS:
		return text_span(value);
	case UNIT_RATIO:
		return percent_text(value);
	case UNIT_COUNT:
		return count_text((int64_t)value);
	case UNIT_TIMES:
		return words("%.3f", value);
	case UNIT_HEX:
	case UNIT_NONE:
		break;
	}
	return words("%.6g", value);
}

struct words short_size(double bytes)
{
	struct words w = text_size(bytes);
	char *unit = strchr(w.text, ' '), *end = unit;

	if (!memchr(w.text, '.', (size_t)(unit - w.text)))
		return w;
	while (end[-1] == '0')
		end--;
	end -= end[-1] == '.';
	memmove(end, unit, strlen(unit) + 1);
	return w;
}

struct words latency_text(int64_t ns, int64_t clock_cost)
{
	return ns >= clock_cost ? text_span((double)ns) : words("< %" PRId64 " ns", clock_cost);
}

/* ---- columns ---- */

/* "_n" is a mark of queries alone, the others are part of the name. */
static const struct {
	const char *end;
	enum unit unit;
} endings[] = {
	{"_bytes", UNIT_BYTES}, {"_ns", UNIT_NS},       {"_ratio", UNIT_RATIO},
	{"_times", UNIT_TIMES}, {"_address", UNIT_HEX}, {"_n", UNIT_COUNT},
};

/* The unit that a name ends with; *length: of the name without it. */
static enum unit name_unit(const char *name, size_t *length)
{
	*length = strlen(name);
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(endings[i].end);

		if (!strcmp(name, endings[i].end + 1))
			return endings[i].unit;
		if (*length > n && !strcmp(name + *length - n, endings[i].end)) {
			*length -= n;
			return endings[i].unit;
		}
	}
	return UNIT_NONE;
}

static struct sheet_column *column_add(struct sheet *t, char *heading, char *key, enum unit unit)
{
	if (!array_more(t->column, (size_t)t->columns))
		need(NULL);
	t->column[t->columns] = (struct sheet_column){.heading = heading, .key = key, .unit = unit};
	for (char *c = key; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
			*c = '_';
	return &t->column[t->columns++];
}

void sheet_init(struct sheet *t, const char *columns)
{
	const char *at = columns, *end, *key;
	struct sheet_column *column;

	*t = (struct sheet){0};
	for (; *at; at = *end ? end + 1 : end) {
		char mark = *at++;

		assert(mark == '<' || mark == '>' || mark == '.');
		end = strchrnul(at, '|');
		key = memchr(at, '=', (size_t)(end - at));
		column = column_add(
			t, need(strndup(at, (size_t)((key ? key : end) - at))),
			need(strndup(key ? key + 1 : at, (size_t)(end - (key ? key + 1 : at)))),
			UNIT_NONE);
		column->right = mark == '>';
		column->hidden = mark == '.';
	}
}

/* The heading is the name less its unit, unless another column has that name already. */
static void column_of_query(struct sheet *t, const char *name)
{
	size_t length;
	enum unit unit = name_unit(name, &length);
	struct sheet_column *column;
	char *heading = need(strndup(name, length));

	for (int i = 0; i < t->columns; i++)
		if (!strcmp(t->column[i].heading, heading)) {
			free(heading);
			heading = need(strdup(name));
			break;
		}
	column = column_add(t, heading,
	                    need(unit == UNIT_COUNT ? strndup(name, length) : strdup(name)), unit);
	column->right = unit != UNIT_NONE;
}

/* ---- cells ---- */

static void cell_add(struct sheet *t, struct sheet_cell cell)
{
	if (!array_more(t->cell, t->count))
		need(NULL);
	t->cell[t->count++] = cell;
}

void sheet_none(struct sheet *t)
{
	cell_add(t, (struct sheet_cell){.kind = CELL_NONE});
}

char **sheet_new_text(struct sheet *t)
{
	cell_add(t, (struct sheet_cell){.kind = CELL_TEXT});
	return &t->cell[t->count - 1].text;
}

char **sheet_last_words(struct sheet *t)
{
	assert(t->count);
	return &t->cell[t->count - 1].words;
}

void sheet_number(struct sheet *t, enum unit unit, int64_t value)
{
	cell_add(t, (struct sheet_cell){.kind = CELL_INTEGER, .unit = unit, .integer = value});
}

void sheet_latency(struct sheet *t, int64_t ns, int64_t clock_cost)
{
	sheet_number(t, UNIT_NS, ns);
	if (ns < clock_cost)
		sheet_words(t, "%s", latency_text(ns, clock_cost).text);
}

void sheet_value(struct sheet *t, enum unit unit, double value)
{
	if (!isfinite(value))
		sheet_none(t);
	else if (unit == UNIT_BYTES || unit == UNIT_COUNT || unit == UNIT_NS)
		sheet_number(t, unit, (int64_t)value);
	else
		cell_add(t, (struct sheet_cell){.kind = CELL_REAL, .unit = unit, .real = value});
}

void sheet_field(struct sheet *t, enum unit unit, struct query *q, int column)
{
	if (db_is_null(q, column))
		sheet_none(t);
	else if (!db_is_number(q, column))
		sheet_text(t, "%s", db_text(q, column));
	else if (db_is_real(q, column))
		cell_add(t, (struct sheet_cell){
				    .kind = CELL_REAL, .unit = unit, .real = db_real(q, column)});
	else
		sheet_number(t, unit, db_int(q, column));
}

static void cells_forget(struct sheet *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->cell[i].text);
		free(t->cell[i].words);
	}
	t->count = 0;
}

void sheet_release(struct sheet *t)
{
	cells_forget(t);
	for (int i = 0; i < t->columns; i++) {
		free(t->column[i].heading);
		free(t->column[i].key);
	}
	free(t->column);
	free(t->cell);
	free(t->title);
	free(t->note);
	*t = (struct sheet){0};
}

size_t sheet_rows(const struct sheet *t)
{
	assert(!t->columns || t->count % (size_t)t->columns == 0); /* every row is complete */
	return t->columns ? t->count / (size_t)t->columns : 0;
}

static const struct sheet_cell *cell_at(const struct sheet *t, size_t row, int column)
{
	return &t->cell[row * (size_t)t->columns + (size_t)column];
}

/* ---- queries ---- */

static void columns_of_query(struct sheet *t, struct query *q)
{
	*t = (struct sheet){0};
	for (int i = 0; i < db_column_count(q); i++)
		column_of_query(t, db_column_name(q, i));
}

static void row_of_query(struct sheet *t, struct query *q)
{
	for (int i = 0; i < t->columns; i++) {
		sheet_field(t, t->column[i].unit, q, i);
		t->column[i].right |= db_is_number(q, i);
	}
}

void sheet_query(struct sheet *t, struct query *q)
{
	columns_of_query(t, q);
	while (db_step(q))
		row_of_query(t, q);
}

/* ---- text ---- */

/* A sheet of one row, a column a row; what is not defined is left out. */
static struct sheet turned(const struct sheet *t)
{
	struct sheet copy;
	char columns[64];

	assert(sheet_rows(t) <= 1);
	snprintf(columns, sizeof(columns), "<%s|>value", t->turned);
	sheet_init(&copy, columns);
	copy.title = t->title ? need(strdup(t->title)) : NULL;
	copy.note = t->note ? need(strdup(t->note)) : NULL;
	for (int i = 0; i < t->columns && sheet_rows(t); i++) {
		struct sheet_cell cell = t->cell[i];

		if (cell.kind == CELL_NONE || t->column[i].hidden)
			continue;
		sheet_text(&copy, "%s", t->column[i].heading);
		cell.text = cell.text ? need(strdup(cell.text)) : NULL;
		cell.words = cell.words ? need(strdup(cell.words)) : NULL;
		cell_add(&copy, cell);
	}
	return copy;
}

/* A cell in words; `w` has room for a number. */
static const char *cell_text(const struct sheet_cell *cell, struct words *w)
{
	if (cell->words)
		return cell->words;
	if (cell->kind == CELL_NONE)
		return "-";
	if (cell->kind == CELL_TEXT)
		return cell->text;
	if (cell->kind == CELL_REAL)
		*w = unit_text(cell->unit, cell->real);
	else if (cell->unit == UNIT_NONE)
		*w = words("%" PRId64, cell->integer);
	else if (cell->unit == UNIT_HEX)
		*w = words("0x%" PRIx64, (uint64_t)cell->integer);
	else
		*w = unit_text(cell->unit, (double)cell->integer);
	return w->text;
}

/* Columns a text takes on a terminal: its UTF-8 characters; we print no wide ones. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static int last_shown(const struct sheet *t)
{
	int last = t->columns - 1;

	while (last > 0 && t->column[last].hidden)
		last--;
	return last;
}

/* Control characters of a hostile name must not reach the terminal. */
static void scrubbed(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

static void field_print(const struct sheet *t, int i, const char *text, int width, FILE *out)
{
	int pad = width - text_width(text);
	bool last = i == last_shown(t);

	if (t->column[i].right)
		fprintf(out, "%*s", pad, "");
	scrubbed(text, out);
	if (!t->column[i].right && !last)
		fprintf(out, "%*s", pad, "");
	fputs(last ? "\n" : "  ", out);
}

static void widths(const struct sheet *t, int *width)
{
	struct words w;

	for (int i = 0; i < t->columns; i++) {
		width[i] = text_width(t->column[i].heading);
		for (size_t row = 0; row < sheet_rows(t); row++) {
			int shown = text_width(cell_text(cell_at(t, row, i), &w));

			width[i] = shown > width[i] ? shown : width[i];
		}
	}
}

static void line_print(const struct sheet *t, const int *width, FILE *out)
{
	int total = -2;

	for (int i = 0; i < t->columns; i++)
		total += t->column[i].hidden ? 0 : width[i] + 2;
	while (total-- > 0)
		fputc('-', out);
	fputc('\n', out);
}

void sheet_print(const struct sheet *t, FILE *out)
{
	int *width;
	struct words w;

	if (t->turned) {
		struct sheet copy = turned(t);

		sheet_print(&copy, out);
		sheet_release(&copy);
		return;
	}
	width = need(calloc((size_t)t->columns + 1, sizeof(*width)));
	widths(t, width);
	if (t->title)
		fprintf(out, "%s\n", t->title);
	for (int i = 0; i < t->columns; i++)
		if (!t->column[i].hidden)
			field_print(t, i, t->column[i].heading, width[i], out);
	line_print(t, width, out);
	for (size_t row = 0; row < sheet_rows(t); row++)
		for (int i = 0; i < t->columns; i++)
			if (!t->column[i].hidden)
				field_print(t, i, cell_text(cell_at(t, row, i), &w), width[i], out);
	if (t->note)
		fprintf(out, "%s\n", t->note);
	free(width);
}

/* ---- HTML ---- */

/* A number as it is; a quotient to six digits, any other real so that it comes back the same. */
static void cell_raw(const struct sheet_cell *cell, FILE *out)
{
	if (cell->kind == CELL_INTEGER)
		fprintf(out, "%" PRId64, cell->integer);
	else if (cell->unit == UNIT_RATIO || cell->unit == UNIT_TIMES)
		fprintf(out, "%.6f", cell->real);
	else
		fprintf(out, "%.17g", cell->real);
}

void html_text(const char *text, FILE *out)
{
	static const char special[] = "&<>\"'";
	static const char *const names[] = {"amp", "lt", "gt", "quot", "#39"};

	for (; *text; text++) {
		const char *at = strchr(special, *text);

		if (at)
			fprintf(out, "&%s;", names[at - special]);
		else
			fputc(*text, out);
	}
}

static void html_field(const struct sheet *t, int i, const struct sheet_cell *cell, FILE *out)
{
	const char *tag = cell ? "td" : "th";
	struct words w;

	fprintf(out, "<%s%s", tag, t->column[i].right ? " class=\"r\"" : "");
	if (cell && cell->kind >= CELL_INTEGER) {
		fputs(" title=\"", out);
		cell_raw(cell, out);
		fputc('"', out);
	}
	fputc('>', out);
	html_text(cell ? cell_text(cell, &w) : t->column[i].heading, out);
	fprintf(out, "</%s>", tag);
}

void sheet_html(const struct sheet *t, const char *id, FILE *out)
{
	if (t->turned) {
		struct sheet copy = turned(t);

		sheet_html(&copy, id, out);
		sheet_release(&copy);
		return;
	}
	fprintf(out, "<div class=\"scroll\"><table id=\"%s\">\n", id);
	if (t->title) {
		fputs("<caption>", out);
		html_text(t->title, out);
		fputs("</caption>\n", out);
	}
	fputs("<thead><tr>", out);
	for (int i = 0; i < t->columns; i++)
		if (!t->column[i].hidden)
			html_field(t, i, NULL, out);
	fputs("</tr>\n</thead><tbody>\n", out);
	for (size_t row = 0; row < sheet_rows(t); row++) {
		fputs("<tr>", out);
		for (int i = 0; i < t->columns; i++)
			if (!t->column[i].hidden)
				html_field(t, i, cell_at(t, row, i), out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
	if (t->note) {
		fputs("<p class=\"note\">", out);
		html_text(t->note, out);
		fputs("</p>\n", out);
	}
}

/* ---- data ---- */

static void cell_data(const struct sheet_cell *cell, const char *none,
                      void (*string)(FILE *, const char *), FILE *out)
{
	if (cell->kind == CELL_NONE)
		fputs(none, out);
	else if (cell->kind == CELL_TEXT)
		string(out, cell->text);
	else
		cell_raw(cell, out);
}

static void json_row(const struct sheet *t, size_t row, bool first, FILE *out)
{
	for (int i = 0; i < t->columns; i++) {
		fputs(i ? ", " : first ? "\n{" : ",\n{", out);
		json_string(out, t->column[i].key);
		fputs(": ", out);
		cell_data(cell_at(t, row, i), "null", json_string, out);
	}
	fputc('}', out);
}

void sheet_json(const struct sheet *t, FILE *out)
{
	fputc('[', out);
	for (size_t row = 0; row < sheet_rows(t); row++)
		json_row(t, row, !row, out);
	fputs("\n]\n", out);
}

/* As RFC 4180 has it: quoted only where needed, quotes doubled. */
static void csv_string(FILE *out, const char *text)
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

static void csv_head(const struct sheet *t, FILE *out)
{
	for (int i = 0; i < t->columns; i++) {
		fputs(i ? "," : "", out);
		csv_string(out, t->column[i].key);
	}
	fputc('\n', out);
}

static void csv_row(const struct sheet *t, size_t row, FILE *out)
{
	for (int i = 0; i < t->columns; i++) {
		fputs(i ? "," : "", out);
		cell_data(cell_at(t, row, i), "", csv_string, out);
	}
	fputc('\n', out);
}

void sheet_csv(const struct sheet *t, FILE *out)
{
	csv_head(t, out);
	for (size_t row = 0; row < sheet_rows(t); row++)
		csv_row(t, row, out);
}

void sheet_write(const struct sheet *t, const struct options *o, FILE *out)
{
	if (o->json)
		sheet_json(t, out);
	else if (o->csv)
		sheet_csv(t, out);
	else
		sheet_print(t, out);
}

void sheet_print_query(struct query *q, const struct options *o, FILE *out)
{
	bool first = true;
	struct sheet t;

	columns_of_query(&t, q);
	if (o->json)
		fputc('[', out);
	else if (o->csv)
		csv_head(&t, out);
	for (; db_step(q); first = false) {
		row_of_query(&t, q);
		if (o->json)
			json_row(&t, 0, first, out);
		else if (o->csv)
			csv_row(&t, 0, out);
		if (o->json || o->csv)
			cells_forget(&t);
	}
	if (o->json)
		fputs("\n]\n", out);
	else if (!o->csv)
		sheet_print(&t, out);
	sheet_release(&t);
}

/* ---- where it goes ---- */

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

enum status output_close(FILE *out, const struct options *o, enum status status)
{
	bool failed = fflush(out) || ferror(out);

	if (out != stdout && fclose(out))
		failed = true;
	if (!status && failed && errno != EPIPE)
		return msg_errno(STATUS_FAILED, "cannot write output: path=\"%s\"",
		                 o->output ? o->output : "-");
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * sheet.c - tables as text and as HTML; figures in words.
 */
#include "sheet.h"
#include "cli/json.h"
#include "table.h"
#include "viewer/draw/html.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
	if (!memory) {
		fputs("lwview: out of memory\n", stderr);
		exit(4);
	}
	return memory;
}

static char *format_text(const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	return need(text);
}

/* Takes both over. */
static void cell_add(struct sheet *t, char *text, char *raw)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cell = need(realloc(t->cell, t->room * sizeof(*t->cell)));
	}
	t->cell[t->count++] = (struct sheet_cell){text, raw};
}

static char *print_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print_text(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = format_text(format, ap);
	va_end(ap);
	return text;
}

void sheet_init(struct sheet *t, const char *columns)
{
	const char *at = columns, *end;

	*t = (struct sheet){.align = need(calloc(1, strlen(columns) + 1))};
	for (; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '|');
		t->align[t->columns++] = *at == '>' ? 'r' : 'l';
		cell_add(t, need(strndup(at + 1, (size_t)(end - at - 1))), NULL);
	}
}

void sheet_title(struct sheet *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	t->title = format_text(format, ap);
	va_end(ap);
}

void sheet_note(struct sheet *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	t->note = format_text(format, ap);
	va_end(ap);
}

void sheet_text(struct sheet *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	cell_add(t, format_text(format, ap), NULL);
	va_end(ap);
}

static void number_add(struct sheet *t, const char *text, int64_t value)
{
	cell_add(t, need(strdup(text)), print_text("%" PRId64, value));
}

void sheet_integer(struct sheet *t, int64_t value)
{
	char text[FIGURE_MAX];

	snprintf(text, sizeof(text), "%" PRId64, value);
	number_add(t, text, value);
}

void sheet_bytes(struct sheet *t, int64_t bytes)
{
	char text[FIGURE_MAX];

	number_add(t, text_size(text, sizeof(text), (double)bytes), bytes);
}

void sheet_count(struct sheet *t, int64_t count)
{
	char text[FIGURE_MAX];

	number_add(t, count_text(text, count), count);
}

void sheet_span(struct sheet *t, int64_t ns)
{
	char text[FIGURE_MAX];

	number_add(t, text_span(text, sizeof(text), (double)ns), ns);
}

void sheet_latency(struct sheet *t, int64_t ns, int64_t clock_cost)
{
	char text[FIGURE_MAX];

	number_add(t, latency_text(text, ns, clock_cost), ns);
}

void sheet_ratio(struct sheet *t, double ratio)
{
	char text[FIGURE_MAX];

	cell_add(t, need(strdup(percent_text(text, ratio))),
	         isfinite(ratio) ? print_text("%.6f", ratio) : need(strdup("null")));
}

void sheet_release(struct sheet *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		free(t->cell[i].text);
		free(t->cell[i].raw);
	}
	free(t->cell);
	free(t->align);
	free(t->title);
	free(t->note);
	*t = (struct sheet){0};
}

static size_t sheet_rows(const struct sheet *t)
{
	return t->count / (size_t)t->columns;
}

static const struct sheet_cell *cell_at(const struct sheet *t, size_t row, int column)
{
	return &t->cell[row * (size_t)t->columns + (size_t)column];
}

/* Columns a text takes on a terminal: its UTF-8 characters; we print no wide ones. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void row_print(const struct sheet *t, size_t row, const int *width, FILE *out)
{
	int i;

	for (i = 0; i < t->columns; i++) {
		int pad = width[i] - text_width(cell_at(t, row, i)->text);

		if (t->align[i] == 'r')
			fprintf(out, "%*s%s", pad, "", cell_at(t, row, i)->text);
		else
			fprintf(out, "%s%*s", cell_at(t, row, i)->text,
			        i + 1 < t->columns ? pad : 0, "");
		fputs(i + 1 < t->columns ? "  " : "\n", out);
	}
}

void sheet_print(const struct sheet *t, FILE *out)
{
	int width[t->columns], total = -2, i;
	size_t row, rows = sheet_rows(t);

	memset(width, 0, sizeof(width));
	for (row = 0; row < rows; row++)
		for (i = 0; i < t->columns; i++) {
			int w = text_width(cell_at(t, row, i)->text);

			width[i] = w > width[i] ? w : width[i];
		}
	for (i = 0; i < t->columns; i++)
		total += width[i] + 2;
	if (t->title)
		fprintf(out, "%s\n", t->title);
	for (row = 0; row < rows; row++) {
		row_print(t, row, width, out);
		for (i = 0; row == 0 && i < total; i++)
			fputc('-', out);
		if (row == 0)
			fputc('\n', out);
	}
	if (t->note)
		fprintf(out, "%s\n", t->note);
}

static void html_row(const struct sheet *t, size_t row, FILE *out)
{
	const char *tag = row ? "td" : "th";
	int i;

	fputs("<tr>", out);
	for (i = 0; i < t->columns; i++) {
		fprintf(out, "<%s%s", tag, t->align[i] == 'r' ? " class=\"r\"" : "");
		if (row && cell_at(t, row, i)->raw)
			fprintf(out, " title=\"%s\"", cell_at(t, row, i)->raw);
		fputc('>', out);
		html_text(cell_at(t, row, i)->text, out);
		fprintf(out, "</%s>", tag);
	}
	fputs("</tr>\n", out);
}

void sheet_html(const struct sheet *t, const char *id, FILE *out)
{
	size_t row, rows = sheet_rows(t);

	fprintf(out, "<div class=\"scroll\"><table id=\"%s\">\n", id);
	if (t->title) {
		fputs("<caption>", out);
		html_text(t->title, out);
		fputs("</caption>\n", out);
	}
	fputs("<thead>", out);
	html_row(t, 0, out);
	fputs("</thead><tbody>\n", out);
	for (row = 1; row < rows; row++)
		html_row(t, row, out);
	fputs("</tbody></table></div>\n", out);
	if (t->note) {
		fputs("<p class=\"note\">", out);
		html_text(t->note, out);
		fputs("</p>\n", out);
	}
}

void sheet_json(const struct sheet *t, FILE *out)
{
	size_t row;
	int i;

	fputs("[", out);
	for (row = 1; row < sheet_rows(t); row++) {
		fputs(row > 1 ? ",\n{" : "\n{", out);
		for (i = 0; i < t->columns; i++) {
			const struct sheet_cell *cell = cell_at(t, row, i);

			fputs(i ? ", " : "", out);
			json_string(out, cell_at(t, 0, i)->text);
			fputs(": ", out);
			if (cell->raw)
				fputs(cell->raw, out);
			else
				json_string(out, cell->text);
		}
		fputs("}", out);
	}
	fputs("\n]\n", out);
}

void sheet_csv(const struct sheet *t, FILE *out)
{
	size_t row;
	int i;

	for (row = 0; row < sheet_rows(t); row++)
		for (i = 0; i < t->columns; i++) {
			const struct sheet_cell *cell = cell_at(t, row, i);

			csv_string(out, cell->raw ? cell->raw : cell->text);
			fputc(i + 1 < t->columns ? ',' : '\n', out);
		}
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

/* --- figures in words ----------------------------------------------------------------------- */

char *count_text(char text[FIGURE_MAX], int64_t count)
{
	char digits[FIGURE_MAX / 2];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, count), i, at = 0;

	for (i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0 && digits[i - 1] != '-')
			text[at++] = ' ';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

char *percent_text(char text[FIGURE_MAX], double ratio)
{
	if (isfinite(ratio))
		snprintf(text, FIGURE_MAX, "%.1f %%", 100 * ratio);
	else
		snprintf(text, FIGURE_MAX, "-");
	return text;
}

char *short_size(char text[FIGURE_MAX], double bytes)
{
	char *unit, *end;

	text_size(text, FIGURE_MAX, bytes);
	unit = strchr(text, ' ');
	if (!unit || !memchr(text, '.', (size_t)(unit - text)))
		return text;
	for (end = unit; end[-1] == '0'; end--)
		;
	end -= end[-1] == '.';
	memmove(end, unit, strlen(unit) + 1);
	return text;
}

char *latency_text(char text[FIGURE_MAX], int64_t ns, int64_t clock_cost)
{
	if (ns >= clock_cost)
		return (char *)text_span(text, FIGURE_MAX, (double)ns);
	snprintf(text, FIGURE_MAX, "< %" PRId64 " ns", clock_cost);
	return text;
}

/* SPDX-License-Identifier: MIT */
/*
 * table.c - tables as text and as HTML; figures in words.
 */
#include "table.h"

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

static void cell_add(struct table *t, char *text)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cells = need(realloc(t->cells, t->room * sizeof(*t->cells)));
	}
	t->cells[t->count++] = text;
}

void table_init(struct table *t, const char *columns)
{
	const char *at = columns, *end;

	*t = (struct table){.align = need(calloc(1, strlen(columns) + 1))};
	for (; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '|');
		t->align[t->columns++] = *at == '>' ? 'r' : 'l';
		cell_add(t, need(strndup(at + 1, (size_t)(end - at - 1))));
	}
}

void table_title(struct table *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	t->title = format_text(format, ap);
	va_end(ap);
}

void table_note(struct table *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	t->note = format_text(format, ap);
	va_end(ap);
}

void table_cell(struct table *t, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	cell_add(t, format_text(format, ap));
	va_end(ap);
}

void table_release(struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->align);
	free(t->title);
	free(t->note);
	*t = (struct table){0};
}

/* Columns a text takes on a terminal: its UTF-8 characters; we print no wide ones. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void row_print(const struct table *t, size_t row, const int *width, FILE *out)
{
	char *const *cell = t->cells + row * (size_t)t->columns;
	int i;

	for (i = 0; i < t->columns; i++) {
		int pad = width[i] - text_width(cell[i]);

		if (t->align[i] == 'r')
			fprintf(out, "%*s%s", pad, "", cell[i]);
		else
			fprintf(out, "%s%*s", cell[i], i + 1 < t->columns ? pad : 0, "");
		fputs(i + 1 < t->columns ? "  " : "\n", out);
	}
}

void table_print(const struct table *t, FILE *out)
{
	int width[t->columns], total = -2, i;
	size_t row, rows = t->count / (size_t)t->columns;

	memset(width, 0, sizeof(width));
	for (row = 0; row < rows; row++)
		for (i = 0; i < t->columns; i++) {
			int w = text_width(t->cells[row * (size_t)t->columns + (size_t)i]);

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

void html_text(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void html_row(const struct table *t, size_t row, FILE *out)
{
	const char *tag = row ? "td" : "th";
	int i;

	fputs("<tr>", out);
	for (i = 0; i < t->columns; i++) {
		fprintf(out, "<%s%s>", tag, t->align[i] == 'r' ? " class=\"r\"" : "");
		html_text(t->cells[row * (size_t)t->columns + (size_t)i], out);
		fprintf(out, "</%s>", tag);
	}
	fputs("</tr>\n", out);
}

void table_html(const struct table *t, const char *id, FILE *out)
{
	size_t row, rows = t->count / (size_t)t->columns;

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

/* --- figures in words ----------------------------------------------------------------------- */

struct unit {
	double size;
	const char *name;
};

/* Three significant digits in the greatest unit that leaves at least 1 before the point. */
static char *scaled(char *text, double value, const struct unit *unit)
{
	double v, size = fabs(value);

	while (unit[1].name && size < unit->size)
		unit++;
	v = value / unit->size;
	if (unit->size == 1)
		snprintf(text, FIGURE_MAX, "%.0f %s", v, unit->name);
	else
		snprintf(text, FIGURE_MAX, "%.*f %s", fabs(v) < 9.995 ? 2 : fabs(v) < 99.95 ? 1 : 0, v,
			 unit->name);
	return text;
}

char *bytes_text(char text[FIGURE_MAX], int64_t bytes)
{
	static const struct unit units[] = {
		{1024.0 * 1024 * 1024, "GiB"}, {1024.0 * 1024, "MiB"}, {1024, "KiB"}, {1, "B"}, {0, NULL}};

	return scaled(text, (double)bytes, units);
}

char *duration_text(char text[FIGURE_MAX], int64_t ns)
{
	static const struct unit units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}, {0, NULL}};

	return scaled(text, (double)ns, units);
}

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

char *latency_text(char text[FIGURE_MAX], int64_t ns, int64_t clock_cost)
{
	if (ns >= clock_cost)
		return duration_text(text, ns);
	snprintf(text, FIGURE_MAX, "< %" PRId64 " ns", clock_cost);
	return text;
}

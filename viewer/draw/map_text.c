/* SPDX-License-Identifier: MIT */
/* map_text.c - the heap's address space as characters on a terminal. */
#include "map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Powers of two, so that a cell is a whole number of bytes. */
enum {
	COLUMNS = 64,
	ROWS = 24
};

static bool terminal_is_utf8(void)
{
	const char *locale = getenv("LC_ALL");

	if (!locale || !*locale)
		locale = getenv("LC_CTYPE");
	if (!locale || !*locale)
		locale = getenv("LANG");
	return locale && (strcasestr(locale, "UTF-8") || strcasestr(locale, "utf8"));
}

static void cell_print(unsigned char state, bool utf8, bool colour, FILE *out)
{
	const struct heap_look *look = &heap_looks[state];

	if (colour)
		fprintf(out, "\033[48;5;%dm \033[0m", look->ansi);
	else if (utf8)
		fputs(look->block, out);
	else
		fputc(look->ascii, out);
}

static void legend_print(const unsigned char *cells, size_t count, bool utf8, bool colour,
                         FILE *out)
{
	bool used[HEAP_STATES] = {false};
	int state, shown = 0, pad = 0;
	size_t i;

	for (i = 0; i < count; i++)
		used[cells[i]] = true;
	for (state = 0; state < HEAP_UNMAPPED; state++) {
		if (!used[state])
			continue;
		if (shown % 3)
			fprintf(out, "%*s", pad, "");
		else
			fputs("\n  ", out);
		shown++;
		cell_print((unsigned char)state, utf8, colour, out);
		pad = fprintf(out, " %s", heap_looks[state].name);
		pad = 30 - pad;
	}
	fputs("\n\n", out);
}

static void blank_print(const struct heap_layout *l, int row, FILE *out)
{
	const struct heap_segment *next = heap_row_segment(l, row + 1);

	if (next && next->skipped)
		fprintf(out, "%16s  %s more of the same\n", "...",
		        short_size((double)next->skipped).text);
	else
		fprintf(out, "%16s\n", "...");
}

enum status map_print(const struct viewing *v, FILE *out)
{
	const struct map *m = v->data;
	bool colour = isatty(fileno(out)) && !getenv("NO_COLOR"), utf8 = terminal_is_utf8();
	const struct heapmap *heap = &m->snapshot.heap;
	struct heap_layout l;
	unsigned char *cells = NULL;
	int row, column;

	if (!heap_layouts_fit(&l, &heap, 1, COLUMNS, ROWS) || !(cells = heapmap_cells(heap, &l))) {
		heap_layout_release(&l);
		return msg_errno(STATUS_FAILED, "cannot draw the map");
	}
	fprintf(out, "%s%s%s\n%s\n%s%sone row = %s, one cell = %s\n\n", m->who,
	        m->why[0] ? ", " : "", m->why, m->when, m->loss, m->loss[0] ? "\n" : "",
	        short_size((double)l.row_bytes).text, short_size((double)l.cell_bytes).text);
	for (row = 0; row < l.rows; row++) {
		if (heap_row_is_blank(&l, row)) {
			blank_print(&l, row, out);
			continue;
		}
		fprintf(out, "%#16" PRIx64 " |", heap_row_address(&l, row));
		for (column = 0; column < COLUMNS; column++)
			cell_print(cells[row * COLUMNS + column], utf8, colour, out);
		fputs("|\n", out);
	}
	legend_print(cells, (size_t)l.rows * COLUMNS, utf8, colour, out);
	free(cells);
	heap_layout_release(&l);
	return STATUS_OK;
}

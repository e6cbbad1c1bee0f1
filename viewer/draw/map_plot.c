/* SPDX-License-Identifier: MIT */
/* map_plot.c - the heap's address space as a picture: one heap, or two side by side. */
#include "map.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* Cells are pixels; powers of two, so that a cell is a whole number of bytes. */
enum {
	COLUMNS = 1024,
	PAIR_COLUMNS = 512,
	ROWS = 40
};

/* Of the picture, in pixels; a cell is one pixel wide. LEGEND: its first line below the map. */
enum {
	LEFT = 152,
	RIGHT = 144,
	TOP = 68,
	BOTTOM = 130,
	GAP = 280,
	PAIR_TITLE = 32,
	LEGEND = 78,
	LEGEND_COLUMNS = 4
};

/* One map within the picture; all panels share bytes per pixel. */
struct panel {
	const struct map *map;
	struct heap_layout layout;
	int left, top, height; /* pixels */
};

struct picture {
	struct panel panel[2];
	int count, columns, rows, width, height;
};

static void picture_release(struct picture *p)
{
	int i;

	for (i = 0; i < p->count; i++)
		heap_layout_release(&p->panel[i].layout);
}

static bool picture_init(struct picture *p, const void *const maps[], int count)
{
	const struct map *first = maps[0], *last = maps[count - 1];
	bool loss = first->loss[0] || last->loss[0];
	int top = TOP + (loss ? 22 : 0) + (count > 1 ? PAIR_TITLE : 0);
	const struct heapmap *heaps[2] = {NULL};
	struct heap_layout layouts[2] = {0};
	int i, row_height;
	bool ok;

	assert(count == 1 || count == 2);
	*p = (struct picture){.count = count, .columns = count > 1 ? PAIR_COLUMNS : COLUMNS};
	for (i = 0; i < count; i++)
		heaps[i] = &((const struct map *)maps[i])->snapshot.heap;
	ok = heap_layouts_fit(layouts, heaps, count, p->columns, ROWS);
	for (i = 0; i < count; i++) {
		p->panel[i] = (struct panel){.map = maps[i],
		                             .layout = layouts[i],
		                             .left = LEFT + i * (p->columns + GAP),
		                             .top = top};
		p->rows = layouts[i].rows > p->rows ? layouts[i].rows : p->rows;
	}
	row_height = p->rows <= 12 ? 24 : p->rows <= 24 ? 18 : 14;
	for (i = 0; i < count; i++)
		p->panel[i].height = p->panel[i].layout.rows * row_height;
	p->width = LEFT + count * p->columns + (count - 1) * GAP + RIGHT;
	p->height = top + p->rows * row_height + BOTTOM;
	return ok;
}

void map_plot_size(const void *const maps[], int count, int *width, int *height)
{
	struct picture p;

	picture_init(&p, maps, count);
	*width = p.width;
	*height = p.height;
	picture_release(&p);
}

static void plot_palette(struct plot *plot)
{
	int state;

	plot_command(plot, "set palette maxcolors %d defined (", HEAP_STATES);
	for (state = 0; state < HEAP_STATES; state++)
		plot_command(plot, "%s%d '%s'", state ? ", " : "", state, heap_looks[state].colour);
	plot_command(plot, ")\nset cbrange [-0.5:%d.5]\nunset colorbox\n", HEAP_STATES - 1);
}

static enum status panel_data(struct plot *plot, const struct panel *panel, int number)
{
	const struct heap_layout *l = &panel->layout;
	unsigned char *cells = heapmap_cells(&panel->map->snapshot.heap, l);
	int row, column;

	if (!cells)
		return msg_errno(STATUS_FAILED, "cannot draw the map");
	plot_command(plot, "$map%d << EOD\n", number);
	for (row = 0; row < l->rows; row++) {
		for (column = 0; column < l->columns; column++)
			fprintf(plot_script(plot), column ? " %d" : "%d",
			        cells[row * l->columns + column]);
		plot_command(plot, "\n");
	}
	plot_command(plot, "EOD\n");
	free(cells);
	return STATUS_OK;
}

/* Addresses in front of rows: of each new region, and of so many others as there is room for. */
static void panel_addresses(struct plot *plot, const struct panel *panel)
{
	const struct heap_layout *l = &panel->layout;
	int room = panel->height / 20, step = 1 + (l->rows - 1) / (room ? room : 1);
	int last = -step, row;

	plot_command(plot, "set ytics (");
	for (row = 0; row < l->rows; row++) {
		if (heap_row_is_blank(l, row) || (!heap_row_segment(l, row) && row - last < step))
			continue;
		plot_command(plot, "%s'%#" PRIx64 "' %d.5", last < 0 ? "" : ", ",
		             heap_row_address(l, row), row);
		last = row;
	}
	plot_command(plot, ")\n");
}

static void panel_offsets(struct plot *plot, const struct panel *panel)
{
	const struct heap_layout *l = &panel->layout;
	int parts = l->columns > PAIR_COLUMNS ? 8 : 4, i;

	plot_command(plot, "set xtics (");
	for (i = 0; i <= parts; i++)
		plot_command(plot, "%s'%s' %d", i ? ", " : "",
		             i ? short_size((double)l->row_bytes * i / parts).text : "0",
		             l->columns * i / parts);
	plot_command(plot, ")\n");
}

static void row_lines(struct plot *plot, const struct heap_layout *l)
{
	int row;

	for (row = 1; row < l->rows && l->rows <= 60; row++)
		plot_command(
			plot,
			"set arrow from 0,%d to %d,%d nohead front linewidth 0.8 linecolor rgb "
			"'%s'\n",
			row, l->columns, row, heap_row_segment(l, row) ? PLOT_INK : PLOT_PAPER);
}

/* Bytes of a region from its first segment on, over its breaks. */
static uint64_t region_bytes(const struct heap_layout *l, size_t i)
{
	uint64_t from = l->segment[i].address, to;

	do
		to = l->segment[i].address + l->segment[i].length;
	while (++i < l->segments && l->segment[i].skipped);
	return to - from;
}

/* What a row that begins a region begins, or what a break leaves out: to the right of it. */
static void panel_regions(struct plot *plot, const struct panel *panel)
{
	const struct heap_layout *l = &panel->layout;
	const struct heapmap *heap = &panel->map->snapshot.heap;
	int label = 1, count;
	size_t i, k;

	plot_command(plot, "unset label\nunset arrow\n");
	row_lines(plot, l);
	for (i = 0; i < l->segments; i += (size_t)count) {
		const struct heap_segment *s = &l->segment[i];
		bool brk = s->address >= heap->brk_from && s->address < heap->brk_to;
		uint64_t bytes = 0;
		struct words size;

		for (k = i; k < l->segments && l->segment[k].row == s->row; k++)
			bytes += s->skipped ? s->skipped : region_bytes(l, k);
		count = (int)(k - i);
		size = short_size((double)bytes);
		plot_command(plot, "set label %d at %d,%d.5 left textcolor rgb '" PLOT_INK "' ",
		             label++, l->columns + 8, s->skipped ? s->row - 1 : s->row);
		if (s->skipped)
			plot_command(plot, "'... %s more'\n", size.text);
		else if (count > 1)
			plot_command(plot, "'%d mapped, %s'\n", count, size.text);
		else
			plot_command(plot, "'%s %s'\n", brk ? "brk" : "mapped", size.text);
	}
}

/* Title, moment and loss above a panel, as labels, so that no line is cut at the panel's edge. */
static void panel_title(struct plot *plot, const struct picture *p, const struct panel *panel)
{
	const struct map *m = panel->map;
	const struct sample *split = &m->snapshot.heap.split;
	double y = 26 + (p->count > 1 ? PAIR_TITLE : 0);
	char first[512], second[512];

	if (p->count == 1)
		snprintf(first, sizeof(first), "Heap map of %s%s%s", m->who, m->why[0] ? ", " : "",
		         m->why);
	else
		snprintf(first, sizeof(first), "%s: %s", panel == p->panel ? "base" : "new",
		         m->who);
	snprintf(second, sizeof(second), "%s%sH %s, L %s; a row is %s, a pixel %s",
	         p->count == 1 ? m->when : "", p->count == 1 ? "; " : "",
	         text_size((double)sample_heap(split)).text, text_size((double)split->live).text,
	         short_size((double)panel->layout.row_bytes).text,
	         short_size((double)panel->layout.cell_bytes).text);
	plot_words(plot, 1000, panel->left, y, p->count == 1 ? PLOT_TITLE : PLOT_PLAIN, first);
	plot_words(plot, 1001, panel->left, y + 22, PLOT_PLAIN, second);
	if (m->loss[0])
		plot_words(plot, 1002, panel->left, y + 44, PLOT_WARNING, m->loss);
}

/* Only states that occur somewhere in the picture, with their bytes when it shows one heap. */
static void picture_legend(struct plot *plot, const struct picture *p)
{
	int64_t bytes[HEAP_STATES] = {0};
	int i, state, shown = 0;
	size_t k;

	for (i = 0; i < p->count; i++)
		for (k = 0; k < p->panel[i].map->snapshot.heap.spans; k++) {
			const struct heap_span *s = &p->panel[i].map->snapshot.heap.span[k];

			bytes[s->state] += (int64_t)s->length;
		}
	for (state = 0; state < HEAP_STATES; state++) {
		char text[128];
		int x, y;

		if (!bytes[state] && state != HEAP_UNMAPPED)
			continue;
		if (p->count == 1 && state != HEAP_UNMAPPED)
			snprintf(text, sizeof(text), "%s: %s", heap_looks[state].name,
			         text_size((double)bytes[state]).text);
		else
			snprintf(text, sizeof(text), "%s", heap_looks[state].name);
		x = LEFT + (shown % LEGEND_COLUMNS) * (p->width - LEFT) / LEGEND_COLUMNS;
		y = p->height - BOTTOM + LEGEND + 18 * (shown / LEGEND_COLUMNS);
		plot_swatch(plot, 1100 + shown, x, y, heap_looks[state].colour, text);
		shown++;
	}
}

static void panel_draw(struct plot *plot, const struct picture *p, int number)
{
	const struct panel *panel = &p->panel[number];
	panel_addresses(plot, panel);
	panel_offsets(plot, panel);
	panel_regions(plot, panel);
	panel_title(plot, p, panel);
	if (p->count > 1 && number == 0) {
		char title[300];

		snprintf(title, sizeof(title), "Two heaps at one scale, %s", panel->map->why);
		plot_words(plot, 1003, panel->left, 24, PLOT_TITLE, title);
	}
	plot_area(plot, panel->left, panel->top, p->columns, panel->height);
	plot_command(plot, "set xrange [0:%d]\nset yrange [%d:0]\n", p->columns,
	             panel->layout.rows);
	plot_command(plot, "set xlabel 'offset within the row' offset 0,0.4\n");
	plot_command(plot, "unset key\n");
	if (number == 0)
		picture_legend(plot, p);
	else
		plot_command(plot, "unset object\n");
	plot_command(plot, "plot $map%d matrix using ($1 + 0.5):($2 + 0.5):3 with image\n", number);
}

enum status map_plot(const void *const maps[], int count, struct plot *plot)
{
	enum status status = STATUS_OK;
	struct picture p;
	int i;

	if (!picture_init(&p, maps, count))
		status = msg_errno(STATUS_FAILED, "cannot draw the map");
	for (i = 0; !status && i < count; i++)
		status = panel_data(plot, &p.panel[i], i);
	if (!status) {
		plot_palette(plot);
		plot_command(plot, "set multiplot\n");
		for (i = 0; i < count; i++)
			panel_draw(plot, &p, i);
		plot_command(plot, "unset multiplot\n");
	}
	picture_release(&p);
	return status;
}

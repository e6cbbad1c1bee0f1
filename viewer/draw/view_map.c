/* SPDX-License-Identifier: MIT */
/*
 * view_map.c - the heap's address space at one moment: loaded from the database, told as a table,
 * drawn by gnuplot or on the terminal.
 */
#include "view_map.h"
#include "viewer/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a terminal's map and a picture's; powers of two, so that a cell is a whole number of bytes. */
enum {
	TEXT_COLUMNS = 64,
	TEXT_ROWS = 24,
	PLOT_COLUMNS = 1024,
	PAIR_COLUMNS = 512,
	PLOT_ROWS = 40
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

bool allocator_is_outside(const char *allocator)
{
	return strncmp(allocator, "liblw", 5) != 0;
}

/* --- loading -------------------------------------------------------------------------------- */

struct moment map_peak(struct scope *s)
{
	struct moment m = {.seq = s->facts, .time = s->finish};
	struct query *q = db_prepare(s->db, "SELECT seq, time"
	                                    "  FROM timeline"
	                                    " WHERE process = ?1 AND seq BETWEEN ?2 AND ?3"
	                                    " ORDER BY extent DESC, live DESC, seq LIMIT 1");

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, s->begin.seq);
	db_bind_int(q, 3, s->end.seq);
	if (db_step(q)) {
		m.seq = db_int(q, 0);
		m.time = db_int(q, 1);
	}
	db_finish(q);
	return m;
}

static bool room_for(void *array, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : 256;
	void *bigger;

	if (count < *room)
		return true;
	bigger = reallocarray(*(void **)array, wanted, size);
	if (!bigger)
		return false;
	*(void **)array = bigger;
	*room = wanted;
	return true;
}

static enum status load_pieces(struct scope *s, int64_t seq, const char *sql,
                               struct heap_piece **piece, size_t *count)
{
	struct query *q = db_prepare(s->db, sql);
	size_t room = 0;

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, seq);
	while (db_step(q)) {
		if (!room_for(piece, *count, &room, sizeof(**piece))) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the heap");
		}
		(*piece)[(*count)++] = (struct heap_piece){
			.address = (uint64_t)db_int(q, 0),
			.length = (uint64_t)db_int(q, 1),
			.object = (uint64_t)db_int(q, 2),
			.capacity = (uint64_t)db_int(q, 3),
			.offset = (uint64_t)db_int(q, 4),
			.is_brk = db_int(q, 5),
		};
	}
	return db_finish(q);
}

static enum status load_leaves(struct scope *s, int64_t seq, const struct options *o,
                               struct heap_input *in)
{
	struct query *q = db_prepare(
		s->db,
		"SELECT ptr - header AS address, header, usable,"
		"       coalesce(size, usable), flags & 1, 0,"
		"       (?3 < 0 OR alloc_tid = ?3) AND (?4 < 0 OR coalesce(size, usable) >= ?4)"
		"       AND (?5 < 0 OR coalesce(size, usable) <= ?5)"
		"  FROM block"
		" WHERE process = ?1 AND birth_seq <= ?2"
		"   AND (death_seq IS NULL OR death_seq > ?2)"
		" UNION ALL "
		"SELECT address, 0, length, 0, 0, 1, 1"
		"  FROM deferred"
		" WHERE process = ?1 AND begin_seq <= ?2"
		"   AND (finish_seq IS NULL OR finish_seq > ?2)"
		" ORDER BY address");
	size_t room = 0;

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, seq);
	db_bind_int(q, 3, o->thread);
	db_bind_int(q, 4, o->min_size);
	db_bind_int(q, 5, o->max_size);
	while (db_step(q)) {
		uint64_t asked = (uint64_t)db_int(q, 3);

		if (!room_for(&in->leaf, in->leaves, &room, sizeof(*in->leaf))) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the heap");
		}
		in->leaf[in->leaves++] = (struct heap_leaf){
			.address = (uint64_t)db_int(q, 0),
			.header = (uint32_t)db_int(q, 1),
			.usable = (uint64_t)db_int(q, 2),
			.asked = asked,
			.state = db_int(q, 5)    ? HEAP_DEFERRED
		                 : db_int(q, 4)  ? HEAP_TRACER
		                 : !db_int(q, 6) ? HEAP_OTHER
		                                 : heap_live_state(asked),
		};
	}
	return db_finish(q);
}

#define ALIVE                                     \
	" WHERE process = ?1 AND begin_seq <= ?2" \
	"   AND (finish_seq IS NULL OR finish_seq > ?2) ORDER BY address"

static enum status heap_load(struct heapmap *heap, struct scope *s, int64_t seq,
                             const struct options *o)
{
	struct heap_input in = {0};
	enum status status;

	status = load_pieces(s, seq,
	                     "SELECT address, length, 0, 0, 0, kind = 'brk' FROM extent" ALIVE,
	                     &in.extent, &in.extents);
	if (!status)
		status = load_pieces(
			s, seq,
			"SELECT address, bytes, object, capacity, offset, 0 FROM pool" ALIVE,
			&in.pool, &in.pools);
	if (!status)
		status = load_pieces(s, seq,
		                     "SELECT address, length, 0, 0, 0, 0 FROM returned" ALIVE,
		                     &in.returned, &in.returneds);
	if (!status)
		status = load_leaves(s, seq, o, &in);
	if (!status && !heapmap_build(heap, &in))
		status = msg_errno(STATUS_FAILED, "cannot build the map");
	free(in.extent);
	free(in.pool);
	free(in.returned);
	free(in.leaf);
	return status;
}

/* The one definition of how far a program has come; `compare` puts two heaps side by side by it. */
int64_t map_asked(struct scope *s, int64_t seq)
{
	return db_value(s->db,
	                "SELECT coalesce(sum(size), 0)"
	                "  FROM block"
	                " WHERE process = ?1 AND birth_seq BETWEEN 1 AND ?2 AND flags & 13 = 0",
	                2, (int64_t[]){s->process, seq});
}

static void map_describe(struct map *m, const struct scope *s)
{
	char span[FIGURE_MAX], fact[FIGURE_MAX], facts[FIGURE_MAX], asked[FIGURE_MAX];

	snprintf(m->who, sizeof(m->who), "%s (pid %" PRId64 ") on %s", s->name[0] ? s->name : "?",
	         s->pid, s->allocator[0] ? s->allocator : "?");
	snprintf(m->when, sizeof(m->when), "after %s, fact %s of %s, %s asked for so far",
	         text_span(span, sizeof(span), (double)(m->moment.time - s->start)),
	         count_text(fact, m->moment.seq), count_text(facts, s->last_seq),
	         text_size(asked, sizeof(asked), (double)m->asked));
	if (s->lost)
		snprintf(m->loss, sizeof(m->loss), "%s events were lost: figures are \"at least\"",
		         count_text(fact, s->lost));
	else if (!s->complete)
		snprintf(m->loss, sizeof(m->loss), "incomplete: figures are \"at least\"");
}

enum status map_load(struct map *m, struct scope *s, struct moment at, const char *why,
                     const struct options *o)
{
	enum status status;

	*m = (struct map){.moment = at, .why = why};
	m->outside = allocator_is_outside(s->allocator);
	m->asked = map_asked(s, at.seq);
	status = heap_load(&m->heap, s, at.seq, o);
	if (!status && !m->heap.split.extent)
		status = msg_fail(STATUS_INPUT,
		                  "nothing to draw, the heap is empty at that moment: path=\"%s\"",
		                  db_path(s->db));
	if (!status)
		map_describe(m, s);
	else
		map_release(m);
	return status;
}

void map_release(struct map *m)
{
	heapmap_release(&m->heap);
}

/* --- the table ------------------------------------------------------------------------------ */

static void split_row(struct sheet *t, const char *part, int64_t bytes, int64_t extent,
                      const char *meaning)
{
	sheet_text(t, "%s", part);
	sheet_bytes(t, bytes);
	sheet_integer(t, bytes);
	sheet_ratio(t, (double)bytes / (double)extent);
	sheet_text(t, "%s", meaning);
}

void map_sheet(const struct map *m, struct sheet *t)
{
	const struct sample *s = &m->heap.split;
	char largest[FIGURE_MAX], returned[FIGURE_MAX];

	sheet_init(t, "<part|>size=size_bytes|>bytes|>share=share_ratio|<what it is");
	split_row(t, "live", s->live, s->extent, "asked for by the program and not freed (L)");
	split_row(t, "slack", s->slack, s->extent, "usable beyond what was asked for");
	split_row(t, "headers", s->headers, s->extent, "the allocator's bookkeeping");
	if (s->tracer)
		split_row(t, "tracer", s->tracer, s->extent, "blocks of lttng-ust itself");
	if (m->outside) {
		split_row(t, "free", s->pool_free + s->deferred + s->bins, s->extent,
		          "free, wherever the allocator keeps it");
	} else {
		split_row(t, "pool slots", s->pool_free, s->extent, "free objects in pools");
		split_row(t, "deferred", s->deferred, s->extent, "freed, not yet merged");
		split_row(t, "bins", s->bins, s->extent, "free chunks");
	}
	split_row(t, "top", s->top, s->extent, "free, at the end of the break");
	split_row(t, "extent", s->extent, s->extent,
	          "all that came from the system; sum of the above");
	if (s->tracer)
		split_row(t, "H", s->extent - s->tracer, s->extent,
		          "extent less the tracer's blocks");
	sheet_note(t,
	           "%" PRId64 " live blocks; largest free run %s; %s of the free part returned to "
	           "the system",
	           s->blocks, text_size(largest, sizeof(largest), (double)s->largest_free),
	           text_size(returned, sizeof(returned), (double)m->heap.returned));
}

/* --- scale --------------------------------------------------------------------------------- */

static bool scale_of(const struct map *maps, int count, int columns, int rows, bool broken,
                     uint64_t *row_bytes)
{
	int i;

	*row_bytes = 0;
	for (i = 0; i < count; i++) {
		struct heap_layout l;
		bool ok = heap_layout_init(&l, &maps[i].heap, columns, rows, 0,
		                           broken ? heapmap_huge(&maps[i].heap) : 0);

		*row_bytes = l.row_bytes > *row_bytes ? l.row_bytes : *row_bytes;
		heap_layout_release(&l);
		if (!ok)
			return false;
	}
	return true;
}

/*
 * The scale is that of the map that needs the most bytes a row. Huge runs are broken where that
 * makes all else 8 times as large; heaps of a few MiB are shown as they are.
 */
static bool layouts_init(struct heap_layout *layouts, const struct map *maps, int count,
                         int columns, int rows)
{
	uint64_t whole, broken;
	bool ok = scale_of(maps, count, columns, rows, false, &whole) &&
	          scale_of(maps, count, columns, rows, true, &broken);
	bool breaks = ok && whole >= 8 * broken && whole >= 64 * 1024;
	int i;

	for (i = 0; ok && i < count; i++)
		ok = heap_layout_init(&layouts[i], &maps[i].heap, columns, rows,
		                      breaks ? broken : whole,
		                      breaks ? heapmap_huge(&maps[i].heap) : 0);
	return ok;
}

/* --- the terminal --------------------------------------------------------------------------- */

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

/* The address that stands in front of a row: that of the first byte shown in it. */
static uint64_t row_address(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = l->segments; i-- > 0;) {
		const struct heap_segment *s = &l->segment[i];

		if (s->row < row)
			return s->address + (uint64_t)(row - s->row) * l->row_bytes;
		if (s->row == row && s->column == 0)
			return s->address;
	}
	return 0;
}

/* Blank rows part regions that lie far apart. */
static bool row_is_blank(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = 0; i < l->segments; i++) {
		const struct heap_segment *s = &l->segment[i];

		if (s->row <= row && (uint64_t)(row - s->row) * l->row_bytes < s->length)
			return false;
	}
	return true;
}

/* The segment that begins with the row, NULL none. */
static const struct heap_segment *segment_at(const struct heap_layout *l, int row)
{
	size_t i;

	for (i = 0; i < l->segments; i++)
		if (l->segment[i].row == row && l->segment[i].column == 0)
			return &l->segment[i];
	return NULL;
}

static void blank_print(const struct heap_layout *l, int row, FILE *out)
{
	const struct heap_segment *next = segment_at(l, row + 1);
	char text[FIGURE_MAX];

	if (next && next->skipped)
		fprintf(out, "%16s  %s more of the same\n", "...",
		        short_size(text, (double)next->skipped));
	else
		fprintf(out, "%16s\n", "...");
}

static enum status map_print(const struct map *m, FILE *out)
{
	bool colour = isatty(fileno(out)) && !getenv("NO_COLOR"), utf8 = terminal_is_utf8();
	char row_text[FIGURE_MAX], cell_text[FIGURE_MAX];
	struct heap_layout l;
	unsigned char *cells = NULL;
	int row, column;

	if (!layouts_init(&l, m, 1, TEXT_COLUMNS, TEXT_ROWS) ||
	    !(cells = heapmap_cells(&m->heap, &l))) {
		heap_layout_release(&l);
		return msg_errno(STATUS_FAILED, "cannot draw the map");
	}
	fprintf(out, "%s%s%s\n%s\n%s%sone row = %s, one cell = %s\n\n", m->who, m->why ? ", " : "",
	        m->why ? m->why : "", m->when, m->loss, m->loss[0] ? "\n" : "",
	        short_size(row_text, (double)l.row_bytes),
	        short_size(cell_text, (double)l.cell_bytes));
	for (row = 0; row < l.rows; row++) {
		if (row_is_blank(&l, row)) {
			blank_print(&l, row, out);
			continue;
		}
		fprintf(out, "%#16" PRIx64 " |", row_address(&l, row));
		for (column = 0; column < TEXT_COLUMNS; column++)
			cell_print(cells[row * TEXT_COLUMNS + column], utf8, colour, out);
		fputs("|\n", out);
	}
	legend_print(cells, (size_t)l.rows * TEXT_COLUMNS, utf8, colour, out);
	free(cells);
	heap_layout_release(&l);
	return STATUS_OK;
}

/* --- the picture ---------------------------------------------------------------------------- */

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

static bool picture_init(struct picture *p, const struct map *maps, int count)
{
	bool loss = maps[0].loss[0] || maps[count - 1].loss[0];
	int top = TOP + (loss ? 22 : 0) + (count > 1 ? PAIR_TITLE : 0);
	struct heap_layout layouts[2] = {0};
	int i, row_height;
	bool ok;

	*p = (struct picture){.count = count, .columns = count > 1 ? PAIR_COLUMNS : PLOT_COLUMNS};
	ok = layouts_init(layouts, maps, count, p->columns, PLOT_ROWS);
	for (i = 0; i < count; i++) {
		p->panel[i] = (struct panel){.map = &maps[i],
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

void map_size(const struct map *maps, int count, int *width, int *height)
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
	unsigned char *cells = heapmap_cells(&panel->map->heap, l);
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
		if (row_is_blank(l, row) || (!segment_at(l, row) && row - last < step))
			continue;
		plot_command(plot, "%s'%#" PRIx64 "' %d.5", last < 0 ? "" : ", ",
		             row_address(l, row), row);
		last = row;
	}
	plot_command(plot, ")\n");
}

static void panel_offsets(struct plot *plot, const struct panel *panel)
{
	const struct heap_layout *l = &panel->layout;
	int parts = l->columns > PAIR_COLUMNS ? 8 : 4, i;
	char text[FIGURE_MAX];

	plot_command(plot, "set xtics (");
	for (i = 0; i <= parts; i++)
		plot_command(plot, "%s'%s' %d", i ? ", " : "",
		             i ? short_size(text, (double)l->row_bytes * i / parts) : "0",
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
			row, l->columns, row, segment_at(l, row) ? PLOT_INK : PLOT_PAPER);
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
	const struct heapmap *heap = &panel->map->heap;
	int label = 1, count;
	size_t i, k;

	plot_command(plot, "unset label\nunset arrow\n");
	row_lines(plot, l);
	for (i = 0; i < l->segments; i += (size_t)count) {
		const struct heap_segment *s = &l->segment[i];
		bool brk = s->address >= heap->brk_from && s->address < heap->brk_to;
		uint64_t bytes = 0;
		char text[FIGURE_MAX];

		for (k = i; k < l->segments && l->segment[k].row == s->row; k++)
			bytes += s->skipped ? s->skipped : region_bytes(l, k);
		count = (int)(k - i);
		short_size(text, (double)bytes);
		plot_command(plot, "set label %d at %d,%d.5 left textcolor rgb '" PLOT_INK "' ",
		             label++, l->columns + 8, s->skipped ? s->row - 1 : s->row);
		if (s->skipped)
			plot_command(plot, "'... %s more'\n", text);
		else if (count > 1)
			plot_command(plot, "'%d mapped, %s'\n", count, text);
		else
			plot_command(plot, "'%s %s'\n", brk ? "brk" : "mapped", text);
	}
}

/* Title, moment and loss above a panel, as labels, so that no line is cut at the panel's edge. */
static void panel_title(struct plot *plot, const struct picture *p, const struct panel *panel)
{
	const struct map *m = panel->map;
	char first[512], second[512], row[FIGURE_MAX], cell[FIGURE_MAX], heap[FIGURE_MAX];
	char live[FIGURE_MAX];
	double y = 26 + (p->count > 1 ? PAIR_TITLE : 0);

	text_size(heap, sizeof(heap), (double)(m->heap.split.extent - m->heap.split.tracer));
	text_size(live, sizeof(live), (double)m->heap.split.live);
	short_size(row, (double)panel->layout.row_bytes);
	short_size(cell, (double)panel->layout.cell_bytes);
	if (p->count == 1) {
		snprintf(first, sizeof(first), "Heap map of %s%s%s", m->who, m->why ? ", " : "",
		         m->why ? m->why : "");
		snprintf(second, sizeof(second), "%s; H %s, L %s; a row is %s, a pixel %s", m->when,
		         heap, live, row, cell);
	} else {
		snprintf(first, sizeof(first), "%s: %s", panel == p->panel ? "base" : "new",
		         m->who);
		snprintf(second, sizeof(second), "H %s, L %s; a row is %s, a pixel %s", heap, live,
		         row, cell);
	}
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
		for (k = 0; k < p->panel[i].map->heap.spans; k++) {
			const struct heap_span *s = &p->panel[i].map->heap.span[k];

			bytes[s->state] += (int64_t)s->length;
		}
	for (state = 0; state < HEAP_STATES; state++) {
		char size[FIGURE_MAX] = "", text[128];

		if (!bytes[state] && state != HEAP_UNMAPPED)
			continue;
		if (p->count == 1 && state != HEAP_UNMAPPED)
			text_size(size, sizeof(size), (double)bytes[state]);
		snprintf(text, sizeof(text), "%s%s%s", heap_looks[state].name, size[0] ? ": " : "",
		         size);
		plot_swatch(plot, 1100 + shown,
		            LEFT + (shown % LEGEND_COLUMNS) * (p->width - LEFT) / LEGEND_COLUMNS,
		            p->height - BOTTOM + LEGEND + 18.0 * (shown / LEGEND_COLUMNS),
		            heap_looks[state].colour, text);
		shown++;
	}
}

static void panel_draw(struct plot *plot, const struct picture *p, int number, const char *where)
{
	const struct panel *panel = &p->panel[number];
	panel_addresses(plot, panel);
	panel_offsets(plot, panel);
	panel_regions(plot, panel);
	panel_title(plot, p, panel);
	if (p->count > 1 && number == 0) {
		char title[300];

		snprintf(title, sizeof(title), "Two heaps at one scale, %s", where);
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

enum status map_plot(const struct map *maps, int count, const char *where, struct plot *plot)
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
			panel_draw(plot, &p, i, where);
		plot_command(plot, "unset multiplot\n");
	}
	picture_release(&p);
	return status;
}

/* --- the command ---------------------------------------------------------------------------- */

static const char *zoom, *keep;

const struct option_row map_options[] = {
	{0, "zoom", OPTION_TEXT, &zoom, "A..B", "only the addresses from A up to B, in hex"},
	{0, "keep-script", OPTION_TEXT, &keep, "FILE", "keep the gnuplot script"},
	OPTION_END,
};

static enum status zoom_apply(struct map *m)
{
	char *rest;
	uint64_t from, to;
	size_t length;

	if (!zoom)
		return STATUS_OK;
	from = strtoull(zoom, &rest, 16);
	if (strncmp(rest, "..", 2))
		return msg_fail(STATUS_USAGE, "--zoom wants two addresses, A..B: zoom=\"%s\"",
		                zoom);
	to = strtoull(rest + 2, &rest, 16);
	if (*rest || from >= to)
		return msg_fail(STATUS_USAGE, "--zoom wants two addresses, A..B: zoom=\"%s\"",
		                zoom);
	heapmap_clip(&m->heap, from, to);
	length = strlen(m->when);
	snprintf(m->when + length, sizeof(m->when) - length,
	         "; only %#" PRIx64 "..%#" PRIx64 " is drawn", from, to);
	if (!m->heap.spans)
		return msg_fail(STATUS_USAGE,
		                "no heap at these addresses at that moment: zoom=\"%s\"", zoom);
	return STATUS_OK;
}

static enum status map_text(const struct map *m, const struct options *o)
{
	struct sheet t;
	enum status status = STATUS_OK;

	map_sheet(m, &t);
	if (!o->json && !o->csv)
		status = map_print(m, stdout);
	if (!status)
		sheet_write(&t, o, stdout);
	sheet_release(&t);
	return status;
}

static enum status map_picture(const struct map *m, const struct options *o)
{
	struct plot_spec spec = {.output = o->output, .keep = keep, .force = o->force};
	struct plot *plot;
	enum status status;

	map_size(m, 1, &spec.width, &spec.height);
	status = plot_open(&plot, &spec);
	if (status)
		return status;
	status = map_plot(m, 1, NULL, plot);
	if (status) {
		plot_abandon(plot);
		return status;
	}
	return plot_close(plot);
}

enum status command_map(const struct command *self, struct options *o)
{
	bool peak = o->at.kind == WHEN_NONE || o->at.kind == WHEN_PEAK;
	struct moment at;
	struct scope s;
	struct map m;
	enum status status;

	if (o->arg_count != 1)
		return msg_fail(STATUS_USAGE, "usage: lwview %s [OPTIONS] heap.db", self->name);
	status = scope_open(&s, o->args[0], o);
	if (status)
		return status;
	at = peak ? map_peak(&s) : scope_moment(&s, &o->at, WHEN_END);
	status = map_load(&m, &s, at,
	                  peak                     ? "at the peak of its extent"
	                  : o->at.kind == WHEN_END ? "at the end"
	                                           : NULL,
	                  o);
	if (!status) {
		status = zoom_apply(&m);
		if (!status)
			status = o->output ? map_picture(&m, o) : map_text(&m, o);
		map_release(&m);
	}
	scope_close(&s);
	return status;
}

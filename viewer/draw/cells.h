/* SPDX-License-Identifier: MIT */
/*
 * cells.h - a heap's spans, placed in rows and made into cells of one state each. Pure functions.
 *
 *	spans -> layout: segments placed in rows of equal bytes
 *	spans + layout -> cells, one state each
 *
 * How a cell gets its state: bytes of each state are carried along the row as a credit; a cell
 * takes the state with the greatest credit and pays for itself with it. So the area of a colour is
 * right to within one cell a segment, and a hole smaller than a cell is not lost among its
 * neighbours, as it would be by majority.
 */
#ifndef LWVIEW_CELLS_H
#define LWVIEW_CELLS_H

#include "viewer/ask/heapmap.h"

struct heap_look {
	const char *name;
	const char *colour; /* told apart with any kind of colour blindness */
	const char *block;  /* on a UTF-8 terminal */
	char ascii;         /* on any other */
	int ansi;           /* xterm's 256 colours */
};
extern const struct heap_look heap_looks[HEAP_STATES];

/* A stretch of addresses that is shown without a break, from `column` of `row` on. */
struct heap_segment {
	uint64_t address, length;
	int row, column;
	uint64_t skipped; /* bytes of one state in front of it that are not shown, 0 none */
};

struct heap_layout {
	struct heap_segment *segment;
	size_t segments;
	uint64_t row_bytes, cell_bytes;
	int rows, columns;
};

/*
 * Picks the smallest power of two as row_bytes that needs at most max_rows, if row_bytes is 0. Of a
 * run of one state that is `huge` bytes long or longer (0: none is) only both ends are shown.
 */
bool heap_layout_init(struct heap_layout *layout, const struct heapmap *heap, int columns,
                      int max_rows, uint64_t row_bytes, uint64_t huge);

/*
 * The length from which on runs are outliers: at most 8 runs are that long, each more than 1/16 of
 * the heap, and all the others together less than that, so that they would be specks. 0: none are.
 */
uint64_t heapmap_huge(const struct heapmap *heap);

void heap_layout_release(struct heap_layout *layout);

/* Returns rows * columns states, to be freed, or NULL. */
unsigned char *heapmap_cells(const struct heapmap *heap, const struct heap_layout *layout);

/*
 * Layouts of `count` heaps at one scale, that of the heap that needs the most bytes a row. Huge
 * runs are broken where that makes all else 8 times as large; heaps of a few MiB are shown as they
 * are. The layouts are to be released even if memory ran out.
 */
bool heap_layouts_fit(struct heap_layout *layouts, const struct heapmap *const heaps[], int count,
                      int columns, int rows);

/* The address that stands in front of a row: that of the first byte shown in it. */
uint64_t heap_row_address(const struct heap_layout *layout, int row);

/* Blank rows part regions that lie far apart. */
bool heap_row_is_blank(const struct heap_layout *layout, int row);

/* The segment that begins with the row, or NULL. */
const struct heap_segment *heap_row_segment(const struct heap_layout *layout, int row);

#endif

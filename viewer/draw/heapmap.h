/* SPDX-License-Identifier: MIT */
/*
 * heapmap.h - the address space of a heap at one moment: its split, its layout, its cells.
 *
 * Pure functions: what they need comes in arrays, what they make is plain data. Nothing here knows
 * SQLite or gnuplot.
 *
 *	pieces (extents, pools, returned, blocks) -> spans, which do not overlap and cover the extent
 *	spans -> split, whose parts sum to the extent
 *	extents -> layout: segments placed in rows of equal bytes
 *	spans + layout -> cells, one state each
 *
 * How a cell gets its state: bytes of each state are carried along the row as a credit; a cell
 * takes the state with the greatest credit and pays for itself with it. So the area of a colour is
 * right to within one cell a segment, and a hole smaller than a cell is not lost among its
 * neighbours, as it would be by majority.
 */
#ifndef LWVIEW_HEAPMAP_H
#define LWVIEW_HEAPMAP_H

#include "viewer/figures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum heap_state {
	HEAP_LIVE_64,   /* live, at most 64 bytes asked for */
	HEAP_LIVE_1K,   /* live, at most 1 KiB */
	HEAP_LIVE_64K,  /* live, at most 64 KiB */
	HEAP_LIVE_BIG,  /* live, more */
	HEAP_OTHER,     /* live, but not what was asked to be shown */
	HEAP_TRACER,    /* live, of lttng-ust itself */
	HEAP_HEADER,    /* the allocator's bookkeeping outside of live chunks */
	HEAP_POOL_FREE, /* free objects in pools */
	HEAP_DEFERRED,  /* freed, not yet merged */
	HEAP_FREE,      /* free, in bins */
	HEAP_TOP,       /* the free run that ends at the break */
	HEAP_RETURNED,  /* free, pages given back, addresses kept */
	HEAP_UNMAPPED,  /* not of the heap */
	HEAP_STATES
};

struct heap_look {
	const char *name;
	const char *colour; /* told apart with any kind of colour blindness */
	const char *block;  /* on a UTF-8 terminal */
	char ascii;         /* on any other */
	int ansi;           /* xterm's 256 colours */
};
extern const struct heap_look heap_looks[HEAP_STATES];

/* Live blocks and deferred chunks. [address, address + header + usable) belongs to it. */
struct heap_leaf {
	uint64_t address, usable, asked;
	uint32_t header;
	enum heap_state state;
};

/* Extents, pools and returned ranges. */
struct heap_piece {
	uint64_t address, length;
	uint64_t object, capacity, offset; /* of a pool; capacity 0: all of it is bookkeeping */
	bool is_brk;                       /* of an extent */
};

struct heap_span {
	uint64_t address, length;
	enum heap_state state;
};

struct heap_input {
	struct heap_piece *extent, *pool, *returned; /* each by address, not overlapping */
	struct heap_leaf *leaf;                      /* by address */
	size_t extents, pools, returneds, leaves;
};

struct heapmap {
	struct heap_span *span; /* by address */
	size_t spans, room;
	struct sample split;       /* seq, time, asked and what is resident are not filled in */
	int64_t returned;          /* the part of bins and top whose pages went back */
	uint64_t brk_from, brk_to; /* all pieces of brk lie in between; 0, 0 none */
};

/* Returns false when memory ran out. Adjacent extents of `input` are joined in place. */
bool heapmap_build(struct heapmap *heap, struct heap_input *input);
void heapmap_release(struct heapmap *heap);

enum heap_state heap_live_state(uint64_t size);

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

/* What breaks leave out, all together. */
uint64_t heap_layout_skipped(const struct heap_layout *layout);
void heap_layout_release(struct heap_layout *layout);

/* Returns rows * columns states, to be freed, or NULL. */
unsigned char *heapmap_cells(const struct heapmap *heap, const struct heap_layout *layout);

/* Drops what lies outside of [from, to). The split is left as it is. */
void heapmap_clip(struct heapmap *heap, uint64_t from, uint64_t to);

#endif

/* SPDX-License-Identifier: MIT */
/* curves.h - samples through time as gnuplot draws them: axes, data, panels one below the other. */
#ifndef LWVIEW_CURVES_H
#define LWVIEW_CURVES_H

#include "plot.h"
#include "samples.h"

enum {
	CURVES_WIDTH = 1280, /* of the picture, in pixels, and its margins */
	CURVES_LEFT = 92,
	CURVES_RIGHT = 40,
	CURVES_TOP = 88,
};

/* Columns of the data block of a timeline. The split of the extent is stacked from STACK on. */
enum {
	X = 1,
	L,
	U,
	H,
	RSS,
	RESIDENT,
	INTERNAL,
	EXTERNAL,
	UTILISATION,
	STACK,
	PARTS = 8,
	EXTENT = STACK + PARTS,
	CHOSEN /* when there is a selection */
};

/* Bytes and times are written in a unit that gives short numbers; the axis names it. */
struct scale {
	double size;
	const char *unit;
};

struct frame {
	struct scale x, y;
	bool over_asked;
	double left, right; /* least and greatest x, in its unit */
};

struct curve {
	const char *name, *colour;
	int column;
	const char *style;
};

/* Writes the data blocks $t0, $t1, the axes that all have in common, and where facts are missing. */
struct frame curves_begin(struct plot *plot, const struct timeline *const t[], int count,
                          bool over_asked);

void panel_begin(struct plot *plot, double top, double height, const char *label);

/* Below the next panel. */
void panel_x_label(struct plot *plot, const struct timeline *t, const struct frame *f);

/* "L, live asked for, peak 1.5 MiB", the next `apart` pixels further; `peak` may be NULL. */
void curve_legend(struct plot *plot, const struct curve *curve, int number, double apart,
                  double top, const struct timeline_peak *peak);

/* Draws the panel. */
void curves_draw(struct plot *plot, const struct curve *curve, int count);

/* The panel of the split of the extent, from the axis upwards. */
void split_panel(struct plot *plot, const struct timeline *t, const struct frame *f, double top,
                 double height);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * plot.h - the one door to gnuplot.
 *
 * A picture is a gnuplot script that carries its own data. Whoever draws opens a plot, writes
 * commands and data blocks to it, and closes it; closing runs gnuplot and moves the finished
 * picture into place. The script can be kept and run again by hand. The same script gives the same
 * picture, byte for byte: no date, no user's ~/.gnuplot, no locale enters it.
 */
#ifndef LWVIEW_PLOT_H
#define LWVIEW_PLOT_H

#include "viewer/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Colours of text and axes: a report page replaces exactly these by the page's own. */
#define PLOT_INK   "#24292f"
#define PLOT_FAINT "#c9ced6"
#define PLOT_PAPER "#ffffff"
#define PLOT_ALARM "#c0392b"

/* Of base and of new, where two are drawn over each other. */
extern const char *const plot_pair_colours[2];

struct plot;

struct plot_spec {
	const char *output; /* x.svg, x.png, x.pdf or x.gp; NULL: see plot_close_svg() */
	const char *keep;   /* where the script is to be kept, or NULL */
	bool force;         /* existing files may be overwritten */
	int width, height;  /* of the picture, in pixels of 1/96 inch */
};

/* `path` may be NULL. */
enum status plot_refuse_existing(const char *path, bool force);

/* Returns the status after saying why. The caller closes what was opened. */
enum status plot_open(struct plot **plot, const struct plot_spec *spec);

void plot_command(struct plot *plot, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text as a gnuplot literal: nothing in it is substituted, executed or taken for markup. */
void plot_text(struct plot *plot, const char *text);

/* The script itself, for data blocks. */
FILE *plot_script(struct plot *plot);

/*
 * What every picture of lwview has, placed in pixels from the upper left corner. `number` tells
 * labels and objects apart: 1000 on are free for these, lower ones for the picture's own.
 */
enum plot_style {
	PLOT_TITLE,
	PLOT_PLAIN,
	PLOT_WARNING
};
void plot_area(struct plot *plot, double left, double top, double width, double height);
void plot_words(struct plot *plot, int number, double x, double y, enum plot_style style,
                const char *text);
void plot_swatch(struct plot *plot, int number, double x, double y, const char *colour,
                 const char *text);

/* Runs gnuplot. Frees the plot. Returns the status after saying why. */
enum status plot_close(struct plot *plot);

/* The same, but hands the picture over as an SVG text, to be freed. */
enum status plot_close_svg(struct plot *plot, char **svg);

void plot_abandon(struct plot *plot);

#endif

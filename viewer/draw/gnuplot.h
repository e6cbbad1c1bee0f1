/* SPDX-License-Identifier: MIT */
/*
 * gnuplot.h - runs gnuplot on a script and mends what it drew.
 *
 * gnuplot is a program here, not a library: it is found on PATH, started without a shell and
 * without the user's settings, and killed when it takes longer than two minutes.
 */
#ifndef LWVIEW_GNUPLOT_H
#define LWVIEW_GNUPLOT_H

#include "viewer/status.h"

#include <stdbool.h>
#include <stdio.h>

/* A kind of picture that gnuplot draws, named by the end of the file's name. */
struct gnuplot_format {
	const char *suffix;
	const char *terminal; /* with two %g for the size, in pixels or inches */
	const char *tail;     /* how a whole picture ends: gnuplot's status is 0 on a full disk */
	double pixels;        /* per unit of the size */
};

/* NULL: it ends in none of .svg, .png, .pdf. */
const struct gnuplot_format *gnuplot_format_of(const char *path);

/* A text as gnuplot's literal: nothing in it is substituted, executed or taken for markup. */
void gnuplot_quote(FILE *out, const char *text);

/* Draws the script that lies at `script` into the file `draft`; `path` is what messages name. */
enum status gnuplot_draw(const struct gnuplot_format *format, const char *script, const char *draft,
                         const char *path);

bool path_ends(const char *path, const char *suffix);

/* A whole file with a 0 behind it, to be freed; NULL: errno says why. */
char *file_read(const char *path, size_t *length);

/* Leaves no part of a file. */
enum status file_write(const char *path, const char *text, size_t length);

#endif

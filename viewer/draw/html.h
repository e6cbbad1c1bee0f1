/* SPDX-License-Identifier: MIT */
/*
 * html.h - text and gnuplot's SVG, made fit for one page.
 */
#ifndef LWVIEW_HTML_H
#define LWVIEW_HTML_H

#include "viewer/ask/sheet.h"

#include <stdio.h>

/* html_text() of what is printed. */
void html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * An SVG file as an element of the page: the ids of picture `number` are its own, text and axes
 * take the page's colours, and so follow the reader's light or dark scheme.
 */
void svg_inline(const char *svg, int number, FILE *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * html.h - text and gnuplot's SVG, made fit for one page.
 */
#ifndef LWVIEW_HTML_H
#define LWVIEW_HTML_H

#include <stdio.h>

/* The five characters that mean something in HTML are replaced. */
void html_text(const char *text, FILE *out);
void html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * An SVG file as an element of the page: the ids of picture `number` are its own, text and axes
 * take the page's colours, and so follow the reader's light or dark scheme.
 */
void svg_inline(const char *svg, int number, FILE *out);

#endif

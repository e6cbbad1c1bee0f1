/* SPDX-License-Identifier: MIT */
/*
 * page.h - one HTML page of pictures and tables.
 *
 * The page is one file: pictures are inline SVG, the style is inline, there is no script, and its
 * content security policy forbids every request. It holds no date, so the same databases give the
 * same page. Tables are filled by the functions that print them on the terminal. A page takes its
 * name only when it is whole.
 */
#ifndef LWVIEW_PAGE_H
#define LWVIEW_PAGE_H

#include "plot.h"
#include "viewer/ask/compare.h"
#include "viewer/view.h"

struct page {
	FILE *out; /* into text, length */
	char *text;
	size_t length;
	int pictures; /* so far; makes the ids of each picture its own */
};

/* The title is the heading, too. */
enum status page_begin(struct page *p, const char *title);

/* The view's picture and tables; nothing when it has nothing to show. `number`: the recording. */
enum status page_view(struct page *p, const struct viewing *v, int number);

/* One picture, of one or two. */
enum status page_figure(struct page *p, const struct view *view, const void *const data[],
                        int count, const char *id, const char *caption);

/* Prints the sheet with the id NAME-NUMBER and releases it. */
void page_sheet(struct page *p, struct sheet *t, const char *name, int number);

/* Writes the page, unless `status` says that it failed; returns the status. */
enum status page_end(struct page *p, enum status status, const char *path, bool force);

/* Draws one view, or two side by side: into the output that `o` names, or if `svg` is not NULL as a
 * text. */
enum status view_draw(const struct view *view, const void *const data[], int count,
                      const struct options *o, char **svg);

/* A scope whose --at is the point of the program and chooses no blocks. */
enum status pair_scope_open(struct scope *s, const char *path, const struct options *o);

/* The pictures of all views that have one of two, and the table of differences. */
enum status pair_section(struct page *p, const struct compare *c, const struct options *o,
                         int number);

/* html_text() of what is printed. */
void html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * gnuplot's SVG as an element of the page: the ids of picture `number` are its own, text and axes
 * take the page's colours, and so follow the reader's light or dark scheme.
 */
void svg_inline(const char *svg, int number, FILE *out);

#endif

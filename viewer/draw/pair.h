/* SPDX-License-Identifier: MIT */
/* pair.h - the pictures of views, of two recordings side by side at the same point of the program. */
#ifndef LWVIEW_PAIR_H
#define LWVIEW_PAIR_H

#include "page.h"
#include "viewer/ask/compare.h"

/* A scope whose --at is the point of the program and chooses no blocks. */
enum status pair_scope_open(struct scope *s, const char *path, const struct options *o);

/* Into spec's output. */
enum status pair_draw(const struct compare *c, const struct view *view, struct scope *base,
                      struct scope *new, const struct options *o, const struct plot_spec *spec);

/* The pictures of all views that have one of two, and the table of differences. */
enum status pair_section(struct page *p, const struct compare *c, struct scope *base,
                         struct scope *new, const struct options *o, int number);

#endif

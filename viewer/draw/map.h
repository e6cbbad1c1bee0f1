/* SPDX-License-Identifier: MIT */
/* map.h - what the view `map` is made of: loaded in map.c, drawn in map_text.c and map_plot.c. */
#ifndef LWVIEW_MAP_H
#define LWVIEW_MAP_H

#include "cells.h"
#include "plot.h"
#include "viewer/ask/snapshot.h"
#include "viewer/view.h"

struct map {
	struct snapshot snapshot;
	const char *who, *loss; /* the scope's */
	char when[256];         /* the moment, in words */
	char why[200];          /* "at the peak of its extent", or "" */
};

enum status map_print(const struct viewing *v, FILE *out);

/* One map, or two side by side at the same scale. */
void map_plot_size(const void *const maps[], int count, int *width, int *height);
enum status map_plot(const void *const maps[], int count, struct plot *plot);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * view_map.h - the heap of one process at one moment: loaded, tabled, drawn. `compare` and
 * `report` draw with the same functions as `map`.
 */
#ifndef LWVIEW_VIEW_MAP_H
#define LWVIEW_VIEW_MAP_H

#include "heapmap.h"
#include "plot.h"
#include "viewer/ask/scope.h"
#include "viewer/ask/sheet.h"

struct map {
	struct heapmap heap;
	struct moment moment;
	int64_t asked;   /* bytes, cumulative up to the moment */
	char who[160];   /* program, pid, allocator */
	char when[200];  /* the moment, in words */
	char loss[120];  /* "" or what is missing */
	const char *why; /* "at the peak of its extent", or NULL */
	bool outside;    /* the free parts are one: an allocator seen from outside */
};

/* The moment with most live bytes among those at which the extent is greatest. */
struct moment map_peak(struct scope *s);

/* Live blocks other than those of the options' thread and sizes are shown as not selected. */
enum status map_load(struct map *m, struct scope *s, struct moment at, const char *why,
                     const struct options *o);
void map_release(struct map *m);

/* The split of the extent; its rows sum to it. */
void map_sheet(const struct map *m, struct sheet *t);

/* Pixels that a picture of these maps needs. */
void map_size(const struct map *maps, int count, int *width, int *height);

/* One map, or two side by side at the same scale; `where` is the point that two have in common. */
enum status map_plot(const struct map *maps, int count, const char *where, struct plot *plot);

/* Bytes the program has asked for up to a fact: how far it has come. */
int64_t map_asked(struct scope *s, int64_t seq);

/* Is the allocator one that is traced from outside, so that its free parts are one? */
bool allocator_is_outside(const char *allocator);

#endif

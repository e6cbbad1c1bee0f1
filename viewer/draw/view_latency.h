/* SPDX-License-Identifier: MIT */
/*
 * view_latency.h - the time inside the allocator, per operation and per source or path.
 */
#ifndef LWVIEW_VIEW_LATENCY_H
#define LWVIEW_VIEW_LATENCY_H

#include "viewer/ask/histogram.h"
#include "plot.h"
#include "viewer/ask/scope.h"
#include "viewer/ask/sheet.h"

enum {
	LATENCY_OPERATIONS = 12,
	LATENCY_KINDS = 8
}; /* words 'function'; 'source' or 'path' */

struct latency {
	struct histogram *kind[LATENCY_OPERATIONS][LATENCY_KINDS]; /* NULL: no such call */
	struct histogram *all[LATENCY_OPERATIONS];
	char operation_name[LATENCY_OPERATIONS][24];
	char kind_name[LATENCY_OPERATIONS][LATENCY_KINDS][16];
	int64_t clock_cost; /* ns */
	char who[160];
	char loss[120];
};

/* Only calls of the thread, sizes and time that the options name. */
enum status latency_load(struct latency *l, struct scope *s, const struct options *o);
void latency_release(struct latency *l);

void latency_sheet(const struct latency *l, struct sheet *t);

/* One: a curve per source or path. Two: a curve per recording. */
void latency_size(const struct latency *l, int count, int *width, int *height);
void latency_plot(const struct latency *l, int count, struct plot *plot);

#endif

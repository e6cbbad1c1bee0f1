/* SPDX-License-Identifier: MIT */
/*
 * view_timeline.h - the heap through time: sizes, the split of the extent, fragmentation, and
 * what of it is resident.
 *
 * The figures, defined once (DESIGN 6); H leaves lttng-ust's own blocks out:
 *	L live bytes asked for    U live usable bytes    H extent less the tracer's bytes
 *	internal fragmentation    1 - L / U
 *	external fragmentation    1 - largest free run / free bytes
 *	utilisation               L / H
 */
#ifndef LWVIEW_VIEW_TIMELINE_H
#define LWVIEW_VIEW_TIMELINE_H

#include "plot.h"
#include "viewer/ask/scope.h"
#include "viewer/ask/sheet.h"
#include "viewer/figures.h"

struct timeline_peak {
	int64_t value, time, asked, seq;
};

struct timeline_loss {
	int64_t begin, finish, count; /* ns since the start */
};

struct timeline {
	struct sample *sample; /* times are ns since the start */
	struct timeline_loss *loss;
	size_t samples, losses;
	struct timeline_peak live, extent, rss_anon; /* over all facts, never over samples */
	int64_t duration, lost;
	int64_t skip; /* ns at the start that are not shown: the tracer set itself up, 0 none */
	bool outside;
	bool part; /* --begin or --end left some of the run out */
	char who[160];
};

/* Leaves out what lies before the program's own first call, unless --begin says where to begin. */
enum status timeline_load(struct timeline *t, struct scope *s, const struct options *o);
void timeline_release(struct timeline *t);

/* About `rows` moments, evenly spaced over time or over bytes asked for. */
void timeline_sheet(const struct timeline *t, int64_t rows, bool over_asked, struct sheet *sheet);
void timeline_peaks(const struct timeline *t, struct sheet *sheet);

void timeline_size(int count, int *width, int *height);
void timeline_plot(const struct timeline *t, int count, bool over_asked, struct plot *plot);

/* What is resident: the heap's part, the rest of the process, and the extent for comparison. */
bool timeline_has_rss(const struct timeline *t);
void rss_size(int *width, int *height);
void rss_plot(const struct timeline *t, struct plot *plot);
void rss_sheet(const struct timeline *t, int64_t rows, struct sheet *sheet);

#endif

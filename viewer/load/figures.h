/* SPDX-License-Identifier: MIT */
/*
 * figures.h - the figures of a heap over all its facts: peaks (exact) and a timeline (thinned).
 */
#ifndef LWVIEW_FIGURES_H
#define LWVIEW_FIGURES_H

#include "viewer/db.h"

#include <stdint.h>

/*
 * The state right after one fact, in the order of table `timeline`. Always:
 *	extent == live + slack + tracer + headers + pool_free + deferred + bins + top
 */
struct sample {
	int64_t seq, time;
	int64_t live, slack, tracer, headers, pool_free, deferred, bins, top;
	int64_t extent, largest_free, asked;
	int64_t rss_anon, heap_resident; /* DB_NULL before the first sample */
	int64_t blocks;
};

enum figure {
	FIGURE_LIVE,
	FIGURE_USABLE,
	FIGURE_EXTENT,
	FIGURE_HEAP,
	FIGURE_FREE,
	FIGURE_BLOCKS,
	FIGURE_EXTERNAL,
	FIGURE_WASTE,
	FIGURE_HEADERS,
	FIGURE_DEFERRED,
	FIGURE_POOL_FREE,
	FIGURE_TOP,
	FIGURE_TRACER,
	FIGURE_RSS_ANON,
	FIGURE_HEAP_RESIDENT,
	FIGURES,
};

/* Which facts of a step are kept: the extremes of these figures, and the last fact. */
enum keep {
	KEEP_LIVE_MIN,
	KEEP_LIVE_MAX,
	KEEP_EXTENT_MIN,
	KEEP_EXTENT_MAX,
	KEEP_FREE_MAX,
	KEEP_LAST,
	KEEPS
};

struct step {
	struct sample kept[KEEPS];
};

/* Steps of the timeline; when all are full, neighbours are joined: steps become twice as wide. */
#define STEPS_MAX 1024

struct figures {
	struct {
		double value;
		struct sample at;
	} peak[FIGURES];
	struct step *steps;
	uint32_t step_count, step_room;
	uint64_t step_width; /* facts in a step */
	uint64_t in_step;    /* facts in the last step so far */
	bool any;
};

void figures_init(struct figures *f);
void figures_release(struct figures *f);

/* Takes note of one more state. -1: out of memory. */
int figures_add(struct figures *f, const struct sample *s);

struct figures_tables {
	struct bulk *timeline;
	struct query *peak;
};

/* Writes timeline and peak rows of one process. */
void figures_store(struct figures *f, int64_t process, struct figures_tables *tables);

#endif

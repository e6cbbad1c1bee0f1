/* SPDX-License-Identifier: MIT */
/*
 * series.h - the figures of a heap over all its facts: peaks (exact) and a timeline (thinned).
 */
#ifndef LWVIEW_SERIES_H
#define LWVIEW_SERIES_H

#include "viewer/db.h"
#include "viewer/figures.h"

#include <stdint.h>

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

struct series {
	struct {
		double value; /* -INFINITY: was never defined */
		struct sample at;
	} peak[FIGURES];
	struct step *steps;
	uint32_t step_count;
	uint64_t step_width; /* facts in a step */
	uint64_t in_step;    /* facts in the last step so far */
};

void series_init(struct series *r);
void series_release(struct series *r);

/* Takes note of one more state. -1: out of memory. */
int series_add(struct series *r, const struct sample *s);

/* Writes timeline and peak rows of one process. -1: out of memory. */
int series_store(struct series *r, int64_t process, struct bulk *timeline, struct query *peak);

#endif

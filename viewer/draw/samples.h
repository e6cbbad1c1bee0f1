/* SPDX-License-Identifier: MIT */
/*
 * samples.h - the heap through time: what the views `timeline` and `rss` load, and how they table
 * it. The figures of a sample are defined in viewer/figures.h.
 */
#ifndef LWVIEW_SAMPLES_H
#define LWVIEW_SAMPLES_H

#include "viewer/view.h"

struct timeline_peak {
	int64_t value, time, asked, seq;
};

struct timeline_loss {
	int64_t begin, finish, count; /* ns since the start */
};

struct timeline {
	struct sample *sample; /* times are ns since the start */
	int64_t *chosen;       /* live bytes of the selection at each sample; NULL: all blocks' */
	struct timeline_loss *loss;
	size_t samples, losses;
	struct timeline_peak live, extent, rss_anon; /* over all facts; value -1 unknown */
	int64_t skip; /* ns at the start that are not shown: the tracer set itself up, 0 none */
	bool outside;
	bool part;              /* --begin or --end left some of the run out */
	const char *who, *lost; /* the scope's */
};

/* Leaves out what lies before the program's own first call, unless --begin says where to begin. */
enum status samples_load(struct viewing *v);
void samples_release(void *timeline);

/* Where a sample lies on the axis: bytes asked for so far, or ns. */
int64_t sample_x(const struct sample *s, bool over_asked);

/* --rows, and its name where it has no effect. */
extern const struct option_row samples_options[];
const char *samples_idle(enum form form);

/* Calls `row` with the index of the last sample of each of --rows equal steps that has one. */
void samples_spread(const struct timeline *t, bool over_asked,
                    void (*row)(struct sheet *, const struct timeline *, size_t),
                    struct sheet *sheet);

void samples_peaks(const struct timeline *t, struct sheet *sheet);
enum status samples_heading(const struct viewing *v, FILE *out);

#endif

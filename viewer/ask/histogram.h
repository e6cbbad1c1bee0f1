/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - counts of times in logarithmic buckets: 16 per octave, exact below 32 ns.
 *
 * A percentile is the greatest time seen in the bucket in which it falls: never too low, and too
 * high by at most 1/16. Pure functions.
 */
#ifndef LWVIEW_HISTOGRAM_H
#define LWVIEW_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS (16 * 61)

struct histogram {
	int64_t count[HISTOGRAM_BUCKETS];
	int64_t greatest[HISTOGRAM_BUCKETS]; /* of the times in the bucket */
	int64_t calls, total;                /* sums over all buckets; total in ns */
};

int bucket_of(int64_t ns);
int64_t bucket_low(int bucket); /* bucket b holds bucket_low(b) <= ns < bucket_low(b + 1) */

/* `calls` times that lie in the bucket of `low`, of which `greatest` is the greatest. */
void histogram_add(struct histogram *h, int64_t low, int64_t calls, int64_t total,
                   int64_t greatest);

/* The time that a share `p` of the calls does not exceed; 0 when there are none. */
int64_t histogram_percentile(const struct histogram *h, double p);

#endif

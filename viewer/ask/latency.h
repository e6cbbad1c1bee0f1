/* SPDX-License-Identifier: MIT */
/*
 * latency.h - the time inside the allocator: a histogram for each operation, and for each source or
 * path of an operation. A code that has no word is an operation or a kind like any other, named by
 * its number: no call is left out.
 */
#ifndef LWVIEW_LATENCY_H
#define LWVIEW_LATENCY_H

#include "scope.h"

#include <stddef.h>

#define HISTOGRAM_BUCKETS (16 * 61)

/*
 * Counts of times in logarithmic buckets: 16 per octave, exact below 32 ns. A percentile is the
 * greatest time seen in the bucket in which it falls: never too low, and too high by at most 1/16.
 */
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

/* Where an operation's memory came from or went: word 'source', or of a free 'path'. */
struct latency_kind {
	int code;
	char name[32];
	struct histogram histogram;
};

struct latency_operation {
	int code; /* word 'function' */
	char name[32];
	struct histogram all;      /* the sum of its kinds */
	struct latency_kind *kind; /* by code */
	size_t kinds;
};

struct latency {
	struct latency_operation *operation; /* by code */
	size_t operations;
	int64_t clock_cost; /* ns */
	bool part; /* counted from blocks: failed calls, which are no blocks, are not in it */
};

/* Of the calls that made or freed the selection's blocks. */
enum status latency_load(struct latency *l, struct scope *s);
void latency_release(struct latency *l);

/* The operation with this name, or NULL. */
const struct latency_operation *latency_find(const struct latency *l, const char *name);

#endif

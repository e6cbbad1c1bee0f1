/* SPDX-License-Identifier: MIT */
/*
 * latency.h - the time inside the allocator: a histogram for each operation, and for each source or
 * path of an operation. A code that has no word is an operation or a kind like any other, named by
 * its number: no call is left out.
 */
#ifndef LWVIEW_LATENCY_H
#define LWVIEW_LATENCY_H

#include "histogram.h"
#include "scope.h"

#include <stddef.h>

/* Where an operation's memory came from or went: word 'source', or of a free 'path'. */
struct latency_kind {
	int code;
	char name[32];
	struct histogram *histogram;
};

struct latency_operation {
	int code; /* word 'function' */
	char name[32];
	struct histogram *all;     /* the sum of its kinds */
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

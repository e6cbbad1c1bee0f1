/* SPDX-License-Identifier: MIT */
/*
 * calls.h - what is counted per call of one process: latency histogram, calls per function,
 * threads, call sites.
 */
#ifndef LWVIEW_CALLS_H
#define LWVIEW_CALLS_H

#include "viewer/db.h"
#include "fact.h"
#include "index.h"

#include <stdint.h>

/*
 * Sixteen buckets per octave: a percentile read from the histogram is off by 6 % at most.
 * Latencies below 16 ns have a bucket each.
 */
#define LATENCY_STEPS   16
#define LATENCY_BUCKETS (LATENCY_STEPS * 30)

struct latency_bucket {
	int64_t count, total, max;
};

struct call_count {
	int64_t count, bytes, failed, latency;
};

struct thread {
	uint64_t tid; /* first: the index's key */
	int64_t first, last, allocs, frees, bytes, latency;
	bool tracer;
};

struct calls {
	struct latency_bucket **latency[CODES]; /* by function, then source or path; NULL: none */
	struct call_count count[CODES][2];      /* by function; [1]: the tracer's own */
	struct index threads;                   /* struct thread */
	struct index sites;                     /* addresses, in order of number */
};

void calls_init(struct calls *c);
void calls_release(struct calls *c);

/* Each of the three counts one call. -1: out of memory. */
int calls_alloc(struct calls *c, const struct fact *f);
int calls_free(struct calls *c, const struct fact *f);
int calls_fail(struct calls *c, const struct fact *f);

/* The number of a call site within the process, from 1; 0: the caller was not recorded. */
#define SITE_NO_MEMORY UINT32_MAX
uint32_t calls_site(struct calls *c, uint64_t address);

void calls_store(const struct calls *c, int64_t process, struct bulk *latency, struct bulk *calls,
                 struct bulk *threads);

#endif

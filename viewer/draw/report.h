/* SPDX-License-Identifier: MIT */
/* report.h - what the parts of the report page work on: report.c, verdict.c, speed.c. */
#ifndef LWVIEW_REPORT_H
#define LWVIEW_REPORT_H

#include "page.h"

enum {
	MAX_RECORDINGS = 8
};

/* What `lwtrace stat --json` measured without tracing, of one allocator. */
struct speed {
	bool known;
	double cpu, wall; /* s, medians */
	double rss;       /* KiB */
	double faults;
	double cpu_low, cpu_high; /* s, the middle half of the runs; 0 when the file has none */
};

struct report {
	struct page page;
	const struct options *options;
	struct scope scope[MAX_RECORDINGS]; /* base, new ... */
	int count;
	struct compare compare[MAX_RECORDINGS]; /* [i]: recording 0 -> recording i */
	struct speed speed[MAX_RECORDINGS];
	bool measured; /* speed was */
};

/* Reads the output of lwtrace stat --json; `path` may be NULL. */
enum status speed_load(struct report *r, const char *path);
void speed_section(struct report *r);

/* One paragraph that says how they differ, and what the recordings lack. */
enum status verdict_section(struct report *r);

#endif

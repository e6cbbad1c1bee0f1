/* SPDX-License-Identifier: MIT */
/*
 * compare.h - the same program under two allocators: every figure as base -> new, and both heaps
 * at the same point of the program.
 *
 * The same point: right after the allocation with which the program has asked for so many bytes
 * since its start (a realloc counts its new size), or next to so many. Exact for one thread,
 * approximate for more.
 */
#ifndef LWVIEW_COMPARE_H
#define LWVIEW_COMPARE_H

#include "sheet.h"
#include "snapshot.h"
#include "viewer/figures.h"

struct comparison {
	const char *group;
	const char *name;
	const char *meaning;
	enum unit unit;
	double base, new; /* NAN: not known */
};

enum {
	COMPARE_ROWS = 64
};

struct compare {
	struct scope *scope[2]; /* base, new; the caller's */
	struct snapshot snapshot[2];
	struct comparison row[COMPARE_ROWS];
	int rows;
	int64_t point;      /* bytes asked for at the point */
	bool reached;       /* false: new never asked for so much; its end is shown */
	char where[200];    /* the point, in words */
	int64_t clock_cost; /* ns, the greater of both */
	bool part;          /* calls and latencies are those of a selection */
	bool other_program; /* the recordings are of different programs */
};

/*
 * The moment right after the allocation that brought the bytes asked for nearest to `asked`; of
 * those less than `slack` bytes away, the one with nearest to `live` live bytes.
 */
struct moment compare_moment(struct scope *s, int64_t asked, int64_t slack, int64_t live,
                             bool *reached);

/* `at`: the point in base's run; WHEN_NONE: where base's extent peaks. */
enum status compare_load(struct compare *c, struct scope *base, struct scope *new,
                         const struct when *at);
void compare_release(struct compare *c);

void compare_sheet(const struct compare *c, struct sheet *t);

/* Rows other than times that differ: times differ between any two runs. */
int compare_differences(const struct compare *c);

/* The value of a row by its name; NAN when there is none. `which`: 0 base, 1 new. */
double compare_value(const struct compare *c, const char *name, int which);

/* "+12.3 %", "no difference", "-" when base is 0 or something is unknown. */
struct words change_text(double base, double new);

#endif

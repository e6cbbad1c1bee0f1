/* SPDX-License-Identifier: MIT */
/*
 * scope.h - which process a view is about, and which of its blocks: the selection.
 *
 * Every view starts here, so that the filters mean the same everywhere:
 *
 *	struct scope s;
 *	enum status status = scope_open_selection(&s, o->args[0], o, false);
 *	...
 *	scope_close(&s);
 *
 * The process is --pid's, else the one that was recorded, else the one with most facts. The selection
 * is its blocks that were obtained from --begin to --end, or are alive at --at, by --thread, of
 * --min-size to --max-size bytes asked for, at --site. What comes after --end or --at is not known:
 * a block freed later is alive. A pool belongs to it by the time it was made, its thread and the size
 * of its objects. A filter that names what is not there, or that leaves no block, is an error.
 */
#ifndef LWVIEW_SCOPE_H
#define LWVIEW_SCOPE_H

#include "viewer/db.h"
#include "options.h"

#include <stdio.h>

/* A moment of a process: the state right after fact `seq`. */
struct moment {
	int64_t seq;
	int64_t time; /* ns, CLOCK_MONOTONIC */
};

struct scope {
	struct db *db;
	int64_t process; /* process.id */
	int64_t pid;
	char name[64];
	char allocator[32];
	int64_t start, finish; /* ns, first and last fact */
	int64_t facts;         /* events recorded */
	int64_t last_seq;      /* the state at the end is that after this fact */
	int64_t lost;
	bool complete;
	char who[160]; /* "sqlite3 (pid 4711) on liblw": the recording in the titles of pictures */
	char loss
		[120]; /* "7 events were lost: figures are "at least"", "" when nothing is missing */
	char chosen[96]; /* how the process was chosen, where one could wonder; else "" */
	/* Set by scope_select(): filters restrict the blocks; by time; by thread, size or site. */
	bool selected, window, single;
	bool moment;              /* the time is --at's */
	bool empty;               /* no block of the program is selected */
	struct moment begin, end; /* --begin, --end; the whole run by default */
	struct moment at;         /* chosen by a comparison; seq 0: it is not */
	char why[200];            /* `at` in words */
};

/* Opens the database and chooses the process and its window. */
enum status scope_open(struct scope *s, const char *path, const struct options *o);
/* The same on a database that is open already; scope_close() then closes it too. */
enum status scope_choose(struct scope *s, struct db *db, const struct options *o);
void scope_close(struct scope *s);

/*
 * Restricts what queries find to the selection: the names `block`, `thread`, `pool`, `timeline`,
 * `peak`, `latency_hist` and every view of the schema then mean the selection's; `main.block` is still
 * the whole. Without a filter nothing is changed: a query names its process. View `totals` holds the
 * sums. Of part of a run only samples are known, so its peaks are of
 * those; what is no matter of single blocks, the heap's size say, knows nothing of thread, size, site.
 */
enum status scope_select(struct scope *s, const struct options *o);
/*
 * scope_open() and scope_select(); a selection without a block is an error. With `heap`, for what shows
 * the heap too, a time in which no block was made is fine.
 */
enum status scope_open_selection(struct scope *s, const char *path, const struct options *o,
                                 bool heap);

/* Two recordings of programs that have different names are compared at one's own risk. */
bool scope_differs_in_program(const struct scope *a, const struct scope *b);

/* db_prepare() with the process as ?1. */
struct query *scope_query(struct scope *s, const char *sql);

/* A query of one value that gives a fact and its time, ?2 is `value`; `otherwise` when it gives none. */
struct moment moment_query(struct scope *s, const char *sql, int64_t value,
                           struct moment otherwise);
struct moment scope_last(const struct scope *s); /* the end of the run */

/* Resolves a moment; WHEN_NONE gives `fallback`'s meaning (WHEN_PEAK, WHEN_END ...). */
struct moment scope_moment(struct scope *s, const struct when *when, enum when_kind fallback);

/* The greatest value of a figure over all facts; NAN when it was never defined. */
double scope_peak(struct scope *s, const char *figure);

/* "sqlite3, pid 4711, liblw, 123456 facts, 0 lost": the line that heads each text output. */
void scope_describe(const struct scope *s, FILE *out);

/* Is the allocator one that is traced from outside, so that its free parts are one? */
bool scope_is_outside(const struct scope *s);

/* Its name, or words that stand for it. */
const char *scope_allocator(const struct scope *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * scope.h - which process, and which part of its run, a view is about.
 *
 * Every view starts here, so that --pid, --begin, --end and --at mean the same everywhere:
 *
 *	struct scope s;
 *	enum status status = scope_open(&s, o->args[0], o);
 *	...
 *	scope_close(&s);
 */
#ifndef LWVIEW_SCOPE_H
#define LWVIEW_SCOPE_H

#include "viewer/db.h"
#include "options.h"

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
	struct moment begin, end; /* --begin, --end; the whole run by default */
};

/* Opens the database and chooses the process: --pid, else the one with most facts. */
enum status scope_open(struct scope *s, const char *path, const struct options *o);
/* The same on a database that is open already; scope_close() then closes it too. */
enum status scope_choose(struct scope *s, struct db *db, const struct options *o);
void scope_close(struct scope *s);

/* Resolves a moment; WHEN_NONE gives `fallback`'s meaning (WHEN_PEAK, WHEN_END ...). */
struct moment scope_moment(struct scope *s, const struct when *when, enum when_kind fallback);

/* "sqlite3, pid 4711, liblw, 123456 facts, 0 lost": the line that heads each text output. */
void scope_describe(const struct scope *s, char *text, size_t size);

#endif

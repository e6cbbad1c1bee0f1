/* SPDX-License-Identifier: MIT */
/*
 * ctf.h - the one door to babeltrace2: reads one CTF trace directory, event by event.
 *
 * The caller says in a table which events and which of their fields it wants; each such event
 * comes back with these fields by position. Everything else is skipped unread.
 */
#ifndef LWVIEW_CTF_H
#define LWVIEW_CTF_H

#include "viewer/status.h"

#include <stdbool.h>
#include <stdint.h>

#define CTF_FIELDS 16

/* One event as the caller sees it; valid during the call. */
struct ctf_event {
	int tag;                      /* of its row */
	int64_t time;                 /* ns, the tracer's clock before its offset */
	uint64_t value[CTF_FIELDS];   /* integers; 0 where the trace has no such field */
	const char *text[CTF_FIELDS]; /* strings, and byte arrays as hex; else NULL */
	bool present[CTF_FIELDS];
	uint64_t vpid, vtid; /* contexts, 0: not recorded */
};

struct ctf_spec {
	const char *name;          /* "lw:alloc"; NULL ends the table */
	const char *const *fields; /* in the order of value[] and text[], CTF_FIELDS or a NULL */
	enum status (*handle)(void *arg, const struct ctf_event *event);
	int tag; /* the caller's */
};

/* What is known of a trace as a whole. */
struct ctf_trace {
	char host[64];
	char name[64];        /* program, '' unknown (per-user buffers) */
	char started[32];     /* when the process registered, '' unknown */
	uint64_t vpid;        /* 0: several processes share the trace */
	int64_t clock_offset; /* ns to add for ns since 1970 */
};

struct ctf_reader {
	const struct ctf_spec *specs;
	/* Once, before the first event. */
	enum status (*begin)(void *arg, const struct ctf_trace *trace);
	/* Events that the tracer discarded; times in ns, INT64_MIN unknown; count 0: unknown. */
	enum status (*lost)(void *arg, int64_t begin, int64_t end, int64_t count);
	/* Looked at now and then; true ends the reading without a message. */
	bool (*stop)(void *arg);
	void *arg;
	const char *name; /* of the trace in messages; it may be read from a mended copy */
};

/* Reads all of it. What was delivered before a failure stays delivered. */
enum status ctf_read(const char *directory, const struct ctf_reader *reader);

#endif

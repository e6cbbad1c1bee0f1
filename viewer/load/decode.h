/* SPDX-License-Identifier: MIT */
/*
 * decode.h - turns the events of traces into facts: who they belong to, when they take effect.
 */
#ifndef LWVIEW_DECODE_H
#define LWVIEW_DECODE_H

#include "model.h"
#include "sorter.h"

#include <stdbool.h>

/* A loaded piece of code, from the statedump: what call sites are resolved with. */
struct module {
	uint32_t origin;
	uint64_t base, size;
	char *path;
	char build_id[48]; /* hex, '' unknown */
};

/* One process of a host: a pid that was not reused. */
struct origin {
	char host[64];
	char name[64];    /* of the program, as far as known */
	char program[64]; /* as the trace says it; exec() within a second differs in it alone */
	char started[32];
	uint32_t pid;
	int64_t clock_offset;
	bool announced; /* lw:process was seen */
	int64_t facts;
};

/* What an lw:process said. */
struct announced {
	uint32_t origin;
	struct process_info info;
};

struct lost {
	uint32_t origin; /* UINT32_MAX: shared buffers, not known whose */
	int64_t begin, end, count;
};

struct decoder {
	struct sorter *sorter;
	uint64_t order;   /* of arrival, over all traces */
	int64_t only_pid; /* -1: all */
	const volatile bool *interrupted;

	struct origin *origins;
	uint32_t origin_count;
	struct announced *processes; /* one per lw:process */
	uint32_t process_count;
	struct module *modules;
	size_t module_count;
	struct lost *losses;
	size_t loss_count;
	uint64_t shown; /* `order` when progress was last shown */

	/* The trace under way */
	char host[64], name[64], started[32];
	uint64_t trace_pid; /* 0: shared buffers */
	int64_t clock_offset;
	uint32_t last_origin;
	const char *path; /* what messages call it */
	bool newer;       /* it is of a format that this program does not know */
};

void decoder_init(struct decoder *d, struct sorter *sorter);
void decoder_release(struct decoder *d);

/* Reads one trace directory into the sorter; `name` is what messages call it. */
enum status decoder_read(struct decoder *d, const char *directory, const char *name);

/* The trace just read was damaged and cut: its process has lost an unknown number of events. */
enum status decoder_damaged(struct decoder *d);

/* Tells the model who is who and what was lost; after the last trace, before the first fact. */
enum status decoder_announce(const struct decoder *d, struct model *model);

#endif

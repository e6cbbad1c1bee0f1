/* SPDX-License-Identifier: MIT */
/*
 * decode.h - turns the events of traces into facts: who they belong to, when they take effect.
 */
#ifndef LWVIEW_DECODE_H
#define LWVIEW_DECODE_H

#include "ctf.h"
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
	struct ctf_trace trace; /* exec() within a second differs in its name alone */
	char name[64];          /* of the program, as far as known */
	uint32_t pid;
	bool announced; /* lw:process was seen */
	int64_t facts;
};

struct decoder {
	struct sorter *sorter;
	uint64_t order;   /* of arrival, over all traces */
	int64_t only_pid; /* -1: all */
	const volatile bool *interrupted;

	struct origin *origins;
	uint32_t origin_count;
	struct process_info *processes; /* one per lw:process */
	uint32_t process_count;
	struct module *modules;
	size_t module_count;
	struct loss *losses;
	size_t loss_count;
	uint64_t shown; /* `order` when progress was last shown */

	/* The trace under way */
	struct ctf_trace trace;
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

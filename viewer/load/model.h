/* SPDX-License-Identifier: MIT */
/*
 * model.h - the heap, rebuilt fact by fact, and the rows that hold its history.
 *
 * Facts come in order of effect, of all processes of a recording mixed. The model keeps for each
 * process image what is live now, and writes a row when something ends: so memory follows the
 * live set, not the length of the recording. At each fact the extent splits exactly:
 *
 *	extent == live + slack + tracer + headers + pool_free + deferred + bins + top
 *
 * No single fact costs more than O(log n).
 */
#ifndef LWVIEW_MODEL_H
#define LWVIEW_MODEL_H

#include "viewer/db.h"
#include "fact.h"

#include <stdbool.h>
#include <stdint.h>

/* What lw:process says, and what the trace says around it. */
struct process_info {
	uint32_t pid, ppid;
	int forked; /* 1: a copy of the parent; 0: a fresh image; -1: not said */
	uint32_t format, page_size, header, clock_cost, allocator_version;
	int64_t start;        /* ns */
	int64_t clock_offset; /* ns */
	char allocator[32];
	char name[64];
	char host[64];
};

struct model;

enum status model_open(struct model **model, struct db *db);

/*
 * Announces an image of `origin` (a number of the caller's choosing, one per pid and host, small).
 * All are announced before the first fact. Returns the index that FACT_PROCESS carries, or -1.
 */
int model_announce(struct model *model, uint32_t origin, const struct process_info *info);

/* One fact; they must come sorted by time. */
enum status model_fact(struct model *model, const struct fact *fact);

/* After the last fact: writes what is alive. */
enum status model_finish(struct model *model);

/* Events lost by the tracer; origin UINT32_MAX: not known whose. Before model_finish(). */
void model_lost(struct model *model, uint32_t origin, int64_t begin, int64_t end, int64_t count);

/* Figures of the load as a whole, after model_finish(). */
struct model_result {
	int64_t facts, processes, violations, lost;
	char first_violation[160];
};
const struct model_result *model_result(const struct model *model);

/* Calls `visit` for each call site: what site.c resolves. */
typedef void (*site_visit)(void *arg, int64_t site, int64_t process, uint32_t origin,
                           uint64_t address);
void model_sites(const struct model *model, site_visit visit, void *arg);

void model_close(struct model *model);

#endif

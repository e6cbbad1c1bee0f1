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
	struct fact fact;     /* without effect: there was none, only origin and pid are known */
	int64_t clock_offset; /* ns */
	char allocator[32];
	char name[64];
	char host[64];
};

/* Events that the tracer lost. */
struct loss {
	uint32_t origin;    /* UINT32_MAX: shared buffers, not known whose */
	int64_t begin, end; /* ns, DB_NULL: not known */
	int64_t count;
};

struct model;

enum status model_open(struct model **model, struct db *db);

/*
 * Announces an image of an origin (a number of the caller's choosing, one per pid and host, small).
 * All are announced before the first fact. Returns the index that FACT_PROCESS carries, or -1.
 */
int model_announce(struct model *model, const struct process_info *info);

/* One fact; they must come sorted by time. */
enum status model_fact(struct model *model, const struct fact *fact);

/* After the last fact: writes what is alive. */
enum status model_finish(struct model *model);

/* Before model_finish(). */
void model_lost(struct model *model, const struct loss *loss);

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

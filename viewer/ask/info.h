/* SPDX-License-Identifier: MIT */
/*
 * info.h - what was recorded, totals, peaks, losses; the same sheets for `lwview info` and for the
 * report page, so that both say the same numbers.
 */
#ifndef LWVIEW_INFO_H
#define LWVIEW_INFO_H

#include "scope.h"
#include "sheet.h"

enum info_sheet {
	INFO_RECORDING, /* what was recorded, where, how completely */
	INFO_SELECTION, /* how much the filters leave */
	INFO_PROCESSES, /* all processes of the recording */
	INFO_CALLS,     /* calls of each function, the tracer's own apart */
	INFO_FIGURES,   /* the defined figures at the peak of live bytes and at the end */
	INFO_PEAKS,     /* the greatest value of each figure over all facts */
	INFO_END,       /* what is alive at the end: program, tracer, together */
	INFO_SHEETS,
};

/* Whether a sheet has something to say of what the scope selects. */
bool info_applies(const struct scope *s, enum info_sheet which);

/* Fills one sheet; the caller releases it. */
enum status info_sheet(struct scope *s, enum info_sheet which, struct sheet *sheet);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * repair.h - looks at a trace directory before babeltrace2 does.
 *
 * babeltrace2 2.0 refuses a whole trace for one cut stream, reads a tail of zeros as events, and
 * loops for ever on metadata shorter than its first packet. So each file is walked packet by packet
 * here, and what is damaged is cut at its last whole packet, in a copy: traces are never changed.
 */
#ifndef LWVIEW_REPAIR_H
#define LWVIEW_REPAIR_H

#include "viewer/status.h"

#include <stdint.h>

struct repair {
	char *path;      /* what to read: the directory itself, or the mended copy */
	char *copy;      /* the temporary directory, NULL: nothing was damaged */
	int64_t damaged; /* files that were */
	char what[256];  /* the first damage in words, '' none */
};

/*
 * Checks `directory`; a copy, if one is needed, goes into a new directory below `scratch`, made of
 * links to the sound files. STATUS_INPUT: cannot be mended, the sentence was said.
 */
enum status repair_trace(struct repair *r, const char *directory, const char *scratch);

/* Removes the copy. */
void repair_release(struct repair *r);

#endif

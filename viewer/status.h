/* SPDX-License-Identifier: MIT */
/* status.h - the exit statuses of lwview, which its functions return too. */
#ifndef LWVIEW_STATUS_H
#define LWVIEW_STATUS_H

#include "cli/message.h"

enum status {
	STATUS_OK = 0,
	STATUS_DIFFERENT = 1, /* `check` breached, or compare --exit-code found a difference */
	STATUS_USAGE = 2,     /* wrong usage, or the output exists without -f */
	STATUS_INPUT = 3,     /* bad input, or lossy without --allow-loss */
	STATUS_FAILED = 4,    /* a tool, the disk or memory failed */
};

#endif

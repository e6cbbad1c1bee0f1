/* SPDX-License-Identifier: MIT */
/*
 * msg.h - what lwview says to people, and the status it ends with.
 *
 * One sentence per cause, on stderr, in one form:
 *	lwview: cannot open trace: path="x": No such file or directory
 * Functions say their sentence where the cause is known and return a status; callers pass the
 * status on in silence. Only main() exits.
 */
#ifndef LWVIEW_MSG_H
#define LWVIEW_MSG_H

#include <stdbool.h>

enum status {
	STATUS_OK = 0,
	STATUS_DIFFERENT = 1, /* `check` breached, or compare --exit-code found a difference */
	STATUS_USAGE = 2,     /* wrong usage, or the output exists without -f */
	STATUS_INPUT = 3,     /* bad input, or lossy without --allow-loss */
	STATUS_FAILED = 4,    /* a tool, the disk or memory failed */
};

/* "lwview: " + text; returns `status`, so that `return msg_fail(STATUS_INPUT, ...)` reads well. */
enum status msg_fail(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with ": " and strerror(errno) at the end. */
enum status msg_errno(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A remark that changes no status. Silent after msg_quiet(true). */
void msg_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void msg_quiet(bool quiet);

/* One line that overwrites itself, only when stderr is a terminal; msg_progress(NULL) clears it. */
void msg_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

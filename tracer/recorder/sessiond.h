/*
 * sessiond.h - the session daemon: use the one that runs, else start one; the last of the lwtraces
 * that use it ends it.
 */
#ifndef LW_SESSIOND_H
#define LW_SESSIOND_H

#include "lwtrace.h"

#include <sys/types.h>

struct sessiond {
	int lock;       /* file of users, -1: none */
	pid_t started;  /* the daemon that an lwtrace started, 0: it was there before */
	char home[512]; /* LTTNG_HOME made for this run, "": none */
	char pid_file[600];
};

/* Fails when no daemon can be reached or started. */
int sessiond_open(struct sessiond *daemon);

/* Ends the daemon if an lwtrace started it and nobody else uses it. */
void sessiond_close(struct sessiond *daemon);

#endif

/*
 * deadline.h - no wait without an end.
 *
 * liblttng-ctl waits for the session daemon without a limit.  When the time is over, lwtrace says
 * what it was doing, ends the session daemon if it had started it, and ends itself with status 125.
 */
#ifndef LW_DEADLINE_H
#define LW_DEADLINE_H

#include <sys/types.h>

/* From now on WHAT ("cannot start tracing") may take SECONDS. */
void deadline_start(unsigned seconds, const char *what);
void deadline_stop(void);

/* The process to be ended when time runs out; 0: none. */
extern volatile pid_t deadline_victim;

/* ns of CLOCK_MONOTONIC. */
unsigned long long clock_now(void);

#endif

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * early.h - the early log: facts from before the provider could write.
 *
 * They are kept here, marked FLAG_EARLY, and written as soon as it can.  So no fact of a process is
 * missing, not even those from before any constructor, and each is written exactly once.
 */
#ifndef LW_EARLY_H
#define LW_EARLY_H

#include "fact.h"

#include <stdbool.h>

/* Keeps FACT; false when the log is full or closed. */
bool lw_early_hold(const struct lw_fact *fact);

/* Closes the log, so that nobody begins to write into it, and gives each fact, whole, to EACH, or
 * drops it if that is NULL. */
void lw_early_close(void (*each)(struct lw_fact *fact));

/* In the child of a fork: what it holds is the parent's. */
void lw_early_reset(void);

#endif

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * facts.h - the way of a fact from the call it happened in to the provider.
 *
 * A fact is made on the stack of the thread it happened in.  Facts that arise inside a call (the
 * break moved, a batch was merged) wait in a buffer of the thread until the call's end was read, so
 * that writing them is never counted as the allocator's time.  Before the provider can write, facts
 * are kept in the early log.
 */
#ifndef LW_FACTS_H
#define LW_FACTS_H

#include "fact.h"
#include "self.h"

#include <stdbool.h>

/* Nothing is recorded and nothing kept: calls read no clock. */
extern bool lw_idle;

/* Keeps FACT until the call under way has ended; without such a call, writes it at once. */
void lw_note(struct lw_fact *fact);

/* Writes FACT, and before (after, when FACT_FIRST) it what the call under way has noted. */
void lw_record_call(struct lw_self *self, struct lw_fact *fact, bool fact_first);

/* Instead of that, for a call that began while idle: looks whether a recording has begun. */
void lw_record_nothing(struct lw_self *self);

/* Writes FACT, which belongs to no call, now. */
void lw_record_now(struct lw_fact *fact);

/* Looks whether facts are recorded still, or may be soon. */
bool lw_facts_wanted(void);

/* Whether facts are being written now. */
bool lw_facts_written(void);

/* What the first fact of a recording says of the allocator, and what one that begins on a running
 * heap says of the heap.  Facts know nothing of allocators: whoever opens them does. */
struct lw_facts_source {
	void (*describe)(struct lw_fact_process *process);
	void (*dump)(void);
};

/* The process has begun, no later than now; any number of times. */
void lw_facts_start(void);

/* The provider is there; NULL: nothing will ever be recorded. */
void lw_facts_open(const struct lw_provider *provider, const struct lw_facts_source *source);

/* Returns the provider, or NULL as long as it is not there. */
const struct lw_provider *lw_facts_provider(void);

/* Around a fork.  The child may write only after lttng-ust has registered it anew: child_ready. */
void lw_facts_before_fork(void);
void lw_facts_after_fork_in_child(void);
void lw_facts_child_ready(void);

#endif

/* Runs inside the traced program: no allocation, no stdio. */
/* early.c - the early log; see early.h. */
#define _GNU_SOURCE
#include "early.h"
#include "raw.h"

#include <stdatomic.h>

/* Address space only: pages of the log are touched as facts come, and all go back when it is
 * closed.  The largest start-up seen, a clang with its option tables, makes 30,000 facts. */
#define FACTS  (1u << 18)
#define CLOSED (1u << 30) /* far above any index: threads may be adding one each */

/* Places below NEXT were given out; one whose kind is FACT_NONE is not filled in yet. */
static struct {
	_Atomic(struct lw_fact *) fact;
	atomic_uint next;
} early;

static struct lw_fact *facts(void)
{
	struct lw_fact *there = early.fact;
	struct lw_fact *fresh;

	if (there)
		return there;
	fresh = raw_pages(FACTS * sizeof *fresh);
	if (fresh && !atomic_compare_exchange_strong(&early.fact, &there, fresh)) {
		raw_unmap(fresh, FACTS * sizeof *fresh);
		return there;
	}
	return fresh;
}

bool lw_early_hold(const struct lw_fact *fact)
{
	struct lw_fact held = *fact, *log;
	unsigned index;

	HOLDS(fact->kind != FACT_NONE);
	if (early.next >= FACTS || !(log = facts()))
		return false;
	index = atomic_fetch_add(&early.next, 1);
	if (index >= FACTS)
		return false;
	held.kind = FACT_NONE; /* until all the rest is there */
	held.flags |= FLAG_EARLY;
	log[index] = held;
	__atomic_store_n(&log[index].kind, fact->kind, __ATOMIC_RELEASE);
	return true;
}

static void unmap(void)
{
	struct lw_fact *log = atomic_exchange(&early.fact, NULL);

	if (log)
		raw_unmap(log, FACTS * sizeof *log);
}

void lw_early_close(void (*each)(struct lw_fact *fact))
{
	unsigned count = atomic_exchange(&early.next, CLOSED);

	if (count >= CLOSED)
		count = 0;
	for (unsigned i = 0; i < count && i < FACTS; i++) {
		struct lw_fact *fact = &early.fact[i];

		/* Its thread may be writing it still. */
		while (!__atomic_load_n(&fact->kind, __ATOMIC_ACQUIRE))
			sched_yield();
		if (each)
			each(fact);
	}
	unmap();
}

void lw_early_reset(void)
{
	unmap();
	early.next = 0;
}

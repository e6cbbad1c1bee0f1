/*
 * facts.h - what the wrapper knows about one call, and where it goes.
 *
 * A fact is made on the stack of the thread it happened in, and leaves by lw_record().  Facts that
 * arise inside a call (the break moved, a batch was merged) wait in a buffer of the thread until
 * the call's end was read, so that writing them is never counted as the allocator's time.
 *
 * Before the provider can write, facts are kept in the early log; they are written with the flag
 * EARLY as soon as it can.  So no fact of a process is missing, not even those from before any
 * constructor, and each is written exactly once.
 */
#ifndef LW_FACTS_H
#define LW_FACTS_H

#include "traces/format/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* struct lw_fact_alloc, ...: what only events of that kind say. */
/* clang-format off */
#define FIELD(bits, unit, name, what) uint##bits##_t name;
#define SHARED(bits, unit, name, what)
#define SHARED_WORD(class, name, what)
#define TEXT(name, what) const char *name;
#define EVENT(KIND, name, what, fields) struct lw_fact_##name { fields };
#include "traces/format/events.h"
/* clang-format on */

/* Which of the union is valid follows from KIND. */
struct lw_fact {
	uint64_t start;   /* ns of CLOCK_MONOTONIC */
	uint32_t latency; /* ns inside the allocator */
	uint32_t tid;
	uint8_t kind, flags, function;
	union {
#define EVENT(KIND, name, what, fields) struct lw_fact_##name name;
#include "traces/format/events.h"
	};
};

_Static_assert(sizeof(struct lw_fact) <= 64, "the early log holds facts by the ten thousand");

/*
 * The provider, liblw-provider.so, as seen from here.  It is opened by dlopen from our constructor,
 * never linked: so all that lttng-ust allocates while it starts lies between two lines of ours and
 * can be told from the program's own, and its destructors run after those of the program's libraries.
 */
struct lw_provider {
	void (*open)(void (*closing)(void)); /* CLOSING is called when the process takes it down */
	bool (*enabled)(void);               /* every event of `lw` is switched on */
	bool (*any)(void);                   /* at least one is */
	void (*emit)(const struct lw_fact *fact);
	void (*before_fork)(void *sigset);
	void (*after_fork_parent)(void *sigset);
	void (*after_fork_child)(void *sigset);
	int (*close)(int fd, int (*close_fd)(int)); /* refuses lttng-ust's own descriptors */
};

struct lw_pending;

/* What a thread knows.  Zero is its valid first state: it must work before any constructor. */
struct lw_self {
	struct lw_pending *pending; /* facts of the call under way; NULL: none */
	uint64_t start;             /* of that call */
	uint32_t tid;               /* 0: not asked yet */
	uint16_t depth;             /* calls of the family under way in this thread */
	uint16_t scope;             /* > 0: what happens is lttng-ust's doing */
	uint8_t checks;             /* times the thread's name was looked at */
	uint8_t tracer;             /* the thread is one of lttng-ust's */
	uint8_t emitting;           /* inside the provider */
	uint8_t source, path;       /* said by hooks about the call under way */
};

/* Nothing is recorded and nothing kept: calls read no clock. */
extern bool lw_idle;

extern __thread struct lw_self lw_self __attribute__((tls_model("initial-exec")));

static inline uint64_t lw_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

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

/* Returns the provider, or NULL as long as it is not there. */
const struct lw_provider *lw_facts_provider(void);

/* Around what lttng-ust does in the program's threads. */
void lw_scope_enter(void);
void lw_scope_leave(void);

/* Look up the functions that ours stand in front of.  Must be done before lttng-ust is loaded: the
 * loader is locked then, until lttng-ust's threads, which call ours, have reported back. */
void lw_guard_resolve(void);
void lw_below_resolve(void);

/* Run by pthread_atfork(); clone() has to call them itself. */
void lw_facts_before_fork(void);
void lw_facts_after_fork_in_child(void);

/* The child of a fork may write only after lttng-ust has registered it anew: says so. */
void lw_facts_child_ready(void);

/* Samples the resident memory when 10 ms have passed since the last one, or the heap has grown. */
void lw_resident_tick(uint64_t now);
void lw_resident_sample(uint64_t now);

#endif

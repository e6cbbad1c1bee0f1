/* Runs inside the traced program: no allocation, no stdio. */
/* self.h - what a thread knows of itself: which call is under way, and whether it is lttng-ust's. */
#ifndef LW_SELF_H
#define LW_SELF_H

#include <stdbool.h>
#include <stdint.h>

struct lw_pending;

/* Zero is its valid first state: it must work before any constructor. */
struct lw_self {
	struct lw_pending *pending; /* facts of the call under way; NULL: none */
	uint64_t start;             /* of that call */
	uint32_t tid;               /* 0: not asked yet */
	uint16_t depth;             /* calls of the family under way in this thread */
	uint16_t scope;             /* > 0: what happens is lttng-ust's doing */
	uint8_t checks;             /* times the thread's name was looked at */
	uint8_t tracer;             /* the thread is one of lttng-ust's */
	uint8_t emitting;           /* inside the provider */
	uint8_t source, path;       /* said by hooks about the call under way, or UNSAID */
};

enum {
	UNSAID = 0xff
};

extern __thread struct lw_self lw_self __attribute__((tls_model("initial-exec")));

/* Around what lttng-ust does in the program's threads. */
void lw_scope_enter(void);
void lw_scope_leave(void);

/* Finds out who this thread is, again and again until its name is settled. */
void lw_self_identify(struct lw_self *self);

/* Facts of a thread after which its name is settled. */
enum {
	NAME_CHECKS = 16
};

/* Whether what this thread does is lttng-ust's doing. */
static inline bool lw_self_is_tracer(struct lw_self *self)
{
	if (__builtin_expect(self->checks < NAME_CHECKS, 0))
		lw_self_identify(self);
	return self->tracer || self->scope || self->emitting;
}

/* The same of another thread, seen from outside: one that has allocated before it had its name, and
 * never since.  Asked by one thread at a time. */
bool lw_tid_is_tracer(uint32_t tid);

/* In the child of a fork, whose one thread has another number. */
void lw_self_after_fork(void);

#endif

/* Runs inside the traced program: no allocation, no stdio. */
/* fact.h - what the wrapper knows about one event, the rows of traces/format/events.h as structs; and the
 * door to lttng-ust that it goes out by, as both sides see it. */
#ifndef LW_FACT_H
#define LW_FACT_H

#include "traces/format/format.h"

#include <signal.h>
#include <stdbool.h>
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

static inline uint64_t lw_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * The provider, liblw-provider.so, as seen from here.  It is opened by dlopen from our constructor,
 * never linked: so all that lttng-ust allocates while it starts lies between two lines of ours and
 * is known from the program's own, and its destructors run after those of the program's libraries.
 */
struct lw_provider {
	void (*open)(void (*closing)(void)); /* CLOSING is called when the process takes it down */
	bool (*enabled)(void);               /* every event of `lw` is switched on */
	bool (*any)(void);                   /* at least one is */
	void (*emit)(const struct lw_fact *fact);
	void (*before_fork)(sigset_t *signals);
	void (*after_fork_parent)(sigset_t *signals);
	void (*after_fork_child)(sigset_t *signals);
	int (*close)(int fd, int (*close_fd)(int)); /* refuses lttng-ust's own descriptors */
};

#endif

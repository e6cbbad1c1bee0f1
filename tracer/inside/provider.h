/* Runs inside the traced program: no allocation, no stdio. */
/* provider.h - the door to lttng-ust, as both sides of it see it. */
#ifndef LW_PROVIDER_DOOR_H
#define LW_PROVIDER_DOOR_H

#include "fact.h"

#include <stdbool.h>

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
	void (*before_fork)(void *sigset);
	void (*after_fork_parent)(void *sigset);
	void (*after_fork_child)(void *sigset);
	int (*close)(int fd, int (*close_fd)(int)); /* refuses lttng-ust's own descriptors */
};

#endif

/*
 * libraries.h - which library is preloaded for which allocator, and where it is.
 */
#ifndef LW_LIBRARIES_H
#define LW_LIBRARIES_H

#include "lwtrace.h"

#include <limits.h>
#include <stdbool.h>

/* What the program's environment gets. */
struct preload {
	char list[9000];   /* LD_PRELOAD, "": none */
	const char *below; /* LW_SHIM_BELOW, NULL: not the shim */
	char name[128];    /* of the allocator, as the trace calls it */
};

/* Writes the absolute path of one of our libraries; libc's is its name. */
int library_find(const char *name, char path[PATH_MAX]);

/* ALLOCATOR is liblw, ptmalloc, system or the path of a library. */
int preload_find(struct preload *preload, const char *allocator, bool traced);

/* Sets the environment of this process; in front of what LD_PRELOAD has already. */
void preload_apply(const struct preload *preload);

#endif

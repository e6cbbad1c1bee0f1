/* Runs inside the traced program: no allocation, no stdio. */
/* front.h - for functions that stand in front of the program's own, under the same names. */
#ifndef LW_FRONT_H
#define LW_FRONT_H

#include <dlfcn.h>

#define PUBLIC __attribute__((visibility("default")))

/* The function that ours of this name stands in front of; RTLD_NEXT is of the caller's library. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Looks up close(), which files.c stands in front of: the descriptors of lttng-ust stay open when the
 * program closes what it did not open. */
void lw_files_resolve(void);

#endif

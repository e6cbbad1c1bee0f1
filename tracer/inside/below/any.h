/* Runs inside the traced program: no allocation, no stdio. */
/* any.h - inside the shim: what its files know of each other. */
#ifndef LW_BELOW_ANY_H
#define LW_BELOW_ANY_H

#include "below.h"

/* Whether glibc's own is the underlying allocator, whose growth is read from its headers, and not from the
 * system calls, which it makes inside libc where nobody can stand in between. */
bool lw_underlying_is_ptmalloc(void);

/* Whether CODE is in the library of the underlying allocator; never when that is glibc. */
bool lw_underlying_owns(const void *code);

/* ptmalloc.c: the same questions as in below.h, for glibc's allocator. */
size_t ptmalloc_usable(void *ptr);
bool ptmalloc_is_mapped(void *ptr);
struct lw_mark ptmalloc_mark(void *ptr);
void ptmalloc_growth(void *ptr, const struct lw_mark *mark, uint64_t end);

/* Once, before the first allocation. */
void ptmalloc_first_break(void);

/* The program itself moved the break from OLD to NEW. */
void ptmalloc_foreign_break(uintptr_t old_end, uintptr_t new_end);

#endif

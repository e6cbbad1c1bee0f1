/* Runs inside the traced program: no allocation, no stdio. */
/*
 * below.h - the underlying allocator, the same names for either of the two:
 *
 *   liblw-trace.so   liblw itself, its public functions renamed by lw_below.h; liblw.c
 *   liblw-shim.so    any other allocator, found at run time; any.c and its helpers
 */
#ifndef LW_BELOW_FAMILY_H
#define LW_BELOW_FAMILY_H

#include "tracer/inside/fact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *lw_underlying_malloc(size_t size);
void lw_underlying_free(void *ptr);
void *lw_underlying_calloc(size_t count, size_t size);
void *lw_underlying_realloc(void *ptr, size_t size);
void *lw_underlying_reallocarray(void *ptr, size_t count, size_t size);
void *lw_underlying_memalign(size_t align, size_t size);
void *lw_underlying_aligned_alloc(size_t align, size_t size);
int lw_underlying_posix_memalign(void **ptr, size_t align, size_t size);
void *lw_underlying_valloc(size_t size);
void *lw_underlying_pvalloc(size_t size);
size_t lw_underlying_malloc_usable_size(void *ptr);
int lw_underlying_malloc_trim(size_t pad);
void lw_underlying_free_sized(void *ptr, size_t size);
void lw_underlying_free_aligned_sized(void *ptr, size_t align, size_t size);

/* What is true of a block before the call that may end it. */
struct lw_mark {
	uintptr_t address; /* 0: not a mapping of its own */
	size_t length;
	uintptr_t heap;  /* the thread arena's heap that the block lies in, 0: none */
	bool may_vanish; /* freeing the block may unmap that heap: it is not its arena's first */
};

/* What the call's outside shows of the heap's growth: called between the two clock reads, and after
 * the second one.  PTR is the block that came into being, or NULL.  Facts are left by lw_note(). */
struct lw_mark lw_underlying_before(void *ptr);
void lw_underlying_after(void *ptr, const struct lw_mark *mark, uint64_t end);

/* What an allocation came from, and which way a free went, as far as the block itself shows;
 * negative for a block that the allocator does not own. */
int lw_underlying_source(void *ptr, int said);
int lw_underlying_path(void *ptr, const struct lw_mark *mark, int said);

/* The block at PTR was freed by CALLER, or handed out: then CALLER is 0. */
void lw_underlying_note(void *ptr, uint64_t caller);

/* Fills in allocator, allocator_version and header. */
void lw_underlying_describe(struct lw_fact_process *process);

/* Looks up what the underlying allocator stands behind. */
void lw_underlying_resolve(void);

/* In the child of a fork: other threads' locks are nobody's. */
void lw_underlying_after_fork_in_child(void);

/* Emits lw:live for every block, and lw:live_end; nothing where blocks cannot be enumerated. */
void lw_underlying_dump(void);

#endif

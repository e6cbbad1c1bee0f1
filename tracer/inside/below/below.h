/*
 * below.h - the allocator below the wrapper, the same names for either of the two:
 *
 *   liblw-trace.so   liblw itself, its public functions renamed by lw_below.h; hooks.c
 *   liblw-shim.so    any other allocator, found at run time; below_any.c and its helpers
 */
#ifndef LW_BELOW_FAMILY_H
#define LW_BELOW_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *lw_below_malloc(size_t size);
void lw_below_free(void *ptr);
void *lw_below_calloc(size_t count, size_t size);
void *lw_below_realloc(void *ptr, size_t size);
void *lw_below_reallocarray(void *ptr, size_t count, size_t size);
void *lw_below_memalign(size_t align, size_t size);
void *lw_below_aligned_alloc(size_t align, size_t size);
int lw_below_posix_memalign(void **ptr, size_t align, size_t size);
void *lw_below_valloc(size_t size);
void *lw_below_pvalloc(size_t size);
size_t lw_below_malloc_usable_size(void *ptr);
int lw_below_malloc_trim(size_t pad);
void lw_below_free_sized(void *ptr, size_t size);
void lw_below_free_aligned_sized(void *ptr, size_t align, size_t size);

/* What is true of a block before the call that may end it. */
struct lw_mark {
	uintptr_t address; /* 0: not a mapping of its own */
	size_t length;
	uintptr_t heap;  /* the thread arena's heap that the block lies in, 0: none */
	bool may_vanish; /* freeing the block may unmap that heap: it is not its arena's first */
};

/* What the call's outside shows of the heap's growth: called between the two clock reads, and after
 * the second one.  PTR is the block that came into being, or NULL.  Facts are left by lw_note(). */
struct lw_mark lw_below_before(void *ptr);
void lw_below_after(void *ptr, const struct lw_mark *mark, uint64_t end);

/* What an allocation came from, and which way a free went, as far as the block itself shows;
 * negative for a block that is none of the allocator's. */
int lw_below_source(void *ptr, int said);
int lw_below_path(void *ptr, const struct lw_mark *mark, int said);

/* The block at PTR was freed by CALLER, or handed out: then CALLER is 0. */
void lw_below_note(void *ptr, uint64_t caller);

struct lw_below_info {
	const char *allocator;
	uint32_t version, header;
};

void lw_below_describe(struct lw_below_info *info);

/* In the child of a fork: other threads' locks are nobody's. */
void lw_below_after_fork_in_child(void);

/* Emits lw:live for every block, and lw:live_end; nothing where blocks cannot be enumerated. */
void lw_below_dump(void);

#endif

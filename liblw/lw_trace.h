/*
 * lw_trace.h - the only header that knows that tracing exists.
 *
 * Each hook names a fact about the heap.  Without LW_TRACE it is an empty function, so that its
 * arguments are checked and no code is left of it.  With LW_TRACE tracer/ defines the hooks, and
 * renames the public functions so that its own, which read the clock, stand in front of them.
 *
 * An allocation about which no hook speaks was served from an existing pool; a free about which
 * none speaks went into the caller's own pool: the fast paths carry no hook at all.
 *
 * A hook may be called under the allocator's lock and outside any call of the program's (at the
 * exit of a thread): it stores the fact and returns; it never allocates.  Its arguments are plain
 * values already at hand, so that nothing is computed for it when it is empty.
 */
#ifndef LW_TRACE_H
#define LW_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* An allocation: from a pool that existed, one made for it, a deferred chunk of the same size, a free
 * chunk, the top of the heap, a mapping of its own. */
enum lw_source { FROM_POOL, FROM_REFILL, FROM_DEFERRED, FROM_BIN, FROM_TOP, FROM_MMAP };

/* A free: into a pool of the caller, of another thread; deferred; unmapped; another allocator's
 * block, left alone; merged into the heap at once. */
enum lw_path { TO_LOCAL, TO_REMOTE, TO_DEFERRED, TO_SYSTEM, TO_FOREIGN, TO_HEAP };

/* Why a batch of deferred chunks was merged. */
enum lw_reason { ON_MISS, ON_BOUND, ON_EXIT, ON_TRIM };

/* What came of a move of the break; FOREIGN: somebody else moved it from old to new. */
enum lw_outcome { BREAK_GROWN, BREAK_SHRUNK, BREAK_REFUSED, BREAK_FOREIGN };

/* What was done to a mapping; RETURN: its pages went back, its addresses stay. */
enum lw_mapping { DO_MAP, DO_REMAP, DO_UNMAP, DO_RETURN };

#ifdef LW_TRACE
#include "lw_below.h"
#define LW_HOOK(name, ...) void name(__VA_ARGS__);
#else
#define LW_HOOK(name, ...) \
	static inline void name(__VA_ARGS__) {}
#endif

#pragma GCC diagnostic ignored "-Wunused-parameter"
LW_HOOK(lw_trace_source, enum lw_source source)
LW_HOOK(lw_trace_path, enum lw_path path)
LW_HOOK(lw_trace_sbrk, uintptr_t old_end, uintptr_t new_end, enum lw_outcome outcome)
LW_HOOK(lw_trace_map, enum lw_mapping what, uintptr_t at, size_t len, uintptr_t old, size_t old_len)
/* A pool, its head included, of CAPACITY objects of OBJECT bytes that begin a word in; CAPACITY 0:
 * the allocator's own bookkeeping. */
LW_HOOK(lw_trace_pool_new, uintptr_t pool, size_t bytes, size_t object, unsigned capacity)
LW_HOOK(lw_trace_pool_free, uintptr_t pool, size_t bytes)
/* A batch of deferred chunks: begin, one merge per chunk, end.  PTR is what the program had. */
LW_HOOK(lw_trace_batch_begin, enum lw_reason reason)
LW_HOOK(lw_trace_merge, uintptr_t ptr, uintptr_t merged, size_t size)
LW_HOOK(lw_trace_batch_end, void)

#endif

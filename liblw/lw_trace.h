/*
 * lw_trace.h - the only header that knows that tracing exists.
 *
 * Each hook names a fact about the heap, and is called through TRACE.  Without LW_TRACE the call is
 * checked and never made: the code is that of a source without it, to the byte.  With LW_TRACE
 * tracer/ defines the hooks, and renames the public functions so that its own, which read the
 * clock, stand in front of them.
 *
 * An allocation about which no hook speaks was served from an existing pool; such a free went into
 * the caller's own pool: the fast paths carry no hook at all.
 *
 * A hook may be called under the allocator's lock and outside any call of the program's (at the
 * exit of a thread): it stores the fact and returns; it never allocates.
 */
#ifndef LW_TRACE_H
#define LW_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* The numbers are those of the trace, where other allocators have the ones that are missing
 * here. */

/* An allocation: from a pool that existed, one made for it, a deferred chunk of the same size, a
 * free chunk, the top of the heap. */
enum lw_source { FROM_POOL, FROM_REFILL, FROM_DEFERRED, FROM_BIN, FROM_TOP };

/* A free: into a pool of the caller, of another thread; deferred; another allocator's block, left
 * alone; merged into the heap at once. */
enum lw_path { TO_LOCAL, TO_REMOTE, TO_DEFERRED, TO_FOREIGN = 4, TO_HEAP };

/* Why a batch of deferred chunks was merged. */
enum lw_reason { ON_MISS, ON_BOUND, ON_EXIT, ON_TRIM };

/* What came of a move of the break; FOREIGN: somebody else moved it from old to new. */
enum lw_outcome { BREAK_GROWN, BREAK_SHRUNK, BREAK_REFUSED, BREAK_FOREIGN };

/* What was done, or is about to be done, to a piece of the heap; RETURN: its pages go back, its
 * addresses stay. */
enum lw_mapping { DO_MAP, DO_UNMAP = 2, DO_RETURN };

#ifdef LW_TRACE
#include "lw_below.h"
#define TRACE(fact, ...) lw_trace_##fact(__VA_ARGS__)
#else
#define TRACE(fact, ...) (0 ? lw_trace_##fact(__VA_ARGS__) : (void)0)
#endif

void lw_trace_source(enum lw_source source);
void lw_trace_path(enum lw_path path);
void lw_trace_sbrk(uintptr_t old_end, uintptr_t new_end, enum lw_outcome outcome);
void lw_trace_map(enum lw_mapping what, uintptr_t at, size_t len);
/* A pool of CAPACITY objects of OBJECT bytes, the first one at POOL; CAPACITY 0: the allocator's
 * own records. */
void lw_trace_pool_new(uintptr_t pool, size_t bytes, size_t object, unsigned capacity);
void lw_trace_pool_free(uintptr_t pool, size_t bytes);
/* A batch of deferred chunks: begin, one merge per chunk, end.  PTR is what the program had. */
void lw_trace_batch_begin(enum lw_reason reason);
void lw_trace_merge(uintptr_t ptr, uintptr_t merged, size_t size);
void lw_trace_batch_end(void);
/* The program is about to be aborted for a fault at AT. */
void lw_trace_fault(uintptr_t at);

#endif

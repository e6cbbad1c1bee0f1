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
 * A hook may be called under the allocator's locks and outside any call of the program's (at the
 * exit of a thread): it stores the fact and returns; it never allocates.
 */
#ifndef LW_TRACE_H
#define LW_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* Where an allocation came from. */
enum lw_source {
	LW_FROM_POOL,     /* a pool that existed already */
	LW_FROM_REFILL,   /* a pool made for this request */
	LW_FROM_DEFERRED, /* a deferred chunk of the same size, as it was */
	LW_FROM_BIN,      /* a free chunk out of a bin */
	LW_FROM_TOP,      /* the top of the heap */
	LW_FROM_MMAP,     /* a mapping of its own */
	LW_FROM_FOREIGN,  /* another allocator's block, met in realloc */
	LW_FROM_UNKNOWN   /* seen from outside */
};

/* What became of a block that was given back. */
enum lw_path {
	LW_TO_LOCAL,    /* a pool of the calling thread */
	LW_TO_REMOTE,   /* another thread's pool */
	LW_TO_DEFERRED, /* the thread's bin of unmerged chunks */
	LW_TO_SYSTEM,   /* its own mapping was unmapped */
	LW_TO_FOREIGN,  /* not ours: left alone */
	LW_TO_HEAP,     /* merged into the heap at once */
	LW_TO_UNKNOWN   /* seen from outside */
};

/* Why a batch of deferred chunks was merged. */
enum lw_reason {
	LW_ON_MISS,
	LW_ON_BOUND,
	LW_ON_EXIT,
	LW_ON_TRIM
};

/* What came of a move of the break; FOREIGN: somebody else moved it from old to new. */
enum lw_outcome {
	LW_BRK_GROWN,
	LW_BRK_SHRUNK,
	LW_BRK_REFUSED,
	LW_BRK_FOREIGN
};

/* What was done to a mapping; RETURNED: its pages went back, its addresses stay. */
enum lw_mapping {
	LW_MAP,
	LW_REMAP,
	LW_UNMAP,
	LW_RETURNED
};

#ifdef LW_TRACE
#include "lw_below.h"
#define LW_HOOK(name, ...) void name(__VA_ARGS__)
#define LW_NOTHING         ;
#else
#define LW_HOOK(name, ...) static inline void name(__VA_ARGS__)
#define LW_NOTHING \
	{          \
	}
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
LW_HOOK(lw_trace_source, enum lw_source source)
LW_NOTHING LW_HOOK(lw_trace_path, enum lw_path path) LW_NOTHING
	LW_HOOK(lw_trace_sbrk, uintptr_t old_end, uintptr_t new_end,
                enum lw_outcome outcome) LW_NOTHING
	LW_HOOK(lw_trace_map, enum lw_mapping what, uintptr_t addr, size_t len, uintptr_t old_addr,
                size_t old_len) LW_NOTHING
	/* A pool of CAPACITY objects of OBJECT bytes; CAPACITY 0: the allocator's own bookkeeping. */
	LW_HOOK(lw_trace_pool_new, uintptr_t pool, size_t bytes, size_t object,
                unsigned capacity) LW_NOTHING
	LW_HOOK(lw_trace_pool_free, uintptr_t pool, size_t bytes) LW_NOTHING
	/* A batch of deferred chunks: begin, one merge per chunk, end.  PTR is what the program had. */
	LW_HOOK(lw_trace_batch_begin, enum lw_reason reason) LW_NOTHING
	LW_HOOK(lw_trace_merge, uintptr_t ptr, uintptr_t merged, size_t size) LW_NOTHING
	LW_HOOK(lw_trace_batch_end, void) LW_NOTHING
#pragma GCC diagnostic pop

#endif

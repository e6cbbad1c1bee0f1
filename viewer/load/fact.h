/* SPDX-License-Identifier: MIT */
/*
 * fact.h - one fact of an allocator, as it is staged, sorted and fed to the heap model.
 *
 * A realloc is two facts: its begin ends the old lifetime, its end begins the new one.
 */
#ifndef LWVIEW_FACT_H
#define LWVIEW_FACT_H

#include <stdint.h>

enum fact_kind {
	FACT_PROCESS,
	FACT_ALLOC,
	FACT_FREE,
	FACT_REALLOC_OLD, /* the old block ends, at start */
	FACT_REALLOC_NEW, /* the new block begins, at start + latency */
	FACT_FAIL,
	FACT_COALESCE,
	FACT_MERGE,
	FACT_SBRK,
	FACT_MAP, /* lw:map and lw:unmap */
	FACT_POOL_NEW,
	FACT_POOL_FREE,
	FACT_LIVE,
	FACT_LIVE_END,
	FACT_RSS,
	FACT_KINDS,
};

/* The codes of the event contract (DESIGN 4); the words are in model.c's table. */
enum source {
	SOURCE_POOL,
	SOURCE_REFILL,
	SOURCE_DEFERRED,
	SOURCE_BIN,
	SOURCE_TOP,
	SOURCE_MMAP,
	SOURCE_FOREIGN,
	SOURCE_UNKNOWN
};
enum path {
	PATH_LOCAL,
	PATH_REMOTE,
	PATH_DEFERRED,
	PATH_UNMAPPED,
	PATH_FOREIGN,
	PATH_MERGED,
	PATH_UNKNOWN
};
enum function {
	FUNCTION_MALLOC,
	FUNCTION_CALLOC,
	FUNCTION_REALLOC,
	FUNCTION_REALLOCARRAY,
	FUNCTION_MEMALIGN,
	FUNCTION_ALIGNED_ALLOC,
	FUNCTION_POSIX_MEMALIGN,
	FUNCTION_VALLOC,
	FUNCTION_PVALLOC,
	FUNCTION_FREE,
	FUNCTION_FREE_SIZED,
	FUNCTION_FREE_ALIGNED_SIZED,
	FUNCTIONS
};
enum outcome {
	OUTCOME_GROWN,
	OUTCOME_SHRUNK,
	OUTCOME_REFUSED,
	OUTCOME_FOREIGN
};
enum what {
	WHAT_MAP,
	WHAT_REMAP,
	WHAT_UNMAP,
	WHAT_RETURNED
};
enum live_kind {
	LIVE_POOL,
	LIVE_CHUNK,
	LIVE_MAPPED,
	LIVE_UNKNOWN
};

#define FLAG_TRACER    1 /* lttng-ust's own block */
#define FLAG_EARLY     2 /* held back until the tracer was ready */
#define FLAG_INHERITED 4 /* copied from the parent by fork(); set by the model */
#define FLAG_DUMPED    8 /* from a statedump: its size asked is unknown; set by the model */

#define KINDS_MAX      8 /* codes of source, path: 0..7 */

/*
 * 72 bytes, because millions of them go through a temporary file. What the anonymous members
 * mean depends on the kind; each has one name per use.
 */
struct fact {
	int64_t time;    /* ns, when it takes effect */
	uint64_t order;  /* of arrival */
	uint32_t origin; /* which process it is of, see load.c */
	uint32_t tid;
	uint8_t kind; /* enum fact_kind */
	uint8_t function;
	uint8_t flags;
	uint8_t align;
	union {
		uint32_t source;  /* ALLOC, REALLOC_NEW */
		uint32_t path;    /* FREE, REALLOC_OLD */
		uint32_t reason;  /* COALESCE */
		uint32_t outcome; /* SBRK */
		uint32_t what;    /* MAP; LIVE: live_kind */
		uint32_t error;   /* FAIL */
	};
	uint32_t latency; /* ns */
	union {
		uint32_t slack;     /* ALLOC, REALLOC_NEW: usable = size + slack */
		uint32_t object;    /* POOL_NEW */
		uint32_t chunks_in; /* COALESCE */
		uint32_t info;      /* PROCESS: index of its struct process_info */
	};
	union {
		uint64_t ptr;     /* blocks, pools, maps */
		uint64_t old_end; /* SBRK */
		uint64_t extent;  /* RSS */
		uint64_t largest; /* COALESCE: bytes of the largest result */
	};
	union {
		uint64_t size;    /* asked for; LIVE: usable */
		uint64_t length;  /* pools, maps; COALESCE: bytes */
		uint64_t new_end; /* SBRK */
		uint64_t rss_anon;
	};
	union {
		uint64_t caller;
		uint64_t old_address; /* MAP */
		uint64_t capacity;    /* POOL_NEW */
		uint64_t chunks_out;  /* COALESCE */
		uint64_t heap_resident;
	};
	union {
		uint64_t old_ptr;    /* REALLOC_NEW: the block it was */
		uint64_t old_length; /* MAP */
		uint64_t offset;     /* POOL_NEW */
		uint64_t owner;      /* COALESCE: the thread whose chunks they were */
	};
};

_Static_assert(sizeof(struct fact) == 72, "a fact is staged on disk by the million");

#endif

/* SPDX-License-Identifier: MIT */
/*
 * fact.h - one fact of an allocator, as it is staged, sorted and fed to the heap model.
 *
 * A realloc is two facts: its begin ends the old lifetime, its end begins the new one.
 */
#ifndef LWVIEW_FACT_H
#define LWVIEW_FACT_H

#include "traces/format/format.h"

#include <stdint.h>

/* Of the trace's kinds, a pool_hit is an alloc here, and an unmap a map. */
enum {
	FACT_REALLOC_NEW = FACT_REALLOC, /* the new block begins, at start + latency */
	FACT_REALLOC_OLD = FACT_KINDS,   /* the old block ends, at start */
	EFFECT_KINDS
};

/* The classes of words: CLASS_source, ... */
enum word_class {
#define WORDS(class, what, codes) CLASS_##class,
#include "traces/format/events.h"
	CLASSES
};

/* Of blocks, set by the model, beside FLAG_TRACER and FLAG_EARLY. */
#define FLAG_INHERITED 4 /* copied from the parent by fork() */
#define FLAG_DUMPED    8 /* from a statedump: its size asked is unknown */

#define CODES          256 /* what a code of 8 bits can be, known or not */

/*
 * 72 bytes, because millions of them go through a temporary file. What the anonymous members
 * mean depends on the kind; each has one name per use.
 */
struct fact {
	int64_t time;    /* ns, when it takes effect */
	uint64_t order;  /* of arrival */
	uint32_t origin; /* which process it is of, see load.c */
	uint32_t tid;
	uint8_t kind; /* enum fact_kind, or one of the above */
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
	};
};

_Static_assert(sizeof(struct fact) == 72, "a fact is staged on disk by the million");

#endif

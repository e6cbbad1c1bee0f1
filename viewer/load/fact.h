/* SPDX-License-Identifier: MIT */
/*
 * fact.h - one fact of an allocator, as it is staged, sorted and fed to the heap model.
 *
 * A realloc is two facts: its begin ends the old lifetime, its end begins the new one.
 */
#ifndef LWVIEW_FACT_H
#define LWVIEW_FACT_H

#include "traces/format/format.h"

#include <stdbool.h>
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
 * mean depends on the effect; each has one name per use. The fields of an event come here by their
 * names, so each event's fields must lie beside, not over each other.
 */
struct fact {
	union {
		int64_t time; /* ns, when it takes effect */
		uint64_t start;
	};
	uint64_t order;  /* of arrival */
	uint32_t origin; /* which process it is of, see load.c */
	uint32_t tid;
	uint8_t effect; /* enum fact_kind, or one of the above */
	uint8_t function;
	uint8_t flags;
	union {
		uint8_t align;
		uint8_t moved;  /* REALLOC, before it is two facts */
		uint8_t forked; /* PROCESS */
	};
	union {
		uint32_t source;  /* ALLOC, REALLOC_NEW */
		uint32_t path;    /* FREE, REALLOC_OLD */
		uint32_t reason;  /* COALESCE */
		uint32_t outcome; /* SBRK */
		uint32_t what;    /* MAP */
		uint32_t kind;    /* LIVE */
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
		uint64_t ptr, new_ptr, pool, address; /* blocks, pools, maps */
		uint64_t old_end;                     /* SBRK */
		uint64_t extent;                      /* RSS */
		uint64_t largest;                     /* COALESCE: bytes of the largest result */
		uint64_t blocks;                      /* LIVE_END */
		struct {
			uint32_t pid, ppid; /* PROCESS */
		};
	};
	union {
		uint64_t size, usable;  /* asked for; LIVE: usable */
		uint64_t length, bytes; /* pools, maps, COALESCE */
		uint64_t new_end;       /* SBRK */
		uint64_t rss_anon;
		struct {
			uint32_t page_size, header; /* PROCESS */
		};
	};
	union {
		uint64_t caller;
		uint64_t old_address; /* MAP */
		uint64_t capacity;    /* POOL_NEW */
		uint64_t chunks_out;  /* COALESCE */
		uint64_t merged;      /* MERGE */
		uint64_t heap_resident;
		struct {
			uint32_t format, clock_cost; /* PROCESS */
		};
	};
	union {
		uint64_t old_ptr;           /* REALLOC_NEW: the block it was */
		uint64_t old_length;        /* MAP */
		uint64_t offset;            /* POOL_NEW */
		uint32_t allocator_version; /* PROCESS */
	};
};

#define FORKED_UNKNOWN 2 /* PROCESS of a trace that does not say whether it was forked */

_Static_assert(sizeof(struct fact) == 72, "a fact is staged on disk by the million");

static inline bool fact_begins_block(const struct fact *f)
{
	return f->effect == FACT_ALLOC || f->effect == FACT_REALLOC_NEW;
}

/* Only these two end a block by right; anything else that ends one is a contradiction. */
static inline bool fact_ends_block(const struct fact *f)
{
	return f->effect == FACT_FREE || f->effect == FACT_REALLOC_OLD;
}

#endif

/*
 * lw.h - what liblw offers beside malloc and its family.
 *
 * The whole malloc family is exported under its usual names; include <stdlib.h> and <malloc.h> for
 * those.  Everything here is safe to call from any thread.
 */
#ifndef LW_H
#define LW_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LW_VERSION 0x000100 /* major, minor and patch, a byte each */

/* Returns LW_VERSION of the library that is running. */
unsigned lw_version(void);

/*
 * The heap in figures, in bytes unless said otherwise.  The parts sum exactly to the whole:
 *
 *   extent == live + headers + pool_free + deferred + bins + top
 *
 * Exact when no other thread is inside the allocator; otherwise each part is off by at most what
 * others changed meanwhile.
 */
struct lw_stats {
	size_t version; /* in: sizeof(struct lw_stats) the caller knows; out: bytes filled in */
	size_t extent;  /* all that came from the system less what went back */
	size_t live;    /* usable bytes of live blocks */
	size_t headers; /* what the allocator knows of its chunks and pools, and pools' odd ends */
	size_t pool_free;   /* slots of pools that hold no live object */
	size_t deferred;    /* freed chunks not merged yet */
	size_t bins;        /* free chunks */
	size_t top;         /* the free end of the heap */
	size_t peak_extent; /* the largest extent so far */
	size_t live_blocks; /* count */
	size_t foreign;     /* count of frees of another allocator's blocks, left alone */
};

/* Fills in STATS; set stats->version = sizeof *stats before. */
void lw_stats(struct lw_stats *stats);

/* What lw_walk meets. */
enum lw_kind { LW_POOL_OBJECT, LW_CHUNK };

/*
 * Calls FN for every live block with its address, usable bytes and kind.  No lock is held then: FN may
 * allocate and free, and what it or other threads free and allocate meanwhile is met or is not.
 */
void lw_walk(void (*fn)(void *ptr, size_t usable, enum lw_kind kind, void *arg), void *arg);

/* Merges what is deferred and gives back to the system what can go, keeping PAD bytes of the top:
 * of chunks all, of pools' free pages those of the calling thread and of threads that have ended.
 * Returns 1 when the heap became smaller, or pages of chunks went back, else 0.  malloc_trim() is
 * the same. */
int lw_trim(size_t pad);

#ifdef __cplusplus
}
#endif

#endif

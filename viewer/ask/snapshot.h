/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - the heap of a process at one moment: every span of its address space, and the split
 * of its extent.
 */
#ifndef LWVIEW_SNAPSHOT_H
#define LWVIEW_SNAPSHOT_H

#include "heapmap.h"
#include "scope.h"

struct snapshot {
	struct heapmap heap;
	struct moment moment;
	int64_t asked;  /* bytes, cumulative up to the moment */
	int64_t chosen; /* live bytes of the selection */
	bool outside;   /* the free parts are one: an allocator seen from outside */
};

/* The moment with most live bytes among those at which the extent is greatest. */
struct moment snapshot_peak(struct scope *s);

/*
 * Bytes the program has asked for up to a fact: the one definition of how far it has come, by
 * which two recordings are compared.
 */
int64_t snapshot_asked(struct scope *s, int64_t seq);

/* All of the heap; live blocks that are not of the selection are HEAP_OTHER. */
enum status snapshot_load(struct snapshot *n, struct scope *s, struct moment at);
void snapshot_release(struct snapshot *n);

#endif

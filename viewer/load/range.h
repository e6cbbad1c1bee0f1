/* SPDX-License-Identifier: MIT */
/*
 * range.h - sets of disjoint address ranges, ordered by address.
 *
 * A treap: a search tree by start, a heap by a pseudo-random priority, so it stays balanced
 * without any case analysis. Every node knows the greatest length in its subtree, so that the
 * largest range is known at any time. All operations are O(log n).
 */
#ifndef LWVIEW_RANGE_H
#define LWVIEW_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint64_t start, end; /* [start, end), never empty */
	uint64_t greatest;   /* == max(end - start) over the subtree */
	struct range *left, *right;
	uint32_t priority;
	int32_t tag;       /* the owner's */
	int64_t time, seq; /* the owner's: since when it stands */
	void *data;        /* the owner's */
};

struct ranges {
	struct range *root;
	uint64_t total; /* == sum of end - start */
	uint32_t random;
};

void ranges_init(struct ranges *set);
void ranges_release(struct ranges *set);

/* The range that holds `address`, or NULL. */
struct range *ranges_find(const struct ranges *set, uint64_t address);

/* The first range with end > address, or NULL: where a walk from `address` begins. */
struct range *ranges_from(const struct ranges *set, uint64_t address);

/* Length of the largest range, 0 when empty. */
uint64_t ranges_greatest(const struct ranges *set);

/* Adds a range that overlaps none; NULL: out of memory. Not merged with its neighbours. */
struct range *ranges_insert(struct ranges *set, uint64_t start, uint64_t end);

/* Takes one whole range out of the set; the caller frees it. */
void ranges_remove(struct ranges *set, struct range *range);

/*
 * Free memory. ranges_add() makes [start, end) part of the set and merges it with what it touches;
 * ranges_cut() makes no byte of it part of the set. Both return how many bytes changed, so that a
 * result below end - start shows a contradiction; UINT64_MAX: out of memory.
 */
uint64_t ranges_add(struct ranges *set, uint64_t start, uint64_t end);
uint64_t ranges_cut(struct ranges *set, uint64_t start, uint64_t end);

#endif

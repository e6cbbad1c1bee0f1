/* SPDX-License-Identifier: MIT */
/* range.c - sets of address ranges; see range.h. */
#include "range.h"

#include <assert.h>
#include <stdlib.h>

static uint64_t length(const struct range *r)
{
	return r->end - r->start;
}

static void update(struct range *r)
{
	uint64_t greatest = length(r);

	if (r->left && r->left->greatest > greatest)
		greatest = r->left->greatest;
	if (r->right && r->right->greatest > greatest)
		greatest = r->right->greatest;
	r->greatest = greatest;
}

void ranges_init(struct ranges *set)
{
	*set = (struct ranges){.random = 2463534242u};
}

static void free_tree(struct range *r)
{
	if (!r)
		return;
	free_tree(r->left);
	free_tree(r->right);
	free(r);
}

void ranges_release(struct ranges *set)
{
	free_tree(set->root);
	ranges_init(set);
}

struct range *ranges_find(const struct ranges *set, uint64_t address)
{
	struct range *r = set->root;

	while (r && (address < r->start || address >= r->end))
		r = address < r->start ? r->left : r->right;
	return r;
}

struct range *ranges_from(const struct ranges *set, uint64_t address)
{
	struct range *r = set->root, *best = NULL;

	while (r) {
		if (r->end > address) {
			best = r;
			r = r->left;
		} else {
			r = r->right;
		}
	}
	return best;
}

uint64_t ranges_greatest(const struct ranges *set)
{
	return set->root ? set->root->greatest : 0;
}

/* xorshift32: the same trace gives the same tree, on every machine. */
static uint32_t next_random(struct ranges *set)
{
	set->random ^= set->random << 13;
	set->random ^= set->random >> 17;
	set->random ^= set->random << 5;
	return set->random;
}

/* Splits `r` into *below (start < key) and *above (start >= key). */
static void split(struct range *r, uint64_t key, struct range **below, struct range **above)
{
	if (!r) {
		*below = *above = NULL;
	} else if (r->start < key) {
		split(r->right, key, &r->right, above);
		*below = r;
		update(r);
	} else {
		split(r->left, key, below, &r->left);
		*above = r;
		update(r);
	}
}

/* Joins two trees; every range of `a` lies below those of `b`. */
static struct range *join(struct range *a, struct range *b)
{
	if (!a || !b)
		return a ? a : b;
	if (a->priority > b->priority) {
		a->right = join(a->right, b);
		update(a);
		return a;
	}
	b->left = join(a, b->left);
	update(b);
	return b;
}

static void remove_node(struct range **link, const struct range *node)
{
	struct range *r = *link;

	assert(r); /* the node is in this tree */
	if (r == node) {
		*link = join(r->left, r->right);
		return;
	}
	remove_node(node->start < r->start ? &r->left : &r->right, node);
	update(r);
}

/* After a range changed its length in place: the order stands, `greatest` above it does not. */
static void refresh(struct range *r, uint64_t start)
{
	if (r->start != start)
		refresh(start < r->start ? r->left : r->right, start);
	update(r);
}

struct range *ranges_insert(struct ranges *set, uint64_t start, uint64_t end)
{
	struct range *node = calloc(1, sizeof(*node)), *below, *above;

	assert(start < end);
	assert(!ranges_from(set, start) || ranges_from(set, start)->start >= end);
	if (!node)
		return NULL;
	node->start = start;
	node->end = end;
	node->priority = next_random(set);
	update(node);
	split(set->root, start, &below, &above);
	set->root = join(join(below, node), above);
	set->total += end - start;
	return node;
}

void ranges_remove(struct ranges *set, struct range *range)
{
	remove_node(&set->root, range);
	set->total -= length(range);
}

/* A range keeps its node when it only gains or loses bytes at its ends: no search, no malloc. */
static void resize(struct ranges *set, struct range *r, uint64_t start, uint64_t end)
{
	set->total += end - start;
	set->total -= length(r);
	r->start = start;
	r->end = end;
	refresh(set->root, start);
}

static void drop(struct ranges *set, struct range *r)
{
	ranges_remove(set, r);
	free(r);
}

uint64_t ranges_add(struct ranges *set, uint64_t start, uint64_t end)
{
	uint64_t before = set->total;
	/* start - 1: the neighbour that ends exactly here is to be merged too. */
	struct range *r = ranges_from(set, start ? start - 1 : 0), *next;

	if (!r || r->start > end)
		return ranges_insert(set, start, end) ? end - start : UINT64_MAX;
	if (r->start < start)
		start = r->start;
	while ((next = ranges_from(set, r->end)) && next->start <= end) {
		if (next->end > end)
			end = next->end;
		drop(set, next);
	}
	resize(set, r, start, end > r->end ? end : r->end);
	return set->total - before;
}

uint64_t ranges_cut(struct ranges *set, uint64_t start, uint64_t end)
{
	uint64_t before = set->total;
	struct range *r;

	while ((r = ranges_from(set, start)) && r->start < end) {
		uint64_t tail = r->end;

		if (r->start < start) {
			resize(set, r, r->start, start);
			if (tail > end && !ranges_insert(set, end, tail))
				return UINT64_MAX;
		} else if (tail > end) {
			resize(set, r, end, tail);
		} else {
			drop(set, r);
		}
	}
	return before - set->total;
}

/* SPDX-License-Identifier: MIT */
/* blocks.c - blocks by address; see blocks.h. */
#include "blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void blocks_init(struct blocks *set)
{
	memset(set, 0, sizeof(*set));
}

void blocks_release(struct blocks *set)
{
	free(set->array);
	free(set->slots);
	blocks_init(set);
}

/* Addresses differ in their middle bits; the multiplication carries these to the top. */
static size_t slot_of(const struct blocks *set, uint64_t ptr)
{
	return (size_t)(((ptr >> 3) * UINT64_C(0x9e3779b97f4a7c15)) >> 24) & set->slot_mask;
}

/* The slot that holds `ptr`, or the empty one where it would go. */
static size_t probe(const struct blocks *set, uint64_t ptr)
{
	size_t i = slot_of(set, ptr);

	while (set->slots[i] && set->array[set->slots[i] - 1].ptr != ptr)
		i = (i + 1) & set->slot_mask;
	return i;
}

struct block *blocks_find(const struct blocks *set, uint64_t ptr)
{
	size_t i;

	if (!set->count)
		return NULL;
	i = probe(set, ptr);
	return set->slots[i] ? &set->array[set->slots[i] - 1] : NULL;
}

static int grow(struct blocks *set)
{
	size_t room = set->room ? 2 * set->room : 512;
	struct block *array = realloc(set->array, room * sizeof(*array));
	uint32_t *slots;

	if (!array)
		return -1;
	set->array = array;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return -1;
	free(set->slots);
	set->slots = slots;
	set->room = room;
	set->slot_mask = 2 * room - 1;
	for (size_t i = 0; i < set->count; i++)
		slots[probe(set, array[i].ptr)] = (uint32_t)i + 1;
	return 0;
}

struct block *blocks_add(struct blocks *set, uint64_t ptr)
{
	struct block *b;

	assert(!blocks_find(set, ptr));
	if (set->count == set->room && grow(set))
		return NULL;
	b = &set->array[set->count];
	memset(b, 0, sizeof(*b));
	b->ptr = ptr;
	set->slots[probe(set, ptr)] = (uint32_t)++set->count;
	return b;
}

/* Linear probing without tombstones: pull back whatever the hole would hide. */
static void close_hole(struct blocks *set, size_t hole)
{
	size_t i = hole;

	for (;;) {
		size_t home;

		i = (i + 1) & set->slot_mask;
		if (!set->slots[i])
			break;
		home = slot_of(set, set->array[set->slots[i] - 1].ptr);
		if (((i - home) & set->slot_mask) < ((i - hole) & set->slot_mask))
			continue;
		set->slots[hole] = set->slots[i];
		hole = i;
	}
	set->slots[hole] = 0;
}

void blocks_remove(struct blocks *set, struct block *block)
{
	size_t index = (size_t)(block - set->array), last = set->count - 1;

	assert(index <= last);
	close_hole(set, probe(set, block->ptr));
	if (index != last) {
		set->slots[probe(set, set->array[last].ptr)] = (uint32_t)index + 1;
		set->array[index] = set->array[last];
	}
	set->count--;
}

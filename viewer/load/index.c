/* SPDX-License-Identifier: MIT */
/* index.c - items by address; see index.h. */
#include "index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void index_init(struct index *x, size_t item_size)
{
	*x = (struct index){.item_size = item_size};
}

void index_release(struct index *x)
{
	free(x->items);
	free(x->slots);
	index_init(x, x->item_size);
}

static void *item_at(const struct index *x, size_t i)
{
	return (char *)x->items + i * x->item_size;
}

static uint64_t key_at(const struct index *x, size_t i)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): i is of an item in use */
	return *(const uint64_t *)item_at(x, i);
}

/* Addresses differ in their middle bits; the multiplication carries these to the top. */
static size_t slot_of(const struct index *x, uint64_t key)
{
	return (size_t)(((key >> 3) * UINT64_C(0x9e3779b97f4a7c15)) >> 24) & x->slot_mask;
}

/* The slot that holds `key`, or the empty one where it would go. */
static size_t probe(const struct index *x, uint64_t key)
{
	size_t i = slot_of(x, key);

	while (x->slots[i] && key_at(x, x->slots[i] - 1) != key)
		i = (i + 1) & x->slot_mask;
	return i;
}

void *index_find(const struct index *x, uint64_t key)
{
	size_t i;

	if (!x->count)
		return NULL;
	i = probe(x, key);
	return x->slots[i] ? item_at(x, x->slots[i] - 1) : NULL;
}

static int grow(struct index *x)
{
	size_t room = x->room ? 2 * x->room : 512;
	void *items = realloc(x->items, room * x->item_size);
	uint32_t *slots;

	if (!items)
		return -1;
	x->items = items;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return -1;
	free(x->slots);
	x->slots = slots;
	x->room = room;
	x->slot_mask = 2 * room - 1;
	for (size_t i = 0; i < x->count; i++)
		slots[probe(x, key_at(x, i))] = (uint32_t)i + 1;
	return 0;
}

void *index_add(struct index *x, uint64_t key)
{
	void *item;

	assert(!index_find(x, key));
	if (x->count == x->room && grow(x))
		return NULL;
	item = memset(item_at(x, x->count), 0, x->item_size);
	memcpy(item, &key, sizeof(key));
	x->slots[probe(x, key)] = (uint32_t)++x->count;
	return item;
}

/* Linear probing without tombstones: pull back whatever the hole would hide. */
static void close_hole(struct index *x, size_t hole)
{
	size_t i = hole;

	for (;;) {
		size_t home;

		i = (i + 1) & x->slot_mask;
		if (!x->slots[i])
			break;
		home = slot_of(x, key_at(x, x->slots[i] - 1));
		if (((i - home) & x->slot_mask) < ((i - hole) & x->slot_mask))
			continue;
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole] = 0;
}

void index_remove(struct index *x, void *item)
{
	size_t last = x->count - 1;
	size_t i = (size_t)((char *)item - (char *)x->items) / x->item_size;

	assert(i <= last);
	close_hole(x, probe(x, key_at(x, i)));
	if (i != last) {
		x->slots[probe(x, key_at(x, last))] = (uint32_t)i + 1;
		memcpy(item, item_at(x, last), x->item_size);
	}
	x->count--;
}

/* SPDX-License-Identifier: MIT */
/*
 * index.h - an array of items that begin with their key, an address, and are found by it.
 *
 * Open addressing over 32-bit indices into the array, so that a lookup touches little memory and
 * growing moves no item but by realloc. Pointers to items are valid until the next index_add().
 */
#ifndef LWVIEW_INDEX_H
#define LWVIEW_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index {
	void *items;
	size_t item_size;
	size_t count, room; /* of items; a removed item's place is taken by the last one */
	uint32_t *slots;    /* 0 empty, else index into items + 1 */
	size_t slot_mask;   /* slots are a power of two, at most half full */
};

void index_init(struct index *x, size_t item_size);
void index_release(struct index *x);
void *index_find(const struct index *x, uint64_t key);
/* A new item, all zero but its key, which must not be there yet. NULL: out of memory. */
void *index_add(struct index *x, uint64_t key);
void index_remove(struct index *x, void *item);

#endif

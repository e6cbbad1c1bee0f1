/* Runs inside the traced program: no allocation, no stdio. */
/*
 * sorted.h - a table of things sorted by the address that each begins with, no two the same, which grows by
 * mmap: it may not allocate.  Its users hold the lock.
 */
#ifndef LW_SORTED_H
#define LW_SORTED_H

#include "raw.h"

#include <stdint.h>

struct lw_sorted {
	int lock;
	size_t size; /* of an item */
	size_t count, room;
	void *item;
};

static inline uintptr_t *lw_sorted_at(const struct lw_sorted *table, size_t index)
{
	return (uintptr_t *)((char *)table->item + index * table->size);
}

/* Index of the first item at or after ADDRESS. */
static inline size_t lw_sorted_find(const struct lw_sorted *table, uintptr_t address)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (*lw_sorted_at(table, middle) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room for MORE items; false, and all is as before, when there is no memory. */
static inline bool lw_sorted_reserve(struct lw_sorted *table, size_t more)
{
	size_t room = table->room ? 2 * table->room : 4096 / table->size;
	void *grown;

	if (table->count + more <= table->room)
		return true;
	grown = raw_pages(room * table->size);
	if (!grown)
		return false;
	if (table->item) {
		memcpy(grown, table->item, table->count * table->size);
		raw_unmap(table->item, table->room * table->size);
	}
	table->item = grown;
	table->room = room;
	return true;
}

/* Puts COUNT items of FRESH in the place of the items [FROM, TO). */
static inline void lw_sorted_replace(struct lw_sorted *table, size_t from, size_t to,
                                     const void *fresh, size_t count)
{
	HOLDS(from <= to && to <= table->count &&
	      table->count + count - (to - from) <= table->room);
	memmove(lw_sorted_at(table, from + count), lw_sorted_at(table, to),
	        (table->count - to) * table->size);
	memcpy(lw_sorted_at(table, from), fresh, count * table->size);
	table->count = table->count - (to - from) + count;
	/* What changed is in order with itself and its neighbours; the rest was before. */
	for (size_t i = from ? from : 1; i <= from + count && i < table->count; i++)
		HOLDS(*lw_sorted_at(table, i - 1) < *lw_sorted_at(table, i));
}

#endif

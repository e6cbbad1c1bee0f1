/* SPDX-License-Identifier: MIT */
/*
 * array.h - arrays that grow by one:
 *
 *	if (!array_more(p->items, p->count))
 *		return msg_errno(STATUS_FAILED, "cannot load");
 *	p->items[p->count++] = item;
 *
 * An array begins as NULL with count 0 and is free()d like any other. Its room follows from the
 * count: the next power of two, 8 at least; so only array_more() may have allocated it.
 */
#ifndef LW_CLI_ARRAY_H
#define LW_CLI_ARRAY_H

#include <stdbool.h>
#include <stdlib.h>

/* Makes room for items[count]; false: out of memory, errno says so, and the items are as before. */
#define array_more(items, count)                                                \
	({                                                                      \
		void *grown_ = array_grown((items), (count), sizeof(*(items))); \
		if (grown_)                                                     \
			(items) = grown_;                                       \
		grown_ != NULL;                                                 \
	})

static inline void *array_grown(void *items, size_t count, size_t size)
{
	if (count && (count < 8 || (count & (count - 1))))
		return items;
	return reallocarray(items, count ? 2 * count : 8, size);
}

#endif

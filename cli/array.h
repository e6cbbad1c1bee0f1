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
#include <stddef.h>

/* Makes room for items[count]; false: out of memory, errno says so, and the items are as before. */
#define array_more(items, count) array_grow(&(items), (count), sizeof(*(items)))

bool array_grow(void *items, size_t count, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* array.c - see array.h. */
#include "array.h"

#include <stdlib.h>
#include <string.h>

enum {
	LEAST = 8
};

/* `items` points to a pointer of any type: copied, since it is none to void. */
bool array_grow(void *items, size_t count, size_t size)
{
	void *array;

	if (count && (count < LEAST || (count & (count - 1))))
		return true;
	memcpy(&array, items, sizeof(array));
	array = reallocarray(array, count ? 2 * count : LEAST, size);
	if (!array)
		return false;
	memcpy(items, &array, sizeof(array));
	return true;
}

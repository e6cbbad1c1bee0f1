/* Runs inside the traced program: no allocation, no stdio. */
/* regions.c - a sorted table of disjoint address ranges; see regions.h. */
#define _GNU_SOURCE
#include "regions.h"
#include "raw.h"

#include <string.h>

struct range {
	uintptr_t begin, end;
};

/* Invariant under LOCK: range[i].begin < range[i].end < range[i + 1].begin (touching ones are one),
 * and EXTENT is the sum of their lengths. */
static struct {
	int lock;
	size_t count, room;
	size_t extent;
	struct range *range;
} table;

void lw_regions_unlock_child(void)
{
	raw_unlock(&table.lock);
}

/* Makes room for two more ranges, as many as one change can add. */
static bool table_reserve(void)
{
	struct range *grown;

	if (table.count + 2 <= table.room)
		return true;
	grown = raw_double(table.range, table.count, &table.room, sizeof(struct range));
	if (!grown)
		return false;
	table.range = grown;
	return true;
}

/* Index of the first range that ends at or after ADDRESS. */
static size_t table_find(uintptr_t address)
{
	size_t low = 0, high = table.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table.range[middle].end < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts COUNT ranges of FRESH in the place of the ranges [FROM, TO). */
static void table_replace(size_t from, size_t to, const struct range *fresh, size_t count)
{
	HOLDS(from <= to && to <= table.count && table.count + count - (to - from) <= table.room);
	memmove(table.range + from + count, table.range + to,
	        (table.count - to) * sizeof(struct range));
	memcpy(table.range + from, fresh, count * sizeof(struct range));
	table.count = table.count - (to - from) + count;
	/* What changed is in order with itself and its neighbours; the rest was before. */
	for (size_t i = from; i < from + count && i < table.count; i++)
		HOLDS(table.range[i].begin < table.range[i].end);
	for (size_t i = from ? from - 1 : 0; i < from + count && i + 1 < table.count; i++)
		HOLDS(table.range[i].end < table.range[i + 1].begin);
}

void lw_regions_add(uintptr_t address, size_t length, void (*fn)(uintptr_t, size_t, void *),
                    void *arg)
{
	struct range whole = {address, address + length};
	uintptr_t covered = address;
	size_t from, to;

	if (!length)
		return;
	raw_lock(&table.lock);
	if (!table_reserve())
		goto out;
	from = table_find(address);
	for (to = from; to < table.count && table.range[to].begin <= address + length; to++) {
		struct range *range = &table.range[to];

		if (range->begin > covered) {
			table.extent += range->begin - covered;
			if (fn)
				fn(covered, range->begin - covered, arg);
		}
		if (range->end > covered)
			covered = range->end;
		if (range->begin < whole.begin)
			whole.begin = range->begin;
		if (range->end > whole.end)
			whole.end = range->end;
	}
	if (covered < address + length) {
		table.extent += address + length - covered;
		if (fn)
			fn(covered, address + length - covered, arg);
	}
	table_replace(from, to, &whole, 1);
out:
	raw_unlock(&table.lock);
}

void lw_regions_remove(uintptr_t address, size_t length, void (*fn)(uintptr_t, size_t, void *),
                       void *arg)
{
	struct range left[2];
	uintptr_t end = address + length;
	size_t from, to, count = 0;

	raw_lock(&table.lock);
	if (!length || !table_reserve())
		goto out;
	from = table_find(address + 1);
	for (to = from; to < table.count && table.range[to].begin < end; to++) {
		struct range *range = &table.range[to];
		uintptr_t low = range->begin > address ? range->begin : address;
		uintptr_t high = range->end < end ? range->end : end;

		if (range->begin < low)
			left[count++] = (struct range){range->begin, low};
		if (range->end > high)
			left[count++] = (struct range){high, range->end};
		table.extent -= high - low;
		if (fn)
			fn(low, high - low, arg);
	}
	table_replace(from, to, left, count);
out:
	raw_unlock(&table.lock);
}

bool lw_regions_next(uintptr_t from, uintptr_t *address, size_t *length)
{
	size_t index;
	bool found;

	raw_lock(&table.lock);
	index = table_find(from + 1);
	found = index < table.count;
	if (found) {
		*address = table.range[index].begin > from ? table.range[index].begin : from;
		*length = table.range[index].end - *address;
	}
	raw_unlock(&table.lock);
	return found;
}

size_t lw_regions_extent(void)
{
	return __atomic_load_n(&table.extent, __ATOMIC_RELAXED);
}

/* Runs inside the traced program: no allocation, no stdio. */
/* regions.c - a sorted table of disjoint address ranges; see regions.h. */
#define _GNU_SOURCE
#include "regions.h"
#include "sorted.h"

struct range {
	uintptr_t end, begin;
};

/* Sorted by the ranges' ends. */
static struct lw_sorted table = {.size = sizeof(struct range)};
static size_t extent; /* the sum of their lengths, under the same lock */

void lw_regions_unlock_child(void)
{
	raw_unlock(&table.lock);
}

static struct range *range_at(size_t index)
{
	return (struct range *)lw_sorted_at(&table, index);
}

/* range[i].begin < range[i].end < range[i + 1].begin: touching ones are one. */
static void replace(size_t from, size_t to, const struct range *fresh, size_t count)
{
	lw_sorted_replace(&table, from, to, fresh, count);
	for (size_t i = from; i < from + count; i++)
		HOLDS(range_at(i)->begin < range_at(i)->end);
	for (size_t i = from ? from - 1 : 0; i < from + count && i + 1 < table.count; i++)
		HOLDS(range_at(i)->end < range_at(i + 1)->begin);
}

void lw_regions_add(uintptr_t address, size_t length, void (*fn)(uintptr_t, size_t, void *),
                    void *arg)
{
	struct range whole = {.begin = address, .end = address + length};
	uintptr_t covered = address;
	size_t from, to;

	if (!length)
		return;
	raw_lock(&table.lock);
	if (!lw_sorted_reserve(&table, 2)) /* as many as one change can add */
		goto out;
	from = lw_sorted_find(&table, address);
	for (to = from; to < table.count && range_at(to)->begin <= address + length; to++) {
		struct range *range = range_at(to);

		if (range->begin > covered) {
			extent += range->begin - covered;
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
		extent += address + length - covered;
		if (fn)
			fn(covered, address + length - covered, arg);
	}
	replace(from, to, &whole, 1);
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
	if (!length || !lw_sorted_reserve(&table, 2))
		goto out;
	from = lw_sorted_find(&table, address + 1);
	for (to = from; to < table.count && range_at(to)->begin < end; to++) {
		struct range *range = range_at(to);
		uintptr_t low = range->begin > address ? range->begin : address;
		uintptr_t high = range->end < end ? range->end : end;

		if (range->begin < low)
			left[count++] = (struct range){.begin = range->begin, .end = low};
		if (range->end > high)
			left[count++] = (struct range){.begin = high, .end = range->end};
		extent -= high - low;
		if (fn)
			fn(low, high - low, arg);
	}
	replace(from, to, left, count);
out:
	raw_unlock(&table.lock);
}

bool lw_regions_next(uintptr_t from, uintptr_t *address, size_t *length)
{
	size_t index;
	bool found;

	raw_lock(&table.lock);
	index = lw_sorted_find(&table, from + 1);
	found = index < table.count;
	if (found) {
		*address = range_at(index)->begin > from ? range_at(index)->begin : from;
		*length = range_at(index)->end - *address;
	}
	raw_unlock(&table.lock);
	return found;
}

size_t lw_regions_extent(void)
{
	return __atomic_load_n(&extent, __ATOMIC_RELAXED);
}

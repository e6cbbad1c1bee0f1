/* Runs inside the traced program: no allocation, no stdio. */
/* pools.c - a sorted table that grows by mmap; see pools.h. */
#define _GNU_SOURCE
#include "pools.h"
#include "below.h"
#include "tracer/inside/raw.h"

#include <stdbool.h>
#include <string.h>

/* Sorted by address, no two the same. */
static struct {
	int lock;
	size_t count, room;
	struct lw_pool_seen *pool;
} table;

void lw_underlying_after_fork_in_child(void)
{
	raw_unlock(&table.lock);
}

static bool table_reserve(void)
{
	struct lw_pool_seen *grown;

	if (table.count < table.room)
		return true;
	grown = raw_double(table.pool, table.count, &table.room, sizeof *table.pool);
	if (!grown)
		return false;
	table.pool = grown;
	return true;
}

/* Index of the first pool at or after ADDRESS. */
static size_t table_find(uintptr_t address)
{
	size_t low = 0, high = table.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table.pool[middle].pool < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void lw_pools_add(const struct lw_pool_seen *pool)
{
	size_t at;

	raw_lock(&table.lock);
	at = table_find(pool->pool);
	if (at < table.count && table.pool[at].pool == pool->pool) {
		table.pool[at] = *pool;
	} else if (table_reserve()) {
		memmove(table.pool + at + 1, table.pool + at, (table.count - at) * sizeof *pool);
		table.pool[at] = *pool;
		table.count++;
		HOLDS(!at || table.pool[at - 1].pool < table.pool[at].pool);
		HOLDS(at + 1 == table.count || table.pool[at].pool < table.pool[at + 1].pool);
	}
	raw_unlock(&table.lock);
}

void lw_pools_remove(uintptr_t pool)
{
	size_t at;

	raw_lock(&table.lock);
	at = table_find(pool);
	if (at < table.count && table.pool[at].pool == pool) {
		table.count--;
		memmove(table.pool + at, table.pool + at + 1,
		        (table.count - at) * sizeof *table.pool);
	}
	raw_unlock(&table.lock);
}

void lw_pools_each(void (*fn)(const struct lw_pool_seen *pool))
{
	raw_lock(&table.lock);
	for (size_t i = 0; i < table.count; i++)
		fn(&table.pool[i]);
	raw_unlock(&table.lock);
}

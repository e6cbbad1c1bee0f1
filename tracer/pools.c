/* pools.c - a sorted table that grows by mmap; see pools.h. */
#define _GNU_SOURCE
#include "pools.h"
#include "raw.h"

#include <sched.h>
#include <stdbool.h>
#include <string.h>

/* Sorted by address, no two the same. */
static struct {
	int lock;
	size_t count, room;
	struct lw_pool_seen *pool;
} table;

static void table_lock(void)
{
	while (__atomic_exchange_n(&table.lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void table_unlock(void)
{
	__atomic_store_n(&table.lock, 0, __ATOMIC_RELEASE);
}

void lw_pools_unlock_child(void)
{
	table_unlock();
}

static bool table_reserve(void)
{
	size_t room = table.room ? table.room * 2 : 4096 / sizeof *table.pool;
	struct lw_pool_seen *grown;

	if (table.count < table.room)
		return true;
	grown = raw_pages(room * sizeof *grown);
	if (!grown)
		return false;
	if (table.pool) {
		memcpy(grown, table.pool, table.count * sizeof *grown);
		raw_unmap(table.pool, table.room * sizeof *grown);
	}
	table.pool = grown;
	table.room = room;
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

	table_lock();
	at = table_find(pool->pool);
	if (at < table.count && table.pool[at].pool == pool->pool) {
		table.pool[at] = *pool;
	} else if (table_reserve()) {
		memmove(table.pool + at + 1, table.pool + at, (table.count - at) * sizeof *pool);
		table.pool[at] = *pool;
		table.count++;
	}
	table_unlock();
}

void lw_pools_remove(uintptr_t pool)
{
	size_t at;

	table_lock();
	at = table_find(pool);
	if (at < table.count && table.pool[at].pool == pool) {
		table.count--;
		memmove(table.pool + at, table.pool + at + 1,
		        (table.count - at) * sizeof *table.pool);
	}
	table_unlock();
}

void lw_pools_each(void (*fn)(const struct lw_pool_seen *pool))
{
	table_lock();
	for (size_t i = 0; i < table.count; i++)
		fn(&table.pool[i]);
	table_unlock();
}

/* Runs inside the traced program: no allocation, no stdio. */
/* pools.c - the pools by their addresses; see pools.h. */
#define _GNU_SOURCE
#include "pools.h"
#include "below.h"
#include "tracer/inside/sorted.h"

static struct lw_sorted table = {.size = sizeof(struct lw_pool_seen)};

void lw_underlying_after_fork_in_child(void)
{
	raw_unlock(&table.lock);
}

void lw_pools_add(const struct lw_pool_seen *pool)
{
	size_t at;
	bool known;

	raw_lock(&table.lock);
	at = lw_sorted_find(&table, pool->pool);
	known = at < table.count && *lw_sorted_at(&table, at) == pool->pool;
	if (lw_sorted_reserve(&table, 1))
		lw_sorted_replace(&table, at, at + known, pool, 1);
	raw_unlock(&table.lock);
}

void lw_pools_remove(uintptr_t pool)
{
	size_t at;

	raw_lock(&table.lock);
	at = lw_sorted_find(&table, pool);
	if (at < table.count && *lw_sorted_at(&table, at) == pool)
		lw_sorted_replace(&table, at, at + 1, "", 0);
	raw_unlock(&table.lock);
}

void lw_pools_each(void (*fn)(const struct lw_pool_seen *pool))
{
	raw_lock(&table.lock);
	for (size_t i = 0; i < table.count; i++)
		fn((const struct lw_pool_seen *)lw_sorted_at(&table, i));
	raw_unlock(&table.lock);
}

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * pools.h - the pools that liblw has now, so that a recording of a running heap can begin with them.
 */
#ifndef LW_POOLS_H
#define LW_POOLS_H

#include <stddef.h>
#include <stdint.h>

struct lw_pool_seen {
	uintptr_t pool;
	size_t bytes;
	uint32_t object, capacity;
};

void lw_pools_add(const struct lw_pool_seen *pool);
void lw_pools_remove(uintptr_t pool);

/* Calls FN for each, in the order of addresses, with the table locked. */
void lw_pools_each(void (*fn)(const struct lw_pool_seen *pool));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * pools.h - the pools of a heap: pieces of its extent divided into equal objects.
 *
 * A pool outlives its pool_free fact while blocks that lie in it live on; see blocks.h.
 */
#ifndef LWVIEW_POOLS_H
#define LWVIEW_POOLS_H

#include "state.h"

/* -1: out of memory. */
int pools_new(struct heap *h, const struct fact *f);
int pools_free(struct heap *h, const struct fact *f);

bool pools_hold(const struct heap *h, uint64_t address);

/* A block begins at `address`: the pool that it is an object of, or NULL; later it ends. */
struct pool *pools_enter(const struct heap *h, uint64_t address);
void pools_leave(struct pool *p);

/* The same of the copy of a block at `address` that was an object of the parent's `p`. */
struct pool *pools_inherit(const struct heap *child, const struct heap *parent, struct pool *p,
                           uint64_t address);

int pools_copy(struct heap *child, const struct heap *parent);
void pools_store(const struct heap *h);
void pools_release(struct heap *h);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * lives.h - the lives of the blocks of a heap, from the fact that began one to the one that ended it
 * and, where a freed chunk waits unmerged, to its merging.
 */
#ifndef LWVIEW_LIVES_H
#define LWVIEW_LIVES_H

#include "state.h"

/* The new block, valid until the next one; NULL: out of memory. */
struct block *lives_begin(struct heap *h, const struct fact *f, uint64_t size, uint64_t usable,
                          uint32_t source, uint8_t flags);

/* Ends a live block by fact `f`; *id, if not NULL, gets its block.id. -1: out of memory. */
int lives_end(struct heap *h, struct block *b, const struct fact *f, int64_t *id);

/* The deferred chunk at an address, if there is one, waits no more. */
int lives_take_deferred(struct heap *h, uint64_t address);

int lives_copy(struct heap *child, const struct heap *parent);

/* The rows of those that go on, in order of birth, so that the same trace gives the same database. */
int lives_store(struct heap *h);
void lives_release(struct heap *h);

#endif

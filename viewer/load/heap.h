/* SPDX-License-Identifier: MIT */
/* heap.h - what each fact does to a heap; its state is in state.h. */
#ifndef LWVIEW_HEAP_H
#define LWVIEW_HEAP_H

#include "state.h"

void heap_init(struct heap *h, struct heap_tables *tables, int64_t process);
void heap_clear(struct heap *h);

/* A forked child: everything that the parent has, as of now. -1: out of memory. */
int heap_copy(struct heap *child, const struct heap *parent);

/* Applies one fact and takes note of the state after it. -1: out of memory. */
int heap_apply(struct heap *h, const struct fact *f);

/* Writes the rows of all that still stands. */
int heap_store(struct heap *h);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * space.h - the address space of a heap: its extent, and what of it is free or went back.
 *
 * All return -1 when out of memory.
 */
#ifndef LWVIEW_SPACE_H
#define LWVIEW_SPACE_H

#include "state.h"

/* Adds what of [start, end) is not yet part of the extent, as free memory. */
int space_add(struct heap *h, uint64_t start, uint64_t end, enum extent_kind kind);

/* Memory goes back to the system, or its pages do while the addresses stay. */
int space_cut(struct heap *h, uint64_t start, uint64_t end);
int space_return(struct heap *h, uint64_t start, uint64_t end);

/* What was known of pages that went back holds no longer in [start, end). */
int space_forget_returned(struct heap *h, uint64_t start, uint64_t end);

/* Takes [start, end) out of the free memory, which extends the extent where it must; *taken: bytes
 * that were free. Gives it back, of which `chunk` bytes had been taken. */
int space_occupy(struct heap *h, uint64_t start, uint64_t end, uint64_t *taken);
int space_vacate(struct heap *h, uint64_t start, uint64_t end, uint64_t chunk);

/* The pieces of a set, as of now. */
int space_copy(struct heap *child, struct ranges *to, const struct ranges *from);

/* The rows of the pieces that still stand. */
void space_store(struct heap *h);

#endif

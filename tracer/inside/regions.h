/* Runs inside the traced program: no allocation, no stdio. */
/*
 * regions.h - the heap's extent: the address ranges that came from the system and did not go back.
 *
 * Disjoint ranges, sorted by address, in a table that grows by mmap (it may not allocate).  Two
 * uses: how large the extent is, and which of a range is new or was ours.
 */
#ifndef LW_REGIONS_H
#define LW_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds [ADDRESS, ADDRESS + LENGTH); calls FN for each part that was not there before. */
void lw_regions_add(uintptr_t address, size_t length, void (*fn)(uintptr_t, size_t, void *),
                    void *arg);

/* Takes the range out; calls FN for each part that was there. */
void lw_regions_remove(uintptr_t address, size_t length, void (*fn)(uintptr_t, size_t, void *),
                       void *arg);

/* Finds the first range that ends after FROM; false when there is none. */
bool lw_regions_next(uintptr_t from, uintptr_t *address, size_t *length);

/* Bytes of all ranges. */
size_t lw_regions_extent(void);

/* In the child of a fork: the lock's holder may not exist any more. */
void lw_regions_unlock_child(void);

#endif

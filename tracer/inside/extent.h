/* Runs inside the traced program: no allocation, no stdio. */
/*
 * extent.h - what the heap has of the system, and the facts that say how it came and went.
 *
 * Each changes the regions, and notes as facts of TIME what is new in them.
 */
#ifndef LW_EXTENT_H
#define LW_EXTENT_H

#include "traces/format/format.h"

#include <stddef.h>
#include <stdint.h>

void lw_extent_break(uintptr_t old_end, uintptr_t new_end, enum outcome outcome, uint64_t time);
void lw_extent_map(uintptr_t address, size_t length, uint64_t time);
void lw_extent_unmap(uintptr_t address, size_t length, uint64_t time);
void lw_extent_remap(uintptr_t old, size_t old_length, uintptr_t address, size_t length,
                     uint64_t time);
/* Its pages went back, its addresses stay. */
void lw_extent_returned(uintptr_t address, size_t length, uint64_t time);

#endif

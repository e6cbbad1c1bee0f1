/* Runs inside the traced program: no allocation, no stdio. */
/* resident.h - lw:rss: how much of the heap is in memory. */
#ifndef LW_RESIDENT_H
#define LW_RESIDENT_H

#include <stdint.h>

/* Samples when 10 ms have passed since the last sample, or 1 ms and the heap has grown. */
void lw_resident_tick(uint64_t now);
void lw_resident_sample(uint64_t now);

#endif

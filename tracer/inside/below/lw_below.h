/* Runs inside the traced program: no allocation, no stdio. */
/*
 * lw_below.h - included by liblw's lw_trace.h in the traced build: the public malloc family that
 * liblw defines gets the symbols lw_underlying_*, and family.c stands in front under the usual ones.
 *
 * By assembler names and not by macros: `free` is also the name of a member.
 */
#ifndef LW_BELOW_H
#define LW_BELOW_H

#include <malloc.h>
#include <stdlib.h>

#define LW_RENAME(name) extern __typeof__(name) name __asm__("lw_underlying_" #name)

void free_sized(void *ptr, size_t size);
void free_aligned_sized(void *ptr, size_t align, size_t size);

LW_RENAME(malloc);
LW_RENAME(free);
LW_RENAME(calloc);
LW_RENAME(realloc);
LW_RENAME(reallocarray);
LW_RENAME(memalign);
LW_RENAME(aligned_alloc);
LW_RENAME(posix_memalign);
LW_RENAME(valloc);
LW_RENAME(pvalloc);
LW_RENAME(malloc_usable_size);
LW_RENAME(malloc_trim);
LW_RENAME(free_sized);
LW_RENAME(free_aligned_sized);

#endif

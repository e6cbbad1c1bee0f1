/* Runs inside the traced program: no allocation, no stdio. */
/*
 * freed.h - who freed a block: the second line about a double free.
 */
#ifndef LW_FREED_H
#define LW_FREED_H

#include <stdint.h>

/* The block at PTR was freed by CALLER, or handed out again: then CALLER is 0. */
void lw_freed_note(uintptr_t ptr, uintptr_t caller);

#endif

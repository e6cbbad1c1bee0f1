/*
 * lw_check.h - the proof that the heap is as lw_heap.h says; in liblw-check.a, for tests.
 */
#ifndef LW_CHECK_H
#define LW_CHECK_H

/*
 * Returns 0 when every invariant of the heap holds, else -1 after one line on stderr that says
 * which does not and where.  No other thread may be inside the allocator meanwhile: they all have
 * to stand at a barrier.  Not for the child of a fork of a threaded program, where heaps of threads
 * that are gone may be in the middle of anything.
 */
int lw_check(void);

#endif

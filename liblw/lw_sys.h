/*
 * lw_sys.h - the door to the system: the break, and mappings.
 *
 * What fails here changes errno: free() has to keep it, and an allocation that fails sets ENOMEM.
 */
#ifndef LW_SYS_H
#define LW_SYS_H

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSED UINTPTR_MAX
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14; before, it is refused */
#endif
#define SYS_NEW PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS /* protection, flags */

/* Moves the break by BY bytes; returns where it was, or REFUSED.  glibc keeps the break in a
 * variable that other callers of sbrk rely on, so it has to be asked; musl's sbrk only refuses. */
static inline uintptr_t sys_sbrk(intptr_t by)
{
#ifdef __GLIBC__
	return (uintptr_t)sbrk(by);
#else
	uintptr_t old = syscall(SYS_brk, 0);
	return !by || (uintptr_t)syscall(SYS_brk, old + by) == old + by ? old : REFUSED;
#endif
}

/* Bytes that libc's own allocator fetched, as far as it says.  Weak: missing in a static
 * program. */
#ifdef __GLIBC__
extern __typeof__(mallinfo2) mallinfo2 __attribute__((weak));
static inline size_t sys_others(void) { return mallinfo2 ? mallinfo2().arena : 0; }
#else
static inline size_t sys_others(void) { return 0; }
#endif

/* Has BEFORE called before each fork, and AFTER in both processes.  glibc's pthread_atfork is a
 * static stub, for libraries that go; this one stays. */
#ifdef __GLIBC__
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
#define sys_atfork(before, after) __register_atfork(before, after, after, NULL)
#else
#define sys_atfork(before, after) pthread_atfork(before, after, after)
#endif

/* Maps LEN bytes of zeros; returns the address, or REFUSED. */
static inline uintptr_t sys_map(size_t len) { return (uintptr_t)mmap(NULL, len, SYS_NEW, -1, 0); }

/* Moves the memory of LEN bytes at FROM to TO, page-aligned both: LEN, or 0 if it could not.  What
 * then lacks memory, FROM or TO, gets zeros; is LOST, and to be left alone, if there are none. */
static inline size_t sys_move(void *to, void *from, size_t len, void **lost)
{
	bool moved = mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
	void *hole = moved ? from : to;
	if (mmap(hole, len, SYS_NEW | MAP_FIXED, -1, 0) != hole)
		*lost = hole;
	return moved ? len : 0;
}
#endif

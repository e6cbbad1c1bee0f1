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
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSED UINTPTR_MAX

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

/* Bytes that libc's own allocator fetched, as far as it tells.  Weak: a static program has none. */
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
static inline uintptr_t sys_map(size_t len)
{
	return (uintptr_t)mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	                       0);
}

/* Resizes a mapping, which may move; to TO if that is not NULL. */
static inline uintptr_t sys_remap(void *at, size_t old_len, size_t len, void *to)
{
	return (uintptr_t)mremap(at, old_len, len, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0), to);
}
#endif

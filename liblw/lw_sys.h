/*
 * lw_sys.h - the door to the system: the break, mappings, the lock, the last words.
 *
 * Nothing here changes errno when it fails: free() must keep it, and an allocation that fails sets
 * ENOMEM in one place.
 */
#ifndef LW_SYS_H
#define LW_SYS_H

#include <errno.h>
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
	int saved = errno;
#ifdef __GLIBC__
	uintptr_t old = (uintptr_t)sbrk(by);
#else
	uintptr_t old = (uintptr_t)syscall(SYS_brk, 0);
	if (by && (uintptr_t)syscall(SYS_brk, old + by) != old + by)
		old = REFUSED;
#endif
	errno = saved;
	return old;
}

/* Maps LEN bytes of zeros; returns the address, or REFUSED. */
static inline uintptr_t sys_map(size_t len)
{
	int saved = errno;
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	errno = saved;
	return (uintptr_t)at;
}

static inline uintptr_t sys_remap(uintptr_t at, size_t old_len, size_t len)
{
	int saved = errno;
	void *to = mremap((void *)at, old_len, len, MREMAP_MAYMOVE);
	errno = saved;
	return (uintptr_t)to;
}

static inline void sys_unmap(uintptr_t at, size_t len)
{
	int saved = errno;
	munmap((void *)at, len);
	errno = saved;
}

/* Gives the pages in [at, at + len) back; they read as zeros afterwards. */
static inline void sys_return(uintptr_t at, size_t len)
{
	int saved = errno;
	madvise((void *)at, len, MADV_DONTNEED);
	errno = saved;
}
#endif

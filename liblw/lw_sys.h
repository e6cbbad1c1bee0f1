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

/* Runs CALL, which yields an address or -1, without a trace in errno. */
#define KEEP_ERRNO(call)                           \
	({                                         \
		int saved = errno;                 \
		uintptr_t got = (uintptr_t)(call); \
		errno = saved;                     \
		got;                               \
	})

/* Moves the break by BY bytes; returns where it was, or REFUSED.  glibc keeps the break in a
 * variable that other callers of sbrk rely on, so it has to be asked; musl's sbrk only refuses. */
static inline uintptr_t sys_sbrk(intptr_t by)
{
#ifdef __GLIBC__
	return KEEP_ERRNO(sbrk(by));
#else
	uintptr_t old = KEEP_ERRNO(syscall(SYS_brk, 0));
	return !by || KEEP_ERRNO(syscall(SYS_brk, old + by)) == old + by ? old : REFUSED;
#endif
}

/* Maps LEN bytes of zeros; returns the address, or REFUSED. */
static inline uintptr_t sys_map(size_t len)
{
	return KEEP_ERRNO(
		mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static inline uintptr_t sys_remap(void *at, size_t old_len, size_t len)
{
	return KEEP_ERRNO(mremap(at, old_len, len, MREMAP_MAYMOVE));
}

/* Gives the pages in [at, at + len) back; they read as zeros afterwards. */
static inline void sys_return(void *at, size_t len) { KEEP_ERRNO(madvise(at, len, MADV_DONTNEED)); }

static inline void sys_unmap(void *at, size_t len) { KEEP_ERRNO(munmap(at, len)); }
#endif

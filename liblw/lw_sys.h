/*
 * lw_sys.h - the door to the system.
 *
 * The contract.  What may come of each call, where and why, and what follows; nothing else is asked
 * of the system.  What fails changes errno: lock() and unlock() keep it, and so does who calls without.
 *
 *      call                  may be refused                       then
 *      sbrk, growing         RLIMIT_DATA, RLIMIT_AS, overcommit,  the heap grows by mmap
 *                            a mapping in its way, musl's sbrk
 *      sbrk, shrinking       too many mappings                    its pages go back by madvise
 *      mmap                  RLIMIT_AS, overcommit, mlockall and  the break serves, or ENOMEM
 *                            RLIMIT_MEMLOCK, too many mappings
 *      mmap, with a hint     as above; or it lies elsewhere       the addresses are given up
 *      munmap                too many mappings, were one split    its pages go back by madvise
 *      mremap                several mappings (mlock and others   the block moves by a copy; the new
 *                            of a part), and all that mmap may    addresses, perhaps lost, are given up
 *      madvise, DONTNEED     EINVAL in locked memory              it is not zero, and not asked again
 *      madvise, POPULATE     before Linux 5.14; no memory         pages come at their first use
 *      pthread_mutex_*       never: a plain one, not taken twice
 *      pthread_key_create    EAGAIN, all keys taken               later threads have no heap of their
 *                                                                 own: they are served chunks
 *      pthread_setspecific   ENOMEM                               this thread has none for now
 *      atfork                ENOMEM                               the shared heap stays closed to
 *                                                                 threads: they get mappings
 *
 * Whatever other threads map at any moment: MAP_FIXED is not used, and what mremap replaces was mapped
 * for it.
 */
#ifndef LW_SYS_H
#define LW_SYS_H

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSED UINTPTR_MAX
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

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

/* Has BEFORE called before each fork, and PARENT or CHILD after it: 0 or an error.  glibc's
 * pthread_atfork is a static stub, for libraries that go; this one stays. */
#ifdef __GLIBC__
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
#define sys_atfork(before, parent, child) __register_atfork(before, parent, child, NULL)
#else
#define sys_atfork(before, parent, child) pthread_atfork(before, parent, child)
#endif

/* Whether the LEN bytes at AT are zeros now, without memory. */
static bool sys_return(uintptr_t at, size_t len)
{
	return !madvise((void *)at, len, MADV_DONTNEED);
}

/* Gives up the LEN bytes at AT, or at least their memory. */
static void sys_unmap(uintptr_t at, size_t len)
{
	if (munmap((void *)at, len))
		sys_return(at, len);
}

/* Maps LEN bytes of zeros, if there is a HINT there and nowhere else; the address, or REFUSED. */
static uintptr_t sys_map(uintptr_t hint, size_t len)
{
	int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	uintptr_t at = (uintptr_t)mmap((void *)hint, len, protection, flags, -1, 0);
	if (hint && at != REFUSED && at != hint) {
		sys_unmap(at, len);
		at = REFUSED;
	}
	return at;
}

/* Has the pages of the LEN bytes at AT come all at once. */
static void sys_populate(uintptr_t at, size_t len)
{
	int saved = errno;
	madvise((void *)at, len, MADV_POPULATE_WRITE);
	errno = saved;
}
#endif

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * map.c - the growth of an allocator that is seen from outside: what it asks of the system.
 *
 * mmap, munmap, mremap, mprotect, madvise, sbrk and brk are interposed.  A call from the allocator's
 * own code is the allocator's, be it inside malloc or in its constructor; any other passes.  Addresses that
 * are reserved only (PROT_NONE) are not extent yet: mprotect makes them so.  An allocator that uses
 * the bare system calls is blind here.
 *
 * glibc's own allocator makes its calls inside libc, where nobody can stand in between: ptmalloc.c
 * reads its growth otherwise.  What is left here for it is somebody else's sbrk.
 */
#define _GNU_SOURCE
#include "any.h"
#include "tracer/inside/extent.h"
#include "tracer/inside/front.h"
#include "tracer/inside/self.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the functions below stand in front of. */
#define FUNCTIONS(EACH) \
	EACH(mmap) EACH(munmap) EACH(mremap) EACH(mprotect) EACH(madvise) EACH(sbrk) EACH(brk)

static struct {
#define POINTER(name) __typeof__(&name) name;
	FUNCTIONS(POINTER)
} next;

void lw_underlying_resolve(void)
{
#define FIND(name) next.name = NEXT(name);
	FUNCTIONS(FIND)
}

/* An allocator that starts before our constructor maps already. */
#define RESOLVED(name)                           \
	do {                                     \
		if (!next.name)                  \
			lw_underlying_resolve(); \
	} while (0)

/* The caller of the function that this stands in is the allocator. */
#define INSIDE() lw_underlying_owns(__builtin_extract_return_addr(__builtin_return_address(0)))

static size_t whole_pages(size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (length + page - 1) & ~(page - 1);
}

static void came(void *at, size_t length)
{
	lw_extent_map((uintptr_t)at, whole_pages(length), lw_clock());
}

static void went(void *at, size_t length)
{
	lw_extent_unmap((uintptr_t)at, whole_pages(length), lw_clock());
}

PUBLIC void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	void *at;

	RESOLVED(mmap);
	at = next.mmap(addr, length, prot, flags, fd, offset);
	if (at != MAP_FAILED && INSIDE()) {
		if (prot & (PROT_READ | PROT_WRITE))
			came(at, length);
		else if (flags & MAP_FIXED)
			went(at, length);
	}
	return at;
}

#if defined(__LP64__)
PUBLIC void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));
#endif

PUBLIC int munmap(void *addr, size_t length)
{
	RESOLVED(munmap);
	/* Before: the addresses may be somebody else's as soon as they are free. */
	if (INSIDE())
		went(addr, length);
	return next.munmap(addr, length);
}

PUBLIC void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
	void *to, *at;
	va_list rest;

	va_start(rest, flags);
	to = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
	va_end(rest);
	RESOLVED(mremap);
	at = next.mremap(old, old_length, length, flags, to);
	if (at != MAP_FAILED && INSIDE())
		lw_extent_remap((uintptr_t)old, whole_pages(old_length), (uintptr_t)at,
		                whole_pages(length), lw_clock());
	return at;
}

PUBLIC int mprotect(void *addr, size_t length, int prot)
{
	int result;

	RESOLVED(mprotect);
	result = next.mprotect(addr, length, prot);
	if (!result && INSIDE()) {
		if (prot & PROT_WRITE)
			came(addr, length);
		else if (prot == PROT_NONE)
			went(addr, length);
	}
	return result;
}

PUBLIC int madvise(void *addr, size_t length, int advice)
{
	RESOLVED(madvise);
	if ((advice == MADV_DONTNEED || advice == MADV_FREE) && INSIDE())
		lw_extent_returned((uintptr_t)addr, length, lw_clock());
	return next.madvise(addr, length, advice);
}

/* ---- the break -------------------------------------------------------------------------- */

/* By the allocator, or, where that is glibc's, by somebody else. */
static void break_moved(uintptr_t old_end, uintptr_t new_end, bool inside)
{
	if (inside)
		lw_extent_break(old_end, new_end,
		                new_end > old_end ? OUTCOME_GROWN : OUTCOME_SHRUNK, lw_clock());
	else if (!lw_self.depth && lw_underlying_is_ptmalloc())
		ptmalloc_foreign_break(old_end, new_end);
}

PUBLIC void *sbrk(intptr_t by)
{
	uintptr_t old;

	RESOLVED(sbrk);
	old = (uintptr_t)next.sbrk(by);
	if (by && old != UINTPTR_MAX)
		break_moved(old, old + (uintptr_t)by, INSIDE());
	return (void *)old;
}

PUBLIC int brk(void *to)
{
	uintptr_t old = (uintptr_t)sbrk(0);
	int result;

	RESOLVED(brk);
	result = next.brk(to);
	if (!result && old != (uintptr_t)to)
		break_moved(old, (uintptr_t)to, INSIDE());
	return result;
}

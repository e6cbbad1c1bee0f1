/* raw.h - system calls that must neither allocate nor go through a function that we interpose. */
#ifndef LW_RAW_H
#define LW_RAW_H

#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fresh zero pages, or NULL. */
static inline void *raw_pages(size_t length)
{
#ifdef SYS_mmap2
	long at = syscall(SYS_mmap2, 0, length, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
#else
	long at = syscall(SYS_mmap, 0, length, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
#endif
	return at == -1 ? NULL : (void *)at;
}

static inline void raw_unmap(void *at, size_t length)
{
	syscall(SYS_munmap, at, length);
}

/* Reads a small file of /proc as a string; returns its length, 0 when it cannot be read. */
size_t raw_file(const char *path, char *text, size_t size);

#endif

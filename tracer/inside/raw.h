/* Runs inside the traced program: no allocation, no stdio. */
/* raw.h - system calls that must neither allocate nor go through a function that we interpose. */
#ifndef LW_RAW_H
#define LW_RAW_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fresh zero pages, or NULL. */
static inline void *raw_pages(size_t length)
{
#ifndef SYS_mmap2
#define SYS_mmap2 SYS_mmap
#endif
	long at = syscall(SYS_mmap2, 0, length, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return at == -1 ? NULL : (void *)at;
}

static inline void raw_unmap(void *at, size_t length)
{
	syscall(SYS_munmap, at, length);
}

/* A lock that neither allocates nor calls anything of ours; freed by force in the child of a fork. */
static inline void raw_lock(int *lock)
{
	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static inline void raw_unlock(int *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* Reads a small file of /proc as a string; returns its length, 0 when it cannot be read. */
size_t raw_file(const char *path, char *text, size_t size);

/* A text under way, which ends in a zero at any time; what does not fit is cut. */
struct raw_text {
	char *at, *end; /* where the next character goes; the last place, the zero's */
};

struct raw_text raw_text(char *room, size_t size);
void raw_text_add(struct raw_text *text, const char *more);
void raw_text_number(struct raw_text *text, unsigned long number, unsigned base);

/* To standard error; who cannot write there has lost it. */
void raw_say(const char *text);

/* An invariant: checked in builds without NDEBUG, where the program ends that breaks one. */
#ifdef NDEBUG
#define HOLDS(what) ((void)sizeof(!(what)))
#else
#define HOLDS(what) ((what) ? (void)0 : raw_broken("liblw-trace: broken: " #what "\n"))
#endif
_Noreturn void raw_broken(const char *text);

#endif

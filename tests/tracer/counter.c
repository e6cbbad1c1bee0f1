/*
 * counter.c - an independent count of a program's allocations, preloaded above everything else.
 *
 * Knows nothing of liblw or tracing.  Counts, per process image, what a trace must hold: successful
 * allocations, blocks freed, blocks whose size changed, failures.  The numbers live in a file mapped
 * shared, COUNT_DIR/PID.N, so that they hold until the last instruction of the process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	ALLOCS,
	FREES,
	REALLOCS,
	FAILS,
	BYTES,
	KINDS
};

/* Until the file is there, and where it cannot be made. */
static uint64_t early[KINDS];
static uint64_t *counts = early;

static void add(int kind, uint64_t by)
{
	__atomic_fetch_add(&counts[kind], by, __ATOMIC_RELAXED);
}

/* While dlsym looks for the real functions it may allocate: from here, uncounted. */
static char arena[65536] __attribute__((aligned(16)));
static size_t arena_used;
static int looking;

static void *arena_take(size_t size)
{
	void *at = arena + arena_used;

	arena_used += (size + 15) & ~(size_t)15;
	if (arena_used > sizeof arena)
		abort();
	return at;
}

static int in_arena(void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)arena < sizeof arena;
}

/* REAL(name): the next definition below this library, looked up once. */
#define REAL(name)                                                         \
	({                                                                 \
		static __typeof__(&name) real;                             \
		if (!real) {                                               \
			looking++;                                         \
			real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
			looking--;                                         \
		}                                                          \
		real;                                                      \
	})

static void *count_alloc(void *ptr, size_t size)
{
	add(ptr ? ALLOCS : FAILS, 1);
	if (ptr)
		add(BYTES, size);
	return ptr;
}

static void *count_realloc(void *old, void *ptr, size_t size)
{
	if (!old)
		return count_alloc(ptr, size);
	if (!ptr && !size)
		add(FREES, 1);
	else
		add(ptr ? REALLOCS : FAILS, 1);
	if (ptr)
		add(BYTES, size);
	return ptr;
}

void *malloc(size_t size)
{
	return looking ? arena_take(size) : count_alloc(REAL(malloc)(size), size);
}

void *calloc(size_t count, size_t size)
{
	if (looking)
		return arena_take(count * size);
	return count_alloc(REAL(calloc)(count, size), count * size);
}

void *memalign(size_t align, size_t size)
{
	return count_alloc(REAL(memalign)(align, size), size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return count_alloc(REAL(aligned_alloc)(align, size), size);
}

void *valloc(size_t size)
{
	return count_alloc(REAL(valloc)(size), size);
}

void *pvalloc(size_t size)
{
	return count_alloc(REAL(pvalloc)(size), size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	int error = REAL(posix_memalign)(out, align, size);

	count_alloc(error ? NULL : *out, size);
	return error;
}

void *realloc(void *old, size_t size)
{
	return count_realloc(old, REAL(realloc)(old, size), size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	/* Not by the real one: glibc's calls realloc, which would be counted again. */
	if (!__builtin_mul_overflow(count, size, &bytes))
		return realloc(old, bytes);
	add(FAILS, 1);
	errno = ENOMEM;
	return NULL;
}

void free(void *ptr)
{
	if (!ptr || in_arena(ptr))
		return;
	add(FREES, 1);
	REAL(free)(ptr);
}

/* A new file for this process image, holding what was counted so far. */
static void open_file(void)
{
	const char *directory = getenv("COUNT_DIR");
	char path[4096];
	uint64_t *shared;
	int fd = -1;

	if (!directory)
		return;
	for (int i = 0; fd < 0 && i < 100; i++) {
		snprintf(path, sizeof path, "%s/%d.%d", directory, (int)getpid(), i);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
	if (fd < 0 || ftruncate(fd, sizeof early))
		return;
	shared = mmap(NULL, sizeof early, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (shared == MAP_FAILED)
		return;
	memcpy(shared, early, sizeof early);
	counts = shared;
}

/* A forked child counts from zero. */
static void start_child(void)
{
	memset(early, 0, sizeof early);
	counts = early;
	open_file();
}

__attribute__((constructor)) static void start(void)
{
	open_file();
	pthread_atfork(NULL, NULL, start_child);
}

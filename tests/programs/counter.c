/*
 * An independent counter of allocations, preloaded above whatever allocator there is.
 *
 * Shares no line with the tracer. Counts successful allocations, frees of non-NULL and changes of
 * size, by wrapping the family through RTLD_NEXT, in a file mapped shared: $LW_COUNT.PID, so that
 * the figures are whole however the process ends. Threads whose name ends in "-ust" belong to
 * lttng-ust and are counted apart.
 *
 * Layout of the file: struct counts, read by `od -A n -t u8`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct counts {
	_Atomic unsigned long allocs, frees, changes, bytes;
	_Atomic unsigned long tracer_allocs, tracer_frees;
};

static struct counts unmapped;
static struct counts *counts = &unmapped;

static void *(*next_malloc)(size_t);
static void (*next_free)(void *);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void *(*next_memalign)(size_t, size_t);

/* What dlsym itself asks for while the pointers above are looked up; never given back. */
static char arena[16384] __attribute__((aligned(16)));
static size_t arena_used;

static void *arena_take(size_t size)
{
	void *p = arena + arena_used;

	arena_used += (size + 15) & ~(size_t)15;
	return arena_used <= sizeof(arena) ? p : NULL;
}

static int in_arena(const void *p)
{
	return (const char *)p >= arena && (const char *)p < arena + sizeof(arena);
}

static void counts_map(void)
{
	const char *prefix = getenv("LW_COUNT");
	struct counts *mapped;
	char path[512];
	int fd;

	if (!prefix)
		return;
	snprintf(path, sizeof(path), "%s.%d", prefix, (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof(*mapped)))
		return;
	mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED)
		return;
	*mapped = unmapped;
	counts = mapped;
}

static void start(void)
{
	static int starting;

	if (starting++)
		return;
	next_calloc = dlsym(RTLD_NEXT, "calloc");
	next_free = dlsym(RTLD_NEXT, "free");
	next_realloc = dlsym(RTLD_NEXT, "realloc");
	next_memalign = dlsym(RTLD_NEXT, "memalign");
	next_malloc = dlsym(RTLD_NEXT, "malloc");
	counts_map();
}

static int is_tracer(void)
{
	char name[17] = "";
	size_t length;

	prctl(PR_GET_NAME, name);
	length = strlen(name);
	return length >= 4 && !strcmp(name + length - 4, "-ust");
}

static void *count_alloc(void *p, size_t size)
{
	int error = errno;

	if (p && is_tracer()) {
		counts->tracer_allocs++;
	} else if (p) {
		counts->allocs++;
		counts->bytes += size;
	}
	errno = error;
	return p;
}

static void count_free(void)
{
	int error = errno;

	if (is_tracer())
		counts->tracer_frees++;
	else
		counts->frees++;
	errno = error;
}

void *malloc(size_t size)
{
	if (!next_malloc)
		start();
	return next_malloc ? count_alloc(next_malloc(size), size) : arena_take(size);
}

void *calloc(size_t count, size_t size)
{
	if (!next_calloc)
		start();
	return next_calloc ? count_alloc(next_calloc(count, size), count * size)
	                   : arena_take(count * size);
}

void free(void *p)
{
	if (!p || in_arena(p))
		return;
	if (!next_free)
		start();
	count_free();
	next_free(p);
}

void *realloc(void *old, size_t size)
{
	void *p;

	if (!next_realloc)
		start();
	if (in_arena(old)) {
		p = malloc(size);
		return p ? memcpy(p, old, size) : NULL;
	}
	p = next_realloc(old, size);
	if (!old)
		return count_alloc(p, size);
	if (!p && !size)
		count_free();
	else if (p && !is_tracer())
		counts->changes++;
	return p;
}

void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, bytes);
}

void *memalign(size_t align, size_t size)
{
	if (!next_memalign)
		start();
	return count_alloc(next_memalign(align, size), size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

void *valloc(size_t size)
{
	return memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	int error = errno;
	void *p;

	if (!align || align % sizeof(void *) || (align & (align - 1)))
		return EINVAL;
	p = memalign(align, size);
	errno = error;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

__attribute__((constructor)) static void constructor(void)
{
	if (!next_malloc)
		start();
}

/*
 * below_any.c - the shim's allocator below: glibc's, or the next one in link order.
 *
 * LW_SHIM_BELOW=next (lwtrace's --allocator system and PATH.so) means the next definition after the
 * shim; anything else means glibc's allocator, whatever the program links.  glibc's is called by
 * its __libc_ names, so it needs no look-up and works from the first instruction on.  The next one
 * is looked up at the first call, which may come before libc itself is initialised: hence the
 * environment is read from /proc, and requests of the look-up itself come from a small arena.
 */
#define _GNU_SOURCE
#include "below_any.h"
#include "facts.h"
#include "raw.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void __libc_free(void *ptr);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t align, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);

enum {
	UNKNOWN,
	PTMALLOC,
	LOOKING,
	NEXT
};

/* Functions of the next allocator; those that it lacks are made from memalign, or NULL. */
static struct {
	int which;
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*usable)(void *);
	int (*trim)(size_t);
} below;

/* ---- which one -------------------------------------------------------------------------- */

/* Finds NAME=VALUE in the environment the process was started with. */
static bool environment_is(const char *setting)
{
	static char text[65536];
	size_t length, at;

	for (char **entry = environ; entry && *entry; entry++)
		if (!strcmp(*entry, setting))
			return true;
	if (environ)
		return false;
	length = raw_file("/proc/self/environ", text, sizeof text);
	for (at = 0; at < length; at += strlen(text + at) + 1)
		if (!strcmp(text + at, setting))
			return true;
	return false;
}

static void find_next(void)
{
#define FIND(field, name) *(void **)&below.field = dlsym(RTLD_NEXT, name)
	FIND(malloc, "malloc");
	FIND(free, "free");
	FIND(calloc, "calloc");
	FIND(realloc, "realloc");
	FIND(memalign, "memalign");
	FIND(aligned_alloc, "aligned_alloc");
	FIND(posix_memalign, "posix_memalign");
	FIND(valloc, "valloc");
	FIND(pvalloc, "pvalloc");
	FIND(usable, "malloc_usable_size");
	FIND(trim, "malloc_trim");
}

/* Chooses once.  The program has one thread then: the loader itself allocates long before. */
static int choose(void)
{
	if (environment_is("LW_SHIM_BELOW=next")) {
		below.which = LOOKING;
		find_next();
		/* `system` in a program that brings no allocator is glibc's after all. */
		if (below.malloc && dlsym(RTLD_NEXT, "__libc_malloc") != (void *)below.malloc)
			return below.which = NEXT;
	}
	ptmalloc_first_break();
	return below.which = PTMALLOC;
}

static inline int which(void)
{
	return __builtin_expect(below.which == UNKNOWN, 0) ? choose() : below.which;
}

bool lw_below_is_ptmalloc(void)
{
	return which() == PTMALLOC;
}

/* ---- while looking ---------------------------------------------------------------------- */

static char arena[16384] __attribute__((aligned(16)));
static size_t arena_used;

static void *arena_take(size_t size)
{
	void *ptr = arena + arena_used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof arena - arena_used)
		return NULL;
	arena_used += size;
	return ptr;
}

static bool in_arena(const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)arena < sizeof arena;
}

/* ---- the family ------------------------------------------------------------------------- */

void *lw_below_malloc(size_t size)
{
	switch (which()) {
	case PTMALLOC:
		return __libc_malloc(size);
	case LOOKING:
		return arena_take(size);
	default:
		return below.malloc(size);
	}
}

void lw_below_free(void *ptr)
{
	if (which() == PTMALLOC)
		__libc_free(ptr);
	else if (!in_arena(ptr))
		below.free(ptr);
}

void *lw_below_calloc(size_t count, size_t size)
{
	switch (which()) {
	case PTMALLOC:
		return __libc_calloc(count, size);
	case LOOKING:
		return arena_take(count * size);
	default:
		return below.calloc(count, size);
	}
}

void *lw_below_realloc(void *ptr, size_t size)
{
	void *moved;

	if (which() == PTMALLOC)
		return __libc_realloc(ptr, size);
	if (which() == NEXT && !in_arena(ptr))
		return below.realloc(ptr, size);
	moved = lw_below_malloc(size);
	if (moved && ptr) {
		size_t left = (size_t)(arena + sizeof arena - (char *)ptr);

		memcpy(moved, ptr, size < left ? size : left);
	}
	return moved;
}

void *lw_below_reallocarray(void *ptr, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return lw_below_realloc(ptr, bytes);
}

void *lw_below_memalign(size_t align, size_t size)
{
	if (which() != NEXT || !below.memalign)
		return __libc_memalign(align, size);
	return below.memalign(align, size);
}

void *lw_below_aligned_alloc(size_t align, size_t size)
{
	if (which() == NEXT && below.aligned_alloc)
		return below.aligned_alloc(align, size);
	return lw_below_memalign(align, size);
}

int lw_below_posix_memalign(void **out, size_t align, size_t size)
{
	int saved = errno;
	void *ptr;

	if (which() == NEXT && below.posix_memalign)
		return below.posix_memalign(out, align, size);
	if (!align || align % sizeof(void *) || (align & (align - 1)))
		return EINVAL;
	ptr = lw_below_memalign(align, size);
	errno = saved;
	if (!ptr)
		return ENOMEM;
	*out = ptr;
	return 0;
}

void *lw_below_valloc(size_t size)
{
	if (which() == PTMALLOC)
		return __libc_valloc(size);
	return below.valloc ? below.valloc(size)
	                    : lw_below_memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void *lw_below_pvalloc(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (which() == PTMALLOC)
		return __libc_pvalloc(size);
	return below.pvalloc ? below.pvalloc(size)
	                     : lw_below_memalign(page, (size + page - 1) & ~(page - 1));
}

size_t lw_below_malloc_usable_size(void *ptr)
{
	if (which() == PTMALLOC)
		return ptr ? ptmalloc_usable(ptr) : 0;
	return below.usable && !in_arena(ptr) ? below.usable(ptr) : 0;
}

int lw_below_malloc_trim(size_t pad)
{
	static int (*glibc_trim)(size_t);

	if (which() == NEXT)
		return below.trim ? below.trim(pad) : 0;
	if (!glibc_trim)
		*(void **)&glibc_trim = dlsym(RTLD_NEXT, "malloc_trim");
	return glibc_trim ? glibc_trim(pad) : 0;
}

void lw_below_free_sized(void *ptr, size_t size)
{
	(void)size;
	lw_below_free(ptr);
}

void lw_below_free_aligned_sized(void *ptr, size_t align, size_t size)
{
	(void)align;
	(void)size;
	lw_below_free(ptr);
}

/* ---- what can be seen from outside ------------------------------------------------------ */

struct lw_mark lw_below_before(void *ptr)
{
	if (ptr && which() == PTMALLOC)
		return ptmalloc_mark(ptr);
	return (struct lw_mark){0};
}

void lw_below_after(void *ptr, const struct lw_mark *mark, uint64_t end)
{
	if (below.which == PTMALLOC)
		ptmalloc_growth(ptr, mark, end);
}

int lw_below_source(void *ptr, int said)
{
	enum {
		FROM_MMAP = 5,
		FROM_UNKNOWN = 7
	};

	(void)said;
	return below.which == PTMALLOC && ptmalloc_is_mapped(ptr) ? FROM_MMAP : FROM_UNKNOWN;
}

int lw_below_path(const struct lw_mark *mark, int said)
{
	enum {
		TO_SYSTEM = 3,
		TO_UNKNOWN = 6
	};

	(void)said;
	return mark->address ? TO_SYSTEM : TO_UNKNOWN;
}

void lw_below_describe(struct lw_below_info *info)
{
	const char *name = getenv("LW_SHIM_NAME");

	info->allocator = name ? name : below.which == PTMALLOC ? "ptmalloc" : "system";
	info->header = below.which == PTMALLOC ? sizeof(size_t) : 0;
	if (below.which == PTMALLOC)
		info->version = __GLIBC__ << 16 | __GLIBC_MINOR__ << 8;
}

/* No foreign allocator can list its blocks: a heap that was running before stays unsaid. */
void lw_below_dump(void)
{
}

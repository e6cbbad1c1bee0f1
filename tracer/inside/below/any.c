/* Runs inside the traced program: no allocation, no stdio. */
/*
 * any.c - the shim's underlying allocator: glibc's, or the next one in link order.
 *
 * LW_SHIM_BELOW=next (lwtrace's --allocator system and PATH.so) means the next definition after the
 * shim; anything else means glibc's allocator, whatever the program links.  The functions are looked
 * up at the first call, which may come before libc itself is initialised: hence the environment is
 * read from /proc then, and requests of the look-up itself come from a small arena.  glibc's are
 * taken out of libc.so.6 by name: others (mimalloc) define even __libc_malloc.
 */
#define _GNU_SOURCE
#include "any.h"
#include "tracer/inside/raw.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* PTMALLOC and FOREIGN: what the functions are; LOOKING: they are not there yet. */
enum {
	UNKNOWN,
	LOOKING,
	PTMALLOC,
	FOREIGN
};

/* The allocator's functions; those that it lacks are made from memalign, or NULL. */
/* clang-format off */
#define FUNCTIONS(EACH)                                                                       \
	EACH(malloc) EACH(free) EACH(calloc) EACH(realloc) EACH(memalign) EACH(aligned_alloc) \
	EACH(posix_memalign) EACH(valloc) EACH(pvalloc) EACH(malloc_usable_size) EACH(malloc_trim)
/* clang-format on */

static struct {
	int which;
#define POINTER(name) __typeof__(&name) name;
	FUNCTIONS(POINTER)
} underlying;

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

static void find_in(void *handle)
{
#define FIND(name) underlying.name = (__typeof__(&name))dlsym(handle, #name);
	FUNCTIONS(FIND)
}

/* Address range of the library that has the allocator. */
static uintptr_t owner_begin, owner_end;

static int find_owner(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t wanted = (uintptr_t)underlying.malloc, begin = UINTPTR_MAX, end = 0;

	(void)size;
	(void)arg;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		begin = at < begin ? at : begin;
		end = at + info->dlpi_phdr[i].p_memsz > end ? at + info->dlpi_phdr[i].p_memsz : end;
	}
	if (wanted < begin || wanted >= end)
		return 0;
	owner_begin = begin;
	owner_end = end;
	return 1;
}

bool lw_underlying_owns(const void *code)
{
	return (uintptr_t)code - owner_begin < owner_end - owner_begin;
}

/* Chooses once.  The program has one thread then: the loader itself allocates long before. */
static int choose(void)
{
	void *libc, *glibc_malloc;

	underlying.which = LOOKING;
	libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	glibc_malloc = libc ? dlsym(libc, "malloc") : NULL;
	find_in(libc && !environment_is("LW_SHIM_BELOW=next") ? libc : RTLD_NEXT);
	if (!underlying.malloc || !underlying.free || !underlying.calloc || !underlying.realloc)
		abort();
	/* `system` in a program that brings no allocator is glibc's after all. */
	if ((void *)underlying.malloc != glibc_malloc) {
		dl_iterate_phdr(find_owner, NULL);
		return underlying.which = FOREIGN;
	}
	ptmalloc_first_break();
	return underlying.which = PTMALLOC;
}

static inline int which(void)
{
	return __builtin_expect(underlying.which == UNKNOWN, 0) ? choose() : underlying.which;
}

bool lw_underlying_is_ptmalloc(void)
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

void *lw_underlying_malloc(size_t size)
{
	return which() == LOOKING ? arena_take(size) : underlying.malloc(size);
}

void lw_underlying_free(void *ptr)
{
	if (which() != LOOKING && !in_arena(ptr))
		underlying.free(ptr);
}

void *lw_underlying_calloc(size_t count, size_t size)
{
	return which() == LOOKING ? arena_take(count * size) : underlying.calloc(count, size);
}

void *lw_underlying_realloc(void *ptr, size_t size)
{
	void *moved;

	if (which() != LOOKING && !in_arena(ptr))
		return underlying.realloc(ptr, size);
	moved = lw_underlying_malloc(size);
	if (moved && ptr) {
		size_t left = (size_t)(arena + sizeof arena - (char *)ptr);

		memcpy(moved, ptr, size < left ? size : left);
	}
	return moved;
}

void *lw_underlying_reallocarray(void *ptr, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return lw_underlying_realloc(ptr, bytes);
}

void *lw_underlying_memalign(size_t align, size_t size)
{
	if (which() == LOOKING || !underlying.memalign) {
		errno = ENOMEM;
		return NULL;
	}
	return underlying.memalign(align, size);
}

void *lw_underlying_aligned_alloc(size_t align, size_t size)
{
	if (which() != LOOKING && underlying.aligned_alloc)
		return underlying.aligned_alloc(align, size);
	return lw_underlying_memalign(align, size);
}

int lw_underlying_posix_memalign(void **out, size_t align, size_t size)
{
	int saved = errno;
	void *ptr;

	if (which() != LOOKING && underlying.posix_memalign)
		return underlying.posix_memalign(out, align, size);
	if (!align || align % sizeof(void *) || (align & (align - 1)))
		return EINVAL;
	ptr = lw_underlying_memalign(align, size);
	errno = saved;
	if (!ptr)
		return ENOMEM;
	*out = ptr;
	return 0;
}

void *lw_underlying_valloc(size_t size)
{
	if (which() != LOOKING && underlying.valloc)
		return underlying.valloc(size);
	return lw_underlying_memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void *lw_underlying_pvalloc(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (which() != LOOKING && underlying.pvalloc)
		return underlying.pvalloc(size);
	return lw_underlying_memalign(page, (size + page - 1) & ~(page - 1));
}

size_t lw_underlying_malloc_usable_size(void *ptr)
{
	if (!ptr || in_arena(ptr))
		return 0;
	if (which() == PTMALLOC)
		return ptmalloc_usable(ptr);
	return underlying.malloc_usable_size ? underlying.malloc_usable_size(ptr) : 0;
}

int lw_underlying_malloc_trim(size_t pad)
{
	return which() != LOOKING && underlying.malloc_trim ? underlying.malloc_trim(pad) : 0;
}

void lw_underlying_free_sized(void *ptr, size_t size)
{
	(void)size;
	lw_underlying_free(ptr);
}

void lw_underlying_free_aligned_sized(void *ptr, size_t align, size_t size)
{
	(void)align;
	(void)size;
	lw_underlying_free(ptr);
}

/* ---- what can be seen from outside ------------------------------------------------------ */

struct lw_mark lw_underlying_before(void *ptr)
{
	if (ptr && underlying.which == PTMALLOC && !in_arena(ptr))
		return ptmalloc_mark(ptr);
	return (struct lw_mark){0};
}

void lw_underlying_after(void *ptr, const struct lw_mark *mark, uint64_t end)
{
	if (underlying.which == PTMALLOC)
		ptmalloc_growth(in_arena(ptr) ? NULL : ptr, mark, end);
}

int lw_underlying_source(void *ptr, int said)
{
	(void)said;
	if (in_arena(ptr))
		return -1;
	return underlying.which == PTMALLOC && ptmalloc_is_mapped(ptr) ? SOURCE_MMAP
	                                                               : SOURCE_UNKNOWN;
}

int lw_underlying_path(void *ptr, const struct lw_mark *mark, int said)
{
	(void)said;
	if (in_arena(ptr))
		return -1;
	return mark->address ? PATH_UNMAPPED : PATH_UNKNOWN;
}

/* A double free is reported by the allocator itself, in words of its own. */
void lw_underlying_note(void *ptr, uint64_t caller)
{
	(void)ptr;
	(void)caller;
}

void lw_underlying_describe(struct lw_fact_process *process)
{
	const char *name = getenv("LW_SHIM_NAME");

	process->allocator = name ? name : underlying.which == PTMALLOC ? "ptmalloc" : "system";
	process->header = underlying.which == PTMALLOC ? sizeof(size_t) : 0;
	if (underlying.which == PTMALLOC)
		process->allocator_version = __GLIBC__ << 16 | __GLIBC_MINOR__ << 8;
}

void lw_underlying_after_fork_in_child(void)
{
}

/* No foreign allocator can list its blocks: a heap that was running before stays unsaid. */
void lw_underlying_dump(void)
{
}

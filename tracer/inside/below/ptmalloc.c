/* Runs inside the traced program: no allocation, no stdio. */
/*
 * ptmalloc.c - the growth of glibc's heap, read from what it leaves in plain sight.
 *
 *   the break          libc's __curbrk, compared with the last one seen after each call
 *   mapped chunks      bit 2 of the size word before the block; the word before that is the
 *                      distance from the mapping's start
 *   thread arenas      bit 4: the block lies in a heap of HEAP_MAX bytes, aligned to that, which
 *                      begins with struct heap_info, whose `size` says how much of it is in use
 *
 * So a change is seen by the first thread that ends a call after it.  Arena heaps grow in pages;
 * they are reported in pieces of 64 KiB, since a fact for each page would cost more than it says.
 */
#define _GNU_SOURCE
#include "any.h"
#include "tracer/inside/extent.h"
#include "tracer/inside/raw.h"

#include <stdatomic.h>

enum {
	MAPPED = 2,
	ARENA = 4,
	FLAG_BITS = 7
};

#define HEAP_MAX   (sizeof(void *) == 8 ? (uintptr_t)64 << 20 : (uintptr_t)1 << 20)
#define HEAP_PIECE ((size_t)64 << 10)

/* glibc's, since 2.0.  SIZE counts from the start of this struct. */
struct heap_info {
	void *arena;
	struct heap_info *prev;
	size_t size;
};

extern void *__curbrk __attribute__((weak));

static _Atomic uintptr_t last_break;

static size_t size_word(const void *ptr)
{
	return ((const size_t *)ptr)[-1];
}

bool ptmalloc_is_mapped(void *ptr)
{
	return size_word(ptr) & MAPPED;
}

/* A mapped chunk cannot lend its last word to a neighbour: it has none. */
size_t ptmalloc_usable(void *ptr)
{
	size_t word = size_word(ptr);

	return (word & ~(size_t)FLAG_BITS) - (word & MAPPED ? 2 : 1) * sizeof(size_t);
}

struct lw_mark ptmalloc_mark(void *ptr)
{
	struct lw_mark mark = {0};
	size_t word = size_word(ptr);

	if (word & MAPPED) {
		size_t before = ((const size_t *)ptr)[-2];

		mark.address = (uintptr_t)ptr - 2 * sizeof(size_t) - before;
		mark.length = (word & ~(size_t)FLAG_BITS) + before;
	} else if (word & ARENA) {
		mark.heap = (uintptr_t)ptr & ~(HEAP_MAX - 1);
		mark.may_vanish = ((const struct heap_info *)mark.heap)->prev != NULL;
	}
	return mark;
}

/* ---- the break -------------------------------------------------------------------------- */

static uintptr_t current_break(void)
{
	if (&__curbrk && __curbrk)
		return (uintptr_t)__curbrk;
	return (uintptr_t)syscall(SYS_brk, 0);
}

static void look_at_break(uint64_t time)
{
	uintptr_t now = current_break();
	uintptr_t last = last_break;

	if (now == last || !atomic_compare_exchange_strong(&last_break, &last, now) || !last)
		return;
	lw_extent_break(last, now, now > last ? OUTCOME_GROWN : OUTCOME_SHRUNK, time);
}

void ptmalloc_foreign_break(uintptr_t old_end, uintptr_t new_end)
{
	look_at_break(lw_clock());
	last_break = new_end;
	lw_extent_break(old_end, new_end, OUTCOME_FOREIGN, lw_clock());
}

/* Before the first allocation the heap is empty and the break where the kernel put it. */
void ptmalloc_first_break(void)
{
	uintptr_t none = 0;

	if (!last_break)
		atomic_compare_exchange_strong(&last_break, &none, current_break());
}

/* ---- mappings --------------------------------------------------------------------------- */

static void look_at_mapping(const struct lw_mark *was, const struct lw_mark *is, uint64_t time)
{
	if (was->address == is->address && was->length == is->length)
		return;
	if (was->address && is->address)
		lw_extent_remap(was->address, was->length, is->address, is->length, time);
	else if (was->address)
		lw_extent_unmap(was->address, was->length, time);
	else
		lw_extent_map(is->address, is->length, time);
}

/* ---- arena heaps ------------------------------------------------------------------------ */

static bool is_mapped(uintptr_t address)
{
	unsigned char in_core;

	return !syscall(SYS_mincore, address, 1, &in_core);
}

static size_t rounded(size_t size)
{
	return (size + HEAP_PIECE - 1) & ~(HEAP_PIECE - 1);
}

/* What was last reported of each heap, packed: its address, and its size less one in the low bits,
 * which are zero in the address.  A small cache; the regions' table is the truth. */
static _Atomic uintptr_t heap_seen[64];

static _Atomic uintptr_t *heap_cache(uintptr_t heap)
{
	return &heap_seen[heap / HEAP_MAX % 64];
}

static void look_at_heap(uintptr_t heap, uint64_t time)
{
	const struct heap_info *info = (const struct heap_info *)heap;
	size_t size = rounded(info->size);

	if (size > HEAP_MAX)
		size = HEAP_MAX;
	if (*heap_cache(heap) == (heap | (size - 1)))
		return;
	*heap_cache(heap) = heap | (size - 1);
	lw_extent_map(heap, size, time);
	lw_extent_unmap(heap + size, HEAP_MAX - size, time);
}

static void forget_heap(uintptr_t heap, uint64_t time)
{
	*heap_cache(heap) = 0;
	lw_extent_unmap(heap, HEAP_MAX, time);
}

/* ---- all of it -------------------------------------------------------------------------- */

void ptmalloc_growth(void *ptr, const struct lw_mark *mark, uint64_t end)
{
	struct lw_mark now = {0};

	look_at_break(end);
	if (ptr)
		now = ptmalloc_mark(ptr);
	look_at_mapping(mark, &now, end);
	if (now.heap)
		look_at_heap(now.heap, end);
	if (!mark->heap || mark->heap == now.heap)
		return;
	if (mark->may_vanish && !is_mapped(mark->heap))
		forget_heap(mark->heap, end);
	else
		look_at_heap(mark->heap, end);
}

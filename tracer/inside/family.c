/* Runs inside the traced program: no allocation, no stdio. */
/*
 * family.c - the public malloc family: reads the clock around the underlying allocator, and records.
 *
 * Each function: begin (nesting, first clock read), the underlying call, end (second clock read), then
 * the fact.  A free's start is read before the block is released and an allocation's end after it
 * was obtained, so in the order of effect times no address is ever handed out twice.  errno is
 * what the underlying allocator left.
 *
 * A call that happens inside another one of the same thread (an allocator that starts a thread,
 * lttng-ust that allocates while it writes) is a fact like any other; it waits until the outer one
 * has ended.
 */
#define _GNU_SOURCE
#include "facts.h"
#include "front.h"
#include "raw.h"
#include "resident.h"
#include "tracer/inside/below/below.h"

#include <errno.h>
#include <stdlib.h>

#define CALLER  ((uint64_t)(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)))
#define INLINED static inline __attribute__((always_inline))

struct call {
	struct lw_self *self;
	uint64_t start, end; /* 0: nothing is being recorded */
	uint8_t outer_source, outer_path;
	int error; /* errno as the underlying allocator left it */
	struct lw_mark mark;
};

INLINED void call_begin(struct call *call, void *ptr)
{
	struct lw_self *self = &lw_self;

	call->self = self;
	call->outer_source = self->source;
	call->outer_path = self->path;
	self->source = UNSAID;
	self->path = UNSAID;
	self->depth++;
	call->start = self->start = lw_idle ? 0 : lw_clock();
	call->mark = lw_underlying_before(ptr);
}

/* PTR is the block that the call has made, or NULL. */
INLINED void call_end(struct call *call, void *ptr)
{
	call->end = call->start ? lw_clock() : 0;
	call->error = errno;
	lw_underlying_after(ptr, &call->mark, call->end);
}

/* A call of more than 4 s (a stopped process) counts as so long. */
INLINED uint32_t latency_of(const struct call *call)
{
	uint64_t latency = call->end - call->start;

	return latency < UINT32_MAX ? (uint32_t)latency : UINT32_MAX;
}

INLINED void call_close(struct call *call, struct lw_fact *fact, bool fact_first)
{
	struct lw_self *self = call->self;

	HOLDS(self->depth > 0 && call->start <= call->end);
	if (fact) {
		fact->start = call->start;
		fact->latency = latency_of(call);
	}
	if (call->start) {
		lw_record_call(self, fact, fact_first);
		if (self->depth == 1)
			lw_resident_tick(call->end);
	} else {
		lw_record_nothing(self);
	}
	self->depth--;
	self->source = call->outer_source;
	self->path = call->outer_path;
	errno = call->error;
}

static uint32_t slack_of(void *ptr, size_t size)
{
	return (uint32_t)(lw_underlying_malloc_usable_size(ptr) - size);
}

static uint8_t log2_of(size_t align)
{
	return align ? (uint8_t)(__builtin_ffsl((long)align) - 1) : 0;
}

static void close_fail(struct call *call, enum function function, size_t size, size_t align,
                       uint64_t caller, int error)
{
	struct lw_fact fact = {.kind = FACT_FAIL, .function = function};

	fact.fail.align = log2_of(align);
	fact.fail.size = size;
	fact.fail.caller = caller;
	fact.fail.error = (uint32_t)error;
	call_close(call, &fact, false);
}

/* Records an allocation of SIZE bytes whose outcome is PTR. */
static void close_alloc(struct call *call, void *ptr, enum function function, size_t size,
                        size_t align, uint64_t caller)
{
	struct lw_fact fact = {.function = function};
	int source = ptr ? lw_underlying_source(ptr, call->self->source) : 0;

	if (!ptr) {
		close_fail(call, function, size, align, caller, call->error);
		return;
	}
	lw_underlying_note(ptr, 0);
	if (source < 0) {
		call_close(call, NULL, false);
		return;
	}
	fact.kind = source == SOURCE_POOL ? FACT_POOL_HIT : FACT_ALLOC;
	fact.alloc.source = (uint8_t)source;
	fact.alloc.align = log2_of(align);
	fact.alloc.ptr = (uintptr_t)ptr;
	fact.alloc.size = size;
	fact.alloc.caller = caller;
	fact.alloc.slack = slack_of(ptr, size);
	call_close(call, &fact, false);
}

static void close_free(struct call *call, void *ptr, enum function function, uint64_t caller)
{
	struct lw_fact fact = {.kind = FACT_FREE, .function = function};
	int path = lw_underlying_path(ptr, &call->mark, call->self->path);

	lw_underlying_note(ptr, caller);
	fact.free.path = (uint8_t)path;
	fact.free.ptr = (uintptr_t)ptr;
	fact.free.caller = caller;
	call_close(call, path < 0 ? NULL : &fact, true);
}

/* COUNT * SIZE, or the largest size when that is too much: such a request only ever fails. */
static size_t product(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

/* The functions that only differ in how a request is put: they make a block, or free one. */
/* clang-format off */
#define MAKES(FUNCTION, name, parameters, arguments, size, align)       \
	PUBLIC void *name parameters                                    \
	{                                                               \
		struct call call;                                       \
		void *ptr;                                              \
                                                                        \
		call_begin(&call, NULL);                                \
		ptr = lw_underlying_##name arguments;                   \
		call_end(&call, ptr);                                   \
		close_alloc(&call, ptr, FUNCTION, size, align, CALLER); \
		return ptr;                                             \
	}
#define FREES(FUNCTION, name, parameters, arguments)                    \
	PUBLIC void name parameters                                     \
	{                                                               \
		struct call call;                                       \
                                                                        \
		if (!ptr)                                               \
			return;                                         \
		call_begin(&call, ptr);                                 \
		lw_underlying_##name arguments;                         \
		call_end(&call, NULL);                                  \
		close_free(&call, ptr, FUNCTION, CALLER);               \
	}

MAKES(FUNCTION_MALLOC, malloc, (size_t size), (size), size, 0)
MAKES(FUNCTION_CALLOC, calloc, (size_t count, size_t size), (count, size), product(count, size), 0)
MAKES(FUNCTION_MEMALIGN, memalign, (size_t align, size_t size), (align, size), size, align)
MAKES(FUNCTION_ALIGNED_ALLOC, aligned_alloc, (size_t align, size_t size), (align, size), size, align)
MAKES(FUNCTION_VALLOC, valloc, (size_t size), (size), size, 0)
MAKES(FUNCTION_PVALLOC, pvalloc, (size_t size), (size), size, 0)
FREES(FUNCTION_FREE, free, (void *ptr), (ptr))
FREES(FUNCTION_FREE_SIZED, free_sized, (void *ptr, size_t size), (ptr, size))
FREES(FUNCTION_FREE_ALIGNED_SIZED, free_aligned_sized, (void *ptr, size_t align, size_t size),
      (ptr, align, size))
/* clang-format on */

PUBLIC int posix_memalign(void **out, size_t align, size_t size)
{
	struct call call;
	void *ptr = NULL;
	int error;

	call_begin(&call, NULL);
	error = lw_underlying_posix_memalign(&ptr, align, size);
	if (error)
		ptr = NULL;
	call_end(&call, ptr);
	if (error)
		close_fail(&call, FUNCTION_POSIX_MEMALIGN, size, align, CALLER, error);
	else
		close_alloc(&call, ptr, FUNCTION_POSIX_MEMALIGN, size, align, CALLER);
	if (!error)
		*out = ptr;
	return error;
}

/* The end of realloc(OLD, SIZE) that returned PTR: an allocation, a free, a failure or a change. */
static void close_realloc(struct call *call, void *old, void *ptr, enum function function,
                          size_t size, uint64_t caller)
{
	struct lw_fact fact = {.kind = FACT_REALLOC, .function = function};
	int path = ptr != old ? lw_underlying_path(old, &call->mark, call->self->path) : 0;

	/* A block that is not the allocator's, from its start-up arena, was never said to be made. */
	if (!old || (ptr && path < 0)) {
		close_alloc(call, ptr, function, size, 0, caller);
		return;
	}
	if (!ptr && !size) {
		close_free(call, old, function, caller);
		return;
	}
	if (!ptr) {
		close_fail(call, function, size, 0, caller, call->error);
		return;
	}
	if (ptr != old) {
		fact.realloc.moved = (uint8_t)(1 + path);
		lw_underlying_note(old, caller);
		lw_underlying_note(ptr, 0);
	}
	fact.realloc.source = (uint8_t)lw_underlying_source(ptr, call->self->source);
	fact.realloc.old_ptr = (uintptr_t)old;
	fact.realloc.new_ptr = (uintptr_t)ptr;
	fact.realloc.size = size;
	fact.realloc.caller = caller;
	fact.realloc.slack = slack_of(ptr, size);
	call_close(call, &fact, false);
}

/* clang-format off */
#define RESIZES(FUNCTION, name, parameters, arguments, size)         \
	PUBLIC void *name parameters                                 \
	{                                                            \
		struct call call;                                    \
		void *ptr;                                           \
                                                                     \
		call_begin(&call, old);                              \
		ptr = lw_underlying_##name arguments;                \
		call_end(&call, ptr);                                \
		close_realloc(&call, old, ptr, FUNCTION, size, CALLER); \
		return ptr;                                          \
	}

RESIZES(FUNCTION_REALLOC, realloc, (void *old, size_t size), (old, size), size)
RESIZES(FUNCTION_REALLOCARRAY, reallocarray, (void *old, size_t count, size_t size), (old, count, size),
        product(count, size))
/* clang-format on */

PUBLIC size_t malloc_usable_size(void *ptr)
{
	return lw_underlying_malloc_usable_size(ptr);
}

/* No fact of its own; what it merges and gives back are facts. */
PUBLIC int malloc_trim(size_t pad)
{
	struct call call;
	int released;

	call_begin(&call, NULL);
	released = lw_underlying_malloc_trim(pad);
	call_end(&call, NULL);
	call_close(&call, NULL, false);
	return released;
}

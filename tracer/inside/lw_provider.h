/*
 * lw_provider.h - the events of a liblw trace: this header is its schema.
 *
 * Provider `lw`, one event per fact about the heap of one process.  Recorded with per-process
 * buffers, so a trace directory (ust/pid/NAME-PID-DATE) is the heap of one process image.
 *
 * Units.   Addresses (ptr, caller, pool, ...) are hexadecimal; sizes and lengths are bytes; times
 *          are ns of CLOCK_MONOTONIC, which is LTTng's own clock before its offset is added.  The
 *          time stamp of an event is when it was written and means nothing: use `start`.
 * Layout.  u64 fields first, then u32, then u8, so that the natural alignment of an ARM trace
 *          costs no padding.  No contexts.
 * Order.   Events are written late and in any order.  A fact takes effect
 *            free                              at start
 *            alloc, pool_hit                   at start + latency
 *            realloc (moved or not)            its old block ends at start, its new one begins at
 *                                              start + latency, and the two are linked
 *            everything else                   at start
 *          Ties: first the order in which the thread wrote them; then, at one address, the free if
 *          the block is live, else the allocation.  So ordered, no address is handed out twice.
 * Calls.   realloc(NULL, n) is an alloc with function realloc; realloc(p, 0) that frees is a free
 *          with function realloc; a realloc that fails is `fail` and its block lives on;
 *          free(NULL) is not recorded.
 * Chunks.  A chunk occupies [ptr - header, ptr - header + its size), header as `process` says.
 *          A free with path `deferred` leaves [ptr - header, ptr + usable) a deferred chunk, until
 *          an alloc with source `deferred` at ptr, a pool_new there, or a merge that names ptr.
 *          liblw's chunks have no header: what it knows of them lies in slabs of its own.
 * Pools.   [pool, pool + bytes) holds `capacity` slots of `object` bytes from pool + offset on;
 *          blocks inside are slots, without header.  Capacity 0: the allocator's own bookkeeping.
 * Extent.  What the system gave less what went back: sbrk grown [old_end, new_end), less shrunk,
 *          and map less unmap.  sbrk with outcome foreign: that piece of the break is not ours.
 * Flags.   tracer: lttng-ust's own block; such blocks lie in the heap but are not the program's.
 *          Its free may lack the flag: who owned the block decides.
 *          early: kept in memory until the provider was ready, then written.
 * Fork.    The child's first event is `process` with forked = 1; at its `start` the child's heap
 *          was a copy of its parent's.
 *
 * Losses.  LTTng counts discarded events in each packet's header.  A recording that begins on a
 *          running heap begins with its extent (map), its pools and its live blocks (live), as far
 *          as the allocator can tell; what came before is not known.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER lw

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./lw_provider.h"

#if !defined(LW_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define LW_PROVIDER_H

#include "facts.h"
#include <lttng/tracepoint.h>

/* clang-format off */

/* ---- words ------------------------------------------------------------------------------ */

/* Where an allocation came from. */
LTTNG_UST_TRACEPOINT_ENUM(lw, source, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("pool", 0)     /* a pool that existed already */
	lttng_ust_field_enum_value("refill", 1)   /* a pool made for this request */
	lttng_ust_field_enum_value("deferred", 2) /* a deferred chunk of the same size */
	lttng_ust_field_enum_value("bin", 3)      /* a free chunk out of a bin */
	lttng_ust_field_enum_value("top", 4)      /* the free end of the heap */
	lttng_ust_field_enum_value("mmap", 5)     /* a mapping of its own */
	lttng_ust_field_enum_value("foreign", 6)  /* another allocator's */
	lttng_ust_field_enum_value("unknown", 7)  /* the allocator was seen from outside */
))

/* What became of a freed block. */
LTTNG_UST_TRACEPOINT_ENUM(lw, path, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("local", 0)    /* the caller's own pool */
	lttng_ust_field_enum_value("remote", 1)   /* another thread's pool */
	lttng_ust_field_enum_value("deferred", 2) /* set aside, unmerged */
	lttng_ust_field_enum_value("unmapped", 3) /* its mapping went back */
	lttng_ust_field_enum_value("foreign", 4)  /* not ours, left alone */
	lttng_ust_field_enum_value("merged", 5)   /* merged with the free memory around it at once */
	lttng_ust_field_enum_value("unknown", 6)  /* the allocator was seen from outside */
))

LTTNG_UST_TRACEPOINT_ENUM(lw, function, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("malloc", 0)
	lttng_ust_field_enum_value("calloc", 1)
	lttng_ust_field_enum_value("realloc", 2)
	lttng_ust_field_enum_value("reallocarray", 3)
	lttng_ust_field_enum_value("memalign", 4)
	lttng_ust_field_enum_value("aligned_alloc", 5)
	lttng_ust_field_enum_value("posix_memalign", 6)
	lttng_ust_field_enum_value("valloc", 7)
	lttng_ust_field_enum_value("pvalloc", 8)
	lttng_ust_field_enum_value("free", 9)
	lttng_ust_field_enum_value("free_sized", 10)
	lttng_ust_field_enum_value("free_aligned_sized", 11)
))

/* Why a batch of deferred chunks was merged: nothing fitted, the limit of what may be deferred
 * was reached, the thread ended, or a trim was asked for. */
LTTNG_UST_TRACEPOINT_ENUM(lw, reason, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("miss", 0)
	lttng_ust_field_enum_value("bound", 1)
	lttng_ust_field_enum_value("exit", 2)
	lttng_ust_field_enum_value("trim", 3)
))

LTTNG_UST_TRACEPOINT_ENUM(lw, outcome, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("grown", 0)
	lttng_ust_field_enum_value("shrunk", 1)
	lttng_ust_field_enum_value("refused", 2)
	lttng_ust_field_enum_value("foreign", 3)  /* somebody else moved the break */
))

LTTNG_UST_TRACEPOINT_ENUM(lw, what, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("map", 0)
	lttng_ust_field_enum_value("remap", 1)    /* [old_address, + old_length) became this range */
	lttng_ust_field_enum_value("unmap", 2)
	lttng_ust_field_enum_value("returned", 3) /* the pages went back, the addresses stay */
))

LTTNG_UST_TRACEPOINT_ENUM(lw, kind, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("pool", 0)
	lttng_ust_field_enum_value("chunk", 1)
	lttng_ust_field_enum_value("mapped", 2)
	lttng_ust_field_enum_value("unknown", 3)
))

/* ---- events ----------------------------------------------------------------------------- */

/* First event of a process image: after start, exec and fork. */
LTTNG_UST_TRACEPOINT_EVENT(lw, process,
	LTTNG_UST_TP_ARGS(const struct lw_process *, process),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, start, process->start)
		lttng_ust_field_integer(uint64_t, counter_hz, 1000000000u)
		lttng_ust_field_integer(uint32_t, pid, process->pid)
		lttng_ust_field_integer(uint32_t, ppid, process->ppid)
		lttng_ust_field_integer(uint32_t, page_size, process->page_size)
		lttng_ust_field_integer(uint32_t, header, process->header)
		lttng_ust_field_integer(uint32_t, clock_cost, process->clock_cost) /* ns a read */
		lttng_ust_field_integer(uint32_t, version, process->version) /* of the allocator */
		lttng_ust_field_integer(uint32_t, forked, process->forked) /* 1: a copy of ppid's heap */
		lttng_ust_field_integer(uint32_t, pad, 0)
		lttng_ust_field_string(allocator, process->allocator)
	)
)

/* alloc: an allocation succeeded.  pool_hit: it was served from an existing pool. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(lw, allocation,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, ptr, fact->alloc.ptr)
		lttng_ust_field_integer(uint64_t, size, fact->alloc.size) /* as asked for */
		lttng_ust_field_integer_hex(uint64_t, caller, fact->alloc.caller)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, slack, fact->alloc.slack) /* usable less size */
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint8_t, align, fact->align) /* log2, 0: not asked for */
		lttng_ust_field_enum(lw, source, uint8_t, source, fact->source)
		lttng_ust_field_enum(lw, function, uint8_t, function, fact->function)
		lttng_ust_field_integer_hex(uint8_t, flags, fact->flags)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, allocation, lw, alloc,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, allocation, lw, pool_hit,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))

LTTNG_UST_TRACEPOINT_EVENT(lw, free,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, ptr, fact->free.ptr)
		lttng_ust_field_integer_hex(uint64_t, caller, fact->free.caller)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint32_t, usable_hint, 0) /* 0: not known */
		lttng_ust_field_enum(lw, path, uint8_t, path, fact->detail)
		lttng_ust_field_enum(lw, function, uint8_t, function, fact->function)
		lttng_ust_field_integer_hex(uint8_t, flags, fact->flags)
		lttng_ust_field_integer(uint8_t, pad, 0)
	)
)

/* A block changed its size.  moved: 0 in place, else 1 + the path that its old place went. */
LTTNG_UST_TRACEPOINT_EVENT(lw, realloc,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, old_ptr, fact->realloc.old_ptr)
		lttng_ust_field_integer_hex(uint64_t, new_ptr, fact->realloc.new_ptr)
		lttng_ust_field_integer(uint64_t, size, fact->realloc.size)
		lttng_ust_field_integer_hex(uint64_t, caller, fact->realloc.caller)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, slack, fact->realloc.slack)
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint8_t, moved, fact->detail)
		lttng_ust_field_enum(lw, source, uint8_t, source, fact->source)
		lttng_ust_field_enum(lw, function, uint8_t, function, fact->function)
		lttng_ust_field_integer_hex(uint8_t, flags, fact->flags)
	)
)

/* An allocation returned NULL. */
LTTNG_UST_TRACEPOINT_EVENT(lw, fail,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, size, fact->fail.size)
		lttng_ust_field_integer_hex(uint64_t, caller, fact->fail.caller)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint32_t, error, fact->fail.error) /* errno */
		lttng_ust_field_integer(uint8_t, align, fact->align)
		lttng_ust_field_enum(lw, function, uint8_t, function, fact->function)
		lttng_ust_field_integer_hex(uint8_t, flags, fact->flags)
		lttng_ust_field_integer(uint8_t, pad, 0)
	)
)

/* A batch of deferred chunks was merged; one `merge` for each of them. */
LTTNG_UST_TRACEPOINT_EVENT(lw, coalesce,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint64_t, bytes, fact->coalesce.bytes) /* merged */
		lttng_ust_field_integer(uint64_t, largest, fact->coalesce.largest) /* of them */
		lttng_ust_field_integer(uint32_t, chunks_in, fact->coalesce.chunks_in)
		lttng_ust_field_integer(uint32_t, chunks_out, fact->coalesce.chunks_out)
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint32_t, owner, fact->coalesce.owner) /* tid */
		lttng_ust_field_enum(lw, reason, uint32_t, reason, fact->detail)
	)
)

/* The deferred chunk at ptr became part of the free chunk `merged`. */
LTTNG_UST_TRACEPOINT_EVENT(lw, merge,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, ptr, fact->merge.ptr)
		lttng_ust_field_integer_hex(uint64_t, merged, fact->merge.merged)
		lttng_ust_field_integer(uint64_t, size, fact->merge.size) /* of the chunk at ptr */
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer_hex(uint32_t, flags, fact->flags)
	)
)

/* The break was moved, or refused to move. */
LTTNG_UST_TRACEPOINT_EVENT(lw, sbrk,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, old_end, fact->sbrk.old_end)
		lttng_ust_field_integer_hex(uint64_t, new_end, fact->sbrk.new_end)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, latency, fact->latency)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_enum(lw, outcome, uint32_t, outcome, fact->detail)
		lttng_ust_field_integer_hex(uint32_t, flags, fact->flags)
	)
)

/* map: addresses came from the system, or moved.  unmap: they, or only their pages, went back. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(lw, mapping,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, address, fact->map.address)
		lttng_ust_field_integer(uint64_t, length, fact->map.length)
		lttng_ust_field_integer_hex(uint64_t, old_address, fact->map.old_address)
		lttng_ust_field_integer(uint64_t, old_length, fact->map.old_length)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_enum(lw, what, uint32_t, what, fact->detail)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, mapping, lw, map,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, mapping, lw, unmap,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))

/* A pool was made, or dissolved into free memory. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(lw, pool,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, pool, fact->pool.pool)
		lttng_ust_field_integer(uint64_t, bytes, fact->pool.bytes)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, object, fact->pool.object)
		lttng_ust_field_integer(uint32_t, capacity, fact->pool.capacity)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer(uint32_t, offset, fact->pool.offset) /* of the first slot */
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, pool, lw, pool_new,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, pool, lw, pool_free,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact))

/* A block that was live before the recording began; live_end closes the list. */
LTTNG_UST_TRACEPOINT_EVENT(lw, live,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(uint64_t, ptr, fact->live.ptr)
		lttng_ust_field_integer(uint64_t, usable, fact->live.usable)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_enum(lw, kind, uint32_t, kind, fact->detail)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(lw, live_end,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint64_t, blocks, fact->live_end.blocks)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer_hex(uint32_t, flags, fact->flags)
	)
)

/* A sample, at most every 10 ms, or 1 ms while the heap grows. */
LTTNG_UST_TRACEPOINT_EVENT(lw, rss,
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, extent, fact->rss.extent)
		lttng_ust_field_integer(uint64_t, rss_anon, fact->rss.anon)
		lttng_ust_field_integer(uint64_t, heap_resident, fact->rss.resident)
		lttng_ust_field_integer(uint64_t, start, fact->start)
		lttng_ust_field_integer(uint32_t, tid, fact->tid)
		lttng_ust_field_integer_hex(uint32_t, flags, fact->flags)
	)
)

/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>

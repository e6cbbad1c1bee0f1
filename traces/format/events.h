/* SPDX-License-Identifier: MIT */
/*
 * events.h - what a liblw trace says: every event, field and word, once.
 *
 * Provider `lw`, one event per fact about the heap of one process.  Recorded with per-process
 * buffers, so a trace directory (ust/pid/NAME-PID-DATE) is the heap of one process image.
 *
 * Units.   Addresses (ptr, caller, pool, ...) are hexadecimal; sizes and lengths are bytes; times
 *          are ns of CLOCK_MONOTONIC, which is LTTng's own clock before its offset is added.  The
 *          time stamp of an event is when it was written and means nothing: use `start`.
 * Layout.  64-bit fields first, then 32, then 8, so that the natural alignment of an ARM trace
 *          costs no padding.  No contexts.
 * Order.   Events are written late and in any order.  A free takes effect at start; an alloc or
 *          pool_hit at start + latency; of a realloc, moved or not, the old block ends at start
 *          and the new one begins at start + latency; everything else takes effect at start.
 *          Ties: first the order in which the thread wrote them; then, at one address, the free if
 *          the block is live, else the allocation.  So ordered, no address is handed out twice.
 * Calls.   realloc(NULL, n) is an alloc with function realloc; realloc(p, 0) that frees is a free
 *          with function realloc; a realloc that fails is `fail` and its block lives on;
 *          free(NULL) is not recorded.
 * Chunks.  A chunk occupies [ptr - header, ptr - header + its size), header as `process` says.
 *          A free with path `deferred` leaves [ptr - header, ptr + usable) a deferred chunk, until
 *          an alloc with source `deferred` at ptr, a pool_new there, or a merge that names ptr.
 *          liblw's chunks have no header: what it knows of them lies in pages of its own.
 * Pools.   [pool, pool + bytes) holds `capacity` slots of `object` bytes from pool + offset on;
 *          blocks inside are slots, without header.  Capacity 0: the allocator's own bookkeeping.
 * Extent.  What the system gave less what went back: sbrk grown [old_end, new_end), less shrunk,
 *          and map less unmap.  sbrk with outcome foreign: that piece of the break is not ours.
 * Flags.   tracer: lttng-ust's own block; such blocks lie in the heap but are not the program's.
 *          Its free may lack the flag: who owned the block decides.  early: kept in memory until
 *          the provider was ready, then written.
 * Fork.    The child's first event is `process` with forked = 1; at its `start` the child's heap
 *          was a copy of its parent's.
 * Losses.  LTTng counts discarded events in each packet's header.  A recording that begins on a
 *          running heap begins with its extent (map), its pools and its live blocks (live), as far
 *          as the allocator can tell; what came before is not known.
 *
 * How to use it: define the rows that matter, include this file, as often as needed.  Rows that are
 * not defined say nothing; all are undefined at the end.  A code's number, once given, is never
 * given again.  version.h says when the format's own number rises.
 *
 *   WORDS(class, what, CODE(number, NAME, word, what) ...)   the words of an enumeration
 *   BITS(class, what, CODE ...)                              the same, of a set of bits
 *   EVENT(KIND, name, what, fields)                          an event
 *   SAME(KIND, name, as, what)                               one with the fields of another
 *
 * and of the fields:
 *
 *   FIELD(bits, unit, name, what)    an integer
 *   WORD(class, name, what)          an integer of 8 bits that is one of a class's words
 *   TEXT(name, what)                 a string
 *   GONE(name, what)                 one that only older formats have
 *
 * SHARED and SHARED_WORD are FIELD and WORD of what many events have; START to FLAGS are these.
 */
#ifndef WORDS
#define WORDS(class, what, codes)
#endif
#ifndef BITS
#define BITS(class, what, codes)
#endif
#ifndef EVENT
#define EVENT(KIND, name, what, fields)
#endif
#ifndef SAME
#define SAME(KIND, name, as, what)
#endif
#ifndef FIELD
#define FIELD(bits, unit, name, what)
#endif
#ifndef WORD
#define WORD(class, name, what) FIELD(8, word, name, what)
#endif
#ifndef SHARED
#define SHARED(bits, unit, name, what) FIELD(bits, unit, name, what)
#endif
#ifndef SHARED_WORD
#define SHARED_WORD(class, name, what) WORD(class, name, what)
#endif
#ifndef TEXT
#define TEXT(name, what)
#endif
#ifndef GONE
#define GONE(name, what)
#endif

/* clang-format off */

#define START    SHARED(64, ns,    start,    "when the call, or what it did, began")
#define LATENCY  SHARED(32, ns,    latency,  "time inside the allocator, from start on")
#define TID      SHARED(32, id,    tid,      "the thread")
#define FLAGS    SHARED(8,  flags, flags,    "see Flags")
#define FUNCTION SHARED_WORD(function, function, "the function that was called")

/* ---- words ------------------------------------------------------------------------------ */

WORDS(source, "where an allocation came from",
	CODE(0, SOURCE_POOL,     pool,     "a pool that existed already")
	CODE(1, SOURCE_REFILL,   refill,   "a pool made for this request")
	CODE(2, SOURCE_DEFERRED, deferred, "a deferred chunk of the same size")
	CODE(3, SOURCE_BIN,      bin,      "a free chunk out of a bin")
	CODE(4, SOURCE_TOP,      top,      "the free end of the heap")
	CODE(5, SOURCE_MMAP,     mmap,     "a mapping of its own")
	CODE(6, SOURCE_FOREIGN,  foreign,  "another allocator's")
	CODE(7, SOURCE_UNKNOWN,  unknown,  "the allocator was seen from outside"))

WORDS(path, "what became of a freed block",
	CODE(0, PATH_LOCAL,    local,    "into the caller's own pool")
	CODE(1, PATH_REMOTE,   remote,   "into another thread's pool")
	CODE(2, PATH_DEFERRED, deferred, "set aside, unmerged")
	CODE(3, PATH_UNMAPPED, unmapped, "its mapping went back")
	CODE(4, PATH_FOREIGN,  foreign,  "not ours, left alone")
	CODE(5, PATH_MERGED,   merged,   "merged with the free memory around it at once")
	CODE(6, PATH_UNKNOWN,  unknown,  "the allocator was seen from outside"))

WORDS(function, "which function of the malloc family was called",
	CODE(0,  FUNCTION_MALLOC,             malloc,             "")
	CODE(1,  FUNCTION_CALLOC,             calloc,             "")
	CODE(2,  FUNCTION_REALLOC,            realloc,            "")
	CODE(3,  FUNCTION_REALLOCARRAY,       reallocarray,       "")
	CODE(4,  FUNCTION_MEMALIGN,           memalign,           "")
	CODE(5,  FUNCTION_ALIGNED_ALLOC,      aligned_alloc,      "")
	CODE(6,  FUNCTION_POSIX_MEMALIGN,     posix_memalign,     "")
	CODE(7,  FUNCTION_VALLOC,             valloc,             "")
	CODE(8,  FUNCTION_PVALLOC,            pvalloc,            "")
	CODE(9,  FUNCTION_FREE,               free,               "")
	CODE(10, FUNCTION_FREE_SIZED,         free_sized,         "")
	CODE(11, FUNCTION_FREE_ALIGNED_SIZED, free_aligned_sized, ""))

WORDS(reason, "why a batch of deferred chunks was merged",
	CODE(0, REASON_MISS,  miss,  "nothing else fitted a request")
	CODE(1, REASON_BOUND, bound, "the limit of what may be deferred was reached")
	CODE(2, REASON_EXIT,  exit,  "the thread ended")
	CODE(3, REASON_TRIM,  trim,  "the program asked for it"))

WORDS(outcome, "what came of a move of the break",
	CODE(0, OUTCOME_GROWN,   grown,   "the heap has more")
	CODE(1, OUTCOME_SHRUNK,  shrunk,  "the heap gave some back")
	CODE(2, OUTCOME_REFUSED, refused, "the system had none")
	CODE(3, OUTCOME_FOREIGN, foreign, "somebody else moved it"))

WORDS(what, "what was done to a range of addresses",
	CODE(0, WHAT_MAP,      map,      "it came from the system")
	CODE(1, WHAT_REMAP,    remap,    "[old_address, + old_length) became this range")
	CODE(2, WHAT_UNMAP,    unmap,    "it went back")
	CODE(3, WHAT_RETURNED, returned, "its pages went back, the addresses stay"))

WORDS(kind, "what a live block is",
	CODE(0, LIVE_POOL,    pool,    "a slot of a pool")
	CODE(1, LIVE_CHUNK,   chunk,   "a chunk")
	CODE(2, LIVE_MAPPED,  mapped,  "a mapping of its own")
	CODE(3, LIVE_UNKNOWN, unknown, "not known"))

BITS(flag, "see Flags",
	CODE(1, FLAG_TRACER, tracer, "lttng-ust's own")
	CODE(2, FLAG_EARLY,  early,  "held back until the provider was ready"))

/* ---- events ----------------------------------------------------------------------------- */

EVENT(PROCESS, process, "First event of a process image: after start, exec and fork.",
	START
	FIELD(32, number,  format,            "the version of this format")
	FIELD(32, id,      pid,               "the process")
	FIELD(32, id,      ppid,              "its parent")
	FIELD(32, bytes,   page_size,         "of the system's pages")
	FIELD(32, bytes,   header,            "in front of each chunk's block")
	FIELD(32, ns,      clock_cost,        "one reading of the clock")
	FIELD(32, number,  allocator_version, "major << 16 | minor << 8 | patch; 0: not known")
	FIELD(8,  boolean, forked,            "1: the heap is a copy of ppid's")
	TEXT(allocator, "liblw, ptmalloc, or the name it was given")
	GONE(version, "allocator_version in format 0"))

EVENT(ALLOC, alloc, "An allocation succeeded.",
	FIELD(64, address, ptr,    "the block")
	FIELD(64, bytes,   size,   "as asked for")
	FIELD(64, address, caller, "the return address into the program")
	START
	FIELD(32, bytes,   slack,  "usable beyond size")
	LATENCY TID
	FIELD(8,  log2,    align,  "the alignment asked for, 0: none was")
	WORD(source, source, "where it came from")
	FUNCTION FLAGS)

SAME(POOL_HIT, pool_hit, alloc, "An allocation was served from an existing pool.")

EVENT(FREE, free, "A block was given back.",
	FIELD(64, address, ptr,    "the block")
	FIELD(64, address, caller, "the return address into the program")
	START LATENCY TID
	WORD(path, path, "what became of it")
	FUNCTION FLAGS)

EVENT(REALLOC, realloc, "A block changed its size.",
	FIELD(64, address, old_ptr, "the block as it was")
	FIELD(64, address, new_ptr, "the block as it is")
	FIELD(64, bytes,   size,    "as asked for")
	FIELD(64, address, caller,  "the return address into the program")
	START
	FIELD(32, bytes,   slack,   "usable beyond size")
	LATENCY TID
	FIELD(8,  number,  moved,   "0: in place, else 1 + the path that its old place went")
	WORD(source, source, "where the new place came from")
	FUNCTION FLAGS)

EVENT(FAIL, fail, "An allocation returned NULL.",
	FIELD(64, bytes,   size,   "as asked for")
	FIELD(64, address, caller, "the return address into the program")
	START LATENCY TID
	FIELD(32, errno,   error,  "the cause")
	FIELD(8,  log2,    align,  "the alignment asked for, 0: none was")
	FUNCTION FLAGS)

EVENT(COALESCE, coalesce, "A batch of deferred chunks was merged; one merge for each of them.",
	START
	FIELD(64, bytes,   bytes,      "of the deferred chunks")
	FIELD(64, bytes,   largest,    "of the largest of them")
	FIELD(32, count,   chunks_in,  "deferred chunks")
	FIELD(32, count,   chunks_out, "free chunks that they became part of")
	LATENCY TID
	WORD(reason, reason, "why"))

EVENT(MERGE, merge, "The deferred chunk at ptr became part of a free chunk.",
	FIELD(64, address, ptr,    "the block that the program had")
	FIELD(64, address, merged, "the free chunk")
	FIELD(64, bytes,   size,   "of the chunk at ptr")
	START TID FLAGS)

EVENT(SBRK, sbrk, "The break was moved, or refused to move.",
	FIELD(64, address, old_end, "the break before")
	FIELD(64, address, new_end, "the break after")
	START LATENCY TID
	WORD(outcome, outcome, "what came of it")
	FLAGS)

EVENT(MAP, map, "Addresses came from the system, or moved.",
	FIELD(64, address, address,     "of the range")
	FIELD(64, bytes,   length,      "of the range")
	FIELD(64, address, old_address, "of the range that moved")
	FIELD(64, bytes,   old_length,  "of the range that moved")
	START TID
	WORD(what, what, "what was done"))

SAME(UNMAP, unmap, map, "Addresses, or only their pages, went back.")

EVENT(POOL_NEW, pool_new, "A pool was made.",
	FIELD(64, address, pool,     "of the pool")
	FIELD(64, bytes,   bytes,    "of the pool")
	START
	FIELD(32, bytes,   object,   "of a slot")
	FIELD(32, count,   capacity, "slots; 0: the allocator's own bookkeeping")
	TID
	FIELD(32, bytes,   offset,   "from pool to the first slot"))

SAME(POOL_FREE, pool_free, pool_new, "A pool was dissolved into free memory.")

EVENT(LIVE, live, "A block that was live before the recording began.",
	FIELD(64, address, ptr,    "the block")
	FIELD(64, bytes,   usable, "of it")
	START TID
	WORD(kind, kind, "what it is"))

EVENT(LIVE_END, live_end, "The list of live blocks is complete.",
	START
	FIELD(64, count,   blocks, "in the list")
	TID FLAGS)

EVENT(RSS, rss, "A sample, at most every 10 ms, or 1 ms while the heap grows.",
	FIELD(64, bytes,   extent,        "of the heap")
	FIELD(64, bytes,   rss_anon,      "resident, anonymous, in the process")
	FIELD(64, bytes,   heap_resident, "resident in the extent")
	START TID FLAGS)

/* clang-format on */

#undef START
#undef LATENCY
#undef TID
#undef FLAGS
#undef FUNCTION
#undef CODE
#undef WORDS
#undef BITS
#undef EVENT
#undef SAME
#undef FIELD
#undef WORD
#undef SHARED
#undef SHARED_WORD
#undef TEXT
#undef GONE

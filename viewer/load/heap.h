/* SPDX-License-Identifier: MIT */
/*
 * heap.h - one process's heap: its state, and what the files do to it that it is parted into. All
 * functions that return int return -1 when out of memory.
 *
 * Address space of a heap, by sets of ranges:
 *	extents		what came from the system; everything below lies inside it
 *	free		what of the extent nobody occupies; neighbours are merged. Its range that
 *			ends at the break is `top`, the others are `bins`
 *	pools		pieces divided into equal objects
 *	returned	pages given back to the system while their addresses stay
 * and the blocks: live ones, and deferred ones (freed, not merged yet).
 *
 * A trace may contradict itself (losses). Nothing here trusts it: what the free set gives or takes
 * is counted in bytes that really changed, memory in use outside the extent extends it
 * ("implied"), and contradictions are counted as violations.
 */
#ifndef LWVIEW_HEAP_H
#define LWVIEW_HEAP_H

#include "calls.h"
#include "fact.h"
#include "index.h"
#include "range.h"
#include "series.h"

/* The tables of schema.sql with many rows, integers all. */
#define HEAP_TABLES         \
	TABLE(block)        \
	TABLE(deferred)     \
	TABLE(pool)         \
	TABLE(extent)       \
	TABLE(returned)     \
	TABLE(resident)     \
	TABLE(coalesce)     \
	TABLE(sbrk)         \
	TABLE(fail)         \
	TABLE(timeline)     \
	TABLE(latency_hist) \
	TABLE(calls)        \
	TABLE(thread)

/* Where rows go; shared by all heaps of a load. */
struct heap_tables {
	struct db *db;
#define TABLE(name) struct bulk *name;
	HEAP_TABLES
#undef TABLE
	struct query *violation, *peak;
	int64_t next_block;         /* block.id, number in order of death */
	bool codes[CLASSES][CODES]; /* that occurred: those without a word need one */
};

/* extent.kind, as a number until model_finish(). */
enum extent_kind {
	EXTENT_BRK,
	EXTENT_MAP,
	EXTENT_IMPLIED
};

#define SIZE_UNKNOWN UINT64_MAX

/*
 * A pool of equal objects. It outlives its pool_free fact while blocks that lie in it live on
 * (a contradiction in the trace, but not a reason to crash): references == live blocks + 1 while
 * it is not dissolved.
 */
struct pool {
	uint64_t address, bytes, object, capacity, offset;
	int64_t begin, begin_seq;
	uint32_t tid;
	uint32_t used, peak_used; /* live objects */
	uint32_t references;
};

enum block_state {
	BLOCK_NONE,
	BLOCK_LIVE,
	BLOCK_DEFERRED
};

struct block {
	uint64_t ptr;    /* first: the index's key */
	uint64_t size;   /* asked for, or SIZE_UNKNOWN */
	uint64_t usable; /* bytes from ptr on */
	/*
	 * Outside pools the block occupies [start, end) of the extent, header included;
	 * `chunk` of these bytes were free before: end - start unless the trace contradicts itself.
	 * In a pool start == end == chunk == 0.
	 */
	uint64_t start, end, chunk;
	struct pool *pool;
	int64_t since, since_seq; /* live: its birth; deferred: its free */
	int64_t prior;            /* block.id it was realloc'ed from, or DB_NULL */
	uint32_t site, tid, latency;
	uint8_t state;
	uint8_t source, function, align, flags;
};

/* A realloc under way: the lifetime that ended, waiting for the one that begins. */
struct pending {
	uint32_t tid;
	uint64_t old_ptr;
	int64_t prior; /* block.id */
};

struct heap {
	struct heap_tables *tables;
	int64_t process; /* process.id */
	uint32_t header; /* bytes in front of a chunk's payload */
	int64_t first_time;
	int64_t events; /* facts, a realloc counted once */

	struct ranges extents, free, pools, returned;
	struct index blocks; /* struct block */
	uint64_t break_end;  /* where the break of this heap stands, 0 unknown */
	bool top_known;      /* false: the free set or the break changed since now.top was found */
	struct pending *pending;
	size_t pending_count;

	struct sample
		now; /* after the fact under way; what follows from the sets, by take_sample() */
	int64_t unknown_frees, violations, implied;
	bool copied; /* began as a copy of a parent's heap */
	bool dumped; /* the recording began on a running heap */
	char first_violation[128];

	struct series series;
	struct calls calls;
};

/* A contradiction in the trace: counted, and the first ones kept in words. */
void heap_violation(struct heap *h, const struct fact *f, const char *what);

static inline int64_t or_null(int64_t value, bool known)
{
	return known ? value : DB_NULL;
}

/* Site ids are unique in the database and name their process. */
#define SITES_PER_PROCESS 1000000

static inline int64_t heap_site_id(int64_t process, uint32_t number)
{
	return process * SITES_PER_PROCESS + number;
}

/* A free whose site found no memory is reported by the next allocation that finds none. */
static inline int64_t site_or_null(const struct heap *h, uint32_t site)
{
	return or_null(heap_site_id(h->process, site), site && site != SITE_NO_MEMORY);
}

static inline void note_code(const struct heap *h, enum word_class class, uint32_t code)
{
	h->tables->codes[class][code] = true;
}

/* ---- space.c: the address space, its extent and what of it is free or went back ---- */

/* Adds what of [start, end) is not yet part of the extent, as free memory. */
int space_add(struct heap *h, uint64_t start, uint64_t end, enum extent_kind kind);

/* Memory goes back to the system, or its pages do while the addresses stay. */
int space_cut(struct heap *h, uint64_t start, uint64_t end);
int space_return(struct heap *h, uint64_t start, uint64_t end);

/* What was known of pages that went back holds no longer in [start, end). */
int space_forget_returned(struct heap *h, uint64_t start, uint64_t end);

/* Takes [start, end) out of the free memory, which extends the extent where it must; *taken: bytes
 * that were free. Gives it back, of which `chunk` bytes had been taken. */
int space_occupy(struct heap *h, uint64_t start, uint64_t end, uint64_t *taken);
int space_vacate(struct heap *h, uint64_t start, uint64_t end, uint64_t chunk);

/* The pieces of a set, as of now. */
int space_copy(struct heap *child, struct ranges *to, const struct ranges *from);

/* The rows of the pieces that still stand. */
void space_store(struct heap *h);

/*
 * ---- pools.c: pools, pieces of the extent divided into equal objects ----
 *
 * A pool outlives its pool_free fact while blocks that lie in it live on; see blocks.h.
 */

int pools_new(struct heap *h, const struct fact *f);
int pools_free(struct heap *h, const struct fact *f);

struct pool *pools_at(const struct heap *h, uint64_t address);

/* A block begins at `address`: the pool that it is an object of, or NULL; later it ends. */
struct pool *pools_enter(const struct heap *h, uint64_t address);
void pools_leave(struct pool *p);

/* The same of the copy of a block at `address` that was an object of the parent's `p`. */
struct pool *pools_inherit(const struct heap *child, const struct heap *parent, struct pool *p,
                           uint64_t address);

int pools_copy(struct heap *child, const struct heap *parent);
void pools_store(const struct heap *h);
void pools_release(struct heap *h);

/*
 * ---- lives.c: the lives of blocks ----
 *
 * From the fact that began one to the one that ended it and, where a freed chunk waits unmerged, to
 * its merging.
 */

/* The new block, valid until the next one; NULL: out of memory. */
struct block *lives_begin(struct heap *h, const struct fact *f, uint64_t size, uint64_t usable,
                          uint32_t source, uint8_t flags);

/* Ends a live block by fact `f`; *id, if not NULL, gets its block.id. */
int lives_end(struct heap *h, struct block *b, const struct fact *f, int64_t *id);

/* The deferred chunk at an address, if there is one, waits no more. */
int lives_take_deferred(struct heap *h, uint64_t address);

int lives_copy(struct heap *child, const struct heap *parent);

/* The rows of those that go on, in order of birth, so that the same trace gives the same database. */
int lives_store(struct heap *h);
void lives_release(struct heap *h);

/* ---- heap.c: what each fact does ---- */

void heap_init(struct heap *h, struct heap_tables *tables, int64_t process);
void heap_clear(struct heap *h);

/* A forked child: everything that the parent has, as of now. */
int heap_copy(struct heap *child, const struct heap *parent);

/* Applies one fact and takes note of the state after it. */
int heap_apply(struct heap *h, const struct fact *f);

/* Writes the rows of all that still stands. */
int heap_store(struct heap *h);

#endif

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * liblw.c - liblw seen from inside: the hooks of lw_trace.h, and what below.h asks of an allocator.
 *
 * A hook may be called under liblw's locks: it notes the fact, which is written when the call under
 * way has ended.  Outside any call (a thread ends) it is written at once, which is safe, because
 * writing a fact never allocates on its own thread's behalf (lttng-ust's buffers exist by then).
 */
#include "liblw/lw.h"
#include "liblw/lw_trace.h"

#include "below.h"
#include "pools.h"
#include "tracer/inside/extent.h"
#include "tracer/inside/facts.h"
#include "tracer/inside/regions.h"

#include <string.h>

/* lw_trace.h says its facts in the words of the trace, but includes nothing of it. */
#define SAME_CODE(mine, code) _Static_assert((int)(mine) == (int)(code), #mine " is not " #code)
SAME_CODE(FROM_POOL, SOURCE_POOL);
SAME_CODE(FROM_REFILL, SOURCE_REFILL);
SAME_CODE(FROM_DEFERRED, SOURCE_DEFERRED);
SAME_CODE(FROM_BIN, SOURCE_BIN);
SAME_CODE(FROM_TOP, SOURCE_TOP);
SAME_CODE(TO_LOCAL, PATH_LOCAL);
SAME_CODE(TO_REMOTE, PATH_REMOTE);
SAME_CODE(TO_DEFERRED, PATH_DEFERRED);
SAME_CODE(TO_FOREIGN, PATH_FOREIGN);
SAME_CODE(TO_HEAP, PATH_MERGED);
SAME_CODE(ON_MISS, REASON_MISS);
SAME_CODE(ON_BOUND, REASON_BOUND);
SAME_CODE(ON_EXIT, REASON_EXIT);
SAME_CODE(ON_TRIM, REASON_TRIM);
SAME_CODE(BREAK_GROWN, OUTCOME_GROWN);
SAME_CODE(BREAK_SHRUNK, OUTCOME_SHRUNK);
SAME_CODE(BREAK_REFUSED, OUTCOME_REFUSED);
SAME_CODE(BREAK_FOREIGN, OUTCOME_FOREIGN);
SAME_CODE(DO_MAP, WHAT_MAP);
SAME_CODE(DO_UNMAP, WHAT_UNMAP);
SAME_CODE(DO_RETURN, WHAT_RETURNED);
SAME_CODE(LW_POOL_OBJECT, LIVE_POOL);
SAME_CODE(LW_CHUNK, LIVE_CHUNK);

/* The batch that this thread merges: it began, so many chunks went in. */
static __thread struct {
	uint64_t start, bytes, largest;
	uintptr_t last_merged;
	uint32_t chunks_in, chunks_out;
	uint8_t reason;
} batch __attribute__((tls_model("initial-exec")));

/* ---- hooks ------------------------------------------------------------------------------ */

void lw_trace_source(enum lw_source source)
{
	lw_self.source = (uint8_t)source;
}

void lw_trace_path(enum lw_path path)
{
	lw_self.path = (uint8_t)path;
}

/* Now, and later than the merges of the batch under way, which are reported when they are done: memory
 * goes back after the chunks that lay in it were merged, also by a clock of coarse steps. */
static uint64_t after_merges(void)
{
	uint64_t now = lw_clock();

	return now > batch.start ? now : batch.start + 1;
}

void lw_trace_sbrk(uintptr_t old_end, uintptr_t new_end, enum lw_outcome outcome)
{
	lw_extent_break(old_end, new_end, (enum outcome)outcome, after_merges());
}

/* What goes back is said under the heap's lock and before it goes, so no other thread has it yet. */
void lw_trace_map(enum lw_mapping what, uintptr_t at, size_t len)
{
	if (what == DO_MAP)
		lw_extent_map(at, len, after_merges());
	else if (what == DO_UNMAP)
		lw_extent_unmap(at, len, after_merges());
	else
		lw_extent_returned(at, len, after_merges());
}

static void note_pool(const struct lw_pool_seen *pool)
{
	struct lw_fact fact = {.kind = FACT_POOL_NEW, .start = lw_clock()};

	fact.pool_new.pool = pool->pool;
	fact.pool_new.bytes = pool->bytes;
	fact.pool_new.object = pool->object;
	fact.pool_new.capacity = pool->capacity;
	lw_note(&fact);
}

void lw_trace_pool_new(uintptr_t pool, size_t bytes, size_t object, unsigned capacity)
{
	const struct lw_pool_seen seen = {pool, bytes, (uint32_t)object, capacity};

	if (!capacity) /* it serves no request: where the block comes from is said later, or never */
		lw_self.source = UNSAID;
	lw_pools_add(&seen);
	note_pool(&seen);
}

void lw_trace_pool_free(uintptr_t pool, size_t bytes)
{
	struct lw_fact fact = {.kind = FACT_POOL_FREE, .start = lw_clock()};

	lw_pools_remove(pool);
	fact.pool_new.pool = pool;
	fact.pool_new.bytes = bytes;
	lw_note(&fact);
}

void lw_trace_batch_begin(enum lw_reason reason)
{
	memset(&batch, 0, sizeof batch);
	batch.start = lw_clock();
	batch.reason = (uint8_t)reason;
	/* The free that reaches a bound has its chunk merged with the others, however large it is. */
	if (reason == ON_BOUND && lw_self.path == TO_DEFERRED)
		lw_self.path = TO_HEAP;
}

/* SIZE is that of the deferred chunk; neighbours merged one after the other have one result. */
void lw_trace_merge(uintptr_t ptr, uintptr_t merged, size_t size)
{
	struct lw_fact fact = {.kind = FACT_MERGE, .start = batch.start};

	batch.chunks_in++;
	batch.chunks_out += merged != batch.last_merged;
	batch.last_merged = merged;
	batch.bytes += size;
	if (size > batch.largest)
		batch.largest = size;
	fact.merge.ptr = ptr;
	fact.merge.merged = merged;
	fact.merge.size = size;
	lw_note(&fact);
}

void lw_trace_batch_end(void)
{
	struct lw_fact fact = {.kind = FACT_COALESCE, .start = batch.start};

	if (!batch.chunks_in)
		return;
	fact.latency = (uint32_t)(lw_clock() - batch.start);
	fact.coalesce.reason = batch.reason;
	fact.coalesce.bytes = batch.bytes;
	fact.coalesce.largest = batch.largest;
	fact.coalesce.chunks_in = batch.chunks_in;
	fact.coalesce.chunks_out = batch.chunks_out;
	lw_note(&fact);
}

/* ---- what below.h asks ------------------------------------------------------------------ */

/* Everything is said by hooks. */
struct lw_mark lw_underlying_before(void *ptr)
{
	(void)ptr;
	return (struct lw_mark){0};
}

void lw_underlying_after(void *ptr, const struct lw_mark *mark, uint64_t end)
{
	(void)ptr;
	(void)mark;
	(void)end;
}

void lw_underlying_resolve(void)
{
}

int lw_underlying_source(void *ptr, int said)
{
	(void)ptr;
	return said == UNSAID ? FROM_POOL : said;
}

int lw_underlying_path(void *ptr, const struct lw_mark *mark, int said)
{
	(void)ptr;
	(void)mark;
	return said == UNSAID ? TO_LOCAL : said;
}

void lw_underlying_describe(struct lw_fact_process *process)
{
	process->allocator = "liblw";
	process->allocator_version = lw_version();
}

/* The heap is locked during the walk, and no other thread is inside it: the list is exact. */
static void dump_block(void *ptr, size_t usable, enum lw_kind kind, void *arg)
{
	uint64_t *blocks = arg;
	struct lw_fact fact = {.kind = FACT_LIVE, .start = lw_clock()};

	fact.live.ptr = (uintptr_t)ptr;
	fact.live.usable = usable;
	fact.live.kind = (uint8_t)kind;
	++*blocks;
	lw_record_now(&fact);
}

/* The extent as it is, as if it had all been mapped now. */
static void dump_extent(void)
{
	uintptr_t address, from = 0;
	size_t length;

	while (lw_regions_next(from, &address, &length)) {
		struct lw_fact fact = {.kind = FACT_MAP, .start = lw_clock()};

		fact.map.address = address;
		fact.map.length = length;
		fact.map.what = WHAT_MAP;
		lw_record_now(&fact);
		from = address + length;
	}
}

void lw_underlying_dump(void)
{
	struct lw_fact fact = {.kind = FACT_LIVE_END};
	uint64_t blocks = 0;

	dump_extent();
	lw_pools_each(note_pool);
	lw_walk(dump_block, &blocks);
	fact.start = lw_clock();
	fact.live_end.blocks = blocks;
	lw_record_now(&fact);
}

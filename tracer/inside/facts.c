/* Runs inside the traced program: no allocation, no stdio. */
/*
 * facts.c - the way of a fact from the call it happened in to the provider.
 *
 *   HELD      -- provider enabled ------------> STARTING -- lw:process written --> ON
 *   HELD      -- log full, nothing enabled ---> IDLE
 *   ON        -- provider disabled -----------> IDLE
 *   IDLE      -- provider enabled ------------> STARTING, with a list of the live blocks
 *
 * In HELD and STARTING facts go to the early log.  Whoever begins writes lw:process, sets ON, closes
 * the log and writes what it holds; a thread that finds the log closed reads the state again.  So
 * lw:process comes first, and each fact is written once.
 */
#define _GNU_SOURCE
#include "facts.h"
#include "early.h"
#include "raw.h"

#include <stdatomic.h>

/* Facts one call may note before they are written from inside it, and calls of different threads
 * that may note at the same time.  More than a batch of deferred chunks has. */
#define PENDING_FACTS 512
#define PENDING_CALLS 64

enum state {
	HELD,
	STARTING,
	ON,
	IDLE
};

struct lw_pending {
	atomic_bool taken;
	unsigned count;
	struct lw_fact fact[PENDING_FACTS];
};

static struct {
	_Atomic(enum state) state;
	_Atomic(const struct lw_provider *) provider;
	const struct lw_facts_source *source; /* valid when PROVIDER is */
	_Atomic uint64_t start; /* of the process image: its first call, or the fork */
	uint64_t fork_start;    /* read just before the fork under way */
	bool forked;            /* this process image is a copy of its parent's */
	bool child_waits;       /* forked, and not registered with the session daemon yet */
	bool resumed;           /* recording began on a heap that was already running */
	uint32_t clock_cost;
} tracer;

bool lw_idle;

static struct lw_pending pending_calls[PENDING_CALLS];

static inline void complete(struct lw_self *self, struct lw_fact *fact)
{
	if (lw_self_is_tracer(self))
		fact->flags |= FLAG_TRACER;
	fact->tid = self->tid;
}

/* ---- beginning and ending --------------------------------------------------------------- */

static void write_process(const struct lw_provider *provider)
{
	struct lw_fact fact = {
		.kind = FACT_PROCESS,
		.start = tracer.resumed ? lw_clock() : tracer.start,
	};

	fact.process.format = LW_TRACE_FORMAT;
	fact.process.pid = (uint32_t)getpid();
	fact.process.ppid = (uint32_t)getppid();
	fact.process.page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	fact.process.clock_cost = tracer.clock_cost;
	fact.process.forked = tracer.forked;
	tracer.source->describe(&fact.process);
	provider->emit(&fact);
}

static void write_early(struct lw_fact *fact)
{
	if (lw_tid_is_tracer(fact->tid))
		fact->flags |= FLAG_TRACER;
	tracer.provider->emit(fact);
}

static void go_idle(void)
{
	tracer.resumed = true;
	lw_idle = true;
	lw_early_close(NULL);
}

static void begin(const struct lw_provider *provider, enum state from)
{
	struct lw_self *self = &lw_self;

	if (!atomic_compare_exchange_strong(&tracer.state, &from, STARTING))
		return;
	self->emitting++;
	write_process(provider);
	atomic_store(&tracer.state, ON);
	lw_idle = false;
	lw_early_close(write_early);
	self->emitting--;
	if (tracer.resumed)
		tracer.source->dump();
}

/* Looks whether the recording has begun or ended since the last look. */
static void settle(void)
{
	const struct lw_provider *provider = tracer.provider;
	enum state state = tracer.state;

	if (!provider || tracer.child_waits)
		return;
	if (state == HELD || state == IDLE) {
		if (provider->enabled())
			begin(provider, state);
	} else if (state == ON && !provider->any()) {
		tracer.resumed = true;
		lw_idle = atomic_compare_exchange_strong(&tracer.state, &state, IDLE);
	}
}

/* The early log is full: if a recording of some of our events runs, that is what is wanted; else
 * none will, and what was kept is of no use. */
static void give_up_holding(void)
{
	const struct lw_provider *provider = tracer.provider;
	enum state held = HELD;

	if (provider && !tracer.child_waits && provider->any()) {
		begin(provider, HELD);
	} else if (atomic_compare_exchange_strong(&tracer.state, &held, IDLE)) {
		go_idle();
	}
}

static void record(const struct lw_fact *fact)
{
	HOLDS(fact->kind > FACT_NONE && fact->kind < FACT_KINDS);
	for (;;) {
		switch (atomic_load(&tracer.state)) {
		case ON:
			tracer.provider->emit(fact);
			return;
		case IDLE:
			return;
		case HELD:
			if (lw_early_hold(fact))
				return;
			give_up_holding();
			break;
		case STARTING:
			if (lw_early_hold(fact))
				return;
			sched_yield();
			break;
		}
	}
}

/* ---- facts of one call ------------------------------------------------------------------ */

static struct lw_pending *pending_take(struct lw_self *self)
{
	for (unsigned i = 0; i < PENDING_CALLS; i++) {
		struct lw_pending *pending = &pending_calls[(self->tid + i) % PENDING_CALLS];
		bool free = false;

		if (!pending->taken &&
		    atomic_compare_exchange_strong(&pending->taken, &free, true)) {
			pending->count = 0;
			return pending;
		}
	}
	return NULL;
}

void lw_note(struct lw_fact *fact)
{
	struct lw_self *self = &lw_self;

	complete(self, fact);
	if (self->depth && !self->pending)
		self->pending = pending_take(self);
	HOLDS(!self->pending || self->pending->count <= PENDING_FACTS);
	if (self->pending && self->pending->count < PENDING_FACTS)
		self->pending->fact[self->pending->count++] = *fact;
	else
		record(fact);
}

/* Writing may make lttng-ust allocate, which notes more facts: hence no fixed end of the loop. */
static void flush(struct lw_self *self)
{
	struct lw_pending *pending = self->pending;

	if (!pending)
		return;
	for (unsigned i = 0; i < pending->count; i++)
		if (pending->fact[i].kind != FACT_NONE)
			record(&pending->fact[i]);
	self->pending = NULL;
	atomic_store(&pending->taken, false);
}

static uint64_t block_of(const struct lw_fact *fact)
{
	switch (fact->kind) {
	case FACT_ALLOC:
	case FACT_POOL_HIT:
		return fact->alloc.ptr;
	case FACT_FREE:
		return fact->free.ptr;
	case FACT_REALLOC:
		return fact->realloc.new_ptr;
	default:
		return 0;
	}
}

/* An allocator may serve one public function by another (reallocarray by realloc): what the inner
 * call said of the same block is what FACT says. */
static void drop_same(struct lw_pending *pending, const struct lw_fact *fact)
{
	uint64_t block = block_of(fact);

	for (unsigned i = 0; block && i < pending->count; i++)
		if (block_of(&pending->fact[i]) == block)
			pending->fact[i].kind = FACT_NONE;
}

static void note_start(uint64_t start)
{
	uint64_t none = 0;

	atomic_compare_exchange_strong(&tracer.start, &none, start);
}

void lw_record_call(struct lw_self *self, struct lw_fact *fact, bool fact_first)
{
	HOLDS(self->depth > 0);
	if (self->depth > 1) {
		if (fact)
			lw_note(fact);
		return;
	}
	if (fact) {
		complete(self, fact);
		if (self->pending)
			drop_same(self->pending, fact);
		if (!tracer.start)
			note_start(fact->start);
	}
	if (tracer.state != ON)
		settle();
	self->emitting = 1;
	if (fact && fact_first)
		record(fact);
	flush(self);
	if (fact && !fact_first)
		record(fact);
	flush(self);
	self->emitting = 0;
}

/* What hooks have noted is of no use to anybody. */
void lw_record_nothing(struct lw_self *self)
{
	if (self->depth > 1)
		return;
	if (self->pending)
		flush(self);
	settle();
}

void lw_record_now(struct lw_fact *fact)
{
	struct lw_self *self = &lw_self;

	complete(self, fact);
	self->emitting++;
	record(fact);
	flush(self);
	self->emitting--;
}

/* ---- life of the process ---------------------------------------------------------------- */

bool lw_facts_wanted(void)
{
	if (tracer.state == ON)
		settle();
	return tracer.state != IDLE;
}

bool lw_facts_written(void)
{
	return tracer.state == ON;
}

void lw_facts_start(void)
{
	note_start(lw_clock());
}

static uint32_t measure_clock(void)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 64; i++) {
		uint64_t from = lw_clock();
		uint64_t took = lw_clock() - from;

		if (took < best)
			best = took;
	}
	return (uint32_t)best;
}

void lw_facts_open(const struct lw_provider *provider, const struct lw_facts_source *source)
{
	if (!provider) {
		tracer.state = IDLE;
		go_idle();
		return;
	}
	tracer.clock_cost = measure_clock();
	tracer.source = source;
	tracer.provider = provider;
}

const struct lw_provider *lw_facts_provider(void)
{
	return tracer.provider;
}

void lw_facts_before_fork(void)
{
	tracer.fork_start = lw_clock();
}

/* One thread is left; what the others were about to write is the parent's. */
void lw_facts_after_fork_in_child(void)
{
	lw_self_after_fork();
	if (tracer.state == IDLE && !tracer.provider)
		return; /* nothing will be recorded here either */
	for (int i = 0; i < PENDING_CALLS; i++)
		pending_calls[i].taken = &pending_calls[i] == lw_self.pending;
	lw_early_reset();
	tracer.start = tracer.fork_start;
	tracer.forked = true;
	tracer.child_waits = true;
	tracer.resumed = false;
	tracer.state = HELD;
	lw_idle = false;
}

void lw_facts_child_ready(void)
{
	tracer.child_waits = false;
}

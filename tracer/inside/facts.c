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
#include "tracer/inside/below/below.h"
#include "raw.h"
#include "regions.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* Address space only: pages of the log are touched as facts come, and all go back when it is
 * written.  The largest start-up seen, a clang with its option tables, makes 30,000 facts. */
#define EARLY_FACTS (1u << 18)
#define LOG_CLOSED  (1u << 30)

/* Facts one call may note before they are written from inside it, and calls of different threads
 * that may note at the same time.  More than a batch of deferred chunks has. */
#define PENDING_FACTS 512
#define PENDING_CALLS 64

/* lttng-ust has two listener threads per process image. */
#define TRACER_THREADS 16

/* Facts of a thread after which its name is settled. */
enum {
	NAME_CHECKS = 16
};

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
	_Atomic(struct lw_fact *) log;
	atomic_uint log_next;
	_Atomic uint64_t start; /* of the process image: its first call, or the fork */
	uint64_t fork_start;    /* read just before the fork under way */
	bool forked;            /* this process image is a copy of its parent's */
	bool child_waits;       /* forked, and not registered with the session daemon yet */
	bool resumed;           /* recording began on a heap that was already running */
	uint32_t clock_cost;
	_Atomic uint32_t tracer_tid[TRACER_THREADS];
} tracer;

bool lw_idle;

static struct lw_pending pending_calls[PENDING_CALLS];

__thread struct lw_self lw_self __attribute__((tls_model("initial-exec")));

/* ---- who is who ------------------------------------------------------------------------- */

static void remember_tracer(uint32_t tid)
{
	for (int i = 0; i < TRACER_THREADS; i++) {
		uint32_t none = 0;

		if (atomic_compare_exchange_strong(&tracer.tracer_tid[i], &none, tid) ||
		    none == tid)
			return;
	}
}

static bool is_tracer_tid(uint32_t tid)
{
	for (int i = 0; i < TRACER_THREADS; i++)
		if (tracer.tracer_tid[i] == tid)
			return true;
	return false;
}

static bool is_tracer_name(const char *name)
{
	size_t length = strcspn(name, "\n");

	return length >= 4 && !strncmp(name + length - 4, "-ust", 4);
}

/* lttng-ust's threads give themselves a name that ends in "-ust", but allocate before they do so:
 * the first calls of every thread look. */
static void look_at_name(struct lw_self *self)
{
	char name[16] = "";

	self->checks++;
	if (prctl(PR_GET_NAME, name) || !is_tracer_name(name))
		return;
	self->tracer = 1;
	remember_tracer(self->tid);
}

/* The same from outside, for a thread that has allocated before it had its name, and never since.
 * PROGRAM_TID is the last one that was found to be the program's. */
static bool is_tracer_thread(uint32_t tid, uint32_t *program_tid)
{
	char path[64], name[32];

	if (tid == *program_tid || tid == (uint32_t)getpid())
		return false;
	if (is_tracer_tid(tid))
		return true;
	snprintf(path, sizeof path, "/proc/self/task/%u/comm", tid);
	raw_file(path, name, sizeof name);
	if (is_tracer_name(name)) {
		remember_tracer(tid);
		return true;
	}
	*program_tid = tid;
	return false;
}

/* The first fact of a thread, and the next few of one that is not the program's first. */
static void identify(struct lw_self *self)
{
	if (!self->tid) {
		self->tid = (uint32_t)syscall(SYS_gettid);
		if (self->tid == (uint32_t)getpid())
			self->checks = NAME_CHECKS;
	}
	if (self->checks < NAME_CHECKS && !self->tracer)
		look_at_name(self);
}

static inline void complete(struct lw_self *self, struct lw_fact *fact)
{
	if (__builtin_expect(self->checks < NAME_CHECKS, 0))
		identify(self);
	fact->tid = self->tid;
	if (self->tracer || self->scope || self->emitting)
		fact->flags |= FLAG_TRACER;
}

/* ---- the early log ---------------------------------------------------------------------- */

static struct lw_fact *early_log(void)
{
	struct lw_fact *log = tracer.log;
	struct lw_fact *fresh;

	if (log)
		return log;
	fresh = raw_pages(EARLY_FACTS * sizeof *fresh);
	if (fresh && !atomic_compare_exchange_strong(&tracer.log, &log, fresh)) {
		raw_unmap(fresh, EARLY_FACTS * sizeof *fresh);
		return log;
	}
	return fresh;
}

/* Keeps FACT; false when the log is full or closed. */
static bool hold(const struct lw_fact *fact)
{
	struct lw_fact *log;
	unsigned index;

	if (tracer.log_next >= EARLY_FACTS || !(log = early_log()))
		return false;
	index = atomic_fetch_add(&tracer.log_next, 1);
	if (index >= EARLY_FACTS)
		return false;
	memcpy(&log[index], fact, sizeof *fact);
	log[index].kind = FACT_NONE;
	log[index].flags |= FLAG_EARLY;
	__atomic_store_n(&log[index].kind, fact->kind, __ATOMIC_RELEASE);
	return true;
}

/* Closes the log, so that nobody begins to write into it.  Returns how many facts it holds, each of
 * which its thread may still be writing: see held_fact(). */
static unsigned close_early_log(void)
{
	unsigned count = atomic_exchange(&tracer.log_next, LOG_CLOSED);

	if (count >= LOG_CLOSED)
		return 0;
	return count < EARLY_FACTS ? count : EARLY_FACTS;
}

static struct lw_fact *held_fact(unsigned index)
{
	struct lw_fact *fact = &tracer.log[index];

	while (!__atomic_load_n(&fact->kind, __ATOMIC_ACQUIRE))
		sched_yield();
	return fact;
}

static void unmap_early_log(void)
{
	struct lw_fact *log = atomic_exchange(&tracer.log, NULL);

	if (log)
		raw_unmap(log, EARLY_FACTS * sizeof *log);
}

static void write_early_log(const struct lw_provider *provider)
{
	unsigned count = close_early_log();
	uint32_t program_tid = 0;

	for (unsigned i = 0; i < count; i++) {
		struct lw_fact *fact = held_fact(i);

		if (is_tracer_thread(fact->tid, &program_tid))
			fact->flags |= FLAG_TRACER;
		provider->emit(fact);
	}
	unmap_early_log();
}

static void drop_early_log(void)
{
	unsigned count = close_early_log();

	for (unsigned i = 0; i < count; i++)
		held_fact(i);
	unmap_early_log();
}

/* ---- beginning and ending --------------------------------------------------------------- */

static void write_process(const struct lw_provider *provider)
{
	struct lw_below_info info = {0};
	struct lw_fact fact = {
		.kind = FACT_PROCESS,
		.start = tracer.resumed ? lw_clock() : tracer.start,
	};

	lw_below_describe(&info);
	fact.process.format = LW_TRACE_FORMAT;
	fact.process.pid = (uint32_t)getpid();
	fact.process.ppid = (uint32_t)getppid();
	fact.process.page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	fact.process.header = info.header;
	fact.process.clock_cost = tracer.clock_cost;
	fact.process.allocator_version = info.version;
	fact.process.forked = tracer.forked;
	fact.process.allocator = info.allocator;
	provider->emit(&fact);
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
	write_early_log(provider);
	self->emitting--;
	if (tracer.resumed)
		lw_below_dump();
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
		tracer.resumed = true;
		lw_idle = true;
		drop_early_log();
	}
}

static void record(const struct lw_fact *fact)
{
	for (;;) {
		switch (atomic_load(&tracer.state)) {
		case ON:
			((const struct lw_provider *)tracer.provider)->emit(fact);
			return;
		case IDLE:
			return;
		case HELD:
			if (hold(fact))
				return;
			give_up_holding();
			break;
		case STARTING:
			if (hold(fact))
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
	uint64_t now;

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
	now = fact ? fact->start + fact->latency : lw_clock();
	lw_resident_tick(now);
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

const struct lw_provider *lw_facts_provider(void)
{
	return tracer.provider;
}

void lw_scope_enter(void)
{
	lw_self.scope++;
}

void lw_scope_leave(void)
{
	lw_self.scope--;
}

void lw_facts_child_ready(void)
{
	tracer.child_waits = false;
}

bool lw_facts_wanted(void)
{
	if (tracer.state == ON)
		settle();
	return tracer.state != IDLE;
}

void lw_facts_before_fork(void)
{
	tracer.fork_start = lw_clock();
}

/* One thread, whose number has changed; what the others were about to write is the parent's. */
void lw_facts_after_fork_in_child(void)
{
	struct lw_self *self = &lw_self;

	self->tid = 0;
	self->checks = 0;
	self->tracer = 0;
	for (int i = 0; i < PENDING_CALLS; i++)
		pending_calls[i].taken = &pending_calls[i] == self->pending;
	for (int i = 0; i < TRACER_THREADS; i++)
		tracer.tracer_tid[i] = 0;
	lw_regions_unlock_child();
	lw_below_after_fork_in_child();
	unmap_early_log();
	tracer.log_next = 0;
	tracer.start = tracer.fork_start;
	tracer.forked = true;
	tracer.child_waits = true;
	tracer.resumed = false;
	tracer.state = HELD;
	lw_idle = false;
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

/* Opens liblw-provider.so beside this library.  Without it, or without lttng-ust, the program runs
 * on, unrecorded: the reason is told when LW_TRACE_VERBOSE is set. */
static const struct lw_provider *open_provider(void)
{
	static const char name[] = "liblw-provider.so";
	char path[4096];
	const char *slash;
	void *library;
	Dl_info here;

	if (!dladdr((void *)&tracer, &here) || !(slash = strrchr(here.dli_fname, '/')))
		slash = here.dli_fname = "";
	snprintf(path, sizeof path, "%.*s%s", (int)(*slash ? slash + 1 - here.dli_fname : 0),
	         here.dli_fname, name);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library && getenv("LW_TRACE_VERBOSE"))
		fprintf(stderr, "liblw-trace: cannot open provider: %s\n", dlerror());
	return library ? dlsym(library, "lw_provider") : NULL;
}

static void go_idle(void)
{
	tracer.state = IDLE;
	lw_idle = true;
	drop_early_log();
}

/* The earliest of our constructors; the program's own come later or have run already, no matter. */
__attribute__((constructor(101))) static void facts_open(void)
{
	const char *wish = getenv("LW_TRACE");
	const struct lw_provider *provider;
	int saved = errno;

	note_start(lw_clock());
	if (wish && !strcmp(wish, "0")) {
		go_idle();
		return;
	}
	lw_scope_enter();
	tracer.clock_cost = measure_clock();
	lw_guard_resolve();
	lw_below_resolve();
	pthread_atfork(lw_facts_before_fork, NULL, lw_facts_after_fork_in_child);
	provider = open_provider();
	if (provider)
		provider->open(lw_scope_enter);
	tracer.provider = provider;
	lw_scope_leave();
	if (!provider)
		go_idle();
	errno = saved;
}

/* The last known size of the heap belongs into every picture. */
__attribute__((destructor)) static void facts_close(void)
{
	if (tracer.state == ON)
		lw_resident_sample(lw_clock());
}

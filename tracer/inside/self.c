/* Runs inside the traced program: no allocation, no stdio. */
/* self.c - who is who; see self.h. */
#define _GNU_SOURCE
#include "self.h"
#include "raw.h"

#include <stdatomic.h>
#include <sys/prctl.h>

/* lttng-ust has two listener threads per process image. */
#define TRACER_THREADS 16

static _Atomic uint32_t tracer_tid[TRACER_THREADS];
static uint32_t program_tid; /* the last one that was found to be the program's */

__thread struct lw_self lw_self __attribute__((tls_model("initial-exec")));

void lw_scope_enter(void)
{
	lw_self.scope++;
}

void lw_scope_leave(void)
{
	HOLDS(lw_self.scope > 0);
	lw_self.scope--;
}

static void remember_tracer(uint32_t tid)
{
	for (int i = 0; i < TRACER_THREADS; i++) {
		uint32_t none = 0;

		if (atomic_compare_exchange_strong(&tracer_tid[i], &none, tid) || none == tid)
			return;
	}
}

static bool is_tracer_tid(uint32_t tid)
{
	for (int i = 0; i < TRACER_THREADS; i++)
		if (tracer_tid[i] == tid)
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

/* The first fact of a thread, and the next few of one that is not the program's first. */
void lw_self_identify(struct lw_self *self)
{
	if (!self->tid) {
		self->tid = (uint32_t)syscall(SYS_gettid);
		if (self->tid == (uint32_t)getpid())
			self->checks = NAME_CHECKS;
	}
	if (self->checks < NAME_CHECKS && !self->tracer)
		look_at_name(self);
}

bool lw_tid_is_tracer(uint32_t tid)
{
	char path[64], name[32];
	struct raw_text text = raw_text(path, sizeof path);

	if (tid == program_tid || tid == (uint32_t)getpid())
		return false;
	if (is_tracer_tid(tid))
		return true;
	raw_text_add(&text, "/proc/self/task/");
	raw_text_number(&text, tid, 10);
	raw_text_add(&text, "/comm");
	raw_file(path, name, sizeof name);
	if (is_tracer_name(name)) {
		remember_tracer(tid);
		return true;
	}
	program_tid = tid;
	return false;
}

void lw_self_after_fork(void)
{
	lw_self.tid = 0;
	lw_self.checks = 0;
	lw_self.tracer = 0;
	program_tid = 0;
	for (int i = 0; i < TRACER_THREADS; i++)
		tracer_tid[i] = 0;
}

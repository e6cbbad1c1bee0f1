/* Runs inside the traced program: no allocation, no stdio. */
/*
 * lw_provider.c - liblw-provider.so, the one door to lttng-ust: probes, tracepoints, and what
 * lttng-ust has to know about forks and closed descriptors.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lw_provider.h"
#include "fact.h"

#include <dlfcn.h>
#include <lttng/ust-fork.h>

static bool provider_enabled(void)
{
	return true
#define EVENT(KIND, name, what, fields) &&lttng_ust_tracepoint_enabled(lw, name)
#define SAME(KIND, name, as, what)      &&lttng_ust_tracepoint_enabled(lw, name)
#include "traces/format/events.h"
		;
}

static bool provider_any(void)
{
	return false
#define EVENT(KIND, name, what, fields) || lttng_ust_tracepoint_enabled(lw, name)
#define SAME(KIND, name, as, what)      || lttng_ust_tracepoint_enabled(lw, name)
#include "traces/format/events.h"
		;
}

static void provider_emit(const struct lw_fact *fact)
{
	switch ((enum fact_kind)fact->kind) {
#define SAME(KIND, name, as, what)                               \
	case FACT_##KIND:                                        \
		lttng_ust_tracepoint(lw, name, fact, &fact->as); \
		break;
#define EVENT(KIND, name, what, fields) SAME(KIND, name, name, what)
#include "traces/format/events.h"
	case FACT_NONE:
	case FACT_KINDS:
		break; /* not kinds of facts: facts.c holds it so */
	}
}

/* Exported by liblttng-ust-common for liblttng-ust-fd.so, but in no header: looked up once. */
static int (*safe_close)(int, int (*)(int));

static int provider_close(int fd, int (*close_fd)(int))
{
	return safe_close ? safe_close(fd, close_fd) : close_fd(fd);
}

__attribute__((constructor)) static void find_safe_close(void)
{
	safe_close = (int (*)(int, int (*)(int)))dlsym(RTLD_DEFAULT, "lttng_ust_safe_close_fd");
	if (!safe_close)
		safe_close =
			(int (*)(int, int (*)(int)))dlsym(RTLD_NEXT, "lttng_ust_safe_close_fd");
}

static void (*closing)(void);

static void provider_open(void (*wanted)(void))
{
	closing = wanted;
}

/* The last of this file's destructors, so the first to run: lttng-ust's own follow. */
__attribute__((destructor)) static void provider_close_down(void)
{
	if (closing)
		closing();
}

__attribute__((visibility("default"))) const struct lw_provider lw_provider = {
	.open = provider_open,
	.enabled = provider_enabled,
	.any = provider_any,
	.emit = provider_emit,
	.before_fork = lttng_ust_before_fork,
	.after_fork_parent = lttng_ust_after_fork_parent,
	.after_fork_child = lttng_ust_after_fork_child,
	.close = provider_close,
};

/*
 * lw_provider.c - liblw-provider.so, the one door to lttng-ust: probes, tracepoints, and what
 * lttng-ust has to know about forks and closed descriptors.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lw_provider.h"

#include <dlfcn.h>
#include <lttng/ust-fork.h>

/* EVENT(name): the events that carry a struct lw_fact, in the order of enum lw_fact_kind. */
#define FACT_EVENTS(EVENT)               \
	EVENT(FACT_ALLOC, alloc)         \
	EVENT(FACT_POOL_HIT, pool_hit)   \
	EVENT(FACT_FREE, free)           \
	EVENT(FACT_REALLOC, realloc)     \
	EVENT(FACT_FAIL, fail)           \
	EVENT(FACT_COALESCE, coalesce)   \
	EVENT(FACT_MERGE, merge)         \
	EVENT(FACT_SBRK, sbrk)           \
	EVENT(FACT_MAP, map)             \
	EVENT(FACT_UNMAP, unmap)         \
	EVENT(FACT_POOL_NEW, pool_new)   \
	EVENT(FACT_POOL_FREE, pool_free) \
	EVENT(FACT_LIVE, live)           \
	EVENT(FACT_LIVE_END, live_end)   \
	EVENT(FACT_RSS, rss)

static bool provider_enabled(void)
{
#define AND_ENABLED(kind, name) &&lttng_ust_tracepoint_enabled(lw, name)
	return lttng_ust_tracepoint_enabled(lw, process) FACT_EVENTS(AND_ENABLED);
}

static bool provider_any(void)
{
#define OR_ENABLED(kind, name) || lttng_ust_tracepoint_enabled(lw, name)
	return lttng_ust_tracepoint_enabled(lw, process) FACT_EVENTS(OR_ENABLED);
}

static void provider_emit(const struct lw_fact *fact)
{
	switch (fact->kind) {
#define EMIT(kind, name)                              \
	case kind:                                    \
		lttng_ust_tracepoint(lw, name, fact); \
		break;
		FACT_EVENTS(EMIT)
	}
}

static void provider_emit_process(const struct lw_process *process)
{
	lttng_ust_tracepoint(lw, process, process);
}

static void provider_before_fork(void *sigset)
{
	lttng_ust_before_fork(sigset);
}

static void provider_after_fork_parent(void *sigset)
{
	lttng_ust_after_fork_parent(sigset);
}

static void provider_after_fork_child(void *sigset)
{
	lttng_ust_after_fork_child(sigset);
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
	.emit_process = provider_emit_process,
	.before_fork = provider_before_fork,
	.after_fork_parent = provider_after_fork_parent,
	.after_fork_child = provider_after_fork_child,
	.close = provider_close,
};

/* Runs inside the traced program: no allocation, no stdio. */
/*
 * process.c - the life of the recorded process: its start, its forks, its end.
 *
 * The top of this folder; each file includes only what stands below it:
 *
 *	process                       the constructor, fork, the destructor
 *	family, resident, files       in front of the program's calls; samples; descriptors
 *	below/                        the underlying allocator: liblw, or any other
 *	extent                        what the heap has of the system, as facts
 *	facts                         the way of a fact to the provider
 *	early, self, regions          the early log; who is who; the ranges of the extent
 *	fact, raw, front, sorted      the format's rows and the door to lttng-ust; system calls; tables
 *
 * lttng-ust brings liblttng-ust-fork.so for forks.  It is not preloaded, because it would start
 * lttng-ust before this library knows its allocations from the program's.  Not covered, as there:
 * _Fork() and the bare system calls; such a child is not recorded.
 */
#define _GNU_SOURCE
#include "facts.h"
#include "front.h"
#include "raw.h"
#include "regions.h"
#include "resident.h"
#include "tracer/inside/below/below.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct termios;
struct winsize;

PUBLIC pid_t forkpty(int *parent, char *name, const struct termios *term,
                     const struct winsize *size);

/* ---- fork ------------------------------------------------------------------------------- */

static void after_fork_in_child(void)
{
	lw_facts_after_fork_in_child();
	lw_regions_unlock_child();
	lw_underlying_after_fork_in_child();
}

static const struct lw_provider *fork_begins(sigset_t *signals)
{
	const struct lw_provider *provider = lw_facts_provider();

	if (provider) {
		lw_scope_enter();
		provider->before_fork(signals);
		lw_scope_leave();
	}
	return provider;
}

static void fork_ends(const struct lw_provider *provider, sigset_t *signals, bool child)
{
	int saved = errno;

	if (!provider)
		return;
	lw_scope_enter();
	if (child) {
		provider->after_fork_child(signals);
		lw_facts_child_ready();
	} else {
		provider->after_fork_parent(signals);
	}
	lw_scope_leave();
	errno = saved;
}

PUBLIC pid_t fork(void)
{
	sigset_t signals;
	const struct lw_provider *provider = fork_begins(&signals);
	pid_t pid = NEXT(fork)();

	fork_ends(provider, &signals, pid == 0);
	return pid;
}

/* Returns in the child, or not at all unless it failed. */
PUBLIC int daemon(int nochdir, int noclose)
{
	sigset_t signals;
	const struct lw_provider *provider = fork_begins(&signals);
	pid_t before = getpid();
	int result = NEXT(daemon)(nochdir, noclose);

	fork_ends(provider, &signals, getpid() != before);
	return result;
}

PUBLIC pid_t forkpty(int *parent, char *name, const struct termios *term,
                     const struct winsize *size)
{
	sigset_t signals;
	const struct lw_provider *provider = fork_begins(&signals);
	pid_t pid = NEXT(forkpty)(parent, name, term, size);

	fork_ends(provider, &signals, pid == 0);
	return pid;
}

struct clone_start {
	const struct lw_provider *provider;
	int (*fn)(void *);
	void *arg;
	sigset_t signals;
};

/* clone() runs no atfork handlers: ours have to be called by hand.  Where FN returns, clone() would
 * end this thread only, and lttng-ust's, which it has by now, would keep the process. */
static int cloned_process(void *arg)
{
	struct clone_start *start = arg;

	after_fork_in_child();
	fork_ends(start->provider, &start->signals, true);
	_exit(start->fn(start->arg));
}

PUBLIC int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	__typeof__(&clone) next = NEXT(clone);
	struct clone_start start = {.fn = fn, .arg = arg};
	pid_t *parent_tid, *child_tid;
	void *tls;
	va_list rest;
	int pid;

	va_start(rest, arg);
	parent_tid = va_arg(rest, pid_t *);
	tls = va_arg(rest, void *);
	child_tid = va_arg(rest, pid_t *);
	va_end(rest);
	if (flags & CLONE_VM)
		return next(fn, stack, flags, arg, parent_tid, tls, child_tid);
	start.provider = fork_begins(&start.signals);
	lw_facts_before_fork();
	pid = next(cloned_process, stack, flags, &start, parent_tid, tls, child_tid);
	fork_ends(start.provider, &start.signals, false);
	return pid;
}

/* ---- start and end ---------------------------------------------------------------------- */

/* Opens liblw-provider.so beside this library.  Without it, or without lttng-ust, the program runs
 * on, unrecorded: why is said when LW_TRACE_VERBOSE is set. */
static const struct lw_provider *open_provider(void)
{
	char path[PATH_MAX];
	struct raw_text text = raw_text(path, sizeof path);
	char *slash;
	void *library;
	Dl_info here;

	if (dladdr((void *)&after_fork_in_child, &here))
		raw_text_add(&text, here.dli_fname);
	slash = strrchr(path, '/');
	text.at = slash ? slash + 1 : path;
	raw_text_add(&text, "liblw-provider.so");
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library && getenv("LW_TRACE_VERBOSE")) {
		raw_say("liblw-trace: cannot open provider: ");
		raw_say(dlerror());
		raw_say("\n");
	}
	return library ? dlsym(library, "lw_provider") : NULL;
}

/* The earliest of our constructors; the program's own may come before or after.
 * What ours stand in front of must be looked up before lttng-ust is loaded: the loader is locked
 * then, until lttng-ust's threads, which call ours, have reported back. */
__attribute__((constructor(101))) static void process_start(void)
{
	static const struct lw_facts_source heap = {lw_underlying_describe, lw_underlying_dump};
	const char *setting = getenv("LW_TRACE");
	const struct lw_provider *provider;
	int saved = errno;

	lw_facts_start();
	if (setting && !strcmp(setting, "0")) {
		lw_facts_open(NULL, NULL);
		return;
	}
	lw_scope_enter();
	lw_files_resolve();
	lw_underlying_resolve();
	pthread_atfork(lw_facts_before_fork, NULL, after_fork_in_child);
	provider = open_provider();
	if (provider)
		provider->open(lw_scope_enter);
	lw_facts_open(provider, &heap);
	lw_scope_leave();
	errno = saved;
}

/* The last known size of the heap belongs into every picture. */
__attribute__((destructor)) static void process_end(void)
{
	if (lw_facts_written())
		lw_resident_sample(lw_clock());
}

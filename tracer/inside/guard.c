/*
 * guard.c - what a program may do that would break lttng-ust inside it: fork, and close all files.
 *
 * lttng-ust brings liblttng-ust-fork.so and -fd.so for this.  They are not preloaded, because they
 * would start lttng-ust before this library can tell its allocations from the program's, and the
 * release that Debian 12 and Ubuntu 22.04 have lacks close_range().  Not covered, as there: _Fork()
 * and the bare system calls; such a child is not recorded.
 */
#define _GNU_SOURCE
#include "facts.h"
#include "raw.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/types.h>

#define PUBLIC     __attribute__((visibility("default")))
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2u
#endif

struct termios;
struct winsize;

PUBLIC pid_t forkpty(int *parent, char *name, const struct termios *term,
                     const struct winsize *size);
PUBLIC int close_range(unsigned first, unsigned last, int flags);
PUBLIC void closefrom(int first);

/* ---- fork ------------------------------------------------------------------------------- */

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

	lw_facts_after_fork_in_child();
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

/* ---- files ------------------------------------------------------------------------------ */

static __typeof__(&close) next_close;

void lw_guard_resolve(void)
{
	next_close = NEXT(close);
}

PUBLIC int close(int fd)
{
	const struct lw_provider *provider = lw_facts_provider();

	if (!next_close)
		lw_guard_resolve();
	return provider ? provider->close(fd, next_close) : next_close(fd);
}

/* Closes what the program has open from FIRST to LAST, by the list of /proc, one at a time. */
static int close_listed(unsigned first, unsigned last)
{
	const struct lw_provider *provider = lw_facts_provider();
	char buffer[4096] __attribute__((aligned(8)));
	int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	if (list < 0)
		return -1;
	while ((got = syscall(SYS_getdents64, list, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < got;) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);
			unsigned fd = (unsigned)strtoul(entry->d_name, NULL, 10);

			at += entry->d_reclen;
			if (entry->d_name[0] == '.' || fd < first || fd > last ||
			    fd == (unsigned)list)
				continue;
			provider->close((int)fd, next_close);
		}
	}
	syscall(SYS_close, list);
	return 0;
}

PUBLIC int close_range(unsigned first, unsigned last, int flags)
{
	/* Marking for exec spares nobody, and an unshared table has to be made first. */
	if (!lw_facts_provider() || (flags & ~(int)CLOSE_RANGE_UNSHARE) || first > last)
		return (int)syscall(SYS_close_range, first, last, flags);
	if ((flags & (int)CLOSE_RANGE_UNSHARE) && unshare(CLONE_FILES))
		return -1;
	return close_listed(first, last);
}

PUBLIC void closefrom(int first)
{
	if (lw_facts_provider())
		close_listed(first < 0 ? 0 : (unsigned)first, ~0u);
	else
		syscall(SYS_close_range, first < 0 ? 0 : first, ~0u, 0);
}

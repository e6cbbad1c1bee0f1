/* Runs inside the traced program: no allocation, no stdio. */
/*
 * files.c - what a program may close without lttng-ust's descriptors going with it.
 *
 * lttng-ust brings liblttng-ust-fd.so for this.  It is not preloaded, because it would start
 * lttng-ust before this library knows its allocations from the program's, and the release that
 * Debian 12 and Ubuntu 22.04 have lacks close_range().
 */
#define _GNU_SOURCE
#include "facts.h"
#include "front.h"
#include "raw.h"

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2u
#endif

PUBLIC int close_range(unsigned first, unsigned last, int flags);
PUBLIC void closefrom(int first);

static __typeof__(&close) next_close;

void lw_files_resolve(void)
{
	next_close = NEXT(close);
}

PUBLIC int close(int fd)
{
	const struct lw_provider *provider = lw_facts_provider();

	if (!next_close)
		lw_files_resolve();
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

/*
 * fake_provider.c - stands in for liblw-provider.so: counts what it is given, without LTTng.
 *
 * Switched on by its FAKE_AFTER-th question whether it is, that is in the middle of the program;
 * writes "allocs=... frees=... reallocs=... fails=... early=... first=..." to FAKE_FILE at the end.
 */
#include "tracer/inside/fact.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_ulong questions, counts[FACT_KINDS], early, processes, too_early;

static void fake_open(void (*closing)(void))
{
	(void)closing;
}

static bool fake_enabled(void)
{
	const char *after = getenv("FAKE_AFTER");

	return atomic_fetch_add(&questions, 1) >= (after ? strtoul(after, NULL, 10) : 0);
}

static bool fake_any(void)
{
	return questions > 0;
}

static void fake_emit(const struct lw_fact *fact)
{
	if (fact->kind == FACT_PROCESS)
		processes++;
	else if (!processes)
		too_early++;
	if (fact->flags & FLAG_TRACER)
		return;
	counts[fact->kind]++;
	early += (fact->flags & FLAG_EARLY) != 0;
}

static void fake_fork(sigset_t *sigset)
{
	(void)sigset;
}

static int fake_close(int fd, int (*close_fd)(int))
{
	return close_fd(fd);
}

/* Formats before it opens the file, which allocates. */
__attribute__((destructor)) static void write_counts(void)
{
	const char *path = getenv("FAKE_FILE");
	char text[256];
	FILE *file;

	snprintf(text, sizeof text, "allocs=%lu frees=%lu reallocs=%lu fails=%lu\n%s\n%s\n",
	         counts[FACT_ALLOC] + counts[FACT_POOL_HIT], counts[FACT_FREE],
	         counts[FACT_REALLOC], counts[FACT_FAIL],
	         processes == 1 && !too_early ? "process first" : "disorder",
	         early ? "some early" : "none early");
	file = path ? fopen(path, "w") : NULL;
	if (!file)
		return;
	fputs(text, file);
	fclose(file);
}

__attribute__((visibility("default"))) const struct lw_provider lw_provider = {
	.open = fake_open,
	.enabled = fake_enabled,
	.any = fake_any,
	.emit = fake_emit,
	.before_fork = fake_fork,
	.after_fork_parent = fake_fork,
	.after_fork_child = fake_fork,
	.close = fake_close,
};

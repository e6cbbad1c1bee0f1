#include "libraries.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LW_INSTALL_LIBDIR
#define LW_INSTALL_LIBDIR "lib"
#endif

/* Beside lwtrace: in the build tree, then as installed. */
static const char *const places[] = {"../liblw", "../tracer", ("../" LW_INSTALL_LIBDIR "/liblw"),
                                     ("../" LW_INSTALL_LIBDIR)};

struct choice {
	const char *allocator;
	const char *traced, *plain; /* library; NULL: none */
	const char *below;
};

/* libc.so.6 in front makes glibc's allocator the program's, whatever it links. */
static const struct choice choices[] = {
	{"liblw", "liblw-trace.so", "liblw.so", NULL},
	{"ptmalloc", "liblw-shim.so", "libc.so.6", NULL}, /* what the shim does unasked */
	{"system", "liblw-shim.so", NULL, "next"},
};

int library_find(const char *name, char path[PATH_MAX])
{
	const char *given = getenv("LWTRACE_LIBDIR");
	char folder[PATH_MAX], candidate[PATH_MAX];

	if (!strcmp(name, "libc.so.6")) {
		snprintf(path, PATH_MAX, "%s", name);
		return 0;
	}
	if (given) {
		snprintf(candidate, sizeof candidate, "%s/%s", given, name);
		if (realpath(candidate, path))
			return 0;
	}
	if (!realpath("/proc/self/exe", folder))
		return msg_errno(STATUS_FAILED,
		                 "cannot find lwtrace itself: path=\"/proc/self/exe\"");
	*strrchr(folder, '/') = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int length =
			snprintf(candidate, sizeof candidate, "%s/%s/%s", folder, places[i], name);

		if (length < (int)sizeof candidate && realpath(candidate, path))
			return 0;
	}
	return msg_fail(
		STATUS_FAILED,
		"cannot find library: name=\"%s\": neither beside lwtrace nor in LWTRACE_LIBDIR",
		name);
}

/* The list's separators are spaces and colons, and nothing quotes them. */
static int append(struct preload *preload, const char *path)
{
	size_t length = strlen(preload->list);

	if (strpbrk(path, " :"))
		return msg_fail(STATUS_FAILED,
		                "cannot preload a path with a space or a colon: path=\"%s\"", path);
	snprintf(preload->list + length, sizeof preload->list - length, "%s%s", length ? ":" : "",
	         path);
	return 0;
}

static int append_library(struct preload *preload, const char *name)
{
	char path[PATH_MAX];

	return library_find(name, path) ? STATUS_FAILED : append(preload, path);
}

static int find_other(struct preload *preload, const char *allocator, bool traced)
{
	char other[PATH_MAX];
	const char *slash = strrchr(allocator, '/');

	if (!strstr(allocator, ".so"))
		return msg_fail(
			STATUS_FAILED,
			"unknown allocator: allocator=\"%s\": liblw, ptmalloc, system or the path of "
			"a library",
			allocator);
	if (slash && !realpath(allocator, other))
		return msg_errno(STATUS_FAILED, "cannot find allocator: path=\"%s\"", allocator);
	if (!slash)
		snprintf(other, sizeof other, "%s", allocator); /* the loader looks for it */
	snprintf(preload->name, sizeof preload->name, "%.120s", slash ? slash + 1 : allocator);
	if (traced && append_library(preload, "liblw-shim.so"))
		return STATUS_FAILED;
	preload->below = traced ? "next" : NULL;
	return append(preload, other);
}

int preload_find(struct preload *preload, const char *allocator, bool traced)
{
	memset(preload, 0, sizeof *preload);
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		const struct choice *choice = &choices[i];
		const char *library = traced ? choice->traced : choice->plain;

		if (strcmp(allocator, choice->allocator))
			continue;
		snprintf(preload->name, sizeof preload->name, "%s", allocator);
		preload->below = traced ? choice->below : NULL;
		return library ? append_library(preload, library) : 0;
	}
	return find_other(preload, allocator, traced);
}

/* Left out: these would start lttng-ust a second time around what our library does itself. */
static bool unwanted(const char *entry, size_t length)
{
	static const char *const names[] = {"liblttng-ust-fork.so", "liblttng-ust-fd.so",
	                                    "liblttng-ust-libc-wrapper.so"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (memmem(entry, length, names[i], strlen(names[i])))
			return true;
	return false;
}

void preload_apply(const struct preload *preload)
{
	const char *before = getenv("LD_PRELOAD");
	char list[2 * sizeof preload->list];
	size_t used = (size_t)snprintf(list, sizeof list, "%s", preload->list);

	for (const char *at = before ? before : ""; *at; at += strspn(at, " :")) {
		size_t length = strcspn(at, " :");

		if (length && !unwanted(at, length) && used + length + 2 < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%.*s",
			                         used ? ":" : "", (int)length, at);
		at += length;
	}
	if (*list)
		setenv("LD_PRELOAD", list, 1);
	/* As few variables as can be: a program may look at how many it has. */
	unsetenv("LW_SHIM_BELOW");
	unsetenv("LW_SHIM_NAME");
	if (preload->below) {
		setenv("LW_SHIM_BELOW", preload->below, 1);
		setenv("LW_SHIM_NAME", preload->name, 1);
	}
}

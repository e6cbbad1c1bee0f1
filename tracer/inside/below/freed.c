/* Runs inside the traced program: no allocation, no stdio. */
/*
 * freed.c - who freed a block, so that a double free can be reported with its first caller.
 *
 * A table of fixed size, whether or not a recording runs: one place for each hash of an address.
 * It is lossy, as a later free of another block takes the place, and lock-free: each word is
 * written by itself, so that two threads that meet in one place may leave the caller of the other.
 * What was handed out again is forgotten, and a second free that went unnoticed at first changes
 * nothing: the caller named is the one that freed first.
 * Its cost is one more cache line a pair.
 */
#define _GNU_SOURCE
#include "below.h"
#include "liblw/lw_trace.h"
#include "tracer/inside/raw.h"

#include <stdbool.h>
#include <stdlib.h>

#define PLACES_LOG 14
#define LINE_MAX   512 /* what is read of a line of /proc/self/maps */

static struct {
	uintptr_t ptr, caller;
} place[1 << PLACES_LOG];

static size_t place_of(uintptr_t ptr)
{
	return (size_t)(((uint64_t)ptr >> 3) * 0x9e3779b97f4a7c15u >> (64 - PLACES_LOG));
}

void lw_underlying_note(void *block, uint64_t by)
{
	const uintptr_t ptr = (uintptr_t)block, caller = (uintptr_t)by;
	size_t i = place_of(ptr);
	bool known = __atomic_load_n(&place[i].ptr, __ATOMIC_RELAXED) == ptr;

	if (caller && !known) {
		__atomic_store_n(&place[i].caller, caller, __ATOMIC_RELAXED);
		__atomic_store_n(&place[i].ptr, ptr, __ATOMIC_RELAXED);
	} else if (!caller && known) {
		__atomic_store_n(&place[i].ptr, 0, __ATOMIC_RELAXED);
	}
}

/* ---- the module of an address, without the loader's locks ---------------------------------- */

struct module {
	uintptr_t from, to, base; /* of the mapping; where the file's first one lies */
	char path[LINE_MAX];      /* "" when it is no file's */
};

/* Reads LINE into MODULE, which holds the one before. */
static void module_read(struct module *module, const char *line)
{
	const char *path = strchr(line, '/');
	const char *named = path ? path : "";
	char *end;

	module->from = strtoul(line, &end, 16);
	module->to = strtoul(end + (*end == '-'), NULL, 16);
	if (!path || strcmp(path, module->path))
		module->base = module->from;
	memcpy(module->path, named, strlen(named) + 1); /* it has room for a whole line */
}

/* True if MODULE is found to be the one that CALLER lies in. */
static bool module_find(uintptr_t caller, struct module *module)
{
	char text[1024], line[LINE_MAX];
	size_t length = 0;
	long got;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool found = false;

	memset(module, 0, sizeof *module);
	while (fd >= 0 && !found && (got = syscall(SYS_read, fd, text, sizeof text)) > 0)
		for (long i = 0; i < got && !found; i++) {
			if (text[i] != '\n') {
				if (length < sizeof line - 1)
					line[length++] = text[i];
				continue;
			}
			line[length] = '\0';
			length = 0;
			module_read(module, line);
			found = module->from <= caller && caller < module->to;
		}
	if (fd >= 0)
		syscall(SYS_close, fd);
	return found && *module->path;
}

/* ---- the hook -------------------------------------------------------------------------------- */

void lw_trace_fault(uintptr_t at)
{
	char room[LINE_MAX + 128];
	struct raw_text text = raw_text(room, sizeof room);
	size_t i = place_of(at);
	uintptr_t caller = __atomic_load_n(&place[i].caller, __ATOMIC_RELAXED);
	struct module module;

	if (!at || __atomic_load_n(&place[i].ptr, __ATOMIC_RELAXED) != at)
		return;
	raw_text_add(&text, "liblw: first freed by: caller=0x");
	raw_text_number(&text, caller, 16);
	if (module_find(caller, &module)) {
		raw_text_add(&text, " (");
		raw_text_add(&text, module.path);
		raw_text_add(&text, "+0x");
		raw_text_number(&text, caller - module.base, 16);
		raw_text_add(&text, ")");
	}
	raw_text_add(&text, "\n");
	raw_say(room);
}

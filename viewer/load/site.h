/* SPDX-License-Identifier: MIT */
/*
 * site.h - the one door to libdw: return addresses to function, file and line.
 *
 * A board records addresses and build ids; the code itself is looked for here, at the desk: at its
 * recorded path below --sysroot, its debug information where Debian puts it or below --debug-dir.
 * A file with another build id is another program: its names would be lies, so they are not used.
 */
#ifndef LWVIEW_SITE_H
#define LWVIEW_SITE_H

#include <stdint.h>

struct site_resolver;

struct site_place {
	const char *function; /* NULL: not resolved; valid until the resolver is closed */
	const char *file;     /* NULL: no debug information */
	int line;
};

/* Either may be NULL; `sysroot` is kept. NULL: out of memory. */
struct site_resolver *site_open(const char *sysroot, const char *debug_dir);

/*
 * `offset` is the return address less the module's load address; the call is one byte before it.
 * build_id is hex, '' unknown.
 */
struct site_place site_resolve(struct site_resolver *r, const char *path, const char *build_id,
                               uint64_t offset);

/* Modules that were found, but were another build than the recorded one. */
int site_mismatches(const struct site_resolver *r);
void site_close(struct site_resolver *r);

#endif

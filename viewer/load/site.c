/* SPDX-License-Identifier: MIT */
/* site.c - the one door to libdw; see site.h. */
#include "site.h"

#include "cli/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwfl.h>

/* One recorded module, opened once. */
struct opened {
	char *path, *build_id;
	Dwfl *dwfl;
	Dwfl_Module *module; /* NULL: not there, or another build */
	GElf_Addr low;       /* where libdwfl put its first byte */
};

struct site_resolver {
	const char *sysroot;
	char *debug_path;
	Dwfl_Callbacks callbacks;
	struct opened *opened;
	size_t count, last;
	int mismatches;
};

/* Any address will do: modules are opened one by one and never meet. */
#define BASE 0x10000000

struct site_resolver *site_open(const char *sysroot, const char *debug_dir)
{
	struct site_resolver *r = calloc(1, sizeof(*r));
	size_t room = 64 + (debug_dir ? strlen(debug_dir) : 0);

	if (!r)
		return NULL;
	r->sysroot = sysroot ? sysroot : "";
	r->debug_path = malloc(room);
	if (!r->debug_path) {
		free(r);
		return NULL;
	}
	/* libdwfl's syntax: "" beside the file, ".debug" below it, then roots. */
	snprintf(r->debug_path, room, ":.debug:%s%s/usr/lib/debug", debug_dir ? debug_dir : "",
	         debug_dir ? ":" : "");
	r->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = &r->debug_path,
	};
	return r;
}

void site_close(struct site_resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		if (r->opened[i].dwfl)
			dwfl_end(r->opened[i].dwfl);
		free(r->opened[i].path);
		free(r->opened[i].build_id);
	}
	free(r->opened);
	free(r->debug_path);
	free(r);
}

static bool same_build(Dwfl_Module *module, const char *build_id)
{
	const unsigned char *bits;
	GElf_Addr where, bias;
	char hex[2 * 64 + 1] = "";
	int n;

	if (!build_id[0])
		return true;
	/* The main file must be looked at before it has an id. */
	if (!dwfl_module_getelf(module, &bias))
		return false;
	n = dwfl_module_build_id(module, &bits, &where);
	for (int i = 0; i < n && i < 64; i++)
		sprintf(hex + 2 * i, "%02x", bits[i]);
	return !strcmp(hex, build_id);
}

static void open_module(struct site_resolver *r, struct opened *o)
{
	char path[4096];
	Dwfl_Module *module;

	snprintf(path, sizeof(path), "%s%s", r->sysroot, o->path);
	o->dwfl = dwfl_begin(&r->callbacks);
	if (!o->dwfl)
		return;
	dwfl_report_begin(o->dwfl);
	module = dwfl_report_elf(o->dwfl, o->path, path, -1, BASE, false);
	dwfl_report_end(o->dwfl, NULL, NULL);
	if (!module)
		return;
	if (!same_build(module, o->build_id)) {
		r->mismatches++;
		return;
	}
	dwfl_module_info(module, NULL, &o->low, NULL, NULL, NULL, NULL, NULL);
	o->module = module;
}

static struct opened *find_module(struct site_resolver *r, const char *path, const char *build_id)
{
	struct opened *opened;

	for (size_t n = 0; n < r->count; n++) {
		struct opened *o = &r->opened[(r->last + n) % r->count];

		if (!strcmp(o->path, path) && !strcmp(o->build_id, build_id)) {
			r->last = (size_t)(o - r->opened);
			return o;
		}
	}
	if (!array_more(r->opened, r->count))
		return NULL;
	opened = &r->opened[r->count];
	*opened = (struct opened){.path = strdup(path), .build_id = strdup(build_id)};
	if (!opened->path || !opened->build_id) {
		free(opened->path);
		free(opened->build_id);
		return NULL;
	}
	r->last = r->count++;
	open_module(r, opened);
	return opened;
}

struct site_place site_resolve(struct site_resolver *r, const char *path, const char *build_id,
                               uint64_t offset)
{
	struct site_place place = {NULL, NULL, 0};
	struct opened *o = find_module(r, path, build_id);
	GElf_Addr address;
	Dwfl_Line *line;

	if (!o || !o->module || !offset)
		return place;
	address = o->low + offset - 1;
	place.function = dwfl_module_addrname(o->module, address);
	line = dwfl_module_getsrc(o->module, address);
	if (line)
		place.file = dwfl_lineinfo(line, NULL, &place.line, NULL, NULL, NULL);
	return place;
}

int site_mismatches(const struct site_resolver *r)
{
	return r->mismatches;
}

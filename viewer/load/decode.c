/* SPDX-License-Identifier: MIT */
/* decode.c - events to facts; see decode.h. The table at the end is the contract of DESIGN 4. */
#include "decode.h"

#include "ctf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_ORIGIN UINT32_MAX

static enum status no_memory(void)
{
	return msg_fail(STATUS_FAILED, "cannot load: out of memory");
}

/* ---- who it belongs to ---- */

static bool is_origin(const struct decoder *d, uint32_t i, uint64_t pid)
{
	const struct origin *o = &d->origins[i];

	return o->pid == pid && !strcmp(o->host, d->host) && !strcmp(o->started, d->started) &&
	       !strcmp(o->program, d->name);
}

static uint32_t new_origin(struct decoder *d, uint64_t pid)
{
	struct origin *origins = realloc(d->origins, (d->origin_count + 1) * sizeof(*origins));
	struct origin *o;

	if (!origins)
		return NO_ORIGIN;
	d->origins = origins;
	o = &origins[d->origin_count];
	*o = (struct origin){.pid = (uint32_t)pid, .clock_offset = d->clock_offset};
	snprintf(o->host, sizeof(o->host), "%s", d->host);
	snprintf(o->name, sizeof(o->name), "%s", d->name);
	snprintf(o->program, sizeof(o->program), "%s", d->name);
	snprintf(o->started, sizeof(o->started), "%s", d->started);
	return d->origin_count++;
}

/* Most events come from the process of the event before. */
static uint32_t origin_of(struct decoder *d, const struct ctf_event *e)
{
	uint64_t pid = d->trace_pid ? d->trace_pid : e->vpid;

	if (d->last_origin != NO_ORIGIN && is_origin(d, d->last_origin, pid))
		return d->last_origin;
	d->last_origin = NO_ORIGIN;
	for (uint32_t i = 0; i < d->origin_count && d->last_origin == NO_ORIGIN; i++)
		if (is_origin(d, i, pid))
			d->last_origin = i;
	if (d->last_origin == NO_ORIGIN)
		d->last_origin = new_origin(d, pid);
	return d->last_origin;
}

/* ---- facts ---- */

static enum status put(struct decoder *d, const struct ctf_event *e, struct fact *f)
{
	f->origin = d->trace_pid && d->last_origin != NO_ORIGIN ? d->last_origin : origin_of(d, e);
	if (f->origin == NO_ORIGIN)
		return no_memory();
	if (d->only_pid >= 0 && d->origins[f->origin].pid != d->only_pid)
		return STATUS_OK;
	f->order = d->order++;
	d->origins[f->origin].facts++;
	return sorter_add(d->sorter, f);
}

/* Handlers: value[] in the order of their row in the table below. */

static enum status on_process(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	const uint64_t *v = e->value;
	struct fact f = {.kind = FACT_PROCESS, .time = (int64_t)v[0], .info = d->info_count};
	uint32_t origin = origin_of(d, e);
	struct process_info *info;
	uint32_t *origins;

	if (origin == NO_ORIGIN)
		return no_memory();
	if (d->only_pid >= 0 && d->origins[origin].pid != d->only_pid)
		return STATUS_OK;
	info = realloc(d->infos, (d->info_count + 1) * sizeof(*info));
	d->infos = info ? info : d->infos;
	origins = realloc(d->info_origins, (d->info_count + 1) * sizeof(*origins));
	d->info_origins = origins ? origins : d->info_origins;
	if (!info || !origins)
		return no_memory();
	origins[d->info_count] = origin;
	info += d->info_count++;
	*info = (struct process_info){
		.start = (int64_t)v[0],
		.pid = (uint32_t)v[1],
		.ppid = (uint32_t)v[2],
		.page_size = (uint32_t)v[3],
		.header = (uint32_t)v[4],
		.clock_cost = (uint32_t)v[5],
		.version = (uint32_t)v[6],
		.forked = e->present[7] ? (int)v[7] : -1,
		.clock_offset = d->clock_offset,
	};
	snprintf(info->allocator, sizeof(info->allocator), "%s", e->text[8] ? e->text[8] : "");
	d->origins[origin].announced = true;
	return put(d, e, &f);
}

static enum status on_alloc(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_ALLOC,
		.ptr = v[0],
		.size = v[1],
		.caller = v[2],
		.time = (int64_t)(v[3] + v[5]),
		.slack = (uint32_t)v[4],
		.latency = (uint32_t)v[5],
		.tid = (uint32_t)v[6],
		.align = (uint8_t)v[7],
		.source = (uint32_t)v[8],
		.function = (uint8_t)v[9],
		.flags = (uint8_t)v[10],
	};

	return put(arg, e, &f);
}

static enum status on_free(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_FREE,
		.ptr = v[0],
		.caller = v[1],
		.time = (int64_t)v[2],
		.latency = (uint32_t)v[3],
		.tid = (uint32_t)v[4],
		.path = (uint32_t)v[5],
		.function = (uint8_t)v[6],
		.flags = (uint8_t)v[7],
	};

	return put(arg, e, &f);
}

/* `moved` is 0 for "in place", else 1 + the path that the old block took. */
static enum status on_realloc(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact old = {
		.kind = FACT_REALLOC_OLD,
		.ptr = v[0],
		.caller = v[3],
		.time = (int64_t)v[4],
		.tid = (uint32_t)v[7],
		.path = v[8] ? (uint32_t)v[8] - 1 : PATH_UNKNOWN,
		.function = (uint8_t)v[10],
		.flags = (uint8_t)v[11],
	};
	struct fact new = {
		.kind = FACT_REALLOC_NEW,
		.old_ptr = v[0],
		.ptr = v[1],
		.size = v[2],
		.caller = v[3],
		.time = (int64_t)(v[4] + v[6]),
		.slack = (uint32_t)v[5],
		.latency = (uint32_t)v[6],
		.tid = (uint32_t)v[7],
		.source = (uint32_t)v[9],
		.function = (uint8_t)v[10],
		.flags = (uint8_t)v[11],
	};
	enum status status = put(arg, e, &old);

	return status ? status : put(arg, e, &new);
}

static enum status on_fail(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_FAIL,
		.size = v[0],
		.caller = v[1],
		.time = (int64_t)v[2],
		.latency = (uint32_t)v[3],
		.tid = (uint32_t)v[4],
		.error = (uint32_t)v[5],
		.align = (uint8_t)v[6],
		.function = (uint8_t)v[7],
		.flags = (uint8_t)v[8],
	};

	return put(arg, e, &f);
}

static enum status on_coalesce(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_COALESCE,
		.time = (int64_t)v[0],
		.length = v[1],
		.largest = v[2],
		.chunks_in = (uint32_t)v[3],
		.chunks_out = v[4],
		.latency = (uint32_t)v[5],
		.tid = (uint32_t)v[6],
		.owner = v[7],
		.reason = (uint32_t)v[8],
	};

	return put(arg, e, &f);
}

static enum status on_merge(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_MERGE, .ptr = v[0], .time = (int64_t)v[1], .tid = (uint32_t)v[2]};

	return put(arg, e, &f);
}

static enum status on_sbrk(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_SBRK,
		.old_end = v[0],
		.new_end = v[1],
		.time = (int64_t)v[2],
		.latency = (uint32_t)v[3],
		.tid = (uint32_t)v[4],
		.outcome = (uint32_t)v[5],
	};

	return put(arg, e, &f);
}

static enum status on_map(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_MAP,
		.ptr = v[0],
		.length = v[1],
		.old_address = v[2],
		.old_length = v[3],
		.time = (int64_t)v[4],
		.tid = (uint32_t)v[5],
		.what = (uint32_t)v[6],
	};

	return put(arg, e, &f);
}

static enum status put_pool(void *arg, const struct ctf_event *e, enum fact_kind kind)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = (uint8_t)kind,
		.ptr = v[0],
		.length = v[1],
		.time = (int64_t)v[2],
		.object = (uint32_t)v[3],
		.capacity = v[4],
		.tid = (uint32_t)v[5],
		.offset = v[6],
	};

	return put(arg, e, &f);
}

static enum status on_pool_new(void *arg, const struct ctf_event *e)
{
	return put_pool(arg, e, FACT_POOL_NEW);
}

static enum status on_pool_free(void *arg, const struct ctf_event *e)
{
	return put_pool(arg, e, FACT_POOL_FREE);
}

static enum status on_live(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_LIVE,
		.ptr = v[0],
		.size = v[1],
		.time = (int64_t)v[2],
		.what = (uint32_t)v[3],
		.tid = (uint32_t)v[4],
	};

	return put(arg, e, &f);
}

static enum status on_live_end(void *arg, const struct ctf_event *e)
{
	struct fact f = {
		.kind = FACT_LIVE_END, .time = (int64_t)e->value[0], .tid = (uint32_t)e->value[1]};

	return put(arg, e, &f);
}

static enum status on_rss(void *arg, const struct ctf_event *e)
{
	const uint64_t *v = e->value;
	struct fact f = {
		.kind = FACT_RSS,
		.extent = v[0],
		.rss_anon = v[1],
		.heap_resident = v[2],
		.time = (int64_t)v[3],
		.tid = (uint32_t)v[4],
	};

	return put(arg, e, &f);
}

/* ---- where code lies ---- */

static enum status on_module(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	uint32_t origin = origin_of(d, e);
	struct module *modules;

	if (origin == NO_ORIGIN)
		return no_memory();
	modules = realloc(d->modules, (d->module_count + 1) * sizeof(*modules));
	if (!modules)
		return no_memory();
	d->modules = modules;
	modules[d->module_count] = (struct module){
		.origin = origin,
		.base = e->value[0],
		.size = e->value[1],
		.path = strdup(e->text[2] ? e->text[2] : ""),
	};
	return modules[d->module_count++].path ? STATUS_OK : no_memory();
}

/* Follows its bin_info. */
static enum status on_build_id(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	uint32_t origin = origin_of(d, e);

	for (size_t i = d->module_count; i-- > 0;) {
		struct module *m = &d->modules[i];

		if (m->origin == origin && m->base == e->value[0]) {
			snprintf(m->build_id, sizeof(m->build_id), "%s",
			         e->text[1] ? e->text[1] : "");
			break;
		}
	}
	return STATUS_OK;
}

static enum status on_procname(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	uint32_t origin = origin_of(d, e);

	if (origin == NO_ORIGIN)
		return no_memory();
	if (e->text[0] && !d->origins[origin].name[0])
		snprintf(d->origins[origin].name, sizeof(d->origins[origin].name), "%s",
		         e->text[0]);
	return STATUS_OK;
}

/* ---- LTTng's own wrapper of malloc: after the fact, no latency, no usable size ---- */

static struct fact wrapped(const struct ctf_event *e, enum fact_kind kind, enum function function)
{
	return (struct fact){
		.kind = (uint8_t)kind,
		.time = e->time,
		.tid = (uint32_t)e->vtid,
		.function = (uint8_t)function,
		.source = kind == FACT_ALLOC ? SOURCE_UNKNOWN : PATH_UNKNOWN,
	};
}

static enum status put_wrapped(void *arg, const struct ctf_event *e, enum function function,
                               uint64_t ptr, uint64_t size)
{
	struct fact f = wrapped(e, ptr ? FACT_ALLOC : FACT_FAIL, function);

	f.ptr = ptr;
	f.size = size;
	return put(arg, e, &f);
}

static enum status on_wrapped_malloc(void *arg, const struct ctf_event *e)
{
	return put_wrapped(arg, e, FUNCTION_MALLOC, e->value[0], e->value[1]);
}

static enum status on_wrapped_calloc(void *arg, const struct ctf_event *e)
{
	return put_wrapped(arg, e, FUNCTION_CALLOC, e->value[0], e->value[1] * e->value[2]);
}

static enum status on_wrapped_memalign(void *arg, const struct ctf_event *e)
{
	return put_wrapped(arg, e, FUNCTION_MEMALIGN, e->value[0], e->value[1]);
}

static enum status on_wrapped_posix_memalign(void *arg, const struct ctf_event *e)
{
	return put_wrapped(arg, e, FUNCTION_POSIX_MEMALIGN, e->value[2] ? 0 : e->value[0],
	                   e->value[1]);
}

static enum status on_wrapped_free(void *arg, const struct ctf_event *e)
{
	struct fact f = wrapped(e, FACT_FREE, FUNCTION_FREE);

	f.ptr = e->value[0];
	return f.ptr ? put(arg, e, &f) : STATUS_OK;
}

static enum status on_wrapped_realloc(void *arg, const struct ctf_event *e)
{
	uint64_t old_ptr = e->value[0], new_ptr = e->value[1], size = e->value[2];
	struct fact f = wrapped(e, FACT_REALLOC_OLD, FUNCTION_REALLOC);
	enum status status;

	if (!old_ptr)
		return put_wrapped(arg, e, FUNCTION_REALLOC, new_ptr, size);
	f.ptr = old_ptr;
	if (!new_ptr && size)
		return put_wrapped(arg, e, FUNCTION_REALLOC, 0, size);
	if (!new_ptr) {
		f.kind = FACT_FREE;
		return put(arg, e, &f);
	}
	status = put(arg, e, &f);
	f.kind = FACT_REALLOC_NEW;
	f.source = SOURCE_UNKNOWN;
	f.old_ptr = old_ptr;
	f.ptr = new_ptr;
	f.size = size;
	return status ? status : put(arg, e, &f);
}

/* ---- the table ---- */

static const struct ctf_spec specs[] = {
	{"lw:process",
         {"start", "pid", "ppid", "page_size", "header", "clock_cost", "version", "forked",
          "allocator"},
         on_process},
	{"lw:alloc",
         {"ptr", "size", "caller", "start", "slack", "latency", "tid", "align", "source",
          "function", "flags"},
         on_alloc},
	{"lw:pool_hit",
         {"ptr", "size", "caller", "start", "slack", "latency", "tid", "align", "source",
          "function", "flags"},
         on_alloc},
	{"lw:free",
         {"ptr", "caller", "start", "latency", "tid", "path", "function", "flags"},
         on_free},
	{"lw:realloc",
         {"old_ptr", "new_ptr", "size", "caller", "start", "slack", "latency", "tid", "moved",
          "source", "function", "flags"},
         on_realloc},
	{"lw:fail",
         {"size", "caller", "start", "latency", "tid", "error", "align", "function", "flags"},
         on_fail},
	{"lw:coalesce",
         {"start", "bytes", "largest", "chunks_in", "chunks_out", "latency", "tid", "owner",
          "reason"},
         on_coalesce},
	{"lw:merge", {"ptr", "start", "tid"}, on_merge},
	{"lw:sbrk", {"old_end", "new_end", "start", "latency", "tid", "outcome"}, on_sbrk},
	{"lw:map",
         {"address", "length", "old_address", "old_length", "start", "tid", "what"},
         on_map},
	{"lw:unmap",
         {"address", "length", "old_address", "old_length", "start", "tid", "what"},
         on_map},
	{"lw:pool_new",
         {"pool", "bytes", "start", "object", "capacity", "tid", "offset"},
         on_pool_new},
	{"lw:pool_free",
         {"pool", "bytes", "start", "object", "capacity", "tid", "offset"},
         on_pool_free},
	{"lw:live", {"ptr", "usable", "start", "kind", "tid"}, on_live},
	{"lw:live_end", {"start", "tid"}, on_live_end},
	{"lw:rss", {"extent", "rss_anon", "heap_resident", "start", "tid"}, on_rss},
	{"lttng_ust_statedump:bin_info", {"baddr", "memsz", "path"}, on_module},
	{"lttng_ust_statedump:build_id", {"baddr", "build_id"}, on_build_id},
	{"lttng_ust_statedump:procname", {"procname"}, on_procname},
	{"lttng_ust_lib:load", {"baddr", "memsz", "path"}, on_module},
	{"lttng_ust_lib:build_id", {"baddr", "build_id"}, on_build_id},
	{"lttng_ust_libc:malloc", {"ptr", "size"}, on_wrapped_malloc},
	{"lttng_ust_libc:calloc", {"ptr", "size", "nmemb"}, on_wrapped_calloc},
	{"lttng_ust_libc:realloc", {"in_ptr", "ptr", "size"}, on_wrapped_realloc},
	{"lttng_ust_libc:free", {"ptr"}, on_wrapped_free},
	{"lttng_ust_libc:memalign", {"ptr", "size"}, on_wrapped_memalign},
	{"lttng_ust_libc:posix_memalign", {"out_ptr", "size", "result"}, on_wrapped_posix_memalign},
	{NULL, {NULL}, NULL},
};

/* ---- one trace ---- */

static enum status on_begin(void *arg, const struct ctf_trace *trace)
{
	struct decoder *d = arg;

	memcpy(d->host, trace->host, sizeof(d->host));
	memcpy(d->name, trace->name, sizeof(d->name));
	memcpy(d->started, trace->started, sizeof(d->started));
	d->trace_pid = trace->vpid;
	d->clock_offset = trace->clock_offset;
	d->last_origin = NO_ORIGIN;
	d->kernel = trace->kernel;
	return STATUS_OK;
}

static enum status add_loss(struct decoder *d, int64_t begin, int64_t end, int64_t count)
{
	struct lost *losses = realloc(d->losses, (d->loss_count + 1) * sizeof(*losses));
	struct ctf_event nobody = {.vpid = 0};

	if (!losses)
		return no_memory();
	d->losses = losses;
	losses[d->loss_count++] =
		(struct lost){d->trace_pid ? origin_of(d, &nobody) : NO_ORIGIN, begin, end, count};
	return STATUS_OK;
}

static enum status on_lost(void *arg, int64_t begin, int64_t end, int64_t count)
{
	return add_loss(arg, begin, end, count);
}

enum status decoder_damaged(struct decoder *d)
{
	return add_loss(d, INT64_MIN, INT64_MIN, 0);
}

static bool on_stop(void *arg)
{
	struct decoder *d = arg;

	if (d->order - d->shown > 200000) {
		d->shown = d->order;
		msg_progress("reading: %.1f M facts, process %s", (double)d->order / 1e6, d->name);
	}
	return d->interrupted && *d->interrupted;
}

enum status decoder_read(struct decoder *d, const char *directory, const char *name)
{
	const struct ctf_reader reader = {specs, on_begin, on_lost, on_stop, d, name};

	/* Until a stream begins nothing is known; a damaged trace may never get that far. */
	d->host[0] = d->name[0] = d->started[0] = 0;
	d->trace_pid = 0;
	d->last_origin = NO_ORIGIN;
	return ctf_read(directory, &reader);
}

void decoder_init(struct decoder *d, struct sorter *sorter)
{
	*d = (struct decoder){.sorter = sorter, .only_pid = -1, .last_origin = NO_ORIGIN};
}

void decoder_release(struct decoder *d)
{
	for (size_t i = 0; i < d->module_count; i++)
		free(d->modules[i].path);
	free(d->modules);
	free(d->origins);
	free(d->infos);
	free(d->info_origins);
	free(d->losses);
}

static void add_names(const struct decoder *d, uint32_t origin, struct process_info *info)
{
	const struct origin *o = &d->origins[origin];

	memcpy(info->name, o->name, sizeof(info->name));
	memcpy(info->host, o->host, sizeof(info->host));
}

enum status decoder_announce(const struct decoder *d, struct model *model)
{
	/* First those of lw:process: their facts carry the index. */
	for (uint32_t i = 0; i < d->info_count; i++) {
		struct process_info info = d->infos[i];

		add_names(d, d->info_origins[i], &info);
		if (model_announce(model, d->info_origins[i], &info) < 0)
			return STATUS_FAILED;
	}
	for (uint32_t i = 0; i < d->origin_count; i++) {
		struct process_info info = {.pid = d->origins[i].pid,
		                            .clock_offset = d->origins[i].clock_offset};

		add_names(d, i, &info);
		if (!d->origins[i].announced && d->origins[i].facts &&
		    model_announce(model, i, &info) < 0)
			return STATUS_FAILED;
	}
	for (size_t i = 0; i < d->loss_count; i++)
		model_lost(model, d->losses[i].origin, d->losses[i].begin, d->losses[i].end,
		           d->losses[i].count);
	return STATUS_OK;
}

/* SPDX-License-Identifier: MIT */
/* decode.c - events to facts; see decode.h. */
#include "decode.h"

#include "ctf.h"
#include "cli/array.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_ORIGIN   UINT32_MAX
#define KNOWN_FLAGS (FLAG_TRACER | FLAG_EARLY) /* others are the model's */

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
	struct origin *o;

	if (!array_more(d->origins, d->origin_count))
		return NO_ORIGIN;
	o = &d->origins[d->origin_count];
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

/*
 * The fields of an event by their names: struct alloc_fields lies over value[], and text[] and
 * present[] have the same places. A handler is named for its row in traces/format/events.h.
 */
#define FIELD(bits, unit, name, what) uint64_t name;
#define TEXT(name, what)              uint64_t name;
#define GONE(name, what)              uint64_t name;
#define EVENT(KIND, name, what, fields)                                               \
	struct name##_fields {                                                        \
		fields                                                                \
	};                                                                            \
	_Static_assert(sizeof(struct name##_fields) <= CTF_FIELDS * sizeof(uint64_t), \
	               "more fields of " #name " than a struct ctf_event has");
#include "traces/format/events.h"

#define FIELDS(event, e)   ((const struct event##_fields *)(const void *)(e)->value)
#define PLACE(event, name) (offsetof(struct event##_fields, name) / sizeof(uint64_t))

/* No code has more bits; one that does is not ours. */
static uint8_t code_of(uint64_t value)
{
	return value < CODES ? (uint8_t)value : CODES - 1;
}

static enum status refuse_newer(struct decoder *d, uint64_t format)
{
	d->newer = true;
	return msg_fail(STATUS_INPUT,
	                "trace is of a newer format, it takes a newer lwview: path=\"%s\", "
	                "format=%" PRIu64 ", known=%d",
	                d->path, format, LW_TRACE_FORMAT);
}

static enum status on_process(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	const struct process_fields *v = FIELDS(process, e);
	const char *allocator = e->text[PLACE(process, allocator)];
	struct fact f = {.kind = FACT_PROCESS, .time = (int64_t)v->start, .info = d->process_count};
	uint32_t origin = origin_of(d, e);

	if (v->format > LW_TRACE_FORMAT)
		return refuse_newer(d, v->format);
	if (origin == NO_ORIGIN)
		return no_memory();
	if (d->only_pid >= 0 && d->origins[origin].pid != d->only_pid)
		return STATUS_OK;
	if (!array_more(d->processes, d->process_count))
		return no_memory();
	d->processes[d->process_count].origin = origin;
	d->processes[d->process_count++].info = (struct process_info){
		.start = (int64_t)v->start,
		.format = (uint32_t)v->format,
		.pid = (uint32_t)v->pid,
		.ppid = (uint32_t)v->ppid,
		.page_size = (uint32_t)v->page_size,
		.header = (uint32_t)v->header,
		.clock_cost = (uint32_t)v->clock_cost,
		.allocator_version = (uint32_t)(v->allocator_version | v->version),
		.forked = e->present[PLACE(process, forked)] ? (int)v->forked : -1,
		.clock_offset = d->clock_offset,
	};
	if (allocator)
		snprintf(d->processes[f.info].info.allocator,
		         sizeof(((struct process_info *)0)->allocator), "%s", allocator);
	d->origins[origin].announced = true;
	return put(d, e, &f);
}

static enum status on_alloc(void *arg, const struct ctf_event *e)
{
	const struct alloc_fields *v = FIELDS(alloc, e);
	struct fact f = {
		.kind = FACT_ALLOC,
		.ptr = v->ptr,
		.size = v->size,
		.caller = v->caller,
		.time = (int64_t)(v->start + v->latency),
		.slack = (uint32_t)v->slack,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.align = (uint8_t)v->align,
		.source = code_of(v->source),
		.function = code_of(v->function),
		.flags = (uint8_t)v->flags & KNOWN_FLAGS,
	};

	return put(arg, e, &f);
}

static enum status on_free(void *arg, const struct ctf_event *e)
{
	const struct free_fields *v = FIELDS(free, e);
	struct fact f = {
		.kind = FACT_FREE,
		.ptr = v->ptr,
		.caller = v->caller,
		.time = (int64_t)v->start,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.path = code_of(v->path),
		.function = code_of(v->function),
		.flags = (uint8_t)v->flags & KNOWN_FLAGS,
	};

	return put(arg, e, &f);
}

static enum status on_realloc(void *arg, const struct ctf_event *e)
{
	const struct realloc_fields *v = FIELDS(realloc, e);
	struct fact old = {
		.kind = FACT_REALLOC_OLD,
		.ptr = v->old_ptr,
		.caller = v->caller,
		.time = (int64_t)v->start,
		.tid = (uint32_t)v->tid,
		.path = v->moved ? code_of(v->moved - 1) : PATH_UNKNOWN,
		.function = code_of(v->function),
		.flags = (uint8_t)v->flags & KNOWN_FLAGS,
	};
	struct fact new = {
		.kind = FACT_REALLOC_NEW,
		.old_ptr = v->old_ptr,
		.ptr = v->new_ptr,
		.size = v->size,
		.caller = v->caller,
		.time = (int64_t)(v->start + v->latency),
		.slack = (uint32_t)v->slack,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.source = code_of(v->source),
		.function = code_of(v->function),
		.flags = (uint8_t)v->flags & KNOWN_FLAGS,
	};
	enum status status = put(arg, e, &old);

	return status ? status : put(arg, e, &new);
}

static enum status on_fail(void *arg, const struct ctf_event *e)
{
	const struct fail_fields *v = FIELDS(fail, e);
	struct fact f = {
		.kind = FACT_FAIL,
		.size = v->size,
		.caller = v->caller,
		.time = (int64_t)v->start,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.error = (uint32_t)v->error,
		.align = (uint8_t)v->align,
		.function = code_of(v->function),
		.flags = (uint8_t)v->flags & KNOWN_FLAGS,
	};

	return put(arg, e, &f);
}

static enum status on_coalesce(void *arg, const struct ctf_event *e)
{
	const struct coalesce_fields *v = FIELDS(coalesce, e);
	struct fact f = {
		.kind = FACT_COALESCE,
		.time = (int64_t)v->start,
		.length = v->bytes,
		.largest = v->largest,
		.chunks_in = (uint32_t)v->chunks_in,
		.chunks_out = v->chunks_out,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.reason = code_of(v->reason),
	};

	return put(arg, e, &f);
}

static enum status on_merge(void *arg, const struct ctf_event *e)
{
	const struct merge_fields *v = FIELDS(merge, e);
	struct fact f = {
		.kind = FACT_MERGE,
		.ptr = v->ptr,
		.time = (int64_t)v->start,
		.tid = (uint32_t)v->tid,
	};

	return put(arg, e, &f);
}

static enum status on_sbrk(void *arg, const struct ctf_event *e)
{
	const struct sbrk_fields *v = FIELDS(sbrk, e);
	struct fact f = {
		.kind = FACT_SBRK,
		.old_end = v->old_end,
		.new_end = v->new_end,
		.time = (int64_t)v->start,
		.latency = (uint32_t)v->latency,
		.tid = (uint32_t)v->tid,
		.outcome = code_of(v->outcome),
	};

	return put(arg, e, &f);
}

/* map and unmap: what was done is a field. */
static enum status on_map(void *arg, const struct ctf_event *e)
{
	const struct map_fields *v = FIELDS(map, e);
	struct fact f = {
		.kind = FACT_MAP,
		.ptr = v->address,
		.length = v->length,
		.old_address = v->old_address,
		.old_length = v->old_length,
		.time = (int64_t)v->start,
		.tid = (uint32_t)v->tid,
		.what = code_of(v->what),
	};

	return put(arg, e, &f);
}

/* pool_new and pool_free. */
static enum status on_pool_new(void *arg, const struct ctf_event *e)
{
	const struct pool_new_fields *v = FIELDS(pool_new, e);
	struct fact f = {
		.kind = (uint8_t)e->tag,
		.ptr = v->pool,
		.length = v->bytes,
		.time = (int64_t)v->start,
		.object = (uint32_t)v->object,
		.capacity = v->capacity,
		.tid = (uint32_t)v->tid,
		.offset = v->offset,
	};

	return put(arg, e, &f);
}

static enum status on_live(void *arg, const struct ctf_event *e)
{
	const struct live_fields *v = FIELDS(live, e);
	struct fact f = {
		.kind = FACT_LIVE,
		.ptr = v->ptr,
		.size = v->usable,
		.time = (int64_t)v->start,
		.what = code_of(v->kind),
		.tid = (uint32_t)v->tid,
	};

	return put(arg, e, &f);
}

static enum status on_live_end(void *arg, const struct ctf_event *e)
{
	const struct live_end_fields *v = FIELDS(live_end, e);
	struct fact f = {
		.kind = FACT_LIVE_END,
		.time = (int64_t)v->start,
		.tid = (uint32_t)v->tid,
	};

	return put(arg, e, &f);
}

static enum status on_rss(void *arg, const struct ctf_event *e)
{
	const struct rss_fields *v = FIELDS(rss, e);
	struct fact f = {
		.kind = FACT_RSS,
		.extent = v->extent,
		.rss_anon = v->rss_anon,
		.heap_resident = v->heap_resident,
		.time = (int64_t)v->start,
		.tid = (uint32_t)v->tid,
	};

	return put(arg, e, &f);
}

/* ---- where code lies ---- */

static enum status on_module(void *arg, const struct ctf_event *e)
{
	struct decoder *d = arg;
	uint32_t origin = origin_of(d, e);

	if (origin == NO_ORIGIN || !array_more(d->modules, d->module_count))
		return no_memory();
	d->modules[d->module_count] = (struct module){
		.origin = origin,
		.base = e->value[0],
		.size = e->value[1],
		.path = strdup(e->text[2] ? e->text[2] : ""),
	};
	return d->modules[d->module_count++].path ? STATUS_OK : no_memory();
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

static struct fact wrapped(const struct ctf_event *e, int kind, enum function function)
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

#define FIELD(bits, unit, name, what)   #name,
#define TEXT(name, what)                #name,
#define GONE(name, what)                #name,
#define EVENT(KIND, name, what, fields) static const char *const name##_names[] = {fields NULL};
#include "traces/format/events.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct ctf_spec specs[] = {
#define EVENT(KIND, name, what, fields) {"lw:" #name, name##_names, on_##name, FACT_##KIND},
#define SAME(KIND, name, as, what)      {"lw:" #name, as##_names, on_##as, FACT_##KIND},
#include "traces/format/events.h"
	{"lttng_ust_statedump:bin_info", NAMES("baddr", "memsz", "path"), on_module, 0},
	{"lttng_ust_statedump:build_id", NAMES("baddr", "build_id"), on_build_id, 0},
	{"lttng_ust_statedump:procname", NAMES("procname"), on_procname, 0},
	{"lttng_ust_lib:load", NAMES("baddr", "memsz", "path"), on_module, 0},
	{"lttng_ust_lib:build_id", NAMES("baddr", "build_id"), on_build_id, 0},
	{"lttng_ust_libc:malloc", NAMES("ptr", "size"), on_wrapped_malloc, 0},
	{"lttng_ust_libc:calloc", NAMES("ptr", "size", "nmemb"), on_wrapped_calloc, 0},
	{"lttng_ust_libc:realloc", NAMES("in_ptr", "ptr", "size"), on_wrapped_realloc, 0},
	{"lttng_ust_libc:free", NAMES("ptr"), on_wrapped_free, 0},
	{"lttng_ust_libc:memalign", NAMES("ptr", "size"), on_wrapped_memalign, 0},
	{"lttng_ust_libc:posix_memalign", NAMES("out_ptr", "size", "result"),
         on_wrapped_posix_memalign, 0},
	{NULL, NULL, NULL, 0},
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
	return STATUS_OK;
}

static enum status add_loss(struct decoder *d, int64_t begin, int64_t end, int64_t count)
{
	struct ctf_event nobody = {.vpid = 0};

	if (!array_more(d->losses, d->loss_count))
		return no_memory();
	d->losses[d->loss_count++] =
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
	d->path = name;
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
	free(d->processes);
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
	for (uint32_t i = 0; i < d->process_count; i++) {
		struct announced *p = &d->processes[i];

		add_names(d, p->origin, &p->info);
		if (model_announce(model, p->origin, &p->info) < 0)
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

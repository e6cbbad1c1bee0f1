/* SPDX-License-Identifier: MIT */
/* decode.c - events to facts; see decode.h. */
#include "decode.h"

#include "cli/array.h"

#include <inttypes.h>
#include <stddef.h>
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

	return o->pid == pid && !strcmp(o->trace.host, d->trace.host) &&
	       !strcmp(o->trace.started, d->trace.started) && !strcmp(o->trace.name, d->trace.name);
}

static uint32_t new_origin(struct decoder *d, uint64_t pid)
{
	struct origin *o;

	if (!array_more(d->origins, d->origin_count))
		return NO_ORIGIN;
	o = &d->origins[d->origin_count];
	*o = (struct origin){.trace = d->trace, .pid = (uint32_t)pid};
	memcpy(o->name, d->trace.name, sizeof(o->name));
	return d->origin_count++;
}

/* Most events come from the process of the event before. */
static uint32_t origin_of(struct decoder *d, const struct ctf_event *e)
{
	uint64_t pid = d->trace.vpid ? d->trace.vpid : e->vpid;

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
	f->origin = d->trace.vpid && d->last_origin != NO_ORIGIN ? d->last_origin : origin_of(d, e);
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
 * present[] have the same places.
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

static enum status refuse_newer(struct decoder *d, uint32_t format)
{
	d->newer = true;
	return msg_fail(STATUS_INPUT,
	                "trace is of a newer format, it takes a newer lwview: path=\"%s\", "
	                "format=%" PRIu32 ", known=%d",
	                d->path, format, LW_TRACE_FORMAT);
}

static enum status put_process(struct decoder *d, const struct ctf_event *e, struct fact *f)
{
	const char *allocator = e->text[PLACE(process, allocator)];
	struct process_info *info;

	if (f->format > LW_TRACE_FORMAT)
		return refuse_newer(d, f->format);
	if (!e->present[PLACE(process, forked)])
		f->forked = FORKED_UNKNOWN;
	f->allocator_version |= (uint32_t)FIELDS(process, e)->version;
	f->info = d->process_count;
	f->origin = origin_of(d, e);
	if (f->origin == NO_ORIGIN || !array_more(d->processes, d->process_count))
		return no_memory();
	if (d->only_pid >= 0 && d->origins[f->origin].pid != d->only_pid)
		return STATUS_OK;
	info = &d->processes[d->process_count++];
	*info = (struct process_info){.fact = *f, .clock_offset = d->trace.clock_offset};
	if (allocator)
		snprintf(info->allocator, sizeof(info->allocator), "%s", allocator);
	d->origins[f->origin].announced = true;
	return put(d, e, f);
}

static enum status put_realloc(struct decoder *d, const struct ctf_event *e, struct fact *new)
{
	struct fact old = *new;
	enum status status;

	old.effect = FACT_REALLOC_OLD;
	old.ptr = old.old_ptr;
	old.path = old.moved ? old.moved - 1u : PATH_UNKNOWN;
	new->effect = FACT_REALLOC_NEW;
	new->align = 0;
	new->time += new->latency;
	status = put(d, e, &old);
	return status ? status : put(d, e, new);
}

/* What an event means beyond its fields: when it takes effect, and what else it is. */
static enum status put_event(struct decoder *d, const struct ctf_event *e, struct fact *f)
{
	f->flags &= FLAG_TRACER | FLAG_EARLY; /* others are the model's */
	switch (e->tag) {
	case FACT_PROCESS:
		return put_process(d, e, f);
	case FACT_REALLOC:
		return put_realloc(d, e, f);
	case FACT_ALLOC:
	case FACT_POOL_HIT:
		f->effect = FACT_ALLOC;
		f->time += f->latency;
		break;
	case FACT_UNMAP: /* what was done is a field */
		f->effect = FACT_MAP;
		break;
	}
	return put(d, e, f);
}

/* No code has more bits; one that does is not ours. */
static uint8_t code_of(uint64_t value)
{
	return value < CODES ? (uint8_t)value : CODES - 1;
}

/* The handler of each event: its fields go to the members of struct fact that have their names. */
#define FIELD(bits, unit, name, what) f.name = (__typeof__(f.name))v->name;
#define WORD(class, name, what)       f.name = code_of(v->name);
#define EVENT(KIND, name, what, fields)                                    \
	static enum status on_##name(void *arg, const struct ctf_event *e) \
	{                                                                  \
		const struct name##_fields *v = FIELDS(name, e);           \
		struct fact f = {.effect = (uint8_t)e->tag};               \
                                                                           \
		fields return put_event(arg, e, &f);                       \
	}
#include "traces/format/events.h"

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

/* Its events' fields, as far as they have them. */
struct wrapped_fields {
	uint64_t in_ptr, ptr, size, nmemb, out_ptr, result;
};

/* The tag is the function. Of free, ptr is the old block; a call that failed has no new one. */
static enum status on_wrapped(void *arg, const struct ctf_event *e)
{
	const struct wrapped_fields *v = FIELDS(wrapped, e);
	bool frees = e->tag == FUNCTION_FREE;
	uint64_t old = frees ? v->ptr : v->in_ptr,
		 new = frees || v->result ? 0 : v->ptr | v->out_ptr;
	uint64_t size = e->present[PLACE(wrapped, nmemb)] ? v->size * v->nmemb : v->size;
	struct fact f = {.time = e->time, .tid = (uint32_t)e->vtid, .function = (uint8_t)e->tag};

	if (old && (new || !size)) {
		enum status status;

		f.effect = new ? FACT_REALLOC_OLD : FACT_FREE;
		f.ptr = old;
		f.path = PATH_UNKNOWN;
		status = put(arg, e, &f);
		if (status || !new)
			return status;
	} else if (frees) {
		return STATUS_OK;
	}
	f.effect = !new ? FACT_FAIL : old ? FACT_REALLOC_NEW : FACT_ALLOC;
	f.source = new ? SOURCE_UNKNOWN : PATH_UNKNOWN;
	f.old_ptr = old;
	f.ptr = new;
	f.size = size;
	return put(arg, e, &f);
}

/* ---- the table ---- */

#define FIELD(bits, unit, name, what)   #name,
#define TEXT(name, what)                #name,
#define GONE(name, what)                #name,
#define EVENT(KIND, name, what, fields) static const char *const name##_names[] = {fields NULL};
#include "traces/format/events.h"

static const char *const wrapped_names[] = {"in_ptr",  "ptr",    "size", "nmemb",
                                            "out_ptr", "result", NULL};

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
#define WRAPPED(name, FUNCTION)                                              \
	{                                                                    \
		"lttng_ust_libc:" #name, wrapped_names, on_wrapped, FUNCTION \
	}
	WRAPPED(malloc, FUNCTION_MALLOC),
	WRAPPED(calloc, FUNCTION_CALLOC),
	WRAPPED(realloc, FUNCTION_REALLOC),
	WRAPPED(free, FUNCTION_FREE),
	WRAPPED(memalign, FUNCTION_MEMALIGN),
	WRAPPED(posix_memalign, FUNCTION_POSIX_MEMALIGN),
	{NULL, NULL, NULL, 0},
};

/* ---- one trace ---- */

static enum status on_begin(void *arg, const struct ctf_trace *trace)
{
	struct decoder *d = arg;

	d->trace = *trace;
	d->last_origin = NO_ORIGIN;
	return STATUS_OK;
}

static enum status on_lost(void *arg, int64_t begin, int64_t end, int64_t count)
{
	struct decoder *d = arg;
	struct ctf_event nobody = {.vpid = 0};

	if (!array_more(d->losses, d->loss_count))
		return no_memory();
	d->losses[d->loss_count++] =
		(struct loss){d->trace.vpid ? origin_of(d, &nobody) : NO_ORIGIN, begin, end, count};
	return STATUS_OK;
}

enum status decoder_damaged(struct decoder *d)
{
	return on_lost(d, INT64_MIN, INT64_MIN, 0);
}

static bool on_stop(void *arg)
{
	struct decoder *d = arg;

	if (d->order - d->shown > 200000) {
		d->shown = d->order;
		msg_progress("reading: %.1f M facts, process %s", (double)d->order / 1e6,
		             d->trace.name);
	}
	return d->interrupted && *d->interrupted;
}

enum status decoder_read(struct decoder *d, const char *directory, const char *name)
{
	const struct ctf_reader reader = {specs, on_begin, on_lost, on_stop, d, name};

	/* Until a stream begins nothing is known; a damaged trace may never get that far. */
	d->trace = (struct ctf_trace){.vpid = 0};
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

static int announce(const struct decoder *d, struct model *model, struct process_info *info)
{
	const struct origin *o = &d->origins[info->fact.origin];

	memcpy(info->name, o->name, sizeof(info->name));
	memcpy(info->host, o->trace.host, sizeof(info->host));
	return model_announce(model, info);
}

enum status decoder_announce(const struct decoder *d, struct model *model)
{
	/* First those of lw:process: their facts carry the index. */
	for (uint32_t i = 0; i < d->process_count; i++)
		if (announce(d, model, &d->processes[i]) < 0)
			return STATUS_FAILED;
	for (uint32_t i = 0; i < d->origin_count; i++) {
		const struct origin *o = &d->origins[i];
		struct process_info info = {.fact = {.origin = i, .pid = o->pid},
		                            .clock_offset = o->trace.clock_offset};

		if (!o->announced && o->facts && announce(d, model, &info) < 0)
			return STATUS_FAILED;
	}
	for (size_t i = 0; i < d->loss_count; i++)
		model_lost(model, &d->losses[i]);
	return STATUS_OK;
}

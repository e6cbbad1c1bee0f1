/* SPDX-License-Identifier: MIT */
/* ctf.c - the one door to babeltrace2; see ctf.h. */
#include "ctf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <babeltrace2/babeltrace.h>

enum field_type {
	TYPE_NONE,
	TYPE_UNSIGNED,
	TYPE_SIGNED,
	TYPE_STRING,
	TYPE_BYTES
};

/* Where a wanted field is in an event of this trace. */
struct field_at {
	uint32_t index;
	enum field_type type;
};

/* What is known about one event class, worked out at its first event. */
struct known_class {
	const bt_event_class *class; /* NULL: empty */
	const struct ctf_spec *spec; /* NULL: not wanted */
	struct field_at fields[CTF_FIELDS];
	struct field_at vpid, vtid; /* in the common context */
	unsigned count;
};

#define CLASSES_MAX 1024 /* of one trace; a power of two; a trace has some sixty */
#define BYTES_MAX   64   /* of a byte array that becomes hex: a build id has 20 */

struct reading {
	const struct ctf_reader *reader;
	const char *directory;
	enum status status; /* of the callbacks; stops the graph */
	bool begun;
	bt_message_iterator *iterator;
	struct known_class classes[CLASSES_MAX];
	struct ctf_event event;
	char bytes[CTF_FIELDS][2 * BYTES_MAX + 1];
};

/* ---- errors ---- */

/* babeltrace2 explains itself in a chain of causes: the first one is the root, and enough. */
static enum status tell_error(const char *directory, const char *what)
{
	const bt_error *error = bt_current_thread_take_error();
	const char *cause = "no reason given";
	enum status status;

	if (error && bt_error_get_cause_count(error))
		cause = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
	status = msg_fail(STATUS_INPUT, "cannot %s trace: path=\"%s\": %s", what, directory, cause);
	if (error)
		bt_error_release(error);
	return status;
}

/* ---- event classes ---- */

static enum field_type type_of(const bt_field_class *class)
{
	switch (bt_field_class_get_type(class)) {
	case BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER:
	case BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION:
		return TYPE_UNSIGNED;
	case BT_FIELD_CLASS_TYPE_SIGNED_INTEGER:
	case BT_FIELD_CLASS_TYPE_SIGNED_ENUMERATION:
		return TYPE_SIGNED;
	case BT_FIELD_CLASS_TYPE_STRING:
		return TYPE_STRING;
	case BT_FIELD_CLASS_TYPE_STATIC_ARRAY:
	case BT_FIELD_CLASS_TYPE_DYNAMIC_ARRAY_WITHOUT_LENGTH_FIELD:
	case BT_FIELD_CLASS_TYPE_DYNAMIC_ARRAY_WITH_LENGTH_FIELD:
		return TYPE_BYTES;
	default:
		return TYPE_NONE;
	}
}

static struct field_at find_field(const bt_field_class *structure, const char *name)
{
	uint64_t count = structure ? bt_field_class_structure_get_member_count(structure) : 0;

	for (uint64_t i = 0; i < count; i++) {
		const bt_field_class_structure_member *member =
			bt_field_class_structure_borrow_member_by_index_const(structure, i);

		if (!strcmp(bt_field_class_structure_member_get_name(member), name))
			return (struct field_at){
				(uint32_t)i,
				type_of(bt_field_class_structure_member_borrow_field_class_const(
					member))};
	}
	return (struct field_at){0, TYPE_NONE};
}

static void learn_class(const struct ctf_reader *reader, struct known_class *k,
                        const bt_event_class *class)
{
	const char *name = bt_event_class_get_name(class);
	const bt_field_class *payload = bt_event_class_borrow_payload_field_class_const(class);
	const bt_field_class *context =
		bt_stream_class_borrow_event_common_context_field_class_const(
			bt_event_class_borrow_stream_class_const(class));
	const struct ctf_spec *spec = reader->specs;

	*k = (struct known_class){.class = class};
	while (spec->name && (!name || strcmp(spec->name, name)))
		spec++;
	if (!spec->name)
		return;
	k->spec = spec;
	for (int i = 0; i < CTF_FIELDS && spec->fields[i]; i++) {
		k->fields[i] = find_field(payload, spec->fields[i]);
		k->count++;
	}
	k->vpid = find_field(context, "vpid");
	k->vtid = find_field(context, "vtid");
}

static struct known_class *know_class(struct reading *r, const bt_event_class *class)
{
	size_t i = ((uintptr_t) class >> 4) * 31 & (CLASSES_MAX - 1);

	for (size_t tries = 0; tries < CLASSES_MAX; tries++) {
		struct known_class *k = &r->classes[i];

		if (!k->class)
			learn_class(r->reader, k, class);
		if (k->class == class)
			return k;
		i = (i + 1) & (CLASSES_MAX - 1);
	}
	return NULL;
}

/* ---- events ---- */

static const char *hex_of(const bt_field *field, char out[2 * BYTES_MAX + 1])
{
	uint64_t length = bt_field_array_get_length(field);

	if (length > BYTES_MAX)
		length = BYTES_MAX;
	out[0] = 0;
	for (uint64_t i = 0; i < length; i++) {
		const bt_field *byte = bt_field_array_borrow_element_field_by_index_const(field, i);

		if (type_of(bt_field_borrow_class_const(byte)) != TYPE_UNSIGNED)
			break;
		sprintf(out + 2 * i, "%02x",
		        (unsigned)bt_field_integer_unsigned_get_value(byte) & 0xff);
	}
	return out;
}

static uint64_t integer_of(const bt_field *structure, struct field_at at)
{
	const bt_field *field =
		bt_field_structure_borrow_member_field_by_index_const(structure, at.index);

	return at.type == TYPE_UNSIGNED ? bt_field_integer_unsigned_get_value(field)
	                                : (uint64_t)bt_field_integer_signed_get_value(field);
}

static void read_field(struct reading *r, const bt_field *payload, struct field_at at, int i)
{
	struct ctf_event *e = &r->event;

	e->present[i] = at.type != TYPE_NONE;
	e->value[i] = 0;
	e->text[i] = NULL;
	if (at.type == TYPE_UNSIGNED || at.type == TYPE_SIGNED) {
		e->value[i] = integer_of(payload, at);
	} else if (at.type != TYPE_NONE) {
		const bt_field *field =
			bt_field_structure_borrow_member_field_by_index_const(payload, at.index);

		e->text[i] = at.type == TYPE_STRING ? bt_field_string_get_value(field)
		                                    : hex_of(field, r->bytes[i]);
	}
}

static void read_contexts(struct reading *r, const struct known_class *k, const bt_event *event)
{
	const bt_field *context;

	r->event.vpid = r->event.vtid = 0;
	if (k->vpid.type == TYPE_NONE && k->vtid.type == TYPE_NONE)
		return;
	context = bt_event_borrow_common_context_field_const(event);
	if (k->vpid.type != TYPE_NONE)
		r->event.vpid = integer_of(context, k->vpid);
	if (k->vtid.type != TYPE_NONE)
		r->event.vtid = integer_of(context, k->vtid);
}

static enum status on_event(struct reading *r, const bt_message *message)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	struct known_class *k = know_class(r, bt_event_borrow_class_const(event));
	const bt_field *payload;

	if (!k || !k->spec)
		return STATUS_OK;
	payload = bt_event_borrow_payload_field_const(event);
	for (unsigned i = 0; i < k->count; i++)
		read_field(r, payload, k->fields[i], (int)i);
	read_contexts(r, k, event);
	r->event.time = (int64_t)bt_clock_snapshot_get_value(
		bt_message_event_borrow_default_clock_snapshot_const(message));
	r->event.tag = k->spec->tag;
	return k->spec->handle(r->reader->arg, &r->event);
}

/* ---- losses ---- */

/*
 * Counts are differences of a counter that a preempted writer may leave at zero, so one of them
 * can be huge and the next one negative: as signed numbers they sum up to the truth.
 */
static enum status on_lost_events(struct reading *r, const bt_message *message)
{
	uint64_t count = 0;
	int64_t begin = INT64_MIN, end = INT64_MIN;
	const bt_stream_class *class = bt_stream_borrow_class_const(
		bt_message_discarded_events_borrow_stream_const(message));

	if (bt_message_discarded_events_get_count(message, &count) !=
	    BT_PROPERTY_AVAILABILITY_AVAILABLE)
		count = 0;
	if (bt_stream_class_discarded_events_have_default_clock_snapshots(class)) {
		begin = (int64_t)bt_clock_snapshot_get_value(
			bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(
				message));
		end = (int64_t)bt_clock_snapshot_get_value(
			bt_message_discarded_events_borrow_end_default_clock_snapshot_const(
				message));
	}
	return r->reader->lost(r->reader->arg, begin, end, (int64_t)count);
}

/* Whole packets are missing: a snapshot's ring went round, or a file is incomplete. */
static enum status on_lost_packets(struct reading *r, const bt_message *message)
{
	(void)message;
	return r->reader->lost(r->reader->arg, INT64_MIN, INT64_MIN, 0);
}

/* ---- the trace as a whole ---- */

static void copy_text(const bt_trace *trace, const char *key, char *out, size_t size)
{
	const bt_value *v = bt_trace_borrow_environment_entry_value_by_name_const(trace, key);

	out[0] = 0;
	if (v && bt_value_is_string(v))
		snprintf(out, size, "%s", bt_value_string_get(v));
}

static uint64_t get_number(const bt_trace *trace, const char *key)
{
	const bt_value *v = bt_trace_borrow_environment_entry_value_by_name_const(trace, key);

	return v && bt_value_is_signed_integer(v) ? (uint64_t)bt_value_integer_signed_get(v) : 0;
}

static int64_t offset_of(const bt_stream_class *class)
{
	const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(class);
	int64_t seconds;
	uint64_t cycles;

	if (!clock)
		return 0;
	bt_clock_class_get_offset(clock, &seconds, &cycles);
	return seconds * INT64_C(1000000000) + (int64_t)cycles;
}

static enum status on_stream(struct reading *r, const bt_message *message)
{
	const bt_stream *stream = bt_message_stream_beginning_borrow_stream_const(message);
	const bt_trace *bt = bt_stream_borrow_trace_const(stream);
	struct ctf_trace trace = {.clock_offset = offset_of(bt_stream_borrow_class_const(stream))};

	if (r->begun)
		return STATUS_OK;
	r->begun = true;
	copy_text(bt, "hostname", trace.host, sizeof(trace.host));
	copy_text(bt, "procname", trace.name, sizeof(trace.name));
	copy_text(bt, "vpid_datetime", trace.started, sizeof(trace.started));
	trace.vpid = get_number(bt, "vpid");
	return r->reader->begin(r->reader->arg, &trace);
}

/* ---- the graph ---- */

static enum status on_message(struct reading *r, const bt_message *message)
{
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		return on_event(r, message);
	case BT_MESSAGE_TYPE_STREAM_BEGINNING:
		return on_stream(r, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return on_lost_events(r, message);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return on_lost_packets(r, message);
	default:
		return STATUS_OK;
	}
}

static bt_graph_simple_sink_component_consume_func_status sink_consume(
	bt_message_iterator *iterator, void *data)
{
	struct reading *r = data;
	bt_message_array_const messages;
	uint64_t count;
	bt_message_iterator_next_status next =
		bt_message_iterator_next(iterator, &messages, &count);

	if (next != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return (bt_graph_simple_sink_component_consume_func_status)next;
	for (uint64_t i = 0; i < count; i++) {
		if (!r->status)
			r->status = on_message(r, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	if (r->status || r->reader->stop(r->reader->arg))
		return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
	return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static const bt_plugin *find_plugin(const char *name)
{
	const bt_plugin *plugin = NULL;

	bt_plugin_find(name, BT_FALSE, BT_FALSE, BT_TRUE, BT_FALSE, BT_TRUE, &plugin);
	return plugin;
}

static bool add_source(bt_graph *graph, const bt_component_class_source *class,
                       const char *directory, const bt_component_source **source)
{
	bt_value *params = bt_value_map_create(), *inputs = NULL;
	bool ok =
		params &&
		bt_value_map_insert_empty_array_entry(params, "inputs", &inputs) ==
			BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
		bt_value_array_append_string_element(inputs, directory) ==
			BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK &&
		bt_graph_add_source_component(graph, class, "trace", params, BT_LOGGING_LEVEL_NONE,
	                                      source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;

	bt_value_put_ref(params);
	return ok;
}

/* Each stream's port goes to the muxer, which offers a new input for each one it has. */
static bool connect_ports(bt_graph *graph, const bt_component_source *source,
                          const bt_component_filter *muxer, const bt_component_sink *sink)
{
	uint64_t count = bt_component_source_get_output_port_count(source);

	for (uint64_t i = 0; i < count; i++) {
		const bt_port_output *out =
			bt_component_source_borrow_output_port_by_index_const(source, i);
		const bt_port_input *in = bt_component_filter_borrow_input_port_by_index_const(
			muxer, bt_component_filter_get_input_port_count(muxer) - 1);

		if (bt_graph_connect_ports(graph, out, in, NULL) !=
		    BT_GRAPH_CONNECT_PORTS_STATUS_OK)
			return false;
	}
	return bt_graph_connect_ports(
		       graph, bt_component_filter_borrow_output_port_by_index_const(muxer, 0),
		       bt_component_sink_borrow_input_port_by_index_const(sink, 0),
		       NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
}

static enum status run_graph(bt_graph *graph, struct reading *r,
                             const bt_component_class_source *source_class,
                             const bt_component_class_filter *muxer_class)
{
	const bt_component_source *source;
	const bt_component_filter *muxer;
	const bt_component_sink *sink;

	if (!add_source(graph, source_class, r->directory, &source))
		return tell_error(r->reader->name, "open");
	if (!bt_component_source_get_output_port_count(source))
		return STATUS_OK; /* no stream at all: nothing was recorded */
	if (bt_graph_add_filter_component(graph, muxer_class, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
	                                  &muxer) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
	    bt_graph_add_simple_sink_component(graph, "lwview", NULL, sink_consume, NULL, r,
	                                       &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
	    !connect_ports(graph, source, muxer, sink))
		return tell_error(r->reader->name, "open");
	if (bt_graph_run(graph) != BT_GRAPH_RUN_STATUS_OK && !r->status)
		return tell_error(r->reader->name, "read all of");
	return r->status;
}

enum status ctf_read(const char *directory, const struct ctf_reader *reader)
{
	const bt_plugin *ctf = find_plugin("ctf"), *utils = find_plugin("utils");
	const bt_component_class_source *source =
		ctf ? bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs") : NULL;
	const bt_component_class_filter *muxer =
		utils ? bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer")
		      : NULL;
	struct reading *r = calloc(1, sizeof(*r));
	bt_graph *graph = bt_graph_create(0); /* MIP 0: CTF 1.8, what LTTng up to 2.14 writes */
	enum status status;

	if (!r || !graph) {
		status = msg_fail(STATUS_FAILED, "cannot read trace: out of memory");
	} else if (!source || !muxer) {
		status = msg_fail(STATUS_FAILED,
		                  "babeltrace2 lacks its plugins: install libbabeltrace2-0");
	} else {
		r->reader = reader;
		r->directory = directory;
		status = run_graph(graph, r, source, muxer);
	}
	bt_graph_put_ref(graph);
	bt_plugin_put_ref(ctf);
	bt_plugin_put_ref(utils);
	free(r);
	return status;
}

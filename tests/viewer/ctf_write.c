/* SPDX-License-Identifier: MIT */
/* ctf_write.c - a writer of CTF 1.8 traces in LTTng's layout; see ctf_write.h. */
#include "ctf_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct field {
	int bits; /* 0: a string */
	const char *name;
};

struct event {
	const char *name;
	const struct field *fields; /* up to one without a name */
};

#define FIELD(bits, unit, name, what) {bits, #name},
#define TEXT(name, what)              {0, #name},
#define EVENT(KIND, name, what, fields) \
	static const struct field name##_fields[] = {fields{0, NULL}};
#include "traces/format/events.h"

#define FIELDS(...) ((const struct field[]){__VA_ARGS__, {0, NULL}})

static const struct event events[] = {
#define EVENT(KIND, name, what, fields) {"lw:" #name, name##_fields},
#define SAME(KIND, name, as, what)      {"lw:" #name, as##_fields},
#include "traces/format/events.h"
	{"lttng_ust_statedump:bin_info", FIELDS({64, "baddr"}, {64, "memsz"}, {0, "path"})},
	{"lttng_ust_libc:malloc", FIELDS({64, "size"}, {64, "ptr"})},
	{"lttng_ust_libc:free", FIELDS({64, "ptr"})},
	{"lttng_ust_libc:calloc", FIELDS({64, "nmemb"}, {64, "size"}, {64, "ptr"})},
	{"lttng_ust_libc:realloc", FIELDS({64, "in_ptr"}, {64, "size"}, {64, "ptr"})},
	{"lttng_ust_libc:memalign", FIELDS({64, "alignment"}, {64, "size"}, {64, "ptr"})},
	{"lttng_ust_libc:posix_memalign",
         FIELDS({64, "out_ptr"}, {64, "alignment"}, {64, "size"}, {32, "result"})},
};

#define EVENTS (sizeof(events) / sizeof(*events))
#define HEADER 84 /* packet header, 32 bytes, and context */

struct ctf_writer {
	struct ctf_writer_spec spec;
	FILE *stream;
	uint8_t *packet;
	size_t at; /* bytes in the packet under way, HEADER when empty */
	uint64_t first, last, sequence, discarded;
	uint32_t vpid;
};

static const char uuid_text[] = "2a6422d0-6cee-11e0-8c08-cb07d7b3a564";
static const uint8_t uuid[16] = {0x2a, 0x64, 0x22, 0xd0, 0x6c, 0xee, 0x11, 0xe0,
                                 0x8c, 0x08, 0xcb, 0x07, 0xd7, 0xb3, 0xa5, 0x64};

static void put(uint8_t *at, uint64_t value, size_t size)
{
	memcpy(at, &value, size); /* little endian, as the metadata says */
}

/* ---- metadata ---- */

static void put_fields(FILE *f, const struct event *e)
{
	for (const struct field *d = e->fields; d->name; d++) {
		if (d->bits)
			fprintf(f, "\t\tu%d _%s;\n", d->bits, d->name);
		else
			fprintf(f, "\t\tstring _%s;\n", d->name);
	}
}

static void put_text(FILE *f, const struct ctf_writer_spec *s)
{
	fprintf(f,
	        "/* CTF 1.8 */\n"
	        "typealias integer { size = 8; align = 8; signed = false; } := u8;\n"
	        "typealias integer { size = 16; align = 8; signed = false; } := u16;\n"
	        "typealias integer { size = 32; align = 8; signed = false; } := u32;\n"
	        "typealias integer { size = 64; align = 8; signed = false; } := u64;\n"
	        "trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"%s\";\n\tbyte_order = le;\n"
	        "\tpacket.header := struct {\n\t\tu32 magic;\n\t\tu8 uuid[16];\n"
	        "\t\tu32 stream_id;\n\t\tu64 stream_instance_id;\n\t};\n};\n"
	        "env {\n\tdomain = \"ust\";\n\ttracer_name = \"lttng-ust\";\n"
	        "\thostname = \"%s\";\n",
	        uuid_text, s->host);
	if (s->pid)
		fprintf(f,
		        "\tvpid = %u;\n\tprocname = \"%s\";\n"
		        "\tvpid_datetime = \"20261122-000000\";\n",
		        s->pid, s->program);
	fprintf(f, "};\nclock {\n\tname = \"monotonic\";\n\tfreq = 1000000000;\n"
	           "\toffset = 1700000000000000000;\n};\n"
	           "typealias integer {\n\tsize = 64; align = 8; signed = false;\n"
	           "\tmap = clock.monotonic.value;\n} := u64_clock;\n"
	           "stream {\n\tid = 0;\n\tevent.header := struct {\n\t\tu16 id;\n"
	           "\t\tu64_clock timestamp;\n\t};\n");
	if (!s->pid)
		fprintf(f, "\tevent.context := struct {\n\t\tu32 _vpid;\n\t};\n");
	fprintf(f,
	        "\tpacket.context := struct {\n\t\tu64_clock timestamp_begin;\n"
	        "\t\tu64_clock timestamp_end;\n\t\tu64 content_size;\n\t\tu64 packet_size;\n"
	        "\t\tu64 packet_seq_num;\n\t\tu64 events_discarded;\n\t\tu32 cpu_id;\n\t};\n};\n");
	for (size_t i = 0; i < EVENTS; i++) {
		fprintf(f,
		        "event {\n\tname = \"%s\";\n\tid = %zu;\n\tstream_id = 0;\n"
		        "\tfields := struct {\n",
		        events[i].name, i);
		put_fields(f, &events[i]);
		fprintf(f, "\t};\n};\n\n");
	}
}

#define METADATA_PACKET 4096

static void put_packets(FILE *out, const char *text, size_t length)
{
	while (length) {
		uint8_t packet[METADATA_PACKET] = {0};
		size_t n = length < METADATA_PACKET - 37 ? length : METADATA_PACKET - 37;

		put(packet, 0x75d11d57, 4);
		memcpy(packet + 4, uuid, 16);
		put(packet + 24, (n + 37) * 8, 4);
		put(packet + 28, METADATA_PACKET * 8, 4);
		packet[35] = 1;
		packet[36] = 8;
		memcpy(packet + 37, text, n);
		fwrite(packet, 1, sizeof(packet), out);
		text += n;
		length -= n;
	}
}

static int write_metadata(const struct ctf_writer_spec *s)
{
	char path[4096], *text;
	size_t length;
	FILE *memory = open_memstream(&text, &length), *out;

	snprintf(path, sizeof(path), "%s/metadata", s->directory);
	out = fopen(path, "w");
	if (!memory || !out)
		return -1;
	put_text(memory, s);
	fclose(memory);
	if (s->plain_metadata)
		fwrite(text, 1, length, out);
	else
		put_packets(out, text, length);
	free(text);
	return fclose(out);
}

/* ---- stream ---- */

static void make_directories(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0777);
	}
	mkdir(path, 0777);
}

struct ctf_writer *ctf_writer_open(const struct ctf_writer_spec *spec)
{
	struct ctf_writer *w = calloc(1, sizeof(*w));
	char path[4096];

	if (!w)
		return NULL;
	w->spec = *spec;
	if (!w->spec.packet_size)
		w->spec.packet_size = 65536;
	w->packet = malloc(w->spec.packet_size);
	w->at = HEADER;
	make_directories(spec->directory);
	snprintf(path, sizeof(path), "%s/ch_0", spec->directory);
	w->stream = fopen(path, "w");
	if (!w->packet || !w->stream || write_metadata(spec)) {
		perror(path);
		exit(1);
	}
	return w;
}

void ctf_flush(struct ctf_writer *w)
{
	uint8_t *p = w->packet;

	if (w->at == HEADER)
		return;
	put(p, 0xc1fc1fc1, 4);
	memcpy(p + 4, uuid, 16);
	put(p + 20, 0, 4);
	put(p + 24, 0, 8);
	put(p + 32, w->first, 8);
	put(p + 40, w->last, 8);
	put(p + 48, w->at * 8, 8);
	put(p + 56, w->spec.packet_size * 8, 8);
	put(p + 64, w->sequence++, 8);
	put(p + 72, w->discarded, 8);
	put(p + 80, 0, 4);
	memset(p + w->at, 0, w->spec.packet_size - w->at);
	fwrite(p, 1, w->spec.packet_size, w->stream);
	w->at = HEADER;
}

static const struct event *find_event(const char *name, size_t *id)
{
	for (*id = 0; *id < EVENTS; ++*id) {
		const char *colon = strchr(events[*id].name, ':');

		if (!strcmp(events[*id].name, name) || !strcmp(colon + 1, name))
			return &events[*id];
	}
	fprintf(stderr, "no such event: %s\n", name);
	exit(1);
}

void ctf_write(struct ctf_writer *w, const char *name, uint64_t time, const uint64_t *values,
               const char *text)
{
	size_t id;
	const struct event *e = find_event(name, &id);

	if (w->at + 400 > w->spec.packet_size)
		ctf_flush(w);
	if (w->at == HEADER)
		w->first = time;
	w->last = time;
	put(w->packet + w->at, id, 2);
	put(w->packet + w->at + 2, time, 8);
	w->at += 10;
	if (!w->spec.pid) {
		put(w->packet + w->at, w->vpid, 4);
		w->at += 4;
	}
	for (const struct field *d = e->fields; d->name; d++) {
		size_t size = (size_t)d->bits / 8;

		if (!size) {
			memcpy(w->packet + w->at, text, strlen(text) + 1);
			w->at += strlen(text) + 1;
			continue;
		}
		put(w->packet + w->at, *values++, size);
		w->at += size;
	}
}

void ctf_set_vpid(struct ctf_writer *w, uint32_t vpid)
{
	w->vpid = vpid;
}

void ctf_discard(struct ctf_writer *w, uint64_t count)
{
	w->discarded += count;
}

void ctf_writer_close(struct ctf_writer *w)
{
	ctf_flush(w);
	fclose(w->stream);
	free(w->packet);
	free(w);
}

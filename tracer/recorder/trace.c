/*
 * trace.c - a walk over CTF 1.8 packets as LTTng-UST writes them; see trace.h.
 *
 * Not a CTF reader: it knows the layout of LTTng's packets and event headers, and takes the sizes of
 * our own events' fields from the metadata, which is enough to count them.
 */
#include "trace.h"

#include "cli/array.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_MAGIC   0xC1FC1FC1u
#define METADATA_MAGIC 0x75D11D57u

enum {
	MAX_EVENTS = 64,
	MAX_FIELDS = 16,
	EXTENDED_ID = 65535,
	METADATA_HEADER = 37
};

struct packet_header {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t stream_id;
	uint64_t instance;
	uint64_t begin, end;
	uint64_t content_bits, packet_bits;
	uint64_t sequence;
	unsigned long discarded; /* so far, in this stream */
	uint32_t cpu;
};

/* Bytes of the header that precede the first event: the struct's tail is no part of it. */
#define PACKET_HEADER_BYTES (offsetof(struct packet_header, cpu) + sizeof(uint32_t))

struct field {
	uint8_t size, align; /* bytes; size 0: a string */
};

struct layout {
	bool known;
	uint8_t align;
	unsigned fields;
	struct field field[MAX_FIELDS];
};

/* What the metadata says about the stream of our events. */
struct schema {
	uint32_t stream_id;
	uint8_t align16, align32, align64;
	struct layout event[MAX_EVENTS];
};

/* ---- files ------------------------------------------------------------------------------ */

struct bytes {
	const uint8_t *at;
	size_t length;
};

static int map_file(const char *path, struct bytes *bytes)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at = MAP_FAILED;

	if (fd >= 0 && !fstat(fd, &status) && status.st_size > 0) {
		bytes->length = (size_t)status.st_size;
		at = mmap(NULL, bytes->length, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	bytes->at = at;
	return at == MAP_FAILED ? -1 : 0;
}

static void unmap_file(struct bytes *bytes)
{
	munmap((void *)bytes->at, bytes->length);
}

/* ---- metadata --------------------------------------------------------------------------- */

static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

/* The text of the packetised metadata file, or NULL. */
static char *metadata_text(const char *path)
{
	struct bytes file;
	size_t length = 0;
	char *text;

	if (map_file(path, &file))
		return NULL;
	text = malloc(file.length + 1);
	for (size_t at = 0; text && at + METADATA_HEADER <= file.length;) {
		const uint8_t *packet = file.at + at;
		size_t content = word_at(packet + 24) / 8, whole = word_at(packet + 28) / 8;

		if (word_at(packet) != METADATA_MAGIC || content < METADATA_HEADER ||
		    whole < content || whole > file.length - at)
			break;
		memcpy(text + length, packet + METADATA_HEADER, content - METADATA_HEADER);
		length += content - METADATA_HEADER;
		at += whole;
	}
	unmap_file(&file);
	if (text)
		text[length] = '\0';
	return text;
}

/* The number after KEY, in [FROM, TO); FALLBACK when there is none. */
static unsigned long number_after(const char *from, const char *to, const char *key,
                                  unsigned long fallback)
{
	const char *at = strstr(from, key);

	return at && at < to ? strtoul(at + strlen(key), NULL, 0) : fallback;
}

/* Integers, the containers of enumerations, and strings, in the order of the text. */
static void read_layout(const char *from, const char *to, struct layout *layout)
{
	layout->known = true;
	layout->align = 1;
	for (const char *at = from; at < to && layout->fields < MAX_FIELDS;) {
		const char *integer = strstr(at, "integer {"), *string = strstr(at, "string");
		struct field *field = &layout->field[layout->fields];

		if (integer && integer < to && !(string && string < integer)) {
			field->size = (uint8_t)(number_after(integer, to, "size = ", 8) / 8);
			field->align = (uint8_t)(number_after(integer, to, "align = ", 8) / 8);
			at = integer + 9;
		} else if (string && string < to) {
			*field = (struct field){0, 1};
			at = string + 6;
		} else {
			break;
		}
		if (field->align > layout->align)
			layout->align = field->align;
		layout->fields++;
	}
}

/* Alignment in bytes of the type that the metadata calls NAME. */
static uint8_t alias_align(const char *text, const char *name)
{
	char alias[32];
	const char *end, *start;

	snprintf(alias, sizeof alias, ":= %s;", name);
	end = strstr(text, alias);
	for (start = end; start && start > text && strncmp(start, "typealias", 9); start--)
		;
	return end ? (uint8_t)(number_after(start, end, "align = ", 8) / 8) : 1;
}

static int read_schema(const char *path, struct schema *schema)
{
	char *text = metadata_text(path);
	bool any = false;

	memset(schema, 0, sizeof *schema);
	if (!text)
		return -1;
	schema->align16 = alias_align(text, "uint16_t");
	schema->align32 = alias_align(text, "uint32_t");
	schema->align64 = alias_align(text, "uint64_t");
	for (char *at = strstr(text, "\nevent {"); at;) {
		char *next = strstr(at + 1, "\nevent {");
		const char *end = next ? next : at + strlen(at);
		const char *name = strstr(at, "name = \"");
		unsigned long id = number_after(at, end, "\tid = ", MAX_EVENTS);

		if (name && !strncmp(name + 8, "lw:", 3) && id < MAX_EVENTS) {
			const char *fields = strstr(name, "fields := struct");

			schema->stream_id = (uint32_t)number_after(at, end, "stream_id = ", 0);
			if (fields && fields < end)
				read_layout(fields, end, &schema->event[id]);
			any = true;
		}
		at = next;
	}
	free(text);
	return any ? 0 : -1;
}

/* ---- streams ---------------------------------------------------------------------------- */

static size_t aligned(size_t at, size_t align)
{
	return (at + align - 1) & ~(align - 1);
}

/* Skips one event's payload at AT; returns where the next event begins, 0 when that cannot be. */
static size_t skip_payload(const uint8_t *packet, size_t at, size_t end,
                           const struct layout *layout)
{
	at = aligned(at, layout->align);
	for (unsigned i = 0; i < layout->fields; i++) {
		const struct field *field = &layout->field[i];

		at = aligned(at, field->align) + field->size;
		if (!field->size)
			at += at < end ? strnlen((const char *)packet + at, end - at) + 1 : 1;
	}
	return at <= end ? at : 0;
}

/* Counts the events of a packet whose content ends at END. */
static uint64_t count_events(const uint8_t *packet, size_t end, const struct schema *schema)
{
	size_t at = PACKET_HEADER_BYTES;
	uint64_t count = 0;

	while (aligned(at, schema->align16) + 6 <= end) {
		uint32_t id;

		at = aligned(at, schema->align16);
		id = packet[at] | (uint32_t)packet[at + 1] << 8;
		at = aligned(at + 2, schema->align32) + 4;
		if (id == EXTENDED_ID) {
			id = word_at(packet + at - 4);
			at = aligned(at, schema->align64) + 8;
		}
		if (id >= MAX_EVENTS || !schema->event[id].known)
			break;
		at = skip_payload(packet, at, end, &schema->event[id]);
		if (!at)
			break;
		count++;
	}
	return count;
}

static void sum_stream(const char *path, const struct schema *schema, struct recorded *process,
                       struct trace_sum *sum)
{
	struct packet_header header;
	struct bytes file;
	uint64_t lost = 0;
	size_t at = 0;

	if (map_file(path, &file))
		return;
	while (at + PACKET_HEADER_BYTES <= file.length) {
		memcpy(&header, file.at + at, PACKET_HEADER_BYTES);
		if (header.magic != PACKET_MAGIC || header.content_bits > header.packet_bits ||
		    !header.packet_bits || header.packet_bits / 8 > file.length - at)
			break;
		if (header.stream_id == schema->stream_id) {
			process->facts +=
				count_events(file.at + at, header.content_bits / 8, schema);
			/* A packet closed by a preempted thread says 0: the most is the truth. */
			if (header.discarded > lost)
				lost = header.discarded;
		}
		at += header.packet_bits / 8;
	}
	sum->damaged += at != file.length;
	process->lost += lost;
	unmap_file(&file);
}

/* ---- folders ---------------------------------------------------------------------------- */

/* NAME-PID-DATE-TIME: the name may have dashes of its own. */
static void name_process(const char *folder, struct recorded *process)
{
	char text[256], *dash;

	snprintf(text, sizeof text, "%s", folder);
	for (int i = 0; i < 2 && (dash = strrchr(text, '-')); i++)
		*dash = '\0';
	dash = strrchr(text, '-');
	if (dash && isdigit((unsigned char)dash[1])) {
		process->pid = atoi(dash + 1);
		*dash = '\0';
	}
	snprintf(process->name, sizeof process->name, "%.*s", (int)sizeof process->name - 1, text);
}

static int sum_process(const char *parent, const char *folder, struct trace_sum *sum)
{
	struct recorded *process;
	struct schema schema;
	struct dirent *entry;
	char path[4096];
	DIR *directory;

	if (!array_more(sum->process, sum->processes))
		return msg_errno(STATUS_FAILED, "cannot sum up the trace");
	process = &sum->process[sum->processes];
	memset(process, 0, sizeof *process);
	name_process(folder, process);
	snprintf(path, sizeof path, "%s/%s/metadata", parent, folder);
	if (read_schema(path, &schema))
		return 0;
	sum->processes++;
	snprintf(path, sizeof path, "%s/%s", parent, folder);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		if (strncmp(entry->d_name, "lw_", 3))
			continue;
		snprintf(path, sizeof path, "%s/%s/%s", parent, folder, entry->d_name);
		sum_stream(path, &schema, process, sum);
	}
	if (directory)
		closedir(directory);
	sum->facts += process->facts;
	sum->lost += process->lost;
	return 0;
}

/* A process that was about to register when the recording ended leaves a folder that declares no
 * event; babeltrace2 refuses the whole trace because of it. */
static bool is_stillborn(const char *folder)
{
	char path[4200];
	char *text;
	bool empty;

	snprintf(path, sizeof path, "%s/metadata", folder);
	text = metadata_text(path);
	empty = text && !strstr(text, "\nevent {");
	free(text);
	return empty;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

int trace_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void trace_prune(const char *path)
{
	char parent[4096], folder[4096];
	struct dirent *entry;
	DIR *directory;

	snprintf(parent, sizeof parent, "%s/ust/pid", path);
	directory = opendir(parent);
	while (directory && (entry = readdir(directory))) {
		snprintf(folder, sizeof folder, "%s/%s", parent, entry->d_name);
		if (entry->d_name[0] != '.' && is_stillborn(folder)) {
			msg_step("left out, nothing was recorded: process=\"%s\"", entry->d_name);
			trace_remove(folder);
		}
	}
	if (directory)
		closedir(directory);
}

static int by_pid(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) : strcmp(x->name, y->name);
}

int trace_sum(const char *path, struct trace_sum *sum)
{
	char parent[4096];
	struct dirent *entry;
	DIR *directory;
	int status = 0;

	memset(sum, 0, sizeof *sum);
	sum->bytes = trace_bytes(path);
	snprintf(parent, sizeof parent, "%s/ust/pid", path);
	directory = opendir(parent);
	if (!directory && errno == ENOENT)
		return 0;
	if (!directory)
		return msg_errno(STATUS_FAILED, "cannot read trace: path=\"%s\"", parent);
	while (!status && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			status = sum_process(parent, entry->d_name, sum);
	closedir(directory);
	if (sum->processes)
		qsort(sum->process, sum->processes, sizeof *sum->process, by_pid);
	return status;
}

static uint64_t walked_bytes;

static int add_bytes(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)path;
	(void)where;
	if (type == FTW_F)
		walked_bytes += (uint64_t)status->st_size;
	return 0;
}

uint64_t trace_bytes(const char *path)
{
	walked_bytes = 0;
	nftw(path, add_bytes, 16, FTW_PHYS);
	return walked_bytes;
}

void trace_sum_release(struct trace_sum *sum)
{
	free(sum->process);
	sum->process = NULL;
}

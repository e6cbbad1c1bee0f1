/*
 * trace.c - a walk over CTF 1.8 packets as LTTng-UST writes them; see trace.h.
 *
 * Not a CTF reader: it knows the layout of LTTng's packets and event headers, and takes the sizes of
 * our own events' fields from the metadata, which is enough to count them.
 */
#include "trace.h"

#include "cli/array.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
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

/* NULL when it is empty or cannot be read. */
static const uint8_t *map_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	void *at = end > 0 ? mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	*length = (size_t)end;
	return at == MAP_FAILED ? NULL : at;
}

/* ---- metadata --------------------------------------------------------------------------- */

static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

/* The text of a process' packetised metadata file, or NULL. */
static char *metadata_text(const char *folder)
{
	char path[4200], *text;
	size_t size, length = 0;
	const uint8_t *file;

	snprintf(path, sizeof path, "%s/metadata", folder);
	file = map_file(path, &size);
	if (!file)
		return NULL;
	text = malloc(size + 1);
	for (size_t at = 0; text && at + METADATA_HEADER <= size;) {
		const uint8_t *packet = file + at;
		size_t content = word_at(packet + 24) / 8, whole = word_at(packet + 28) / 8;

		if (word_at(packet) != METADATA_MAGIC || content < METADATA_HEADER ||
		    whole < content || whole > size - at)
			break;
		memcpy(text + length, packet + METADATA_HEADER, content - METADATA_HEADER);
		length += content - METADATA_HEADER;
		at += whole;
	}
	munmap((void *)file, size);
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

/* False when TEXT declares no event of ours. */
static bool read_schema(const char *text, struct schema *schema)
{
	bool any = false;

	memset(schema, 0, sizeof *schema);
	schema->align16 = alias_align(text, "uint16_t");
	schema->align32 = alias_align(text, "uint32_t");
	schema->align64 = alias_align(text, "uint64_t");
	for (const char *at = strstr(text, "\nevent {"); at;) {
		const char *next = strstr(at + 1, "\nevent {");
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
	return any;
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

/* Of the last process in SUM. */
static void sum_stream(const char *path, const struct schema *schema, struct trace_sum *sum)
{
	struct recorded *process = &sum->process[sum->processes - 1];
	struct packet_header header = {.magic = 0};
	uint64_t facts = 0, lost = 0;
	size_t at = 0, length;
	const uint8_t *file = map_file(path, &length);

	if (!file)
		return;
	while (at + PACKET_HEADER_BYTES <= length) {
		memcpy(&header, file + at, PACKET_HEADER_BYTES);
		if (header.magic != PACKET_MAGIC || header.content_bits > header.packet_bits ||
		    !header.packet_bits || header.packet_bits / 8 > length - at)
			break;
		if (header.stream_id == schema->stream_id) {
			facts += count_events(file + at, header.content_bits / 8, schema);
			/* A packet closed by a preempted thread says 0: the most is the truth. */
			if (header.discarded > lost)
				lost = header.discarded;
		}
		at += header.packet_bits / 8;
	}
	sum->damaged += at != length;
	process->facts += facts;
	process->lost += lost;
	sum->facts += facts;
	sum->lost += lost;
	munmap((void *)file, length);
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

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status, (void)type, (void)where;
	return remove(path) && errno != ENOENT; /* a daemon that ends removes some itself */
}

int trace_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Begins with the process recorded in FOLDER, for which there is room; false: nothing to count.
 * One that was about to register when the recording ended leaves a folder that declares no event:
 * it is removed, as babeltrace2 refuses the whole trace because of it. */
static bool open_process(const char *folder, const char *name, struct schema *schema,
                         struct trace_sum *sum)
{
	char *text = metadata_text(folder);
	bool counted = text && read_schema(text, schema);

	if (text && !strstr(text, "\nevent {")) {
		msg_step("left out, nothing was recorded: process=\"%s\"", name);
		trace_remove(folder);
	}
	free(text);
	if (counted) {
		sum->process[sum->processes] = (struct recorded){.pid = 0};
		name_process(name, &sum->process[sum->processes++]);
	}
	return counted;
}

static int by_pid(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) : strcmp(x->name, y->name);
}

static FTS *open_walk(const char *path)
{
	return fts_open((char *[]){(char *)path, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

/* The streams are PATH/ust/pid/PROCESS/lw_CPU. */
int trace_sum(const char *path, struct trace_sum *sum)
{
	char parent[4200];
	struct schema schema = {.stream_id = 0}; /* of the folder that the walk is in */
	int status = 0;
	FTS *walk;

	memset(sum, 0, sizeof *sum);
	snprintf(parent, sizeof parent, "%s/ust/pid", path);
	walk = open_walk(parent);
	for (FTSENT *at; !status && walk && (at = fts_read(walk));) {
		errno = at->fts_errno;
		if ((!at->fts_level && errno && errno != ENOENT) ||
		    !array_more(sum->process, sum->processes))
			status = msg_errno(STATUS_FAILED, "cannot read trace: path=\"%s\"", parent);
		else if (at->fts_info == FTS_D && at->fts_level == 1 &&
		         !open_process(at->fts_path, at->fts_name, &schema, sum))
			fts_set(walk, at, FTS_SKIP);
		else if (at->fts_info == FTS_F && at->fts_level == 2 &&
		         !strncmp(at->fts_name, "lw_", 3))
			sum_stream(at->fts_path, &schema, sum);
	}
	if (walk)
		fts_close(walk);
	if (sum->processes)
		qsort(sum->process, sum->processes, sizeof *sum->process, by_pid);
	sum->bytes = trace_bytes(path);
	return status;
}

uint64_t trace_bytes(const char *path)
{
	FTS *walk = open_walk(path);
	uint64_t bytes = 0;

	for (FTSENT *at; walk && (at = fts_read(walk));)
		if (at->fts_info == FTS_F)
			bytes += (uint64_t)at->fts_statp->st_size;
	if (walk)
		fts_close(walk);
	return bytes;
}

void trace_sum_release(struct trace_sum *sum)
{
	free(sum->process);
	sum->process = NULL;
}

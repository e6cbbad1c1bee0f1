/* SPDX-License-Identifier: MIT */
/* repair.c - checks and mends damaged traces; see repair.h. */
#include "repair.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* CTF 1.8, 7.1: a packet of metadata begins with a header of 37 bytes. */
#define METADATA_MAGIC      0x75d11d57u
#define METADATA_HEADER     37
#define METADATA_CONTENT_AT 24 /* u32, bits */
#define METADATA_PACKET_AT  28 /* u32, bits */

/*
 * LTTng's stream packets: magic, uuid, stream and instance numbers (32 bytes), then times, then
 * both sizes. The offsets hold on all machines, because everything before is naturally aligned.
 */
#define STREAM_MAGIC      0xc1fc1fc1u
#define STREAM_HEADER     64
#define STREAM_CONTENT_AT 48 /* u64, bits */
#define STREAM_PACKET_AT  56 /* u64, bits */

/* No event of ours ends in so many zero bytes; a power cut leaves whole pages of them. */
#define ZERO_TAIL 32

/* A file, mapped: it may be larger than memory, of a stream only the packets' ends are touched. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

static enum status map_file(const char *path, struct bytes *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum status status = STATUS_OK;
	struct stat st = {.st_size = 0};
	void *data = NULL;

	if (fd < 0 || fstat(fd, &st))
		status = msg_errno(STATUS_INPUT, "cannot open trace: path=\"%s\"", path);
	else if (st.st_size)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		status = msg_errno(STATUS_INPUT, "cannot read trace: path=\"%s\"", path);
	if (fd >= 0)
		close(fd);
	*b = (struct bytes){data, (size_t)st.st_size};
	return status;
}

static void unmap_file(const struct bytes *b)
{
	if (b->data)
		munmap((void *)b->data, b->size);
}

/* An integer of `size` bytes in the byte order of the trace. */
static uint64_t get(const uint8_t *at, size_t size, bool big_endian)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[big_endian ? i : size - 1 - i];
	return value;
}

/* Does a packet begin here? Its magic number tells its byte order. */
static bool find_order(const uint8_t *at, uint32_t magic, bool *big_endian)
{
	*big_endian = get(at, 4, true) == magic;
	return *big_endian || get(at, 4, false) == magic;
}

/* ---- streams ---- */

static bool all_zeros(const uint8_t *at, size_t size)
{
	while (size && !*at) {
		at++;
		size--;
	}
	return !size;
}

/* What is wrong with the packet at `at`, or NULL and its size. */
static const char *check_packet(const struct bytes *b, size_t at, size_t *size)
{
	const uint8_t *p = b->data + at;
	uint64_t left = b->size - at, content, packet;
	bool big;

	if (left < STREAM_HEADER)
		return "is cut short";
	if (!find_order(p, STREAM_MAGIC, &big))
		return "has a packet without its magic number";
	content = get(p + STREAM_CONTENT_AT, 8, big) / 8;
	packet = get(p + STREAM_PACKET_AT, 8, big) / 8;
	if (content < STREAM_HEADER || content > packet)
		return "has a packet of impossible size";
	if (packet > left)
		return "is cut short";
	if (content >= STREAM_HEADER + ZERO_TAIL && all_zeros(p + content - ZERO_TAIL, ZERO_TAIL))
		return "ends in zeros";
	*size = packet;
	return NULL;
}

/* Bytes of the whole, sound packets at the beginning; *what: why it ends before the file does. */
static size_t sound_prefix(const struct bytes *b, const char **what)
{
	size_t at = 0, size = 0;

	*what = NULL;
	while (at < b->size && !(*what = check_packet(b, at, &size)))
		at += size;
	return at;
}

/* ---- metadata ---- */

/* The text of the packets, without their headers; of a cut packet what there is. */
static char *metadata_text(const struct bytes *b, size_t *length, bool *damaged)
{
	char *text = malloc(b->size + 1);
	size_t at = 0;

	*length = 0;
	if (!text)
		return NULL;
	while (at < b->size) {
		const uint8_t *p = b->data + at;
		size_t left = b->size - at, content, packet;
		bool big;

		*damaged = true;
		if (left < METADATA_HEADER || !find_order(p, METADATA_MAGIC, &big))
			break;
		content = get(p + METADATA_CONTENT_AT, 4, big) / 8;
		packet = get(p + METADATA_PACKET_AT, 4, big) / 8;
		if (content < METADATA_HEADER || content > packet)
			break;
		*damaged = packet > left;
		if (content > left)
			content = left;
		memcpy(text + *length, p + METADATA_HEADER, content - METADATA_HEADER);
		*length += content - METADATA_HEADER;
		if (packet > left)
			break;
		at += packet;
	}
	text[*length] = 0;
	return text;
}

/* Where the string or comment that begins at `i` ends; i itself when none begins there. */
static size_t skip_quoted(const char *text, size_t length, size_t i)
{
	const char *end;

	if (text[i] == '"') {
		for (i++; i < length && text[i] != '"'; i++)
			if (text[i] == '\\')
				i++;
		return i;
	}
	if (text[i] != '/' || text[i + 1] != '*')
		return i;
	end = strstr(text + i + 2, "*/");
	return end ? (size_t)(end - text) + 1 : length;
}

/* The length up to and with the last declaration that is whole. */
static size_t whole_declarations(const char *text, size_t length)
{
	size_t whole = 0;
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		i = skip_quoted(text, length, i);
		if (i >= length)
			break;
		if (text[i] == '{')
			depth++;
		else if (text[i] == '}')
			depth--;
		else if (text[i] == ';' && !depth)
			whole = i + 1;
	}
	return whole;
}

/* Without these nothing can be decoded. */
static bool is_enough(const char *text)
{
	return strstr(text, "trace {") && strstr(text, "stream {") && strstr(text, "event {");
}

/* ---- the copy ---- */

static void note(struct repair *r, const char *name, const char *what)
{
	if (!r->damaged++)
		snprintf(r->what, sizeof(r->what), "%s %s", name, what);
}

static enum status make_copy(struct repair *r, const char *scratch)
{
	if (asprintf(&r->copy, "%s/.lwview-mended-XXXXXX", scratch) < 0)
		r->copy = NULL;
	else if (mkdtemp(r->copy))
		return STATUS_OK;
	free(r->copy);
	r->copy = NULL;
	return msg_errno(STATUS_FAILED, "cannot mend trace: path=\"%s\"", scratch);
}

static enum status write_copy(const struct repair *r, const char *name, const void *data,
                              size_t size)
{
	char path[4096];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", r->copy, name);
	f = fopen(path, "wxe");
	ok = f && fwrite(data, 1, size, f) == size;
	if (f && fclose(f))
		ok = false;
	return ok ? STATUS_OK : msg_errno(STATUS_FAILED, "cannot mend trace: path=\"%s\"", path);
}

static enum status link_copy(const struct repair *r, const char *directory, const char *name)
{
	char from[4096], to[4096], *real;
	int failed;

	snprintf(from, sizeof(from), "%s/%s", directory, name);
	snprintf(to, sizeof(to), "%s/%s", r->copy, name);
	real = realpath(from, NULL);
	failed = !real || symlink(real, to);
	free(real);
	if (failed)
		return msg_errno(STATUS_FAILED, "cannot mend trace: path=\"%s\"", to);
	return STATUS_OK;
}

/* ---- one trace directory ---- */

/* Streams: every plain file but the metadata; index/ and hidden files are not read here. */
static bool is_stream(const char *directory, const struct dirent *entry)
{
	char path[4096];
	struct stat st;

	if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "metadata"))
		return false;
	snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Checks one stream; `write` puts what is to be read of it into the copy instead. */
static enum status handle_stream(struct repair *r, const char *directory, const char *name,
                                 bool write)
{
	char path[4096];
	const char *what;
	enum status status;
	struct bytes b;
	size_t sound;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	status = map_file(path, &b);
	if (status)
		return status;
	sound = sound_prefix(&b, &what);
	if (!write && what)
		note(r, name, what);
	else if (write && !what)
		status = link_copy(r, directory, name);
	else if (write && sound)
		status = write_copy(r, name, b.data, sound);
	unmap_file(&b);
	return status;
}

static enum status handle_streams(struct repair *r, const char *directory, bool write)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, alphasort);
	enum status status = STATUS_OK;

	if (count < 0)
		return msg_errno(STATUS_INPUT, "cannot open trace: path=\"%s\"", directory);
	for (int i = 0; i < count; i++) {
		if (!status && is_stream(directory, entries[i]))
			status = handle_stream(r, directory, entries[i]->d_name, write);
		free(entries[i]);
	}
	free(entries);
	return status;
}

/* *mended: the sound text when the metadata is damaged, else NULL. */
static enum status check_metadata(struct repair *r, const char *directory, char **mended)
{
	static const char signature[] = "/* CTF 1.";
	bool damaged = false, plain;
	char path[4096], *text;
	size_t length, whole;
	enum status status;
	struct bytes b;

	*mended = NULL;
	snprintf(path, sizeof(path), "%s/metadata", directory);
	status = map_file(path, &b);
	if (status)
		return status;
	assert(b.data || !b.size);
	plain = b.size >= sizeof(signature) && !memcmp(b.data, signature, sizeof(signature) - 1);
	text = plain ? strndup((const char *)b.data, b.size) : metadata_text(&b, &length, &damaged);
	if (plain && text)
		length = strlen(text);
	unmap_file(&b);
	if (!text)
		return msg_fail(STATUS_FAILED, "cannot read trace: out of memory");
	whole = whole_declarations(text, length);
	if (!damaged && !text[whole + strspn(text + whole, " \t\r\n")] && is_enough(text)) {
		free(text);
		return STATUS_OK;
	}
	text[whole] = 0;
	if (!is_enough(text)) {
		free(text);
		return msg_fail(STATUS_INPUT,
		                "cannot read trace, its metadata is damaged: path=\"%s\"", path);
	}
	note(r, "metadata", "is cut short");
	*mended = text;
	return STATUS_OK;
}

static enum status write_mended(struct repair *r, const char *directory, const char *scratch,
                                const char *metadata)
{
	/* By the signature babeltrace2 knows that the text is not in packets. */
	static const char signature[] = "/* CTF 1.8 */\n";
	enum status status = make_copy(r, scratch);
	char *text;
	int size;

	if (!status && !metadata)
		status = link_copy(r, directory, "metadata");
	if (!status && metadata) {
		size = asprintf(&text, "%s%s", strncmp(metadata, "/* CTF", 6) ? signature : "",
		                metadata);
		if (size < 0)
			return msg_fail(STATUS_FAILED, "cannot mend trace: out of memory");
		status = write_copy(r, "metadata", text, (size_t)size);
		free(text);
	}
	return status ? status : handle_streams(r, directory, true);
}

enum status repair_trace(struct repair *r, const char *directory, const char *scratch)
{
	char *metadata = NULL;
	enum status status;

	memset(r, 0, sizeof(*r));
	r->path = strdup(directory);
	if (!r->path)
		return msg_fail(STATUS_FAILED, "cannot read trace: out of memory");
	status = check_metadata(r, directory, &metadata);
	if (!status)
		status = handle_streams(r, directory, false);
	if (!status && r->damaged) {
		status = write_mended(r, directory, scratch, metadata);
		if (!status) {
			assert(r->copy);
			free(r->path);
			r->path = strdup(r->copy);
		}
	}
	free(metadata);
	if (status)
		repair_release(r);
	return status;
}

void repair_release(struct repair *r)
{
	DIR *d = r->copy ? opendir(r->copy) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d) {
		closedir(d);
		rmdir(r->copy);
	}
	free(r->copy);
	free(r->path);
	r->copy = r->path = NULL;
}

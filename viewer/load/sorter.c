/* SPDX-License-Identifier: MIT */
/* sorter.c - external merge sort of facts; see sorter.h. */
#include "sorter.h"

#include "cli/array.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_DEFAULT ((size_t)1 << 19) /* facts in memory while sorting: 36 MiB + 12 */
#define READ_AHEAD    ((size_t)1 << 12) /* facts read at once from each run: 288 KiB */

/* What is sorted in place of the facts, 24 bytes instead of 72. */
struct key {
	int64_t time;
	uint64_t order;
	uint32_t index;
};

/* A sorted stretch of the file, and the part of it in memory. */
struct run {
	off_t next; /* byte offset of what is not read yet */
	off_t end;
	struct fact *facts;
	size_t at, count; /* facts[at .. count) are still to be given out */
};

struct sorter {
	FILE *file; /* NULL: nothing was written, all facts fit in memory */
	off_t written;
	char *directory;
	struct fact *facts;
	struct key *keys;
	size_t count, chunk;
	struct run *runs;
	size_t run_count;
	size_t *heap; /* indices of runs, least first fact on top */
	size_t heap_count;
	size_t given; /* when all fits in memory: keys given out */
};

enum status sorter_open(struct sorter **out, const char *directory, size_t chunk)
{
	struct sorter *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return msg_errno(STATUS_FAILED, "cannot sort");
	s->chunk = chunk ? chunk : CHUNK_DEFAULT;
	s->directory = strdup(directory);
	s->facts = malloc(s->chunk * sizeof(*s->facts));
	s->keys = malloc(s->chunk * sizeof(*s->keys));
	if (s->directory && s->facts && s->keys)
		return STATUS_OK;
	sorter_close(s);
	*out = NULL;
	errno = ENOMEM;
	return msg_errno(STATUS_FAILED, "cannot sort");
}

void sorter_close(struct sorter *s)
{
	if (!s)
		return;
	if (s->file)
		fclose(s->file);
	for (size_t i = 0; i < s->run_count; i++)
		free(s->runs[i].facts);
	free(s->runs);
	free(s->heap);
	free(s->facts);
	free(s->keys);
	free(s->directory);
	free(s);
}

static int compare_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Most chunks need few exchanges: glibc's qsort is a merge sort and cheap on such input. */
static void sort_chunk(struct sorter *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->keys[i] = (struct key){s->facts[i].time, s->facts[i].order, (uint32_t)i};
	qsort(s->keys, s->count, sizeof(*s->keys), compare_keys);
}

static enum status open_file(struct sorter *s)
{
	int fd = open(s->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) { /* not every file system knows O_TMPFILE */
		char path[4096];

		snprintf(path, sizeof(path), "%s/.lwview-sort-XXXXXX", s->directory);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd >= 0)
		s->file = fdopen(fd, "w+e");
	if (s->file)
		return STATUS_OK;
	return msg_errno(STATUS_FAILED, "cannot write temporary file: path=\"%s\"", s->directory);
}

/* A chunk becomes a run at the end of the file. */
static enum status flush_chunk(struct sorter *s)
{
	enum status status = s->file ? STATUS_OK : open_file(s);
	off_t begin = s->written;

	if (status)
		return status;
	sort_chunk(s);
	s->written += (off_t)(s->count * sizeof(*s->facts));
	for (size_t i = 0; i < s->count; i++)
		if (!fwrite(&s->facts[s->keys[i].index], sizeof(*s->facts), 1, s->file))
			break;
	if (fflush(s->file) || ferror(s->file))
		return msg_errno(STATUS_FAILED, "cannot write temporary file: path=\"%s\"",
		                 s->directory);
	s->count = 0;
	if (!array_more(s->runs, s->run_count))
		return msg_errno(STATUS_FAILED, "cannot sort");
	s->runs[s->run_count++] = (struct run){.next = begin, .end = s->written};
	return STATUS_OK;
}

enum status sorter_add(struct sorter *s, const struct fact *fact)
{
	if (s->count == s->chunk) {
		enum status status = flush_chunk(s);

		if (status)
			return status;
	}
	s->facts[s->count++] = *fact;
	return STATUS_OK;
}

/* Reads the next stretch of a run; an exhausted run has at == count. */
static enum status run_fill(struct sorter *s, struct run *r)
{
	size_t want = (size_t)(r->end - r->next) / sizeof(*r->facts);

	r->at = 0;
	r->count = want < READ_AHEAD ? want : READ_AHEAD;
	if (fseeko(s->file, r->next, SEEK_SET) ||
	    fread(r->facts, sizeof(*r->facts), r->count, s->file) != r->count)
		return msg_errno(STATUS_FAILED, "cannot read temporary file: path=\"%s\"",
		                 s->directory);
	r->next += (off_t)(r->count * sizeof(*r->facts));
	return STATUS_OK;
}

static bool run_before(const struct sorter *s, size_t a, size_t b)
{
	const struct fact *x = &s->runs[a].facts[s->runs[a].at];
	const struct fact *y = &s->runs[b].facts[s->runs[b].at];

	return x->time != y->time ? x->time < y->time : x->order < y->order;
}

static void sift_down(struct sorter *s, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1, least = i, swap;

		for (size_t c = child; c < child + 2 && c < s->heap_count; c++)
			if (run_before(s, s->heap[c], s->heap[least]))
				least = c;
		if (least == i)
			return;
		swap = s->heap[i];
		s->heap[i] = s->heap[least];
		s->heap[least] = swap;
		i = least;
	}
}

static enum status start_merge(struct sorter *s)
{
	enum status status = s->count ? flush_chunk(s) : STATUS_OK;

	free(s->facts);
	free(s->keys);
	s->facts = NULL;
	s->keys = NULL;
	s->heap = calloc(s->run_count, sizeof(*s->heap));
	for (size_t i = 0; i < s->run_count && s->heap && !status; i++) {
		s->runs[i].facts = malloc(READ_AHEAD * sizeof(struct fact));
		if (!s->runs[i].facts)
			return msg_errno(STATUS_FAILED, "cannot sort");
		status = run_fill(s, &s->runs[i]);
		s->heap[s->heap_count++] = i;
	}
	if (!s->heap)
		return msg_errno(STATUS_FAILED, "cannot sort");
	for (size_t i = s->heap_count; i-- > 0 && !status;)
		sift_down(s, i);
	return status;
}

enum status sorter_sort(struct sorter *s)
{
	if (s->run_count)
		return start_merge(s);
	sort_chunk(s);
	return STATUS_OK;
}

enum status sorter_next(struct sorter *s, struct fact *fact, bool *got)
{
	enum status status = STATUS_OK;
	struct run *r;

	if (!s->run_count) {
		*got = s->given < s->count;
		if (*got)
			*fact = s->facts[s->keys[s->given++].index];
		return STATUS_OK;
	}
	*got = s->heap_count > 0;
	if (!*got)
		return STATUS_OK;
	r = &s->runs[s->heap[0]];
	*fact = r->facts[r->at++];
	if (r->at == r->count)
		status = run_fill(s, r);
	if (r->at == r->count)
		s->heap[0] = s->heap[--s->heap_count];
	sift_down(s, 0);
	return status;
}

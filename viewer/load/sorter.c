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

#define CHUNK_DEFAULT ((size_t)1 << 19) /* facts in memory while sorting: 36 MiB + qsort's 8 */
#define READ_AHEAD    ((size_t)1 << 12) /* facts read at once from each run: 288 KiB */

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
	struct fact *facts; /* the chunk that is filled */
	size_t count, chunk;
	struct run *runs;
	size_t run_count;
	size_t *heap; /* indices of runs, least first fact on top */
	size_t heap_count;
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
	if (s->directory && s->facts)
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
	free(s->directory);
	free(s);
}

static int compare_facts(const void *left, const void *right)
{
	const struct fact *a = left, *b = right;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
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

static enum status add_run(struct sorter *s, const struct run *run)
{
	if (!array_more(s->runs, s->run_count))
		return msg_errno(STATUS_FAILED, "cannot sort");
	s->runs[s->run_count++] = *run;
	return STATUS_OK;
}

/* A full chunk becomes a run at the end of the file. Facts are large: qsort sorts pointers. */
static enum status flush_chunk(struct sorter *s)
{
	enum status status = s->file ? STATUS_OK : open_file(s);
	struct run run = {.next = s->written};

	if (status)
		return status;
	qsort(s->facts, s->count, sizeof(*s->facts), compare_facts);
	if (fwrite(s->facts, sizeof(*s->facts), s->count, s->file) != s->count || fflush(s->file))
		return msg_errno(STATUS_FAILED, "cannot write temporary file: path=\"%s\"",
		                 s->directory);
	s->written += (off_t)(s->count * sizeof(*s->facts));
	s->count = 0;
	run.end = s->written;
	return add_run(s, &run);
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
	const struct run *x = &s->runs[a], *y = &s->runs[b];

	return compare_facts(&x->facts[x->at], &y->facts[y->at]) < 0;
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

/* The last chunk is a run that is in memory as a whole, those before are read from the file. */
enum status sorter_sort(struct sorter *s)
{
	const struct run last = {.facts = s->facts, .count = s->count};
	enum status status = STATUS_OK;

	qsort(s->facts, s->count, sizeof(*s->facts), compare_facts);
	for (size_t i = 0; i < s->run_count && !status; i++) {
		s->runs[i].facts = malloc(READ_AHEAD * sizeof(struct fact));
		if (!s->runs[i].facts)
			return msg_errno(STATUS_FAILED, "cannot sort");
		status = run_fill(s, &s->runs[i]);
	}
	if (!status && last.count) {
		status = add_run(s, &last);
		s->facts = status ? s->facts : NULL;
	}
	if (status)
		return status;
	s->heap = calloc(s->run_count + 1, sizeof(*s->heap));
	if (!s->heap)
		return msg_errno(STATUS_FAILED, "cannot sort");
	while (s->heap_count < s->run_count) {
		s->heap[s->heap_count] = s->heap_count;
		s->heap_count++;
	}
	for (size_t i = s->heap_count; i-- > 0;)
		sift_down(s, i);
	return STATUS_OK;
}

enum status sorter_next(struct sorter *s, struct fact *fact, bool *got)
{
	enum status status = STATUS_OK;
	struct run *r;

	*got = s->heap_count > 0;
	if (!*got)
		return STATUS_OK;
	r = &s->runs[s->heap[0]];
	*fact = r->facts[r->at++];
	if (r->at == r->count && r->next < r->end)
		status = run_fill(s, r);
	if (r->at == r->count)
		s->heap[0] = s->heap[--s->heap_count];
	sift_down(s, 0);
	return status;
}

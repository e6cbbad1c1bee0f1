/* SPDX-License-Identifier: MIT */
/* latency.c - histograms of the time inside the allocator; see latency.h. */
#include "latency.h"
#include "cli/array.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- finding one's place -------------------------------------------------------------------- */

/* The operation with this code, which may be new; NULL: memory ran out. */
static struct latency_operation *operation_of(struct latency *l, int code)
{
	struct latency_operation op = {.code = code};
	size_t i = 0;

	while (i < l->operations && l->operation[i].code < code)
		i++;
	if (i < l->operations && l->operation[i].code == code)
		return &l->operation[i];
	if (!array_more(l->operation, l->operations) || !(op.all = calloc(1, sizeof(*op.all))))
		return NULL;
	memmove(&l->operation[i + 1], &l->operation[i],
	        (l->operations++ - i) * sizeof(*l->operation));
	l->operation[i] = op;
	return &l->operation[i];
}

static struct latency_kind *kind_of(struct latency_operation *op, int code)
{
	struct latency_kind kind = {.code = code};
	size_t i = 0;

	while (i < op->kinds && op->kind[i].code < code)
		i++;
	if (i < op->kinds && op->kind[i].code == code)
		return &op->kind[i];
	if (!array_more(op->kind, op->kinds) ||
	    !(kind.histogram = calloc(1, sizeof(*kind.histogram))))
		return NULL;
	memmove(&op->kind[i + 1], &op->kind[i], (op->kinds++ - i) * sizeof(*op->kind));
	op->kind[i] = kind;
	return &op->kind[i];
}

/* --- loading -------------------------------------------------------------------------------- */

static enum status load_calls(struct latency *l, struct scope *s)
{
	struct query *q = db_prepare(s->db, "SELECT operation, kind, low, count, total, max"
	                                    "  FROM latency_hist WHERE process = ?1");

	db_bind_int(q, 1, s->process);
	while (db_step(q)) {
		struct latency_operation *op = operation_of(l, (int)db_int(q, 0));
		struct latency_kind *kind = op ? kind_of(op, (int)db_int(q, 1)) : NULL;

		if (!kind) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load latencies");
		}
		histogram_add(kind->histogram, db_int(q, 2), db_int(q, 3), db_int(q, 4),
		              db_int(q, 5));
	}
	return db_finish(q);
}

static void word_of(struct scope *s, const char *class, int code, char *text, size_t size)
{
	struct query *q = db_prepare(s->db, "SELECT name FROM word WHERE class = ?1 AND code = ?2");

	db_bind_text(q, 1, class);
	db_bind_int(q, 2, code);
	if (db_step(q))
		snprintf(text, size, "%s", db_text(q, 0));
	else
		snprintf(text, size, "unknown %d", code);
	db_finish(q);
}

static enum status load_words(struct latency *l, struct scope *s)
{
	for (size_t i = 0; i < l->operations; i++) {
		struct latency_operation *op = &l->operation[i];
		bool frees;

		word_of(s, "function", op->code, op->name, sizeof(op->name));
		frees = !strncmp(op->name, "free", 4);
		for (size_t k = 0; k < op->kinds; k++) {
			struct latency_kind *kind = &op->kind[k];

			word_of(s, frees ? "path" : "source", kind->code, kind->name,
			        sizeof(kind->name));
			histogram_merge(op->all, kind->histogram);
		}
		assert(op->all->calls > 0);
	}
	return db_status(s->db);
}

enum status latency_load(struct latency *l, struct scope *s)
{
	enum status status;

	*l = (struct latency){.part = s->selected};
	l->clock_cost = db_value(s->db, "SELECT clock_cost FROM process WHERE id = ?1", 1,
	                         (int64_t[]){s->process});
	status = load_calls(l, s);
	if (!status)
		status = load_words(l, s);
	if (status)
		latency_release(l);
	return status;
}

void latency_release(struct latency *l)
{
	for (size_t i = 0; i < l->operations; i++) {
		for (size_t k = 0; k < l->operation[i].kinds; k++)
			free(l->operation[i].kind[k].histogram);
		free(l->operation[i].kind);
		free(l->operation[i].all);
	}
	free(l->operation);
	*l = (struct latency){0};
}

const struct latency_operation *latency_find(const struct latency *l, const char *name)
{
	for (size_t i = 0; l && i < l->operations; i++)
		if (!strcmp(l->operation[i].name, name))
			return &l->operation[i];
	return NULL;
}

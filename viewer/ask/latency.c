/* SPDX-License-Identifier: MIT */
/* latency.c - histograms of the time inside the allocator; see latency.h. */
#include "latency.h"
#include "cli/array.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- buckets ---- */

int bucket_of(int64_t ns)
{
	int octave;

	if (ns < 16)
		return ns < 0 ? 0 : (int)ns;
	octave = 63 - __builtin_clzll((uint64_t)ns) - 4;
	return 16 * octave + (int)(ns >> octave);
}

int64_t bucket_low(int bucket)
{
	int octave = bucket < 32 ? 0 : bucket / 16 - 1;

	return (int64_t)(bucket - 16 * octave) << octave;
}

void histogram_add(struct histogram *h, int64_t low, int64_t calls, int64_t total, int64_t greatest)
{
	int b = bucket_of(low);

	h->count[b] += calls;
	if (greatest > h->greatest[b])
		h->greatest[b] = greatest;
	h->calls += calls;
	h->total += total;
}

int64_t histogram_percentile(const struct histogram *h, double p)
{
	int64_t rank = (int64_t)ceil(p * (double)h->calls), seen = 0;
	int b;

	if (rank < 1)
		rank = 1;
	for (b = 0; b < HISTOGRAM_BUCKETS; b++) {
		seen += h->count[b];
		if (h->count[b] && seen >= rank)
			return h->greatest[b];
	}
	return 0;
}

/* ---- loading ---- */

/* Rows come by operation and kind, so that a new one is behind all others. */
static bool operation_has(struct latency *l, int code, const char *name)
{
	struct latency_operation *last = l->operations ? &l->operation[l->operations - 1] : NULL;

	if (last && last->code == code)
		return true;
	assert(!last || last->code < code);
	if (!array_more(l->operation, l->operations))
		return false;
	last = &l->operation[l->operations++];
	*last = (struct latency_operation){.code = code};
	snprintf(last->name, sizeof(last->name), "%s", name);
	return true;
}

static bool kind_has(struct latency_operation *op, int code, const char *name)
{
	struct latency_kind *last = op->kinds ? &op->kind[op->kinds - 1] : NULL;

	if (last && last->code == code)
		return true;
	if (!array_more(op->kind, op->kinds))
		return false;
	last = &op->kind[op->kinds++];
	*last = (struct latency_kind){.code = code};
	snprintf(last->name, sizeof(last->name), "%s", name);
	return true;
}

static bool row_add(struct latency *l, struct query *q)
{
	int64_t low = db_int(q, 4), calls = db_int(q, 5), total = db_int(q, 6), most = db_int(q, 7);
	struct latency_operation *op;

	if (!operation_has(l, (int)db_int(q, 0), db_text(q, 2)))
		return false;
	op = &l->operation[l->operations - 1];
	if (!kind_has(op, (int)db_int(q, 1), db_text(q, 3)))
		return false;
	histogram_add(&op->kind[op->kinds - 1].histogram, low, calls, total, most);
	histogram_add(&op->all, low, calls, total, most);
	return true;
}

enum status latency_load(struct latency *l, struct scope *s)
{
	struct query *q = scope_query(
		s,
		"SELECT h.operation, h.kind, coalesce(f.name, 'unknown ' || h.operation),"
		"       coalesce(k.name, 'unknown ' || h.kind), h.low, h.count, h.total, h.max"
		"  FROM latency_hist h"
		"  LEFT JOIN word f ON f.class = 'function' AND f.code = h.operation"
		"  LEFT JOIN word k ON k.code = h.kind"
		"       AND k.class = CASE WHEN f.name LIKE 'free%' THEN 'path' ELSE 'source' END"
		" WHERE h.process = ?1 ORDER BY h.operation, h.kind");

	*l = (struct latency){.part = s->selected};
	l->clock_cost = db_value(s->db, "SELECT clock_cost FROM process WHERE id = ?1", 1,
	                         (int64_t[]){s->process});
	while (db_step(q))
		if (!row_add(l, q)) {
			db_finish(q);
			latency_release(l);
			return msg_errno(STATUS_FAILED, "cannot load latencies");
		}
	if (!db_finish(q))
		return STATUS_OK;
	latency_release(l);
	return db_status(s->db);
}

void latency_release(struct latency *l)
{
	for (size_t i = 0; i < l->operations; i++)
		free(l->operation[i].kind);
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

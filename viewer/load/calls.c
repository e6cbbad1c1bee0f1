/* SPDX-License-Identifier: MIT */
/* calls.c - what is counted per call; see calls.h. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

void calls_init(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	index_init(&c->sites, sizeof(uint64_t));
	index_init(&c->threads, sizeof(struct thread));
}

void calls_release(struct calls *c)
{
	for (int f = 0; f < CODES; f++) {
		for (int k = 0; c->latency[f] && k < CODES; k++)
			free(c->latency[f][k]);
		free(c->latency[f]);
	}
	index_release(&c->threads);
	index_release(&c->sites);
	calls_init(c);
}

/* The bucket of a latency and its bounds: low <= latency < high. */
static int latency_bucket(int64_t ns)
{
	int octave, bucket;

	if (ns < LATENCY_STEPS)
		return ns < 0 ? 0 : (int)ns;
	octave = 63 - __builtin_clzll((unsigned long long)ns); /* 4 for 16..31 */
	bucket = (octave - 3) * LATENCY_STEPS + (int)((ns >> (octave - 4)) & (LATENCY_STEPS - 1));
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int64_t latency_low(int bucket)
{
	int octave = bucket / LATENCY_STEPS + 3;

	if (bucket < LATENCY_STEPS)
		return bucket;
	return (int64_t)(LATENCY_STEPS + bucket % LATENCY_STEPS) << (octave - 4);
}

static int note_latency(struct calls *c, int function, uint32_t kind, uint32_t ns)
{
	struct latency_bucket **table, *b;

	if (!c->latency[function])
		c->latency[function] = calloc(CODES, sizeof(*c->latency[function]));
	if (!c->latency[function])
		return -1;
	table = &c->latency[function][kind];
	if (!*table)
		*table = calloc(LATENCY_BUCKETS, sizeof(**table));
	if (!*table)
		return -1;
	b = &(*table)[latency_bucket(ns)];
	b->count++;
	b->total += ns;
	if (ns > b->max)
		b->max = ns;
	return 0;
}

/* A thread is the tracer's when all of its calls are. */
static struct thread *find_thread(struct calls *c, const struct fact *f)
{
	struct thread *t = index_find(&c->threads, f->tid);

	if (!t) {
		t = index_add(&c->threads, f->tid);
		if (!t)
			return NULL;
		t->first = f->time;
		t->tracer = true;
	}
	t->last = f->time;
	t->latency += f->latency;
	t->tracer = t->tracer && (f->flags & FLAG_TRACER);
	return t;
}

static struct call_count *find_count(struct calls *c, const struct fact *f)
{
	struct call_count *n = &c->count[f->function][f->flags & FLAG_TRACER ? 1 : 0];

	n->latency += f->latency;
	return n;
}

int calls_alloc(struct calls *c, const struct fact *f)
{
	struct call_count *n = find_count(c, f);
	struct thread *t = find_thread(c, f);

	if (!t)
		return -1;
	n->count++;
	n->bytes += (int64_t)f->size;
	t->allocs++;
	t->bytes += (int64_t)f->size;
	if (f->flags & FLAG_TRACER)
		return 0;
	return note_latency(c, f->function, f->source, f->latency);
}

int calls_free(struct calls *c, const struct fact *f)
{
	/* realloc(p, 0) gives a block back too: its latency is that of a free. */
	int function = f->function >= FUNCTION_FREE && f->function <= FUNCTION_FREE_ALIGNED_SIZED
	                       ? f->function
	                       : FUNCTION_FREE;
	struct call_count *n = find_count(c, f);
	struct thread *t = find_thread(c, f);

	if (!t)
		return -1;
	n->count++;
	t->frees++;
	if (f->flags & FLAG_TRACER)
		return 0;
	return note_latency(c, function, f->path, f->latency);
}

int calls_fail(struct calls *c, const struct fact *f)
{
	find_count(c, f)->failed++;
	return find_thread(c, f) ? 0 : -1;
}

uint32_t calls_site(struct calls *c, uint64_t address)
{
	const uint64_t *site;

	if (!address)
		return 0;
	site = index_find(&c->sites, address);
	if (!site)
		site = index_add(&c->sites, address);
	return site ? (uint32_t)(site - (uint64_t *)c->sites.items) + 1 : SITE_NO_MEMORY;
}

static void store_latency(const struct calls *c, int64_t process, int f, int k, struct bulk *out)
{
	const struct latency_bucket *b = c->latency[f] ? c->latency[f][k] : NULL;

	for (int i = 0; b && i < LATENCY_BUCKETS; i++) {
		if (b[i].count)
			bulk_add(out, process, f, k, latency_low(i), latency_low(i + 1), b[i].count,
			         b[i].total, b[i].max);
	}
}

static void store_counts(const struct calls *c, int64_t process, int f, struct bulk *out)
{
	for (int tracer = 0; tracer < 2; tracer++) {
		const struct call_count *n = &c->count[f][tracer];

		if (n->count || n->failed)
			bulk_add(out, process, f, tracer, n->count, n->bytes, n->failed,
			         n->latency);
	}
}

void calls_store(const struct calls *c, int64_t process, struct bulk *latency, struct bulk *calls,
                 struct bulk *threads)
{
	for (int f = 0; f < CODES; f++) {
		store_counts(c, process, f, calls);
		for (int k = 0; k < CODES; k++)
			store_latency(c, process, f, k, latency);
	}
	for (size_t i = 0; i < c->threads.count; i++) {
		const struct thread *t = (struct thread *)c->threads.items + i;

		bulk_add(threads, process, t->tid, t->first, t->last, t->allocs, t->frees, t->bytes,
		         t->latency, t->tracer);
	}
}

/* SPDX-License-Identifier: MIT */
/* pools.c - pools of equal objects; see heap.h. */
#include "heap.h"

#include <assert.h>
#include <stdlib.h>

struct pool *pools_at(const struct heap *h, uint64_t address)
{
	const struct range *r = h->pools.root ? ranges_find(&h->pools, address) : NULL;

	return r ? r->data : NULL;
}

static void pools_let(struct pool *p)
{
	assert(p->references);
	if (!--p->references)
		free(p);
}

struct pool *pools_enter(const struct heap *h, uint64_t address)
{
	struct pool *p = pools_at(h, address);

	if (!p)
		return NULL;
	p->references++;
	if (++p->used > p->peak_used)
		p->peak_used = p->used;
	return p;
}

void pools_leave(struct pool *p)
{
	assert(p->used);
	p->used--;
	pools_let(p);
}

static void store_pool(const struct heap *h, const struct pool *p, bool ended)
{
	bulk_add(h->tables->pool, h->process, p->address, p->bytes, p->object, p->capacity,
	         p->offset, p->tid, p->begin, or_null(h->now.time, ended), p->begin_seq,
	         or_null(h->now.seq, ended), p->peak_used);
}

/* Objects still live in it keep `p` and go on counting against its free bytes. */
static int end_pool(struct heap *h, struct range *r)
{
	struct pool *p = r->data;
	uint64_t bytes = r->end - r->start, objects = p->capacity * p->object;

	store_pool(h, p, true);
	h->now.pool_free -= (int64_t)objects;
	h->now.headers -= (int64_t)(bytes - objects);
	ranges_remove(&h->pools, r);
	free(r);
	pools_let(p);
	return 0;
}

/* Object sizes are the trace's word: what does not fit the pool is cut to what does. */
static struct pool *new_pool(const struct heap *h, const struct fact *f)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct pool){
		.address = f->ptr,
		.bytes = f->length,
		.object = f->object,
		.capacity = f->capacity,
		.offset = f->offset,
		.begin = h->now.time,
		.begin_seq = h->now.seq,
		.tid = f->tid,
		.references = 1,
	};
	if (p->object && p->capacity > p->bytes / p->object)
		p->capacity = p->bytes / p->object;
	return p;
}

int pools_free(struct heap *h, const struct fact *f)
{
	struct range *r = ranges_find(&h->pools, f->ptr);
	uint64_t start, end;

	if (!r || r->start != f->ptr)
		return 0;
	if (((struct pool *)r->data)->used)
		heap_violation(h, f, "pool dissolved with live objects in it");
	start = r->start;
	end = r->end;
	/* Pages that went while it lived may have been written since: objects do not say. */
	if (space_forget_returned(h, start, end))
		return -1;
	if (end_pool(h, r))
		return -1;
	return space_vacate(h, start, end, end - start);
}

int pools_new(struct heap *h, const struct fact *f)
{
	uint64_t end = f->ptr + f->length, taken;
	struct range *r;
	struct pool *p;

	if (!f->length)
		return 0;
	while ((r = ranges_from(&h->pools, f->ptr)) && r->start < end) {
		struct fact gone = {.ptr = r->start, .time = f->time, .tid = f->tid};

		heap_violation(h, f, "pool made over a pool");
		if (pools_free(h, &gone))
			return -1;
	}
	if (space_occupy(h, f->ptr, end, &taken))
		return -1;
	if (taken < f->length)
		heap_violation(h, f, "pool overlaps memory that is in use");
	p = new_pool(h, f);
	r = p ? ranges_insert(&h->pools, f->ptr, end) : NULL;
	if (!r) {
		free(p);
		return -1;
	}
	r->data = p;
	h->now.pool_free += (int64_t)(p->capacity * p->object);
	h->now.headers += (int64_t)taken - (int64_t)(p->capacity * p->object);
	return 0;
}

struct pool *pools_inherit(const struct heap *child, const struct heap *parent, struct pool *p,
                           uint64_t address)
{
	if (p == pools_at(parent, address))
		p = pools_at(child, address);
	else
		p->used++;
	p->references++;
	return p;
}

int pools_copy(struct heap *child, const struct heap *parent)
{
	const struct ranges *from = &parent->pools;

	if (space_copy(child, &child->pools, from))
		return -1;
	for (struct range *r = ranges_from(from, 0); r; r = ranges_from(from, r->end)) {
		struct pool *p = malloc(sizeof(*p));

		if (!p)
			return -1;
		*p = *(struct pool *)r->data;
		p->begin = child->now.time;
		p->begin_seq = child->now.seq;
		p->peak_used = p->used;
		p->references = 1;
		ranges_find(&child->pools, r->start)->data = p;
	}
	return 0;
}

void pools_store(const struct heap *h)
{
	for (struct range *r = ranges_from(&h->pools, 0); r; r = ranges_from(&h->pools, r->end))
		store_pool(h, r->data, false);
}

void pools_release(struct heap *h)
{
	for (struct range *r = ranges_from(&h->pools, 0); r; r = ranges_from(&h->pools, r->end))
		pools_let(r->data);
	ranges_release(&h->pools);
}

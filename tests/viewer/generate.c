/* SPDX-License-Identifier: MIT */
/*
 * generate.c - a made-up allocator's trace, of any length, with every kind of fact in it; for
 * tests and for measuring `lwview load`. Prints what must come out, worked out on its own:
 *	generate DIRECTORY OPERATIONS [LIVE-BLOCKS [FORMAT]]
 */
#include "ctf_write.h"
#include "traces/format/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BREAK   UINT64_C(0x555555000000)
#define POOL    4096
#define POOL_AT 64
#define CLASSES 32 /* pools of 16 .. 512 bytes */
#define CHUNKS  64 /* chunks of 528 .. 1 MiB: size classes of the made-up allocator */
#define HEADER  8
#define MAPPED  (1u << 20)

struct block {
	uint64_t ptr, size, usable;
};

struct list {
	uint64_t *ptr;
	size_t count, room;
};

static struct ctf_writer *out;
static uint64_t now = UINT64_C(1000000000), break_at = BREAK, break_end = BREAK;
static uint64_t map_at = UINT64_C(0x7f0000000000);
static struct list slots[CLASSES], deferred[CHUNKS], bins[CHUNKS];
static uint64_t live, usable, peak_live, extent, peak_extent, live_blocks, facts, asked;
static uint64_t seed = 88172645463325252u;

static uint64_t next(uint64_t bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % bound;
}

static void push(struct list *l, uint64_t ptr)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->ptr = realloc(l->ptr, l->room * sizeof(*l->ptr));
	}
	l->ptr[l->count++] = ptr;
}

#define EMIT(name, ...)                             \
	do {                                        \
		const uint64_t v[] = {__VA_ARGS__}; \
		ctf_write(out, name, now, v, NULL); \
		facts++;                            \
	} while (0)

static void grow(uint64_t need)
{
	uint64_t old = break_end;

	while (break_end - break_at < need)
		break_end += 1 << 17;
	if (break_end == old)
		return;
	extent += break_end - old;
	EMIT("sbrk", old, break_end, now, 900, 1, 0, 0);
	if (extent > peak_extent)
		peak_extent = extent;
}

static uint64_t chunk_size(unsigned class)
{
	return 528u + (uint64_t) class * class * 256;
}

static void new_pool(unsigned class)
{
	uint64_t object = 16 * (class + 1), capacity = (POOL - POOL_AT) / object, pool;

	grow(POOL + 4096);
	pool = (break_at + POOL - 1) & ~(uint64_t)(POOL - 1);
	break_at = pool + POOL;
	EMIT("pool_new", pool, POOL, now, object, capacity, 1, POOL_AT);
	for (uint64_t i = capacity; i-- > 0;)
		push(&slots[class], pool + POOL_AT + i * object);
}

static uint64_t take_chunk(unsigned class, uint64_t *source)
{
	uint64_t size = chunk_size(class);

	if (deferred[class].count) {
		*source = 2;
		return deferred[class].ptr[--deferred[class].count];
	}
	if (bins[class].count) {
		*source = 3;
		return bins[class].ptr[--bins[class].count];
	}
	*source = 4;
	grow(size + 16);
	break_at += size;
	return break_at - size + HEADER;
}

static struct block get(uint64_t size, uint64_t *source)
{
	struct block b = {.size = size};

	if (size <= 16 * CLASSES) {
		unsigned class = size ? (unsigned)(size - 1) / 16 : 0;

		*source = 0;
		b.usable = 16 * (class + 1);
		if (!slots[class].count) {
			new_pool(class);
			*source = 1;
		}
		b.ptr = slots[class].ptr[--slots[class].count];
	} else if (size < MAPPED) {
		unsigned class = 0;

		while (chunk_size(class) < size + HEADER)
			class ++;
		b.usable = chunk_size(class) - HEADER;
		b.ptr = take_chunk(class, source);
	} else {
		uint64_t length = (size + 16 + 4095) & ~(uint64_t)4095;

		*source = 5;
		EMIT("map", map_at, length, 0, 0, now, 1, 0);
		extent += length;
		if (extent > peak_extent)
			peak_extent = extent;
		b.ptr = map_at + 16;
		b.usable = length - 16;
		map_at += 2 * length;
	}
	return b;
}

static void count(const struct block *b, int sign)
{
	live += (uint64_t)sign * b->size;
	usable += (uint64_t)sign * b->usable;
	live_blocks += (uint64_t)sign;
	if (live > peak_live)
		peak_live = live;
}

static struct block make(void)
{
	uint64_t kind = next(1000), source, start = now, latency = 20 + next(200);
	uint64_t size = kind < 900   ? 1 + next(400)
	                : kind < 999 ? 600 + next(60000)
	                             : MAPPED + next(MAPPED);
	uint64_t site = 0x400000 + next(200) * 16;
	struct block b = get(size, &source);

	now = start + latency;
	EMIT(source ? "alloc" : "pool_hit", b.ptr, size, site, start, b.usable - size, latency, 1,
	     0, source, 0, 0);
	count(&b, 1);
	asked += size;
	now += 30;
	return b;
}

static void drop(const struct block *b)
{
	uint64_t path = 0, start = now;

	if (b->usable <= 16 * CLASSES) {
		push(&slots[b->usable / 16 - 1], b->ptr);
	} else if (b->usable < MAPPED) {
		unsigned class = 0;

		while (chunk_size(class) - HEADER != b->usable)
			class ++;
		push(&deferred[class], b->ptr);
		path = 2;
	} else {
		path = 3;
	}
	now += 15;
	if (path == 3) {
		EMIT("unmap", b->ptr - 16, b->usable + 16, 0, 0, now - 1, 1, 2);
		extent -= b->usable + 16;
	}
	EMIT("free", b->ptr, 0x500010, start, 15, 1, path, 9, 0);
	count(b, -1);
	now += 20;
}

static void merge_all(void)
{
	uint64_t chunks = 0;

	for (unsigned class = 0; class < CHUNKS; class ++) {
		while (deferred[class].count) {
			uint64_t ptr = deferred[class].ptr[--deferred[class].count];

			EMIT("merge", ptr, ptr, chunk_size(class), now, 1, 0);
			push(&bins[class], ptr);
			chunks++;
		}
	}
	EMIT("coalesce", now, chunks * 1000, 1000, chunks, chunks, 700, 1, 0);
}

static void finish(void)
{
	for (unsigned i = 0; i < CHUNKS; i++) {
		free(deferred[i].ptr);
		free(bins[i].ptr);
	}
	for (unsigned i = 0; i < CLASSES; i++)
		free(slots[i].ptr);
}

int main(int argc, char **argv)
{
	uint64_t operations = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
	size_t room = argc > 3 ? strtoull(argv[3], NULL, 10) : 2000, used = 0;
	struct ctf_writer_spec spec = {.host = "board", .program = "made-up", .pid = 4711};
	struct block *blocks = calloc(room, sizeof(*blocks));
	uint64_t format = argc > 4 ? strtoull(argv[4], NULL, 10) : LW_TRACE_FORMAT;
	const uint64_t process[] = {now, format, 4711, 1, 4096, HEADER, 22, 1, 0};

	if (argc < 2 || !blocks)
		return 2;
	spec.directory = argv[1];
	spec.plain_metadata = argc > 4;
	out = ctf_writer_open(&spec);
	ctf_write(out, "process", now, process, "made-up");
	facts++;
	for (uint64_t i = 0; i < operations; i++) {
		size_t n = next(room);

		if (n < used) {
			drop(&blocks[n]);
			blocks[n] = blocks[--used];
		} else {
			blocks[used++] = make();
		}
		if (i % 5000 == 4999)
			merge_all();
		if (i % 1000 == 0)
			EMIT("rss", extent, extent + 100000, extent / 2, now, 1, 0);
	}
	ctf_writer_close(out);
	printf("{\"facts\":%" PRIu64 ",\"live\":%" PRIu64 ",\"usable\":%" PRIu64
	       ",\"blocks\":%" PRIu64 ",\"peak_live\":%" PRIu64 ",\"extent\":%" PRIu64
	       ",\"peak_extent\":%" PRIu64 ",\"asked\":%" PRIu64 "}\n",
	       facts, live, usable, live_blocks, peak_live, extent, peak_extent, asked);
	free(blocks);
	finish();
	return 0;
}

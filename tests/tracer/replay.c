/*
 * replay.c - an independent reading of a trace: counts its facts, and replays them in effect order.
 *
 *   babeltrace2 TRACE | replay
 *
 * reads the text of one process, and prints one line: how many allocations, frees, size changes and
 * failures are the program's, how many facts are the tracer's, whether an address was ever handed
 * out while it was live (`twice`), or ended while it was not (`unknown`), and what is live at the end.
 * A free of the tracer's block is the tracer's, whoever did it.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct effect {
	uint64_t time, ptr;
	uint32_t number; /* in the order of the text */
	bool begins, changes, tracer;
};

static struct effect *effects;
static size_t effect_count, effect_room;
static uint64_t fails, processes;

static bool field(const char *line, const char *name, uint64_t *value)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof key, " %s = ", name);
	at = strstr(line, key);
	if (at)
		*value = strtoull(at + strlen(key), NULL, 0);
	return at != NULL;
}

static uint64_t need(const char *line, const char *name)
{
	uint64_t value = 0;

	if (!field(line, name, &value)) {
		fprintf(stderr, "replay: no field %s: %s", name, line);
		exit(2);
	}
	return value;
}

static void add(struct effect effect)
{
	if (effect_count == effect_room) {
		effect_room = effect_room ? effect_room * 2 : 4096;
		effects = realloc(effects, effect_room * sizeof *effects);
		if (!effects)
			exit(2);
	}
	effects[effect_count++] = effect;
}

static void read_line(const char *line, uint32_t number)
{
	bool tracer =
		strstr(line, " lw:") && strstr(line, " flags = ") && (need(line, "flags") & 1);
	uint64_t start;

	processes += strstr(line, " lw:process: ") != NULL;
	fails += strstr(line, " lw:fail: ") && !tracer;
	if (strstr(line, " lw:alloc: ") || strstr(line, " lw:pool_hit: ")) {
		start = need(line, "start") + need(line, "latency");
		add((struct effect){start, need(line, "ptr"), number, true, false, tracer});
	} else if (strstr(line, " lw:free: ")) {
		add((struct effect){need(line, "start"), need(line, "ptr"), number, false, false,
		                    tracer});
	} else if (strstr(line, " lw:realloc: ")) {
		start = need(line, "start");
		add((struct effect){start, need(line, "old_ptr"), number, false, true, tracer});
		start += need(line, "latency");
		add((struct effect){start, need(line, "new_ptr"), number, true, true, tracer});
	}
}

static int by_time(const void *a, const void *b)
{
	const struct effect *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->ptr == y->ptr && x->begins != y->begins)
		return x->begins - y->begins;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Live addresses, open addressing; a removed one leaves the mark 1. */
struct slot {
	uint64_t ptr;
	bool tracer;
};

static struct slot *table;
static size_t table_size;

static struct slot *find(uint64_t ptr)
{
	size_t at = (size_t)((ptr >> 3) * 0x9E3779B97F4A7C15u >> 20) % table_size;
	struct slot *removed = NULL;

	for (;; at = (at + 1) % table_size) {
		if (table[at].ptr == ptr)
			return &table[at];
		if (table[at].ptr == 1 && !removed)
			removed = &table[at];
		if (!table[at].ptr)
			return removed ? removed : &table[at];
	}
}

int main(void)
{
	uint64_t allocs = 0, frees = 0, changes = 0, tracers = 0, twice = 0, unknown = 0, live = 0;
	uint32_t number = 0;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0)
		read_line(line, number++);
	free(line);
	qsort(effects, effect_count, sizeof *effects, by_time);
	table_size = 4 * effect_count + 1024;
	table = calloc(table_size, sizeof *table);
	if (!table)
		return 2;
	for (size_t i = 0; i < effect_count; i++) {
		const struct effect *effect = &effects[i];
		struct slot *slot = find(effect->ptr);
		bool known = slot->ptr == effect->ptr;
		bool tracer = effect->tracer || (!effect->begins && known && slot->tracer);

		tracers += tracer;
		allocs += effect->begins && !effect->changes && !tracer;
		frees += !effect->begins && !effect->changes && !tracer;
		changes += effect->begins && effect->changes && !tracer;
		twice += effect->begins && known;
		unknown += !effect->begins && !known;
		live += effect->begins && !known;
		live -= !effect->begins && known;
		*slot = (struct slot){effect->begins ? effect->ptr : 1, tracer};
	}
	printf("allocs=%" PRIu64 " frees=%" PRIu64 " reallocs=%" PRIu64 " fails=%" PRIu64
	       " tracer=%" PRIu64 " twice=%" PRIu64 " unknown=%" PRIu64 " live=%" PRIu64
	       " processes=%" PRIu64 "\n",
	       allocs, frees, changes, fails, tracers, twice, unknown, live, processes);
	return 0;
}

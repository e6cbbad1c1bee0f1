/* SPDX-License-Identifier: MIT */
/*
 * The heap model: facts in, rows out. Each test writes a small story, then asks the database.
 * After every story the parts of the extent must sum to it in every row of the timeline.
 */
#include "tests/cm.h"

#include "viewer/load/model.h"

#include <stdio.h>

#define HEAP 0x10000 /* where the made-up break begins */

struct story {
	struct db *db;
	struct model *model;
	int64_t now;
	uint64_t order;
};

static void begin(struct story *s)
{
	*s = (struct story){.now = 1000};
	assert_int_equal(db_create_memory(&s->db), STATUS_OK);
	assert_int_equal(model_open(&s->model, s->db), STATUS_OK);
}

static uint32_t process(struct story *s, uint32_t origin, uint32_t pid, uint32_t ppid, int forked)
{
	struct process_info info = {.fact = {.effect = FACT_PROCESS,
	                                     .origin = origin,
	                                     .pid = pid,
	                                     .ppid = ppid,
	                                     .forked = forked,
	                                     .header = 8,
	                                     .time = 1},
	                            .allocator = "t"};

	return (uint32_t)model_announce(s->model, &info);
}

/* One whose chunks have no headers. */
static void bare_process(struct story *s)
{
	struct process_info info = {
		.fact = {.effect = FACT_PROCESS, .pid = 7, .ppid = 1, .time = 1}, .allocator = "t"};

	model_announce(s->model, &info);
}

/* The clock goes on by 10 ns with every fact. */
static void tell(struct story *s, struct fact f)
{
	f.time = f.time ? f.time : (s->now += 10);
	f.order = s->order++;
	f.tid = f.tid ? f.tid : 1;
	assert_int_equal(model_fact(s->model, &f), STATUS_OK);
}

static void grow(struct story *s, uint64_t from, uint64_t to)
{
	tell(s, (struct fact){.effect = FACT_SBRK, .old_end = from, .new_end = to});
}

static void alloc(struct story *s, uint64_t ptr, uint64_t size, uint32_t slack)
{
	tell(s, (struct fact){.effect = FACT_ALLOC,
	                      .ptr = ptr,
	                      .size = size,
	                      .slack = slack,
	                      .caller = 0x4000,
	                      .latency = 5,
	                      .source = SOURCE_TOP});
}

static void release_to(struct story *s, uint64_t ptr, enum path path)
{
	tell(s, (struct fact){.effect = FACT_FREE,
	                      .ptr = ptr,
	                      .caller = 0x5000,
	                      .latency = 3,
	                      .path = path,
	                      .function = FUNCTION_FREE});
}

static int64_t ask(const struct story *s, const char *sql)
{
	int64_t value = db_value(s->db, sql, 0, NULL);

	assert_int_equal(db_status(s->db), STATUS_OK);
	return value;
}

static void finish(struct story *s)
{
	assert_int_equal(model_finish(s->model), STATUS_OK);
	assert_int_equal(ask(s,
	                     "SELECT count(*) FROM timeline WHERE extent <> live + slack + tracer"
	                     " + headers + pool_free + deferred + bins + top"),
	                 0);
}

static void end(struct story *s, int64_t violations)
{
	assert_int_equal(model_result(s->model)->violations, violations);
	assert_int_equal(ask(s, "SELECT count(*) FROM violation"), violations);
	model_close(s->model);
	db_close(s->db);
}

#define LAST "SELECT %s FROM timeline ORDER BY process, seq DESC LIMIT 1"

static int64_t last(const struct story *s, const char *column)
{
	char sql[128];

	snprintf(sql, sizeof(sql), LAST, column);
	return ask(s, sql);
}

static void a_lifetime_is_one_row(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 12);
	alloc(&s, HEAP + 128, 50, 6);
	release_to(&s, HEAP + 8, PATH_MERGED);
	finish(&s);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block"), 2);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block WHERE ptr = 0x10008 AND size = 100"
	                         " AND usable = 112 AND birth = 1020 AND death = 1040"
	                         " AND birth_seq = 2 AND death_seq = 4 AND alloc_latency = 5"
	                         " AND free_latency = 3 AND path = 5 AND header = 8"),
	                 1);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block WHERE ptr = 0x10080 AND death IS NULL"
	                         " AND death_seq IS NULL AND path IS NULL"),
	                 1);
	assert_int_equal(ask(&s, "SELECT count(*) FROM site"), 0); /* stored by the loader */
	assert_int_equal(last(&s, "live"), 50);
	assert_int_equal(last(&s, "slack"), 6);
	assert_int_equal(last(&s, "headers"), 8);
	assert_int_equal(last(&s, "bins"), 120);
	assert_int_equal(last(&s, "top"), 4096 - 184);
	end(&s, 0);
}

static void a_deferred_chunk_is_not_free_until_it_is_merged(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	alloc(&s, HEAP + 136, 100, 20);
	release_to(&s, HEAP + 8, PATH_DEFERRED);
	release_to(&s, HEAP + 136, PATH_DEFERRED);
	/* One is handed out again, the other one is merged. */
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = HEAP + 8,
	                       .size = 110,
	                       .slack = 10,
	                       .source = SOURCE_DEFERRED});
	tell(&s, (struct fact){.effect = FACT_MERGE, .ptr = HEAP + 136});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT max(deferred) FROM timeline"), 256);
	assert_int_equal(last(&s, "deferred"), 0);
	assert_int_equal(last(&s, "live"), 110);
	assert_int_equal(last(&s, "top"), 4096 - 128);
	assert_int_equal(ask(&s, "SELECT count(*) FROM deferred WHERE length = 128"
	                         " AND finish_seq IS NOT NULL"),
	                 2);
	assert_int_equal(ask(&s, "SELECT max(value) FROM peak WHERE figure = 'deferred'"), 256);
	end(&s, 0);
}

static void pool_slots_have_no_header(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 8192);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 4096,
	                       .object = 32,
	                       .capacity = 126,
	                       .offset = 64});
	alloc(&s, HEAP + 64, 20, 12);
	alloc(&s, HEAP + 96, 32, 0);
	release_to(&s, HEAP + 64, PATH_LOCAL);
	finish(&s);
	assert_int_equal(last(&s, "headers"), 64);
	assert_int_equal(last(&s, "pool_free"), 125 * 32);
	assert_int_equal(last(&s, "live"), 32);
	assert_int_equal(last(&s, "top"), 4096);
	assert_int_equal(ask(&s, "SELECT peak_used FROM pool"), 2);
	assert_int_equal(ask(&s, "SELECT sum(header) FROM block"), 0);
	end(&s, 0);
}

static void a_dissolved_pool_is_free_memory(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 8192);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 4096,
	                       .object = 32,
	                       .capacity = 126,
	                       .offset = 64});
	alloc(&s, HEAP + 64, 20, 12);
	release_to(&s, HEAP + 64, PATH_REMOTE);
	tell(&s, (struct fact){.effect = FACT_POOL_FREE, .ptr = HEAP, .length = 4096});
	finish(&s);
	assert_int_equal(last(&s, "top"), 8192);
	assert_int_equal(last(&s, "pool_free"), 0);
	assert_int_equal(last(&s, "headers"), 0);
	assert_int_equal(ask(&s, "SELECT finish_seq FROM pool"), 5);
	end(&s, 0);
}

static void a_pool_dissolved_under_live_blocks_is_a_contradiction(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 8192);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 4096,
	                       .object = 32,
	                       .capacity = 126,
	                       .offset = 64});
	alloc(&s, HEAP + 64, 20, 12);
	tell(&s, (struct fact){.effect = FACT_POOL_FREE, .ptr = HEAP, .length = 4096});
	release_to(&s, HEAP + 64, PATH_LOCAL); /* must not crash */
	finish(&s);
	end(&s, 1);
}

static void realloc_ends_one_lifetime_and_begins_the_next(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	tell(&s, (struct fact){.effect = FACT_REALLOC_OLD,
	                       .ptr = HEAP + 8,
	                       .path = PATH_UNKNOWN,
	                       .function = FUNCTION_REALLOC});
	tell(&s, (struct fact){.effect = FACT_REALLOC_NEW,
	                       .ptr = HEAP + 8,
	                       .old_ptr = HEAP + 8,
	                       .size = 200,
	                       .slack = 48,
	                       .latency = 10,
	                       .function = FUNCTION_REALLOC,
	                       .source = SOURCE_TOP});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT new.prior = old.id AND old.free_latency IS NULL"
	                         "  AND old.death = 1030 AND new.birth = 1040"
	                         " FROM block old, block new"
	                         " WHERE old.size = 100 AND new.size = 200"),
	                 1);
	assert_int_equal(last(&s, "live"), 200);
	assert_int_equal(last(&s, "asked"), 300);
	assert_int_equal(ask(&s, "SELECT facts FROM process"), 3); /* a realloc is one event */
	assert_int_equal(ask(&s, "SELECT last_seq FROM process"), 4);
	end(&s, 0);
}

static void an_own_mapping_is_extent_and_its_rest_is_headers(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	tell(&s,
	     (struct fact){.effect = FACT_MAP, .ptr = 0x7f0000, .length = 8192, .what = WHAT_MAP});
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = 0x7f0010,
	                       .size = 8000,
	                       .slack = 176,
	                       .source = SOURCE_MMAP});
	finish(&s);
	assert_int_equal(last(&s, "extent"), 8192);
	assert_int_equal(last(&s, "headers"), 16);
	assert_int_equal(last(&s, "bins"), 0);
	assert_int_equal(ask(&s, "SELECT header FROM block"), 16);
	end(&s, 0);
}

static void memory_given_back_leaves_the_extent(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 8192);
	alloc(&s, HEAP + 8, 100, 20);
	tell(&s, (struct fact){.effect = FACT_SBRK,
	                       .old_end = HEAP + 8192,
	                       .new_end = HEAP + 4096,
	                       .outcome = OUTCOME_SHRUNK});
	tell(&s,
	     (struct fact){.effect = FACT_MAP, .ptr = 0x7f0000, .length = 8192, .what = WHAT_MAP});
	tell(&s, (struct fact){
			 .effect = FACT_MAP, .ptr = 0x7f1000, .length = 4096, .what = WHAT_UNMAP});
	finish(&s);
	assert_int_equal(last(&s, "extent"), 8192);
	assert_int_equal(last(&s, "top"), 4096 - 128);
	assert_int_equal(ask(&s, "SELECT sum(length) FROM extent WHERE finish_seq IS NULL"), 8192);
	assert_int_equal(ask(&s, "SELECT sum(length) FROM extent WHERE finish_seq IS NOT NULL"),
	                 8192);
	assert_int_equal(ask(&s, "SELECT max(value) FROM peak WHERE figure = 'extent'"), 12288);
	end(&s, 0);
}

static void returned_pages_are_used_again_by_the_next_block(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 65536);
	tell(&s, (struct fact){.effect = FACT_MAP,
	                       .ptr = HEAP + 4096,
	                       .length = 8192,
	                       .what = WHAT_RETURNED});
	alloc(&s, HEAP + 4104, 4080, 8);
	finish(&s);
	assert_int_equal(last(&s, "extent"), 65536);
	assert_int_equal(ask(&s, "SELECT sum(length) FROM returned WHERE finish_seq = 3"), 4096);
	assert_int_equal(ask(&s, "SELECT sum(length) FROM returned WHERE finish_seq IS NULL"),
	                 4096);
	end(&s, 0);
}

static void returned_pages_of_a_pool_are_forgotten_with_it(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 65536);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 32768,
	                       .object = 32,
	                       .capacity = 1024});
	tell(&s, (struct fact){.effect = FACT_MAP,
	                       .ptr = HEAP + 4096,
	                       .length = 8192,
	                       .what = WHAT_RETURNED});
	alloc(&s, HEAP + 8192, 32, 0);
	release_to(&s, HEAP + 8192, PATH_LOCAL);
	tell(&s, (struct fact){.effect = FACT_POOL_FREE, .ptr = HEAP, .length = 32768});
	finish(&s);
	assert_int_equal(last(&s, "top"), 65536);
	assert_int_equal(ask(&s, "SELECT count(*) FROM returned WHERE finish_seq IS NULL"), 0);
	assert_int_equal(ask(&s, "SELECT sum(length) FROM returned"), 8192);
	end(&s, 0);
}

static void the_largest_free_run_is_known_at_every_fact(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 1024);
	for (int i = 0; i < 8; i++)
		alloc(&s, HEAP + 8 + (uint64_t)i * 128, 120, 0);
	release_to(&s, HEAP + 8 + 1 * 128, PATH_MERGED);
	release_to(&s, HEAP + 8 + 3 * 128, PATH_MERGED);
	release_to(&s, HEAP + 8 + 2 * 128, PATH_MERGED);
	finish(&s);
	assert_int_equal(ask(&s, "SELECT largest_free FROM timeline WHERE seq = 9"), 0);
	assert_int_equal(ask(&s, "SELECT largest_free FROM timeline WHERE seq = 11"), 128);
	assert_int_equal(ask(&s, "SELECT largest_free FROM timeline WHERE seq = 12"), 384);
	end(&s, 0);
}

static void the_free_end_of_the_break_is_top_also_behind_a_fence(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW, .ptr = HEAP + 4088, .length = 8});
	alloc(&s, HEAP + 8, 1000, 16);
	finish(&s);
	assert_int_equal(last(&s, "top"), 4096 - 8 - 1024);
	assert_int_equal(last(&s, "bins"), 0);
	assert_int_equal(last(&s, "headers"), 16);
	end(&s, 0);
}

static void without_headers_a_pool_at_the_break_leaves_no_top(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	bare_process(&s);
	grow(&s, HEAP, HEAP + 4096);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW, .ptr = HEAP + 3072, .length = 1024});
	alloc(&s, HEAP, 1000, 24);
	finish(&s);
	assert_int_equal(last(&s, "top"), 0);
	assert_int_equal(last(&s, "bins"), 2048);
	assert_int_equal(last(&s, "headers"), 1024);
	assert_int_equal(ask(&s, "SELECT header FROM block"), 0);
	end(&s, 0);
}

static void a_deferred_chunk_may_be_made_a_pool_as_it_is(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	bare_process(&s);
	grow(&s, HEAP, HEAP + 8192);
	alloc(&s, HEAP, 4000, 96);
	release_to(&s, HEAP, PATH_DEFERRED);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 4096,
	                       .object = 48,
	                       .capacity = 85});
	alloc(&s, HEAP, 40, 8);
	finish(&s);
	assert_int_equal(ask(&s, "SELECT max(deferred) FROM timeline"), 4096);
	assert_int_equal(last(&s, "deferred"), 0);
	assert_int_equal(last(&s, "pool_free"), 84 * 48);
	assert_int_equal(last(&s, "headers"), 4096 - 85 * 48);
	assert_int_equal(last(&s, "top"), 4096);
	end(&s, 0);
}

static void a_block_handed_out_twice_is_named(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	alloc(&s, HEAP + 8, 100, 20);
	finish(&s);
	assert_non_null(strstr(model_result(s.model)->first_violation, "handed out twice"));
	assert_non_null(strstr(model_result(s.model)->first_violation, "ptr=0x10008"));
	assert_int_equal(ask(&s, "SELECT complete FROM process"), 0);
	assert_int_equal(last(&s, "blocks"), 1);
	end(&s, 1);
}

static void blocks_that_overlap_are_named(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	alloc(&s, HEAP + 72, 100, 20);
	release_to(&s, HEAP + 8, PATH_MERGED);
	release_to(&s, HEAP + 72, PATH_MERGED);
	finish(&s);
	assert_int_equal(last(&s, "live"), 0);
	end(&s, 1);
}

static void in_one_nanosecond_the_free_of_a_live_block_comes_first(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	/* Thread 2 gets the address in the nanosecond in which thread 1 gives it back. */
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = HEAP + 8,
	                       .size = 90,
	                       .slack = 30,
	                       .tid = 2,
	                       .time = 5000});
	tell(&s, (struct fact){.effect = FACT_FREE,
	                       .ptr = HEAP + 8,
	                       .tid = 1,
	                       .time = 5000,
	                       .path = PATH_MERGED});
	/* And the other way round: the free of a block that this very nanosecond brings. */
	tell(&s, (struct fact){.effect = FACT_FREE,
	                       .ptr = HEAP + 256,
	                       .tid = 1,
	                       .time = 6000,
	                       .path = PATH_MERGED});
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = HEAP + 256,
	                       .size = 90,
	                       .slack = 30,
	                       .tid = 2,
	                       .time = 6000});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block WHERE size = 100 AND death = 5000"),
	                 1);
	assert_int_equal(last(&s, "live"), 90);
	assert_int_equal(ask(&s, "SELECT unknown_frees FROM process"), 0);
	end(&s, 0);
}

static void a_threads_own_order_is_never_changed(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	/* One thread says alloc, then free: the alloc is a contradiction and stays one. */
	tell(&s,
	     (struct fact){
		     .effect = FACT_ALLOC, .ptr = HEAP + 8, .size = 90, .slack = 30, .time = 5000});
	tell(&s, (struct fact){
			 .effect = FACT_FREE, .ptr = HEAP + 8, .time = 5000, .path = PATH_MERGED});
	finish(&s);
	end(&s, 1);
}

static void a_forked_child_begins_with_its_parents_heap(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	uint32_t child = process(&s, 1, 8, 7, 1);
	grow(&s, HEAP, HEAP + 8192);
	tell(&s, (struct fact){.effect = FACT_POOL_NEW,
	                       .ptr = HEAP,
	                       .length = 4096,
	                       .object = 32,
	                       .capacity = 126,
	                       .offset = 64});
	alloc(&s, HEAP + 64, 20, 12);
	alloc(&s, HEAP + 4104, 100, 20);
	tell(&s, (struct fact){.effect = FACT_PROCESS, .origin = 1, .info = child});
	/* The parent's free is not the child's. */
	release_to(&s, HEAP + 64, PATH_LOCAL);
	tell(&s,
	     (struct fact){
		     .effect = FACT_FREE, .origin = 1, .ptr = HEAP + 4104, .path = PATH_MERGED});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT parent FROM process WHERE pid = 8"), 1);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block WHERE process = 2 AND flags & 4"
	                         " AND birth_seq = 0"),
	                 2);
	assert_int_equal(ask(&s, "SELECT live FROM timeline WHERE process = 1"
	                         " ORDER BY seq DESC LIMIT 1"),
	                 100);
	assert_int_equal(ask(&s, "SELECT live FROM timeline WHERE process = 2"
	                         " ORDER BY seq DESC LIMIT 1"),
	                 20);
	assert_int_equal(ask(&s, "SELECT pool_free FROM timeline WHERE process = 2"
	                         " ORDER BY seq DESC LIMIT 1"),
	                 125 * 32);
	end(&s, 0);
}

static void what_other_threads_freed_during_fork_is_no_contradiction(void **state)
{
	struct story s;
	uint32_t child;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	child = process(&s, 1, 8, 7, 1);
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	alloc(&s, HEAP + 136, 100, 20);
	alloc(&s, HEAP + 264, 100, 20);
	tell(&s, (struct fact){.effect = FACT_PROCESS, .origin = 1, .info = child});
	/* The child finds two of them free: one by its address, one by what lies over it. */
	tell(&s, (struct fact){.effect = FACT_ALLOC, .origin = 1, .ptr = HEAP + 8, .size = 120});
	tell(&s, (struct fact){.effect = FACT_ALLOC, .origin = 1, .ptr = HEAP + 152, .size = 40});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT live FROM timeline WHERE process = 2"
	                         " ORDER BY seq DESC LIMIT 1"),
	                 260);
	assert_int_equal(ask(&s, "SELECT complete FROM process WHERE pid = 8"), 1);
	end(&s, 0);
}

static void the_parent_is_the_image_that_the_pid_had_last(void **state)
{
	struct story s;
	uint32_t later, earlier, child;

	(void)state;
	begin(&s);
	/* As directories are listed: not in the order in which the images lived. */
	later = process(&s, 0, 7, 1, 0);
	earlier = process(&s, 1, 7, 1, 0);
	child = process(&s, 2, 8, 7, 1);
	tell(&s, (struct fact){.effect = FACT_PROCESS, .origin = 1, .info = earlier});
	tell(&s, (struct fact){.effect = FACT_ALLOC, .origin = 1, .ptr = 0x9008, .size = 8});
	tell(&s, (struct fact){.effect = FACT_PROCESS, .origin = 0, .info = later});
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	tell(&s, (struct fact){.effect = FACT_PROCESS, .origin = 2, .info = child});
	finish(&s);
	assert_int_equal(ask(&s, "SELECT c.parent = p.id FROM process c, process p, block b"
	                         " WHERE c.pid = 8 AND b.process = p.id AND b.size = 100"
	                         " AND p.pid = 7"),
	                 1);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block b, process p"
	                         " WHERE p.pid = 8 AND b.process = p.id AND b.size = 100"),
	                 1);
	end(&s, 0);
}

static void a_program_that_was_execed_begins_empty(void **state)
{
	struct story s;
	uint32_t second;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	second = process(&s, 0, 7, 1, 0); /* same pid, shared buffers */
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 100, 20);
	tell(&s, (struct fact){.effect = FACT_PROCESS, .info = second});
	grow(&s, HEAP, HEAP + 4096);
	alloc(&s, HEAP + 8, 50, 6);
	finish(&s);
	assert_int_equal(ask(&s, "SELECT count(*) FROM process WHERE pid = 7 AND parent IS NULL"),
	                 2);
	assert_int_equal(ask(&s, "SELECT count(*) FROM block WHERE death_seq IS NULL"), 2);
	end(&s, 0);
}

static void the_tracers_own_blocks_are_apart(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = HEAP + 8,
	                       .size = 100,
	                       .slack = 20,
	                       .flags = FLAG_TRACER,
	                       .tid = 9});
	tell(&s, (struct fact){.effect = FACT_ALLOC,
	                       .ptr = HEAP + 136,
	                       .size = 100,
	                       .slack = 20,
	                       .flags = FLAG_TRACER,
	                       .tid = 9});
	alloc(&s, HEAP + 264, 50, 6);
	/* The free does not say whose the block was. */
	tell(&s, (struct fact){.effect = FACT_FREE,
	                       .ptr = HEAP + 8,
	                       .path = PATH_MERGED,
	                       .function = FUNCTION_FREE});
	finish(&s);
	assert_int_equal(last(&s, "tracer"), 120);
	assert_int_equal(last(&s, "live"), 50);
	assert_int_equal(last(&s, "asked"), 50);
	assert_int_equal(ask(&s, "SELECT count FROM calls WHERE function = 9 AND tracer = 1"), 1);
	assert_int_equal(ask(&s, "SELECT sum(bytes) FROM leaks"), 50);
	assert_int_equal(ask(&s, "SELECT sum(count) FROM latency_hist"), 1);
	end(&s, 0);
}

static void memory_in_use_outside_the_extent_extends_it(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	alloc(&s, 0x900008, 100, 20);
	release_to(&s, 0x900008, PATH_MERGED);
	release_to(&s, 0xdead00, PATH_LOCAL);
	finish(&s);
	assert_int_equal(last(&s, "extent"), 128);
	assert_int_equal(ask(&s, "SELECT implied FROM process"), 128);
	assert_int_equal(ask(&s, "SELECT unknown_frees FROM process"), 1);
	assert_int_equal(ask(&s, "SELECT count(*) FROM extent WHERE kind = 'implied'"), 1);
	end(&s, 0);
}

static void peaks_are_taken_over_all_facts_not_over_samples(void **state)
{
	struct story s;
	int64_t peak = 0, live = 0, at = 0;
	uint64_t seed = 5;
	bool there[64] = {false};

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 64 * 1024);
	for (int64_t i = 2; i < 60000; i++) {
		unsigned n;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		n = (unsigned)(seed >> 33) % 64;
		if (there[n])
			release_to(&s, HEAP + 8 + n * 1024, PATH_MERGED);
		else
			alloc(&s, HEAP + 8 + n * 1024, 200 + n * 3, 8);
		live += there[n] ? -(int64_t)(200 + n * 3) : (int64_t)(200 + n * 3);
		there[n] = !there[n];
		if (live > peak) {
			peak = live;
			at = i;
		}
	}
	finish(&s);
	assert_int_equal(ask(&s, "SELECT value FROM peak WHERE figure = 'live'"), peak);
	assert_int_equal(ask(&s, "SELECT seq FROM peak WHERE figure = 'live'"), at);
	assert_int_equal(last(&s, "live"), live);
	assert_in_range(ask(&s, "SELECT count(*) FROM timeline"), 500, 7000);
	/* A view can rely on a row for every peak. */
	assert_int_equal(ask(&s, "SELECT count(*) FROM peak p LEFT JOIN timeline t"
	                         " ON t.process = p.process AND t.seq = p.seq"
	                         " WHERE t.seq IS NULL"),
	                 0);
	end(&s, 0);
}

static void losses_are_summed_as_signed_numbers(void **state)
{
	struct story s;

	(void)state;
	begin(&s);
	process(&s, 0, 7, 1, 0);
	model_lost(s.model, &(struct loss){0, 10, 20, INT64_MAX});
	model_lost(s.model, &(struct loss){0, 20, 30, -INT64_MAX + 41});
	grow(&s, HEAP, HEAP + 4096);
	finish(&s);
	assert_int_equal(ask(&s, "SELECT lost FROM process"), 41);
	assert_int_equal(ask(&s, "SELECT complete FROM process"), 0);
	assert_int_equal(ask(&s, "SELECT count(*) FROM loss"), 2);
	end(&s, 0);
}

static void latency_buckets_are_narrow_and_cover_everything(void **state)
{
	(void)state;
	struct story s;

	begin(&s);
	process(&s, 0, 7, 1, 0);
	grow(&s, HEAP, HEAP + 4096);
	for (uint32_t ns = 1; ns < 4000000000u; ns = ns * 3 + 1) {
		tell(&s, (struct fact){.effect = FACT_ALLOC,
		                       .ptr = HEAP + 8,
		                       .size = 8,
		                       .slack = 16,
		                       .latency = ns});
		release_to(&s, HEAP + 8, PATH_LOCAL);
	}
	finish(&s);
	assert_int_equal(ask(&s, "SELECT count(*) FROM latency_hist WHERE operation = 0 AND"
	                         " (max < low OR max >= high OR high > low * 17 / 16 + 1)"),
	                 0);
	assert_int_equal(ask(&s, "SELECT sum(count) FROM latency_hist WHERE operation = 0"),
	                 ask(&s, "SELECT count(*) FROM block"));
	end(&s, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lifetime_is_one_row),
		cmocka_unit_test(a_deferred_chunk_is_not_free_until_it_is_merged),
		cmocka_unit_test(pool_slots_have_no_header),
		cmocka_unit_test(a_dissolved_pool_is_free_memory),
		cmocka_unit_test(a_pool_dissolved_under_live_blocks_is_a_contradiction),
		cmocka_unit_test(realloc_ends_one_lifetime_and_begins_the_next),
		cmocka_unit_test(an_own_mapping_is_extent_and_its_rest_is_headers),
		cmocka_unit_test(memory_given_back_leaves_the_extent),
		cmocka_unit_test(returned_pages_are_used_again_by_the_next_block),
		cmocka_unit_test(returned_pages_of_a_pool_are_forgotten_with_it),
		cmocka_unit_test(the_largest_free_run_is_known_at_every_fact),
		cmocka_unit_test(the_free_end_of_the_break_is_top_also_behind_a_fence),
		cmocka_unit_test(without_headers_a_pool_at_the_break_leaves_no_top),
		cmocka_unit_test(a_deferred_chunk_may_be_made_a_pool_as_it_is),
		cmocka_unit_test(a_block_handed_out_twice_is_named),
		cmocka_unit_test(blocks_that_overlap_are_named),
		cmocka_unit_test(in_one_nanosecond_the_free_of_a_live_block_comes_first),
		cmocka_unit_test(a_threads_own_order_is_never_changed),
		cmocka_unit_test(a_forked_child_begins_with_its_parents_heap),
		cmocka_unit_test(what_other_threads_freed_during_fork_is_no_contradiction),
		cmocka_unit_test(the_parent_is_the_image_that_the_pid_had_last),
		cmocka_unit_test(a_program_that_was_execed_begins_empty),
		cmocka_unit_test(the_tracers_own_blocks_are_apart),
		cmocka_unit_test(memory_in_use_outside_the_extent_extends_it),
		cmocka_unit_test(peaks_are_taken_over_all_facts_not_over_samples),
		cmocka_unit_test(losses_are_summed_as_signed_numbers),
		cmocka_unit_test(latency_buckets_are_narrow_and_cover_everything),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

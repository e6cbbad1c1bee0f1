/* SPDX-License-Identifier: MIT */
/* Events to facts: shared buffers, LTTng's own wrapper, losses, facts that come late. */
#include "tests/cm.h"

#include "ctf_write.h"
#include "viewer/load/decode.h"

#include <stdio.h>
#include <unistd.h>

struct reading {
	char root[64];
	struct ctf_writer *out;
	struct db *db;
};

static int set_up(void **state)
{
	struct reading *r = calloc(1, sizeof(*r));

	strcpy(r->root, "/tmp/test_decode_XXXXXX");
	assert_non_null(mkdtemp(r->root));
	assert_int_equal(db_create_memory(&r->db), STATUS_OK);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *r = *state;
	char command[128];

	db_close(r->db);
	snprintf(command, sizeof(command), "rm -rf '%s'", r->root);
	free(r);
	return system(command);
}

static void open_trace(struct reading *r, uint32_t pid)
{
	struct ctf_writer_spec spec = {
		.directory = r->root, .host = "h", .program = "p", .pid = pid};

	r->out = ctf_writer_open(&spec);
}

/* Facts are written at `written`, and take effect by their own times. */
#define WRITE(r, name, written, ...)                        \
	do {                                                \
		const uint64_t v[] = {__VA_ARGS__};         \
		ctf_write((r)->out, name, written, v, "t"); \
	} while (0)

#define PROCESS(r, written, start, pid, ppid, forked) \
	WRITE(r, "process", written, start, LW_TRACE_FORMAT, pid, ppid, 4096, 8, 20, 1, forked)
#define ALLOC(r, written, ptr, size, start, latency) \
	WRITE(r, "lw:alloc", written, ptr, size, 0x400010, start, 0, latency, 1, 0, 4, 0, 0)
#define FREE(r, written, ptr, start) \
	WRITE(r, "lw:free", written, ptr, 0x400020, start, 5, 1, 5, 9, 0)

/* All the way into the database. */
static void load(struct reading *r, int64_t only_pid)
{
	struct sorter *sorter;
	struct decoder decoder;
	struct model *model;
	struct fact f;
	bool got;

	ctf_writer_close(r->out);
	assert_int_equal(sorter_open(&sorter, "/tmp", 0), STATUS_OK);
	decoder_init(&decoder, sorter);
	decoder.only_pid = only_pid;
	assert_int_equal(decoder_read(&decoder, r->root, r->root), STATUS_OK);
	assert_int_equal(model_open(&model, r->db), STATUS_OK);
	assert_int_equal(decoder_announce(&decoder, model), STATUS_OK);
	assert_int_equal(sorter_sort(sorter), STATUS_OK);
	while (!sorter_next(sorter, &f, &got) && got)
		assert_int_equal(model_fact(model, &f), STATUS_OK);
	assert_int_equal(model_finish(model), STATUS_OK);
	model_close(model);
	decoder_release(&decoder);
	sorter_close(sorter);
}

static int64_t ask(const struct reading *r, const char *sql)
{
	int64_t value = db_value(r->db, sql, 0, NULL);

	assert_int_equal(db_status(r->db), STATUS_OK);
	return value;
}

static void facts_take_effect_by_their_own_times(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	PROCESS(r, 1000, 500, 7, 1, 0);
	/* The second owner of the address is written first. */
	ALLOC(r, 1010, 0x9000, 30, 900, 50);
	FREE(r, 1020, 0x9000, 800);
	ALLOC(r, 1030, 0x9000, 20, 600, 100);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM violation"), 0);
	assert_int_equal(ask(r, "SELECT size FROM block WHERE birth = 700 AND death = 800"), 20);
	assert_int_equal(ask(r, "SELECT size FROM block WHERE birth = 950 AND death IS NULL"), 30);
	assert_int_equal(ask(r, "SELECT clock_offset FROM process"), 1700000000000000000);
}

static void shared_buffers_are_parted_by_vpid(void **state)
{
	struct reading *r = *state;

	open_trace(r, 0);
	ctf_set_vpid(r->out, 7);
	PROCESS(r, 10, 10, 7, 1, 0);
	ALLOC(r, 20, 0x9000, 30, 11, 1);
	ctf_set_vpid(r->out, 8);
	PROCESS(r, 30, 30, 8, 7, 1);
	FREE(r, 40, 0x9000, 35);
	ctf_set_vpid(r->out, 7);
	ALLOC(r, 50, 0x9100, 50, 45, 1);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM process"), 2);
	assert_int_equal(ask(r, "SELECT sum(size) FROM block b JOIN process p ON p.id = b.process"
	                        " WHERE p.pid = 7 AND death_seq IS NULL"),
	                 80);
	assert_int_equal(ask(r, "SELECT count(*) FROM block b JOIN process p ON p.id = b.process"
	                        " WHERE p.pid = 8 AND flags & 4 AND death = 35"),
	                 1);
	assert_int_equal(ask(r, "SELECT count(*) FROM violation"), 0);
}

static void one_process_may_be_chosen(void **state)
{
	struct reading *r = *state;

	open_trace(r, 0);
	for (uint32_t pid = 7; pid < 10; pid++) {
		ctf_set_vpid(r->out, pid);
		PROCESS(r, pid * 10, pid * 10, pid, 1, 0);
		ALLOC(r, pid * 10 + 5, 0x9000, pid, pid * 10 + 1, 1);
	}
	load(r, 8);
	assert_int_equal(ask(r, "SELECT count(*) FROM process"), 1);
	assert_int_equal(ask(r, "SELECT size FROM block"), 8);
}

static void lttngs_own_wrapper_is_read_too(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	WRITE(r, "lttng_ust_libc:malloc", 10, 100, 0x9000);
	WRITE(r, "lttng_ust_libc:malloc", 20, 50, 0x9100);
	WRITE(r, "lttng_ust_libc:free", 30, 0x9000);
	WRITE(r, "lttng_ust_libc:free", 40, 0);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM block"), 2);
	assert_int_equal(ask(r, "SELECT sum(size) FROM block WHERE death_seq IS NULL"), 50);
	assert_int_equal(ask(r, "SELECT birth FROM block WHERE ptr = 0x9000"), 10);
	assert_int_equal(ask(r, "SELECT count(alloc_site) FROM block"), 0); /* not recorded */
	assert_int_equal(ask(r, "SELECT facts FROM process WHERE pid = 7"), 3);
}

static void each_function_of_the_wrapper_is_read(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	WRITE(r, "lttng_ust_libc:calloc", 10, 3, 10, 0x9000);
	WRITE(r, "lttng_ust_libc:realloc", 20, 0x9000, 50, 0x9200);
	WRITE(r, "lttng_ust_libc:realloc", 30, 0, 40, 0x9300);
	WRITE(r, "lttng_ust_libc:memalign", 40, 16, 70, 0x9400);
	WRITE(r, "lttng_ust_libc:posix_memalign", 50, 0x9500, 16, 80, 0);
	WRITE(r, "lttng_ust_libc:posix_memalign", 60, 0x9600, 16, 90, 12);
	WRITE(r, "lttng_ust_libc:realloc", 70, 0x9500, 1000, 0); /* refused */
	WRITE(r, "lttng_ust_libc:realloc", 80, 0x9300, 0, 0);    /* freed */
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM violation"), 0);
	assert_int_equal(ask(r, "SELECT count(*) FROM block"), 5);
	assert_int_equal(ask(r, "SELECT sum(size) FROM block WHERE death_seq IS NULL"), 200);
	assert_int_equal(ask(r, "SELECT size FROM block WHERE death = 20"), 30);
	assert_int_equal(ask(r, "SELECT size FROM block WHERE death = 80"), 40);
	assert_int_equal(ask(r, "SELECT sum(size) FROM fail"), 1090);
}

static void what_lived_before_and_what_failed_is_read(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	PROCESS(r, 10, 10, 7, 1, 0);
	ALLOC(r, 20, 0x9000, 30, 11, 1);
	WRITE(r, "lw:live", 30, 0x9000, 48, 30, 5, 0); /* listed, and seen when it was made */
	WRITE(r, "lw:live", 31, 0x9100, 64, 31, 5, 0);
	WRITE(r, "lw:live_end", 32, 32, 2, 5, 0);
	WRITE(r, "lw:fail", 50, 1000, 0x400010, 40, 3, 5, 12, 0, 4, 0);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM violation"), 0);
	assert_int_equal(ask(r, "SELECT count(*) FROM block"), 2);
	assert_int_equal(ask(r, "SELECT usable FROM block WHERE ptr = 0x9100"), 64);
	assert_int_equal(ask(r, "SELECT count(*) FROM block WHERE size IS NULL"), 1);
	assert_int_equal(ask(r, "SELECT error FROM fail WHERE size = 1000 AND latency = 3"), 12);
}

static void discarded_events_are_counted_with_their_interval(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	PROCESS(r, 10, 10, 7, 1, 0);
	ctf_flush(r->out);
	ctf_discard(r->out, 41);
	ALLOC(r, 2000, 0x9000, 30, 1990, 1);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT lost FROM process"), 41);
	assert_int_equal(ask(r, "SELECT count FROM loss WHERE begin >= 10 AND finish <= 2000"), 41);
	assert_int_equal(ask(r, "SELECT complete FROM process"), 0);
}

static void a_code_without_a_word_is_shown_with_its_number(void **state)
{
	struct reading *r = *state;

	open_trace(r, 7);
	PROCESS(r, 10, 10, 7, 1, 0);
	WRITE(r, "lw:alloc", 20, 0x9000, 30, 0x400010, 15, 0, 5, 1, 0, 9, 0, 0);
	WRITE(r, "lw:alloc", 30, 0x9100, 30, 0x400010, 25, 0, 5, 1, 0, 255, 12, 0);
	WRITE(r, "lw:free", 50, 0x9000, 0x400020, 45, 5, 1, 8, 77, 0);
	load(r, -1);
	assert_int_equal(ask(r, "SELECT count(*) FROM latency WHERE operation = 'malloc'"
	                        " AND kind = 'source 9'"),
	                 1);
	assert_int_equal(ask(r, "SELECT count(*) FROM latency WHERE operation = 'function 12'"
	                        " AND kind = 'source 255'"),
	                 1);
	assert_int_equal(ask(r, "SELECT count(*) FROM latency WHERE operation = 'free'"
	                        " AND kind = 'path 8'"),
	                 1);
	assert_int_equal(ask(r, "SELECT count(*) FROM latency"), 3);
	assert_int_equal(ask(r, "SELECT count FROM calls c JOIN word w ON class = 'function'"
	                        " AND code = c.function WHERE name = 'function 77'"),
	                 1);
	assert_int_equal(ask(r, "SELECT code FROM word WHERE class = 'source' AND name = 'mmap'"),
	                 SOURCE_MMAP);
}

static void a_newer_format_is_refused_by_its_number(void **state)
{
	struct reading *r = *state;
	struct decoder decoder;

	open_trace(r, 7);
	WRITE(r, "process", 10, 10, LW_TRACE_FORMAT + 1, 7, 1, 4096, 8, 20, 1, 0);
	ALLOC(r, 20, 0x9000, 30, 11, 1);
	ctf_writer_close(r->out);
	decoder_init(&decoder, NULL);
	assert_int_equal(decoder_read(&decoder, r->root, r->root), STATUS_INPUT);
	assert_true(decoder.newer);
	decoder_release(&decoder);
}

int main(int argc, char **argv)
{
#define WITH_TRACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_TRACE(facts_take_effect_by_their_own_times),
		WITH_TRACE(shared_buffers_are_parted_by_vpid),
		WITH_TRACE(one_process_may_be_chosen),
		WITH_TRACE(lttngs_own_wrapper_is_read_too),
		WITH_TRACE(each_function_of_the_wrapper_is_read),
		WITH_TRACE(what_lived_before_and_what_failed_is_read),
		WITH_TRACE(discarded_events_are_counted_with_their_interval),
		WITH_TRACE(a_code_without_a_word_is_shown_with_its_number),
		WITH_TRACE(a_newer_format_is_refused_by_its_number),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

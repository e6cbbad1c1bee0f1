/* SPDX-License-Identifier: MIT */
/* The door to SQLite: errors stick, files that are no heap database are told apart. */
#include "tests/cm.h"

#include "viewer/db.h"

#include <stdio.h>
#include <unistd.h>

static void rows_come_back_as_they_went_in(void **state)
{
	struct db *db;
	struct query *q;

	(void)state;
	assert_int_equal(db_create_memory(&db), STATUS_OK);
	q = db_prepare(db, "SELECT ?1, ?2, ?3, ?4");
	db_bind_int(q, 1, INT64_C(-5000000000));
	db_bind_real(q, 2, 0.25);
	db_bind_text(q, 3, "text");
	db_bind_int(q, 4, DB_NULL);
	assert_true(db_step(q));
	assert_int_equal(db_int(q, 0), INT64_C(-5000000000));
	assert_true(db_real(q, 1) == 0.25);
	assert_string_equal(db_text(q, 2), "text");
	assert_true(db_is_null(q, 3));
	assert_string_equal(db_text(q, 3), "");
	assert_false(db_step(q));
	assert_int_equal(db_finish(q), STATUS_OK);
	db_close(db);
}

static void bulk_rows_all_arrive_whatever_their_number(void **state)
{
	static const int counts[] = {0, 1, 39, 40, 41, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		int64_t n = counts[i], sum;
		struct bulk *b;
		struct db *db;

		assert_int_equal(db_create_memory(&db), STATUS_OK);
		b = bulk_open(db, "loss");
		for (int64_t k = 1; k <= n; k++) {
			bulk_add(b, 1, DB_NULL, 0, k);
		}
		assert_int_equal(bulk_close(b), STATUS_OK);
		sum = db_value(db, "SELECT sum(count) FROM loss WHERE begin IS NULL", 0, NULL);
		assert_int_equal(sum, n * (n + 1) / 2);
		assert_int_equal(db_value(db, "SELECT count(*) FROM loss", 0, NULL), n);
		db_close(db);
	}
}

static void after_an_error_nothing_more_is_done(void **state)
{
	struct query *q;
	struct db *db;

	(void)state;
	assert_int_equal(db_create_memory(&db), STATUS_OK);
	q = db_prepare(db, "SELECT nonsense");
	assert_null(q);
	assert_false(db_step(q));
	assert_int_equal(db_int(q, 0), 0);
	assert_int_not_equal(db_finish(q), STATUS_OK);
	assert_int_not_equal(db_exec(db, "DELETE FROM loss"), STATUS_OK);
	assert_null(db_prepare(db, "SELECT 1"));
	db_close(db);
}

static void refuses(const char *content, size_t size)
{
	char path[] = "/tmp/test_db_XXXXXX";
	struct db *db;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	close(fd);
	assert_int_equal(db_open(&db, path), STATUS_INPUT);
	assert_null(db);
	unlink(path);
}

static void what_is_no_heap_database_is_bad_input(void **state)
{
	struct db *db;

	(void)state;
	assert_int_equal(db_open(&db, "/nonexistent/heap.db"), STATUS_INPUT);
	assert_int_equal(db_open(&db, "/"), STATUS_INPUT);
	refuses("", 0);
	refuses("just some text that is long enough to be looked at by SQLite ..............", 75);
}

static void a_database_of_another_version_is_refused(void **state)
{
	char path[] = "/tmp/test_db_XXXXXX";
	struct db *db;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	unlink(path);
	assert_int_equal(db_create(&db, path), STATUS_OK);
	assert_int_equal(db_exec(db, "PRAGMA user_version = 99"), STATUS_OK);
	db_close(db);
	assert_int_equal(db_open(&db, path), STATUS_INPUT);
	unlink(path);
}

static void a_database_that_is_read_cannot_be_written(void **state)
{
	char path[] = "/tmp/test_db_XXXXXX";
	struct db *db;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	unlink(path);
	assert_int_equal(db_create(&db, path), STATUS_OK);
	db_close(db);
	assert_int_equal(db_open(&db, path), STATUS_OK);
	assert_int_not_equal(db_exec(db, "DROP TABLE block"), STATUS_OK);
	db_close(db);
	unlink(path);
}

static void every_column_of_the_schema_has_a_comment(void **state)
{
	struct query *q;
	struct db *db;

	(void)state;
	assert_int_equal(db_create_memory(&db), STATUS_OK);
	assert_int_equal(db_value(db, "PRAGMA user_version", 0, NULL), DB_VERSION);
	/* The very common ones are explained once, at the top of the file. */
	q = db_prepare(db, "SELECT m.name, c.name, m.sql FROM sqlite_master m,"
	                   " pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name NOT IN"
	                   " ('process', 'seq', 'begin_seq', 'finish_seq', 'tid')");
	while (db_step(q)) {
		char column[64];
		const char *at, *end;

		snprintf(column, sizeof(column), "\n\t%s\t", db_text(q, 1));
		at = strstr(db_text(q, 2), column);
		assert_non_null(at);
		end = strchr(at + 1, '\n');
		at = strstr(at, "--");
		if (!at || !end || at > end)
			fail_msg("column without comment: %s.%s", db_text(q, 0), db_text(q, 1));
	}
	assert_int_equal(db_finish(q), STATUS_OK);
	db_close(db);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back_as_they_went_in),
		cmocka_unit_test(bulk_rows_all_arrive_whatever_their_number),
		cmocka_unit_test(after_an_error_nothing_more_is_done),
		cmocka_unit_test(what_is_no_heap_database_is_bad_input),
		cmocka_unit_test(a_database_of_another_version_is_refused),
		cmocka_unit_test(a_database_that_is_read_cannot_be_written),
		cmocka_unit_test(every_column_of_the_schema_has_a_comment),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Facts come out in order of effect, whatever order and number they came in. */
#include "tests/cm.h"

#include "viewer/load/sorter.h"

static void sort_and_check(size_t count, size_t chunk, int64_t disorder)
{
	struct sorter *s;
	struct fact f = {.effect = FACT_RSS}, last = {.time = INT64_MIN};
	uint64_t seed = 7, sum = 0, got_sum = 0;
	size_t n = 0;
	bool got;

	assert_int_equal(sorter_open(&s, "/tmp", chunk), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		f.time = (int64_t)(i / 3) - (int64_t)((seed >> 33) % (uint64_t)disorder);
		f.order = i;
		f.ptr = seed;
		sum += seed;
		assert_int_equal(sorter_add(s, &f), STATUS_OK);
	}
	assert_int_equal(sorter_sort(s), STATUS_OK);
	while (!sorter_next(s, &f, &got) && got) {
		assert_true(f.time > last.time || (f.time == last.time && f.order > last.order));
		last = f;
		got_sum += f.ptr;
		n++;
	}
	assert_int_equal(n, count);
	assert_int_equal(got_sum, sum);
	sorter_close(s);
}

static void no_fact_at_all_is_sorted(void **state)
{
	(void)state;
	sort_and_check(0, 10, 1);
}

static void facts_that_fit_in_memory_are_sorted(void **state)
{
	(void)state;
	sort_and_check(999, 1000, 500);
}

static void facts_are_sorted_through_a_file_when_there_are_many(void **state)
{
	(void)state;
	sort_and_check(100000, 1000, 100000);
}

static void the_last_chunk_may_be_full_or_hold_one_fact(void **state)
{
	(void)state;
	sort_and_check(64, 32, 100);
	sort_and_check(65, 32, 100);
	sort_and_check(20000, 10000, 3);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
	struct fact f = {.effect = FACT_RSS};
	struct sorter *s;

	(void)state;
	assert_int_equal(sorter_open(&s, "/nonexistent", 1), STATUS_OK);
	assert_int_equal(sorter_add(s, &f), STATUS_OK);
	assert_int_equal(sorter_add(s, &f), STATUS_FAILED);
	sorter_close(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fact_at_all_is_sorted),
		cmocka_unit_test(facts_that_fit_in_memory_are_sorted),
		cmocka_unit_test(facts_are_sorted_through_a_file_when_there_are_many),
		cmocka_unit_test(the_last_chunk_may_be_full_or_hold_one_fact),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_told),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

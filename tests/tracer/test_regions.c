/* test_regions.c - the table of address ranges. */
#include "tracer/inside/regions.h"

#include "tests/cm.h"

/* Pieces reported by the call under test. */
static struct {
	int count;
	size_t bytes;
} pieces;

static void count_piece(uintptr_t address, size_t length, void *arg)
{
	(void)address;
	(void)arg;
	pieces.count++;
	pieces.bytes += length;
}

static int clear(void **state)
{
	(void)state;
	lw_regions_remove(0, SIZE_MAX / 2, NULL, NULL);
	memset(&pieces, 0, sizeof pieces);
	return lw_regions_extent() != 0;
}

static void ranges_that_touch_become_one(void **state)
{
	uintptr_t address;
	size_t length;

	(void)state;
	lw_regions_add(0x1000, 0x1000, NULL, NULL);
	lw_regions_add(0x3000, 0x1000, NULL, NULL);
	lw_regions_add(0x2000, 0x1000, NULL, NULL);
	assert_true(lw_regions_next(0, &address, &length));
	assert_int_equal(address, 0x1000);
	assert_int_equal(length, 0x3000);
	assert_false(lw_regions_next(0x4000, &address, &length));
}

static void only_what_is_new_is_reported(void **state)
{
	(void)state;
	lw_regions_add(0x2000, 0x1000, NULL, NULL);
	lw_regions_add(0x4000, 0x1000, NULL, NULL);
	lw_regions_add(0x1000, 0x5000, count_piece, NULL);
	assert_int_equal(pieces.count, 3);
	assert_int_equal(pieces.bytes, 0x3000);
	assert_int_equal(lw_regions_extent(), 0x5000);
}

static void a_hole_splits_a_range(void **state)
{
	uintptr_t address;
	size_t length;

	(void)state;
	lw_regions_add(0x1000, 0x3000, NULL, NULL);
	lw_regions_remove(0x2000, 0x1000, count_piece, NULL);
	assert_int_equal(pieces.bytes, 0x1000);
	assert_true(lw_regions_next(0x1800, &address, &length));
	assert_int_equal(address, 0x1800);
	assert_int_equal(length, 0x800);
	assert_true(lw_regions_next(0x2000, &address, &length));
	assert_int_equal(address, 0x3000);
}

static void what_was_not_there_is_not_taken_out(void **state)
{
	(void)state;
	lw_regions_add(0x1000, 0x1000, NULL, NULL);
	lw_regions_remove(0x5000, 0x1000, count_piece, NULL);
	assert_int_equal(pieces.count, 0);
	assert_int_equal(lw_regions_extent(), 0x1000);
}

/* Against one flag for each page. */
static void random_changes_agree_with_a_map_of_pages(void **state)
{
	enum {
		PAGES = 256,
		PAGE = 4096
	};
	static unsigned char map[PAGES + 1];

	(void)state;
	srandom(1);
	for (int step = 0; step < 20000; step++) {
		size_t from = (size_t)random() % PAGES,
		       count = 1 + (size_t)random() % (PAGES - from);
		int add = (random() & 1) != 0;
		size_t changed = 0, extent = 0;

		for (size_t i = from; i < from + count; i++) {
			changed += map[i] != add;
			map[i] = (unsigned char)add;
		}
		for (size_t i = 0; i < PAGES; i++)
			extent += map[i];
		pieces.bytes = 0;
		if (add)
			lw_regions_add((from + 1) * PAGE, count * PAGE, count_piece, NULL);
		else
			lw_regions_remove((from + 1) * PAGE, count * PAGE, count_piece, NULL);
		assert_int_equal(pieces.bytes, changed * PAGE);
		assert_int_equal(lw_regions_extent(), extent * PAGE);
	}
}

static void ten_thousand_ranges_fit(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= 10000; i++)
		lw_regions_add(i * 0x4000, 0x1000, NULL, NULL);
	assert_int_equal(lw_regions_extent(), 10000 * 0x1000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ranges_that_touch_become_one, clear),
		cmocka_unit_test_setup(only_what_is_new_is_reported, clear),
		cmocka_unit_test_setup(a_hole_splits_a_range, clear),
		cmocka_unit_test_setup(what_was_not_there_is_not_taken_out, clear),
		cmocka_unit_test_setup(random_changes_agree_with_a_map_of_pages, clear),
		cmocka_unit_test_setup(ten_thousand_ranges_fit, clear),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

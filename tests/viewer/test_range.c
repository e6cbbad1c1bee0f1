/* SPDX-License-Identifier: MIT */
/* Sets of ranges and the table of blocks, against the simplest possible models of them. */
#include "tests/cm.h"

#include "viewer/load/heap.h"
#include "viewer/load/range.h"

#define WORLD 600 /* bytes of the made-up address space */

static uint64_t seed = 1;

static unsigned next(unsigned bound)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % bound;
}

/* Every range of the set is a maximal run of marked bytes, and the totals agree. */
static void check_against(const struct ranges *set, const char *marked)
{
	uint64_t total = 0, greatest = 0, run = 0;
	const struct range *r = ranges_from(set, 0);

	for (unsigned i = 0; i <= WORLD; i++) {
		bool in = i < WORLD && marked[i];

		if (in) {
			assert_ptr_equal(ranges_find(set, i), r);
			run++;
			continue;
		}
		assert_null(ranges_find(set, i));
		if (run) {
			assert_int_equal(r->start, i - run);
			assert_int_equal(r->end, i);
			total += run;
			greatest = run > greatest ? run : greatest;
			r = ranges_from(set, i);
		}
		run = 0;
	}
	assert_int_equal(set->total, total);
	assert_int_equal(ranges_greatest(set), greatest);
}

static void free_memory_is_what_was_added_less_what_was_cut(void **state)
{
	char marked[WORLD] = {0};
	struct ranges set;

	(void)state;
	ranges_init(&set);
	for (int round = 0; round < 4000; round++) {
		unsigned start = next(WORLD - 1), end = start + 1 + next(40), changed = 0;
		bool add = next(2);

		end = end > WORLD ? WORLD : end;
		for (unsigned i = start; i < end; i++) {
			changed += (bool)marked[i] != add;
			marked[i] = add;
		}
		assert_int_equal(add ? ranges_add(&set, start, end) : ranges_cut(&set, start, end),
		                 changed);
		check_against(&set, marked);
	}
	ranges_release(&set);
}

static void a_full_set_is_one_range_again(void **state)
{
	struct ranges set;

	(void)state;
	ranges_init(&set);
	for (uint64_t i = 0; i < 1000; i += 2)
		ranges_add(&set, i * 16, i * 16 + 16);
	for (uint64_t i = 1; i < 1000; i += 2)
		ranges_add(&set, i * 16, i * 16 + 16);
	assert_int_equal(set.root->start, 0);
	assert_int_equal(set.root->end, 16000);
	assert_null(set.root->left);
	assert_null(set.root->right);
	ranges_release(&set);
}

static void pieces_are_kept_apart_when_they_touch(void **state)
{
	struct ranges set;
	struct range *r;

	(void)state;
	ranges_init(&set);
	ranges_insert(&set, 0, 100);
	r = ranges_insert(&set, 100, 300);
	assert_int_equal(ranges_greatest(&set), 200);
	assert_int_equal(ranges_find(&set, 99)->end, 100);
	assert_ptr_equal(ranges_from(&set, 100), r);
	ranges_remove(&set, r);
	free(r);
	assert_int_equal(set.total, 100);
	assert_int_equal(ranges_greatest(&set), 100);
	ranges_release(&set);
}

#define ADDRESSES 3000

static void blocks_are_found_until_they_are_removed(void **state)
{
	static bool there[ADDRESSES];
	struct index set;

	(void)state;
	index_init(&set, sizeof(struct block));
	for (int round = 0; round < 200000; round++) {
		unsigned i = next(ADDRESSES);
		uint64_t ptr = 0x7f0000000000 + 16 * (uint64_t)i;
		struct block *b = index_find(&set, ptr);

		assert_int_equal(b != NULL, there[i]);
		if (b) {
			assert_int_equal(b->usable, i);
			index_remove(&set, b);
		} else {
			((struct block *)index_add(&set, ptr))->usable = i;
		}
		there[i] = !there[i];
	}
	for (unsigned i = 0; i < ADDRESSES; i++)
		assert_int_equal(index_find(&set, 0x7f0000000000 + 16 * (uint64_t)i) != NULL,
		                 there[i]);
	index_release(&set);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_memory_is_what_was_added_less_what_was_cut),
		cmocka_unit_test(a_full_set_is_one_range_again),
		cmocka_unit_test(pieces_are_kept_apart_when_they_touch),
		cmocka_unit_test(blocks_are_found_until_they_are_removed),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* What may stand on the command line, and what it means. */
#include "tests/cm.h"

#include "cli/options.h"

#include <stdio.h>

static bool own_flag;
static const char *own_text;

static const struct option_row own[] = {
	{0, "own", OPTION_FLAG, &own_flag, NULL, "a flag"},
	{'x', "text", OPTION_TEXT, &own_text, "TEXT", "a text"},
	OPTION_END,
};

static enum status parse(struct options *o, const char *line)
{
	static char words[1024];
	char *argv[32];
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	return options_parse(o, own, argc, argv);
}

static void sizes_have_units(void **state)
{
	int64_t n;

	(void)state;
	assert_true(parse_size("100", &n) && n == 100);
	assert_true(parse_size("8M", &n) && n == 8 << 20);
	assert_true(parse_size("4KiB", &n) && n == 4096);
	assert_true(parse_size("1.5G", &n) && n == 3LL << 29);
	assert_true(parse_size("1MB", &n) && n == 1000000);
	assert_false(parse_size("8X", &n));
	assert_false(parse_size("", &n));
	assert_false(parse_size("-1", &n));
	assert_false(parse_size("nan", &n));
	assert_false(parse_size("1e30", &n));
}

static void spans_have_units_and_a_bare_number_is_seconds(void **state)
{
	int64_t n;

	(void)state;
	assert_true(parse_span("1.5s", &n) && n == 1500000000);
	assert_true(parse_span("20ms", &n) && n == 20000000);
	assert_true(parse_span("5us", &n) && n == 5000);
	assert_true(parse_span("7ns", &n) && n == 7);
	assert_true(parse_span("3", &n) && n == 3000000000);
	assert_false(parse_span("3 s", &n));
	assert_false(parse_span("s", &n));
}

static void moments_are_times_shares_peak_or_end(void **state)
{
	struct when w;

	(void)state;
	assert_true(parse_when("peak", &w) && w.kind == WHEN_PEAK);
	assert_true(parse_when("end", &w) && w.kind == WHEN_END);
	assert_true(parse_when("20%", &w) && w.kind == WHEN_PERCENT);
	assert_true(w.percent > 19.999 && w.percent < 20.001);
	assert_true(parse_when("100%", &w));
	assert_true(parse_when("1ms", &w) && w.kind == WHEN_TIME && w.ns == 1000000);
	assert_false(parse_when("101%", &w));
	assert_false(parse_when("peek", &w));
}

static void options_and_operands_may_be_mixed(void **state)
{
	struct options o;

	(void)state;
	own_flag = false;
	assert_int_equal(parse(&o, "a.db --own --pid 42 b.db -o out --min-size=1K -xhello"), 0);
	assert_int_equal(o.arg_count, 2);
	assert_string_equal(o.args[0], "a.db");
	assert_string_equal(o.args[1], "b.db");
	assert_true(own_flag);
	assert_int_equal(o.pid, 42);
	assert_int_equal(o.min_size, 1024);
	assert_int_equal(o.max_size, -1);
	assert_string_equal(o.output, "out");
	assert_string_equal(own_text, "hello");
	options_release(&o);
}

static void two_dashes_end_the_options(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "-- --pid -"), 0);
	assert_int_equal(o.arg_count, 2);
	assert_string_equal(o.args[0], "--pid");
	options_release(&o);
}

static void wrong_usage_is_status_2(void **state)
{
	static const char *const wrong[] = {"--nope",       "-Z",
	                                    "--pid",        "--pid x",
	                                    "--own=1",      "--at never",
	                                    "--json --csv", "--min-size big"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct options o;

		assert_int_equal(parse(&o, wrong[i]), STATUS_USAGE);
		options_release(&o);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(spans_have_units_and_a_bare_number_is_seconds),
		cmocka_unit_test(moments_are_times_shares_peak_or_end),
		cmocka_unit_test(options_and_operands_may_be_mixed),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(wrong_usage_is_status_2),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

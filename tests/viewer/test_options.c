/* SPDX-License-Identifier: MIT */
/* What may stand on the command line, and what it means. */
#include "tests/cm.h"

#include "viewer/ask/options.h"

#include <stdio.h>

static enum status parse(const char *line)
{
	static const struct options none = {
		.pid = -1, .thread = -1, .min_size = -1, .max_size = -1};
	static const struct option_row *const tables[] = {filter_options, file_options,
	                                                  data_options, NULL};
	static char words[1024];
	static char *argv[32];
	int argc = 1, first;
	int status;

	options_given = none;
	msg_program = "lwview";
	msg_usage_status = STATUS_USAGE;
	msg_take(NULL, 0);
	argv[0] = "test";
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	status = options_read(tables, false, argc, argv, &first);
	return status ? status : (int)options_complete(&options_given, argc - first, argv + first);
}

static bool parse_when(const char *text, struct when *when)
{
	return option_value(&option_when, text, when);
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

static void shared_options_and_operands_may_be_mixed(void **state)
{
	(void)state;
	assert_int_equal(parse("a.db --pid 42 b.db -o out --min-size=1K"), 0);
	assert_int_equal(options_given.arg_count, 2);
	assert_string_equal(options_given.args[0], "a.db");
	assert_string_equal(options_given.args[1], "b.db");
	assert_int_equal(options_given.pid, 42);
	assert_int_equal(options_given.min_size, 1024);
	assert_int_equal(options_given.max_size, -1);
	assert_string_equal(options_given.output, "out");
}

static void wrong_usage_is_status_2(void **state)
{
	static const char *const wrong[] = {"--nope",    "-Z",           "--pid",
	                                    "--pid x",   "--json=1",     "--at never",
	                                    "--at 101%", "--json --csv", "--min-size big"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(parse(wrong[i]), STATUS_USAGE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_times_shares_peak_or_end),
		cmocka_unit_test(shared_options_and_operands_may_be_mixed),
		cmocka_unit_test(wrong_usage_is_status_2),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

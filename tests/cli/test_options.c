/* SPDX-License-Identifier: MIT */
/* test_options.c - what may stand on a command line, and what it means. */
#include "tests/cm.h"

#include "cli/message.h"
#include "cli/options.h"

#include <stdio.h>

enum {
	WRONG = 42
};

static struct {
	const char *text;
	bool flag;
	int level;
	int64_t count, size, span, limit;
	double ratio, share;
} got;

static char line_copy[256];
static char *argv[32];
static int argc, first;

static const struct option_type two_to_five = {.units = option_no_units, .least = 2, .most = 5};

static const struct option_row own[] = {
	{'t', "text", &option_text, &got.text, "TEXT", ""},
	{'f', "flag", &option_flag, &got.flag, NULL, ""},
	{0, "count", &option_int, &got.count, "N", ""},
	{0, "size", &option_size, &got.size, "SIZE", ""},
	{0, "span", &option_span, &got.span, "TIME", ""},
	{0, "ratio", &option_ratio, &got.ratio, "RATIO", ""},
	{0, "share", &option_share, &got.share, "RATIO", ""},
	{0, "limit", &option_limit_span, &got.limit, "TIME", ""},
	{0, "few", &two_to_five, &got.count, "N", ""},
	OPTION_END,
};

static const struct option_row shared[] = {
	{'q', "quiet", &option_quiet, &got.level, NULL, ""},
	{'v', "verbose", &option_loud, &got.level, NULL, ""},
	OPTION_END,
};

static const struct option_row *const tables[] = {own, shared, NULL};

/* Reads the words of `line`, behind the command's name. */
static int read_words(const char *line, bool leading)
{
	memset(&got, 0, sizeof(got));
	msg_program = "lwtest";
	msg_usage_status = WRONG;
	msg_take(NULL, 0);
	snprintf(line_copy, sizeof(line_copy), "%s", line);
	argv[0] = "command";
	argc = 1;
	for (char *word = strtok(line_copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return options_read(tables, leading, argc, argv, &first);
}

static void options_and_operands_may_be_mixed(void **state)
{
	(void)state;
	assert_int_equal(read_words("a -f b --text=c=d e -q", false), 0);
	assert_int_equal(argc - first, 3);
	assert_string_equal(argv[first], "a");
	assert_string_equal(argv[first + 2], "e");
	assert_true(got.flag);
	assert_string_equal(got.text, "c=d");
	assert_int_equal(got.level, -1);
}

static void options_may_have_to_lead(void **state)
{
	(void)state;
	assert_int_equal(read_words("-t a -f prog -t b", true), 0);
	assert_int_equal(first, 4);
	assert_string_equal(got.text, "a");
	assert_true(got.flag);
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_int_equal(read_words("-f -- -t -", false), 0);
	assert_int_equal(argc - first, 2);
	assert_string_equal(argv[first], "-t");
	assert_null(got.text);
}

static void values_follow_or_are_joined(void **state)
{
	(void)state;
	assert_int_equal(read_words("--text c", false), 0);
	assert_string_equal(got.text, "c");
	assert_int_equal(read_words("-td", false), 0);
	assert_string_equal(got.text, "d");
	assert_int_equal(read_words("-vft e", false), 0);
	assert_string_equal(got.text, "e");
	assert_int_equal(got.level, 1);
}

static void numbers_have_units(void **state)
{
	(void)state;
	assert_int_equal(read_words("--size 4K --span 1.5 --count 7 --share 30%", false), 0);
	assert_int_equal(got.size, 4096);
	assert_int_equal(got.span, 1500000000);
	assert_int_equal(got.count, 7);
	assert_true(got.share > 0.2999 && got.share < 0.3001);
	assert_int_equal(read_words("--size 1.5G --span 20ms --ratio 150%", false), 0);
	assert_int_equal(got.size, 3LL << 29);
	assert_int_equal(got.span, 20000000);
	assert_true(got.ratio > 1.4999 && got.ratio < 1.5001);
	assert_int_equal(read_words("--size 0.7K --few 2", false), 0);
	assert_int_equal(got.size, 717); /* the next whole number */
	assert_int_equal(read_words("--size 1MB --span 2m --limit 5us", false), 0);
	assert_int_equal(got.size, 1000000);
	assert_int_equal(got.span, 120000000000);
	assert_int_equal(got.limit, 5000);
}

/* Wrong use is one sentence that holds `word`. */
static void refuses(const char *line, const char *word)
{
	char text[300];

	if (read_words(line, false) != WRONG)
		fail_msg("accepted: %s", line);
	assert_true(msg_take(text, sizeof(text)));
	if (!strstr(text, word) || strchr(text, '\n'))
		fail_msg("%s: %s", line, text);
}

static void an_unknown_option_is_refused_by_name(void **state)
{
	(void)state;
	refuses("--nonsense", "unknown option: option=\"--nonsense\": see lwtest command --help");
	refuses("-x", "unknown option: option=\"-x\"");
	refuses("-fx", "unknown option: option=\"-x\"");
	refuses("a b --nonsense=1", "option=\"--nonsense=1\"");
}

static void an_abbreviation_is_an_unknown_option(void **state)
{
	(void)state;
	refuses("--fla", "unknown option: option=\"--fla\"");
	refuses("--siz 4", "unknown option: option=\"--siz\"");
	refuses("--siz=4", "unknown option: option=\"--siz=4\"");
	refuses("--s 4", "unknown option: option=\"--s\""); /* of more than one */
}

static void a_value_too_few_or_too_many_is_refused(void **state)
{
	(void)state;
	refuses("--text", "option needs a value: option=\"--text\", value=TEXT");
	refuses("-t", "option needs a value: option=\"-t\"");
	refuses("--flag=1", "option takes no value: option=\"--flag=1\"");
}

static void a_value_that_is_none_is_refused(void **state)
{
	static const char *const values[] = {
		"--size x", "--size 1Q", "--size=",    "--size -1",  "--size nan",  "--size inf",
		"--span s", "--span 1y", "--count -3", "--count 1K", "--count 1.5", "--count +1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		refuses(values[i], "cannot understand value: option=\"--");
}

static void a_limit_without_a_unit_is_refused(void **state)
{
	(void)state;
	refuses("--limit 5",
	        "value needs a unit: option=\"--limit\", value=\"5\", units=\"ns, us, ms");
}

static void a_value_out_of_range_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_words("--share 1", false), 0);
	assert_int_equal(read_words("--share 100%", false), 0);
	refuses("--share 150%",
	        "value out of range: option=\"--share\", value=\"150%\", least=0, most=1");
	refuses("--few 1", "value out of range: option=\"--few\", value=\"1\", least=2, most=5");
	refuses("--few 6", "value out of range");
	refuses("--size 1e30", "value out of range");
	refuses("--span 9e9h", "value out of range");
}

int main(int count, char **words)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_may_be_mixed),
		cmocka_unit_test(options_may_have_to_lead),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(values_follow_or_are_joined),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(an_unknown_option_is_refused_by_name),
		cmocka_unit_test(an_abbreviation_is_an_unknown_option),
		cmocka_unit_test(a_value_too_few_or_too_many_is_refused),
		cmocka_unit_test(a_value_that_is_none_is_refused),
		cmocka_unit_test(a_limit_without_a_unit_is_refused),
		cmocka_unit_test(a_value_out_of_range_is_refused),
	};

	return run_cases(count, words, tests, NULL, NULL);
}

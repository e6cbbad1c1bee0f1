/* test_options.c - command lines. */
#include "tracer/recorder/options.h"

#include "tests/cm.h"

static struct {
	const char *text;
	int flag;
	unsigned count;
	uint64_t size, time;
} got;

static const struct option_row rows[] = {{'t', "text", "X", "", OPTION_TEXT, &got.text, 0},
                                         {'f', "flag", NULL, "", OPTION_FLAG, &got.flag, 7},
                                         {0, "count", "N", "", OPTION_COUNT, &got.count, 0},
                                         {0, "size", "N", "", OPTION_SIZE, &got.size, 0},
                                         {0, "time", "N", "", OPTION_DURATION, &got.time, 0},
                                         {0}};

static const struct option_row *options(void)
{
	return rows;
}

static const struct verb verb = {"verb", "", "", "", options, NULL};
static struct reason reason;

/* Reads the words of LINE. */
static int read_line(const char *line)
{
	static char copy[256];
	char *argv[32] = {"verb"};
	int argc = 1;

	memset(&got, 0, sizeof got);
	strncpy(copy, line, sizeof copy - 1);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_read(&verb, argc, argv, &reason);
}

static void options_end_at_the_first_other_word(void **state)
{
	(void)state;
	assert_int_equal(read_line("-t a -f prog -t b"), 4);
	assert_string_equal(got.text, "a");
	assert_int_equal(got.flag, 7);
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_int_equal(read_line("-f -- -t"), 3);
	assert_null(got.text);
}

static void values_follow_or_are_joined(void **state)
{
	(void)state;
	read_line("--text=a=b");
	assert_string_equal(got.text, "a=b");
	read_line("--text c");
	assert_string_equal(got.text, "c");
	read_line("-td");
	assert_string_equal(got.text, "d");
}

static void numbers_have_units(void **state)
{
	(void)state;
	assert_int_equal(read_line("--size 4K --time 1.5"), 5);
	assert_int_equal(got.size, 4096);
	assert_int_equal(got.time, 1500);
	read_line("--size 2GiB --time 200ms");
	assert_int_equal(got.size, 2ull << 30);
	assert_int_equal(got.time, 200);
	read_line("--size 17 --time 2m --count 3");
	assert_int_equal(got.size, 17);
	assert_int_equal(got.time, 120000);
	assert_int_equal(got.count, 3);
}

static void wrong_use_is_told_in_one_sentence(void **state)
{
	static const char *const lines[] = {"--nonsense", "-x",         "--text",    "--flag=1",
	                                    "--size x",   "--size 1Q",  "--count 0", "--count -3",
	                                    "--time 1y",  "--size=nan", "-",         "--"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines - 2; i++) {
		assert_int_equal(read_line(lines[i]), -1);
		assert_int_equal(reason.status, EXIT_OWN_FAILURE);
		assert_null(strchr(reason.text, '\n'));
		assert_true(strlen(reason.text) > 10);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_end_at_the_first_other_word),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(values_follow_or_are_joined),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(wrong_use_is_told_in_one_sentence),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

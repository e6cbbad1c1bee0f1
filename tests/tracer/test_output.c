/* test_output.c - the trace's folder is never overwritten unasked. */
#define _GNU_SOURCE
#include "tracer/recorder/output.h"

#include "tests/cm.h"

#include <sys/stat.h>
#include <unistd.h>

static struct output output;
static struct reason reason;

/* trace_sum is another file's matter. */
static void touch(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fclose(file);
}

static int enter_folder(void **state)
{
	static char path[] = "/tmp/lwtrace-output.XXXXXX";

	*state = mkdtemp(path);
	return !*state || chdir(path);
}

static int remove_folder(void **state)
{
	return chdir("/") || rmdir(*state);
}

static void a_missing_folder_is_made(void **state)
{
	(void)state;
	assert_int_equal(output_make(&output, "t", "prog", false, &reason), 0);
	assert_int_equal(output.path[0], '/');
	assert_string_equal(output.shown, "t");
	output_discard(&output);
	assert_int_not_equal(access("t", F_OK), 0);
}

static void the_default_name_has_the_program(void **state)
{
	(void)state;
	assert_int_equal(output_make(&output, NULL, "/usr/bin/prog", false, &reason), 0);
	assert_int_equal(strncmp(output.shown, "lwtrace-prog-", 13), 0);
	output_discard(&output);
}

static void a_trace_is_replaced_only_by_force(void **state)
{
	(void)state;
	assert_int_equal(mkdir("t", 0700) | mkdir("t/ust", 0700), 0);
	touch("t/ust/stream");
	assert_int_equal(output_make(&output, "t", "prog", false, &reason), -1);
	assert_non_null(strstr(reason.text, "-f"));
	assert_int_equal(access("t/ust/stream", F_OK), 0);
	assert_int_equal(output_make(&output, "t/", "prog", true, &reason), 0);
	assert_int_not_equal(access("t/ust", F_OK), 0);
	output_discard(&output);
}

static void other_files_are_never_removed(void **state)
{
	(void)state;
	assert_int_equal(mkdir("t", 0700) | mkdir("t/ust", 0700), 0);
	touch("t/letter");
	assert_int_equal(output_make(&output, "t", "prog", true, &reason), -1);
	assert_int_equal(unlink("t/letter") | rmdir("t/ust") | rmdir("t"), 0);
}

static void json_strings_are_escaped(void **state)
{
	char text[64] = "";
	FILE *file = fmemopen(text, sizeof text, "w");

	(void)state;
	json_string(file, "a\"b\\c\n");
	fclose(file);
	assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\"");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_folder_is_made),
		cmocka_unit_test(the_default_name_has_the_program),
		cmocka_unit_test(a_trace_is_replaced_only_by_force),
		cmocka_unit_test(other_files_are_never_removed),
		cmocka_unit_test(json_strings_are_escaped),
	};

	return run_cases(argc, argv, tests, enter_folder, remove_folder);
}

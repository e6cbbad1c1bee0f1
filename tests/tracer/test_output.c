/* test_output.c - the trace's folder is never overwritten unasked. */
#include "tracer/recorder/output.h"

#include "tests/cm.h"

#include <sys/stat.h>
#include <unistd.h>

static struct output output;

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
	assert_int_equal(output_make(&output, "t", "prog", false), 0);
	assert_int_equal(output.path[0], '/');
	assert_string_equal(output.shown, "t");
	output_discard(&output);
	assert_int_not_equal(access("t", F_OK), 0);
}

static void the_default_name_has_the_program(void **state)
{
	(void)state;
	assert_int_equal(output_make(&output, NULL, "/usr/bin/prog", false), 0);
	assert_int_equal(strncmp(output.shown, "lwtrace-prog-", 13), 0);
	output_discard(&output);
}

static void a_trace_is_replaced_only_by_force(void **state)
{
	char text[200];

	(void)state;
	assert_int_equal(mkdir("t", 0700) | mkdir("t/ust", 0700), 0);
	touch("t/ust/stream");
	assert_int_equal(output_make(&output, "t", "prog", false), STATUS_FAILED);
	assert_true(msg_take(text, sizeof text));
	assert_non_null(strstr(text, "-f"));
	assert_int_equal(access("t/ust/stream", F_OK), 0);
	assert_int_equal(output_make(&output, "t/", "prog", true), 0);
	assert_int_not_equal(access("t/ust", F_OK), 0);
	output_discard(&output);
}

static void other_files_are_never_removed(void **state)
{
	(void)state;
	assert_int_equal(mkdir("t", 0700) | mkdir("t/ust", 0700), 0);
	touch("t/letter");
	assert_int_equal(output_make(&output, "t", "prog", true), STATUS_FAILED);
	assert_int_equal(unlink("t/letter") | rmdir("t/ust") | rmdir("t"), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_folder_is_made),
		cmocka_unit_test(the_default_name_has_the_program),
		cmocka_unit_test(a_trace_is_replaced_only_by_force),
		cmocka_unit_test(other_files_are_never_removed),
	};

	return run_cases(argc, argv, tests, enter_folder, remove_folder);
}

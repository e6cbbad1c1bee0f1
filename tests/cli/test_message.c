/* SPDX-License-Identifier: MIT */
/* test_message.c - one line for each failure, and nothing in it that a terminal obeys. */
#include "tests/cm.h"

#include "cli/message.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static char said[20000];
static int saved;

/* What goes to stderr from here on is kept, until hear_end(). */
static void hear(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	saved = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	fclose(file);
}

static const char *hear_end(void)
{
	ssize_t length = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);

	said[length < 0 ? 0 : length] = '\0';
	dup2(saved, STDERR_FILENO);
	close(saved);
	return said;
}

static const char *flushed(void)
{
	hear();
	msg_flush();
	return hear_end();
}

static int begin(void **state)
{
	(void)state;
	msg_program = "lwtest";
	msg_usage_status = 42;
	msg_level = 0;
	msg_take(NULL, 0);
	return 0;
}

static int open_it(void)
{
	errno = ENOENT;
	return msg_errno(3, "cannot open: path=\"%s\"", "x");
}

static void a_failure_is_said_once_and_ends_with_the_cause(void **state)
{
	(void)state;
	hear();
	assert_int_equal(open_it(), 3);
	assert_string_equal(hear_end(), "");
	assert_string_equal(flushed(),
	                    "lwtest: cannot open: path=\"x\": No such file or directory\n");
	assert_string_equal(flushed(), "");
}

static void each_layer_puts_what_it_did_in_front(void **state)
{
	(void)state;
	assert_int_equal(msg_context(open_it(), "cannot load %s", "the base"), 3);
	assert_int_equal(msg_context(3, "cannot compare"), 3);
	assert_string_equal(flushed(), "lwtest: cannot compare: cannot load the base: cannot open: "
	                               "path=\"x\": No such file or directory\n");
}

static void context_without_a_failure_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(msg_context(0, "cannot compare"), 0);
	assert_string_equal(flushed(), "");
}

static void only_the_first_cause_counts(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(msg_fail(4, "cannot close"), 4);
	assert_string_equal(flushed(),
	                    "lwtest: cannot open: path=\"x\": No such file or directory\n");
}

static void a_failure_that_was_got_over_is_forgotten(void **state)
{
	char text[100];

	(void)state;
	open_it();
	assert_true(msg_take(text, sizeof(text)));
	assert_string_equal(text, "cannot open: path=\"x\": No such file or directory");
	assert_false(msg_take(text, sizeof(text)));
	assert_string_equal(text, "");
	assert_string_equal(flushed(), "");
}

static void wrong_usage_has_the_status_of_the_command(void **state)
{
	(void)state;
	assert_int_equal(msg_usage("no such option: option=\"%s\"", "-x"), 42);
	assert_string_equal(flushed(), "lwtest: no such option: option=\"-x\"\n");
}

static void control_characters_reach_no_terminal(void **state)
{
	static const char evil[] = "a\033[31mb\nc\x7f"
				   "d\xc2\x9b"
				   "e\x9b"
				   "f\xc3\xa4\xe2\x82\xac";
	static const char good[] = "a?[31mb?c?d?e?f\xc3\xa4\xe2\x82\xac";
	char wanted[100];

	(void)state;
	msg_fail(1, "%s", evil);
	snprintf(wanted, sizeof(wanted), "lwtest: %s\n", good);
	assert_string_equal(flushed(), wanted);

	errno = ENOENT;
	msg_errno(1, "%s", evil);
	snprintf(wanted, sizeof(wanted), "lwtest: %s: No such file or directory\n", good);
	assert_string_equal(flushed(), wanted);

	msg_fail(1, "x");
	msg_context(1, "%s", evil);
	snprintf(wanted, sizeof(wanted), "lwtest: %s: x\n", good);
	assert_string_equal(flushed(), wanted);

	hear();
	msg_note("%s", evil);
	snprintf(wanted, sizeof(wanted), "lwtest: %s\n", good);
	assert_string_equal(hear_end(), wanted);
}

static void a_text_of_any_length_is_one_line(void **state)
{
	static char path[9000];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	errno = ENOENT;
	msg_errno(1, "cannot open: path=\"%s\"", path);
	msg_context(1, "cannot load: path=\"%s\"", path);
	flushed();
	assert_true(strlen(said) > 4000);
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void the_level_says_how_much_is_said(void **state)
{
	static const char *const wanted[] = {"", "lwtest: outcome\n",
	                                     "lwtest: step\nlwtest: outcome\n"};

	(void)state;
	for (msg_level = -1; msg_level <= 1; msg_level++) {
		hear();
		msg_step("step");
		msg_note("outcome");
		assert_string_equal(hear_end(), wanted[msg_level + 1]);
	}
}

static void *fail_often(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		msg_fail(1, "%s", (const char *)arg);
		msg_context(1, "%s", (const char *)arg);
		msg_take(NULL, 0);
	}
	return NULL;
}

static void any_thread_may_fail(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, fail_often, "there"), 0);
	fail_often("here");
	pthread_join(thread, NULL);
	assert_false(msg_take(NULL, 0));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_failure_is_said_once_and_ends_with_the_cause, begin),
		cmocka_unit_test_setup(each_layer_puts_what_it_did_in_front, begin),
		cmocka_unit_test_setup(context_without_a_failure_says_nothing, begin),
		cmocka_unit_test_setup(only_the_first_cause_counts, begin),
		cmocka_unit_test_setup(a_failure_that_was_got_over_is_forgotten, begin),
		cmocka_unit_test_setup(wrong_usage_has_the_status_of_the_command, begin),
		cmocka_unit_test_setup(control_characters_reach_no_terminal, begin),
		cmocka_unit_test_setup(a_text_of_any_length_is_one_line, begin),
		cmocka_unit_test_setup(the_level_says_how_much_is_said, begin),
		cmocka_unit_test_setup(any_thread_may_fail, begin),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

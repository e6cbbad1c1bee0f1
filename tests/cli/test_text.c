/* SPDX-License-Identifier: MIT */
/* test_text.c - UTF-8, JSON strings, growing arrays. */
#include "tests/cm.h"

#include "cli/array.h"
#include "cli/text.h"

#include <errno.h>

static void only_utf8_is_a_character(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t code;
		size_t length;
	} cases[] = {
		{"a", 'a', 1},
		{"\x7f", 0x7f, 1},
		{"\xc2\x80", 0x80, 2},
		{"\xef\xbf\xbd", 0xfffd, 3},
		{"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
		{"\x80", TEXT_INVALID, 1}, /* begins none */
		{"\xc3", TEXT_INVALID, 1}, /* cut short */
		{"\xc3"
	         "a",
	         TEXT_INVALID, 1},
		{"\xe2\x82", TEXT_INVALID, 1},
		{"\xc1\x81", TEXT_INVALID, 1}, /* longer than need be */
		{"\xe0\x82\x9b", TEXT_INVALID, 1},
		{"\xed\xa0\x80", TEXT_INVALID, 1},     /* half of a pair */
		{"\xf4\x90\x80\x80", TEXT_INVALID, 1}, /* beyond the last */
		{"\xff", TEXT_INVALID, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t code;

		assert_int_equal(text_character(cases[i].bytes, &code), cases[i].length);
		assert_int_equal(code, cases[i].code);
	}
}

static void json_strings_are_escaped(void **state)
{
	char text[100] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;
	json_string(file, "a\"b\\c\n\x7f\xc2\x9b\xff\xc3\xa4");
	fclose(file);
	assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u007f\\u009b\\ufffd\xc3\xa4\"");
}

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
	int *items = NULL;

	(void)state;
	for (int count = 0; count < 1000; count++) {
		assert_true(array_more(items, (size_t)count));
		items[count] = count;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	/* Emptied and filled again. */
	for (int count = 0; count < 100; count++) {
		assert_true(array_more(items, (size_t)count));
		items[count] = -count;
	}
	assert_int_equal(items[99], -99);
	free(items);
}

static void an_array_that_cannot_grow_is_as_before(void **state)
{
	struct {
		char byte[64];
	} *items = NULL;
	volatile size_t many = (size_t)1 << 62;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* it ends the program instead of letting the allocation fail */
#endif
	assert_true(array_more(items, 0));
	items[0].byte[0] = 'x';
	errno = 0;
	assert_false(array_more(items, many));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(items[0].byte[0], 'x');
	free(items);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_utf8_is_a_character),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(an_array_that_cannot_grow_is_as_before),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * cm.h - cmocka, and the one main of its tests.  A case is a function whose name reads as a sentence.
 *
 *	PROGRAM               runs all
 *	PROGRAM --list        prints the cases, one a line: discover.cmake makes a test of each
 *	PROGRAM --only CASE   runs one
 */
#ifndef CM_H
#define CM_H

/* cmocka wants these before itself, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the command line asks for; does not return when that is no run. */
static inline void cm_choose(int argc, char **argv, const struct CMUnitTest *cases, size_t count)
{
	bool list = argc == 2 && !strcmp(argv[1], "--list");
	bool only = argc == 3 && !strcmp(argv[1], "--only");

	for (size_t i = 0; i < count; i++) {
		if (list)
			puts(cases[i].name);
		else if (only && !strcmp(argv[2], cases[i].name)) {
			cmocka_set_test_filter(argv[2]);
			return;
		}
	}
	if (argc != 1)
		exit(list ? 0 : 2);
}

/* Runs the array CASES between two fixtures of the whole, or NULL; gives main's status. */
#define run_cases(argc, argv, cases, set_up, tear_down)                    \
	(cm_choose(argc, argv, cases, sizeof(cases) / sizeof((cases)[0])), \
	 cmocka_run_group_tests(cases, set_up, tear_down))

#endif

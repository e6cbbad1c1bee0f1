/*
 * say.h - lwtrace's words: on stderr, one sentence per cause, after the formula
 * "lwtrace: cannot open trace: path="x": No such file or directory".
 */
#ifndef LW_SAY_H
#define LW_SAY_H

#include <stdarg.h>
#include <stdbool.h>

/* Exit statuses, as env(1) and timeout(1) have them. */
enum {
	EXIT_OWN_FAILURE = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127
};

/* Why something failed, and the exit status that goes with it. */
struct reason {
	int status;
	char text[1024];
};

/* Fills in REASON with status 125; always returns -1. */
int fail(struct reason *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_status(struct reason *reason, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* How much is said: -1 only failures, 0 the outcome, 1 each step. */
extern int say_level;

void say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

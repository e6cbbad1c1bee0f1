/* SPDX-License-Identifier: MIT */
/*
 * message.h - what both commands say to people, on stderr, in one form:
 *	lwview: cannot compare: cannot open database: path="x": No such file or directory
 *
 * A function that fails records its sentence where the cause is known, and returns a status. Its
 * callers pass the status on; one that knows what it was for puts that in front. command_main()
 * prints the line, once. What fails after the first cause, while cleaning up for instance, is not
 * shown. So whoever goes on after a failure must end it: msg_flush() shows it, msg_take() does not.
 *
 * No control character reaches the terminal. Any thread may fail.
 */
#ifndef LW_CLI_MESSAGE_H
#define LW_CLI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Once, by main: the command's name, and its exit status for wrong usage. */
void msg_init(const char *name, int usage_status);
const char *msg_name(void);

/* Record a cause and return `status`, so that `return msg_fail(STATUS_INPUT, ...)` reads well. */
int msg_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with ": " and what errno means at the end. */
int msg_errno(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a command line that is wrong: returns the command's status for that. */
int msg_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts what was being done, "cannot compare", in front of the cause; returns `status`. */
int msg_context(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the line that was recorded, if any, and forgets it. */
void msg_flush(void);

/* Forgets it, after copying it to `text`, which may be NULL. False: there was none. */
bool msg_take(char *text, size_t size);

/* How much is said: -1 failures alone, 0 the outcome too, 1 each step too. */
extern int msg_level;

/* A remark, which changes no status: the outcome; a step. */
void msg_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void msg_step(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line that overwrites itself, only when stderr is a terminal; msg_progress(NULL) clears it. */
void msg_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

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

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Set once, by main: the command's name, and its exit status for wrong usage. */
extern const char *msg_program;
extern int msg_usage_status;

/*
 * Record a cause and return the status, so that `return msg_fail(STATUS_INPUT, ...)` reads well:
 * with the errno's meaning behind ": "; of a command line that is wrong, with the status for that.
 */
#define msg_fail(status, ...)  msg_record((status), 0, __VA_ARGS__)
#define msg_errno(status, ...) msg_record((status), errno, __VA_ARGS__)
#define msg_usage(...)         msg_record(msg_usage_status, 0, __VA_ARGS__)
int msg_record(int status, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts what was being done, "cannot compare", in front of the cause; returns `status`. */
int msg_context(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the line that was recorded, if any, and forgets it. */
void msg_flush(void);

/* Forgets it, after copying it to `text`, which may be NULL. False: there was none. */
bool msg_take(char *text, size_t size);

/* How much is said: -1 failures alone, 0 the outcome too, 1 each step too. */
extern int msg_level;

/* A remark, which changes no status: the outcome; a step. */
#define msg_note(...) msg_remark(0, __VA_ARGS__)
#define msg_step(...) msg_remark(1, __VA_ARGS__)
void msg_remark(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line that overwrites itself, only when stderr is a terminal; msg_progress(NULL) clears it. */
void msg_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

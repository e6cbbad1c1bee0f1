/* SPDX-License-Identifier: MIT */
/* msg.c - messages; see msg.h. */
#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool quiet;
static bool progress_shown;

static void progress_clear(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

/* Control characters of a hostile file name must not reach the terminal. */
static void put_line(const char *text, const char *error)
{
	progress_clear();
	fputs("lwview: ", stderr);
	for (const char *c = text; *c; c++)
		fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, stderr);
	if (error)
		fprintf(stderr, ": %s", error);
	fputc('\n', stderr);
}

enum status msg_fail(enum status status, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_line(text, NULL);
	return status;
}

enum status msg_errno(enum status status, const char *format, ...)
{
	const char *error = strerror(errno);
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_line(text, error);
	return status;
}

void msg_quiet(bool on)
{
	quiet = on;
}

void msg_note(const char *format, ...)
{
	char text[2048];
	va_list args;

	if (quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_line(text, NULL);
}

void msg_progress(const char *format, ...)
{
	va_list args;

	if (quiet || !isatty(STDERR_FILENO))
		return;
	progress_clear();
	if (!format)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	progress_shown = true;
}

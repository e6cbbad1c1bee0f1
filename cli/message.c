/* SPDX-License-Identifier: MIT */
#include "message.h"

#include "text.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE = 8192 /* holds two paths; what is longer is cut */
};

const char *msg_program = "";
int msg_usage_status, msg_level;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the two below */
static char pending[LINE];                                /* "": nothing has failed */
static bool progress_shown;

/* ---- failures ---- */

int msg_record(int status, int error, const char *format, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pthread_mutex_lock(&mutex);
	errno = error;
	if (!pending[0])
		snprintf(pending, sizeof(pending), error ? "%.4000s: %m" : "%s", text);
	pthread_mutex_unlock(&mutex);
	return status;
}

int msg_context(int status, const char *format, ...)
{
	char cause[LINE], context[LINE / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	pthread_mutex_lock(&mutex);
	if (pending[0]) {
		memcpy(cause, pending, sizeof(cause));
		snprintf(pending, sizeof(pending), "%s: %.4000s", context, cause);
	}
	pthread_mutex_unlock(&mutex);
	return status;
}

bool msg_take(char *text, size_t size)
{
	bool failed;

	pthread_mutex_lock(&mutex);
	failed = pending[0];
	if (text)
		snprintf(text, size, "%s", pending);
	pending[0] = '\0';
	pthread_mutex_unlock(&mutex);
	return failed;
}

/* ---- lines ---- */

/* The mutex is held. */
static void clear_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static void put_line(char *text)
{
	text_scrub(text);
	pthread_mutex_lock(&mutex);
	clear_progress();
	fprintf(stderr, "%s: %s\n", msg_program, text);
	pthread_mutex_unlock(&mutex);
}

void msg_flush(void)
{
	char text[LINE];

	if (msg_take(text, sizeof(text)))
		put_line(text);
}

void msg_remark(int level, const char *format, ...)
{
	char text[LINE];
	va_list args;

	if (msg_level < level)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_line(text);
}

void msg_progress(const char *format, ...)
{
	char text[LINE] = "";
	va_list args;

	if (msg_level < 0 || !isatty(STDERR_FILENO))
		return;
	if (format) {
		va_start(args, format);
		vsnprintf(text, sizeof(text), format, args);
		va_end(args);
		text_scrub(text);
	}
	pthread_mutex_lock(&mutex);
	clear_progress();
	fputs(text, stderr);
	fflush(stderr);
	progress_shown = text[0];
	pthread_mutex_unlock(&mutex);
}

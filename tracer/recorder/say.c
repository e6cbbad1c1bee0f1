/* say.c - see say.h. */
#include "say.h"

#include <stdio.h>

int say_level;

static int vfail(struct reason *reason, int status, const char *format, va_list list)
{
	reason->status = status;
	vsnprintf(reason->text, sizeof reason->text, format, list);
	return -1;
}

int fail(struct reason *reason, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfail(reason, EXIT_OWN_FAILURE, format, list);
	va_end(list);
	return -1;
}

int fail_status(struct reason *reason, int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfail(reason, status, format, list);
	va_end(list);
	return -1;
}

void say(int level, const char *format, ...)
{
	va_list list;

	if (level > say_level)
		return;
	fputs("lwtrace: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

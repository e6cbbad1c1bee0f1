/* Runs inside the traced program: no allocation, no stdio. */
/* raw.c - files, texts and the end, without libc's buffers; see raw.h. */
#define _GNU_SOURCE
#include "raw.h"

#include <stdlib.h>

size_t raw_file(const char *path, char *text, size_t size)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long got = fd < 0 ? -1 : syscall(SYS_read, fd, text, size - 1);

	if (fd >= 0)
		syscall(SYS_close, fd);
	if (got < 0)
		got = 0;
	text[got] = '\0';
	return (size_t)got;
}

struct raw_text raw_text(char *room, size_t size)
{
	*room = '\0';
	return (struct raw_text){room, room + size - 1};
}

void raw_text_add(struct raw_text *text, const char *more)
{
	while (*more && text->at < text->end)
		*text->at++ = *more++;
	*text->at = '\0';
}

void raw_text_number(struct raw_text *text, unsigned long number, unsigned base)
{
	char digits[24], *at = digits + sizeof digits - 1;

	*at = '\0';
	do
		*--at = "0123456789abcdef"[number % base];
	while (number /= base);
	raw_text_add(text, at);
}

void raw_say(const char *text)
{
	(void)!syscall(SYS_write, STDERR_FILENO, text, strlen(text));
}

_Noreturn void raw_broken(const char *text)
{
	raw_say(text);
	abort();
}

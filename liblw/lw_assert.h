/*
 * lw_assert.h - assertions.
 *
 * Live where LW_ASSERT is defined: in lw_check and in debug builds.  In what ships an assertion is
 * compiled and never evaluated: the code is that of a source without it, to the byte.
 */
#ifndef LW_ASSERT_H
#define LW_ASSERT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef LW_ASSERT
#define ASSERT(cond) ((cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__))

/* It must not allocate: the heap may be in the middle of anything. */
static _Noreturn __attribute__((noinline)) void assert_failed(const char *what, const char *file,
                                                              int line)
{
	char text[400];
	int len = snprintf(text, sizeof text, "liblw: assertion failed: %s:%d: %s\n", file, line,
	                   what);
	(void)!write(STDERR_FILENO, text,
	             (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
	abort();
}
#else
#define ASSERT(cond) (0 ? (void)(cond) : (void)0)
#endif
#endif

/*
 * check.h - tests that need libc alone, so that they run on a board too.
 *
 * A test is a function whose name reads as a sentence.  Each runs in a child of its own with a
 * deadline, so that the crash of one hides no other.  Nothing here allocates: the allocator is
 * what is under test.
 *
 *	PROGRAM               runs all: `ok N - sentence` or `not ok N - sentence`; status 1 if one failed
 *	PROGRAM --list        prints their names
 *	PROGRAM --only NAME   runs one in the same way, for ctest
 *	PROGRAM NAME          runs one in this process, for a debugger
 */
#ifndef CHECK_H
#define CHECK_H

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CHECK_SECONDS
#define CHECK_SECONDS (getenv("LW_EMULATED") ? 200u : 50u) /* of the processor, for one process */
#endif

struct check_test {
	const char *name;
	void (*run)(void);
	int pending;      /* it is known to fail, and does not count */
	const void *data; /* for RUN, which finds it through check_running */
};

static const struct check_test *check_running;

#define TEST(function)                       \
	{                                    \
#function, function, 0, NULL \
	}

/* One that is known to fail: promised, and to be done. */
#define PENDING(function)                    \
	{                                    \
#function, function, 1, NULL \
	}

/* Fails the test that is running, with the place and the values of two numbers. */
#define CHECK_EQUAL(a, b)                                                               \
	do {                                                                            \
		unsigned long long check_a = (unsigned long long)(a),                   \
				   check_b = (unsigned long long)(b);                   \
		if (check_a != check_b)                                                 \
			check_fail(__FILE__, __LINE__, #a " == " #b, check_a, check_b); \
	} while (0)

#define CHECK(cond)                                                        \
	do {                                                               \
		if (!(cond))                                               \
			check_fail(__FILE__, __LINE__, #cond, 0ull, 1ull); \
	} while (0)

/* dprintf without malloc. */
static inline __attribute__((format(printf, 2, 3))) void check_say(int fd, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len > 0 &&
	    write(fd, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1) < 0)
		_exit(1);
}

static inline _Noreturn void check_fail(const char *file, int line, const char *what,
                                        unsigned long long left, unsigned long long right)
{
	const char *base = strrchr(file, '/');
	check_say(STDERR_FILENO, "# %s:%d: %s (0x%llx, 0x%llx)\n", base ? base + 1 : file, line,
	          what, left, right);
	_exit(1);
}

/* A test that goes round in a circle ends by what it takes of the processor, not by what others take
 * of it; one that waits for ever, when a busy machine would long have been done. */
static inline void check_deadline(void)
{
	setrlimit(RLIMIT_CPU, &(struct rlimit){CHECK_SECONDS, CHECK_SECONDS + 1});
	alarm(10 * CHECK_SECONDS);
}

static inline const char *check_sentence(const char *name)
{
	static char text[160];
	size_t i = 0;
	for (; name[i] && i < sizeof text - 1; i++)
		text[i] = name[i] == '_' ? ' ' : name[i];
	text[i] = '\0';
	return text;
}

static inline int check_one(const struct check_test *test, unsigned number)
{
	int status = 0;
	check_running = test;
	pid_t pid = fork();
	if (!pid) {
		setpgid(0, 0);
		check_deadline();
		test->run();
		_exit(0);
	}
	setpgid(pid, pid);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL); /* what it left behind */
	if (WIFSIGNALED(status))
		check_say(STDERR_FILENO, "# signal %d%s\n", WTERMSIG(status),
		          WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU
		                  ? ": the deadline"
		                  : "");
	if (test->pending)
		check_say(STDOUT_FILENO, "ok %u - pending, %s: %s\n", number,
		          status ? "fails" : "passes: it is a TEST now",
		          check_sentence(test->name));
	else
		check_say(STDOUT_FILENO, "%s %u - %s\n", status ? "not ok" : "ok", number,
		          check_sentence(test->name));
	return status && !test->pending;
}

static inline int check_main(int argc, char **argv, const struct check_test *tests, unsigned count)
{
	const char *name = argc > 1 ? argv[argc - 1] : NULL;
	int list = argc == 2 && !strcmp(name, "--list"),
	    only = argc == 3 && !strcmp(argv[1], "--only");
	unsigned found = 0, failed = 0;
	for (unsigned i = 0; i < count; i++) {
		if (list)
			check_say(STDOUT_FILENO, "%s\n", tests[i].name);
		if (!list && name && strcmp(name, tests[i].name))
			continue;
		found++;
		if (!name || only)
			failed += check_one(&tests[i], i + 1);
		else if (!list)
			(check_running = &tests[i])->run();
	}
	if (!found)
		check_say(STDERR_FILENO, "no test has this name: %s\n", name);
	return failed || !found;
}

#define CHECK_MAIN(table)                                                                 \
	int main(int argc, char **argv)                                                   \
	{                                                                                 \
		return check_main(argc, argv, table, sizeof(table) / sizeof((table)[0])); \
	}

/* What the last child said on stderr. */
static char check_words[4096] __attribute__((unused));

/* Runs FN in a child; returns its status. */
static inline int check_run(void (*fn)(void))
{
	int out[2], status = 0;
	size_t len = 0;
	ssize_t got;
	CHECK_EQUAL(pipe(out), 0);
	pid_t pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		dup2(out[1], STDERR_FILENO);
		check_deadline();
		fn();
		_exit(0);
	}
	close(out[1]);
	while ((got = read(out[0], check_words + len, sizeof check_words - 1 - len)) > 0)
		len += got;
	check_words[len] = '\0';
	char *emulator = strstr(check_words, "qemu: "); /* it adds a line of its own */
	if (emulator)
		*emulator = '\0';
	close(out[0]);
	CHECK_EQUAL(waitpid(pid, &status, 0), pid);
	return status;
}

/* Takes away from the compiler what it knows about a block. */
static inline void *check_opaque(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

/* A generator that gives the same everywhere. */
static inline unsigned long long check_random(unsigned long long *state)
{
	*state += 0x9e3779b97f4a7c15;
	unsigned long long z = *state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#endif

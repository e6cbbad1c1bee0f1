/*
 * exits.c - writes the counts of lines where gcov's runtime does not: a test's child leaves by _exit(),
 * and one that the allocator ends for a bug leaves by abort().
 *
 * Writing them allocates, in an allocator that may be broken on purpose: it is tried once, in silence,
 * and whatever comes of it the process ends as it was to end.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void __gcov_dump(void);

enum {
	ABORT = -1
};

static _Noreturn void leave(int status)
{
	if (status == ABORT) {
		signal(SIGABRT, SIG_DFL);
		raise(SIGABRT);
	}
	for (;;)
		syscall(SYS_exit_group, status);
}

static volatile sig_atomic_t leaving;
static volatile sig_atomic_t as;

static void give_up(int number)
{
	(void)number;
	leave(as);
}

static _Noreturn void dump_and_leave(int status)
{
	if (!leaving) {
		as = status;
		leaving = 1;
		signal(SIGSEGV, give_up);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		__gcov_dump();
	}
	leave(as);
}

void _exit(int status)
{
	dump_and_leave(status);
}

void abort(void)
{
	dump_and_leave(ABORT);
}

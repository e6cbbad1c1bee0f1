/* sum.h - the last words of a recording: what it holds, and what to do next. */
#ifndef LW_SUM_H
#define LW_SUM_H

#include "output.h"
#include "status.h"

/* What is known of the program besides its trace. */
struct story {
	char **argv;
	const char *allocator;
	pid_t pid;
	int status;           /* exit status, -1: it runs on */
	double wall_s, cpu_s; /* 0: not known */
};

/* Sums up the trace in OUTPUT, describes it there, and says it on stderr.  Fails when there is no
 * fact in it, and on a loss under --strict. */
int sum_tell(const struct output *output, const struct story *story);

#endif

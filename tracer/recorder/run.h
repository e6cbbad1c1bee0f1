/*
 * run.h - runs a program as a shell would: its output untouched, its signals its own.
 */
#ifndef LW_RUN_H
#define LW_RUN_H

#include "libraries.h"
#include "program.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct run {
	pid_t pid;
	int status; /* as a shell says it: exit status, or 128 + signal */
	bool ended;
	bool follow;         /* wait for its descendants too */
	bool silent;         /* its output goes nowhere */
	struct rusage usage; /* of the program and of its waited-for children */
};

/* User and system, in seconds. */
double run_cpu_seconds(const struct run *run);

/* Before the first run: signals are waited for, not taken. */
void run_prepare(void);

/* Starts PROGRAM with ARGV; fails with 126 or 127 when exec does. */
int run_start(struct run *run, const struct program *program, char **argv,
              const struct preload *preload);

/* Waits at most MS; passes on signals sent to lwtrace.  True when there is nothing left to wait for. */
bool run_wait(struct run *run, unsigned ms);

#endif

/*
 * trace.h - what a recording holds, read from its packets: facts, losses, bytes, processes.
 *
 * Losses are taken from the packets' own headers, the only place where LTTng has them right (the
 * session's counters are reset, wrapped, or asked too early).
 */
#ifndef LW_TRACE_FILES_H
#define LW_TRACE_FILES_H

#include "lwtrace.h"

#include <stdint.h>

/* One process image: one folder ust/pid/NAME-PID-DATE. */
struct recorded {
	char name[64];
	int pid;
	unsigned long long facts, lost;
};

struct trace_sum {
	unsigned long long facts, lost, bytes;
	unsigned damaged; /* stream files that end inside a packet */
	struct recorded *process;
	unsigned processes;
};

/* Removes the folder PATH with all that is in it; nonzero: not all, see errno. */
int trace_remove(const char *path);

/* Sums up the trace in the folder PATH, and takes out of it the folders of processes that had not even
 * registered when the recording ended.  Fails only when the folder cannot be read. */
int trace_sum(const char *path, struct trace_sum *sum);

/* Bytes below PATH, quickly: while the recording runs. */
uint64_t trace_bytes(const char *path);

void trace_sum_release(struct trace_sum *sum);

#endif

/*
 * recording.h - what `record` and `attach` share: where the trace goes, from the first buffer to the last
 * words about it.
 */
#ifndef LW_RECORDING_H
#define LW_RECORDING_H

#include "output.h"
#include "session.h"
#include "sessiond.h"

#include "cli/options.h"

/* Output, limits and strictness: the rows that the command line says them by. */
extern const struct option_row recording_rows[];

struct recording {
	struct output output;
	struct sessiond daemon;
	struct session session; /* its url and pid are the caller's to set */
	uint64_t started;       /* of clock_now() */
	/* What is known of the program besides its trace. */
	char **argv;
	const char *allocator;
	pid_t pid;
	int status;           /* exit status, -1: it runs on */
	double wall_s, cpu_s; /* 0: not known */
};

/* Sizes the buffers and makes the output folder, which may be named after PROGRAM. */
int recording_prepare(struct recording *recording, const char *program);

/* From here on facts are recorded. */
int recording_start(struct recording *recording);

/* Whether it has reached a limit; says so. */
bool recording_limit(const struct recording *recording);

/* Now, and not only when it ends. */
int recording_stop(struct recording *recording);

/* Stops it, lets the daemon go and, if the program RAN, sums up the trace, describes it in its folder and
 * says it on stderr.  Fails when there is no fact in it, and on a loss under --strict. */
int recording_end(struct recording *recording, bool ran);

#endif

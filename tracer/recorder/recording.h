/* recording.h - what `record` and `attach` share: where the trace goes, and when it is long enough. */
#ifndef LW_RECORDING_H
#define LW_RECORDING_H

#include "output.h"

#include "cli/options.h"

struct recording_options {
	const char *output; /* -o, NULL: a folder named after the program */
	bool force, strict;
	int64_t max_size, max_time; /* bytes, ns; 0: no limit */
};

/* What the command line says, and the rows that it says it by. */
extern struct recording_options recording_options;
extern const struct option_row recording_rows[];

/* Whether the recording that began at STARTED, of clock_now(), has reached a limit; says so. */
bool recording_limit(const struct output *output, uint64_t started);

#endif

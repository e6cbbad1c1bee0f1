/* output.h - the trace's folder: never overwritten unasked, described by lwtrace.json in it. */
#ifndef LW_OUTPUT_H
#define LW_OUTPUT_H

#include "lwtrace.h"
#include "trace.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct output {
	char path[PATH_MAX];  /* absolute */
	char shown[PATH_MAX]; /* as the user would write it */
	bool made;            /* by us, just now */
};

/* Makes the folder SHOWN, unless it is there, and writes its absolute path. */
int output_folder(const char *shown, char path[PATH_MAX]);

/* Makes the folder NAME (NULL: one named after PROGRAM); FORCE empties one that holds a trace. */
int output_make(struct output *output, const char *name, const char *program, bool force);

/* Removes a folder in which nothing was recorded. */
void output_discard(struct output *output);

/* Writes lwtrace.json. */
void output_describe(const struct output *output, char **argv, const char *allocator, pid_t pid,
                     int status, const struct trace_sum *sum);

#endif

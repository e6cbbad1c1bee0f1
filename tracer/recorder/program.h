/*
 * program.h - the program that is to run: where it is, and whether a preloaded library can see it.
 */
#ifndef LW_PROGRAM_H
#define LW_PROGRAM_H

#include "lwtrace.h"

#include <stdbool.h>

struct program {
	char path[4096];   /* what is executed */
	char binary[4096]; /* the ELF file that will run: PATH, or the interpreter of a script */
};

/* Finds NAME along PATH; fails with status 127 or 126 as a shell does. */
int program_find(struct program *program, const char *name);

/* Whether NAME can be run from PATH. */
bool program_in_path(const char *name);

/* Refuses, in one sentence, what LD_PRELOAD cannot reach: static, setuid, of another architecture. */
int program_check(struct program *program);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * manual.h - at build time: the pages of the manual and the completion of bash, from the table of
 * commands that the program itself runs on.
 */
#ifndef LW_CLI_MANUAL_H
#define LW_CLI_MANUAL_H

#include "command.h"

/* In place of command_main(): writes NAME.1, NAME-COMMAND.1 of each, and NAME, the completion, to
 * the folder argv[1]. */
int manual_main(const struct command_set *set, int argc, char **argv);

#endif

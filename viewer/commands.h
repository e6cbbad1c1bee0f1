/* SPDX-License-Identifier: MIT */
/* commands.h - the commands that are no view: what they run, and their own options. */
#ifndef LWVIEW_COMMANDS_H
#define LWVIEW_COMMANDS_H

#include "cli/command.h"
#include "viewer/ask/options.h"

extern const struct option_row load_options[], export_options[], check_options[];
extern const struct option_row compare_options[], report_options[];
enum status command_load(const struct command *self, struct options *o);
enum status command_sql(const struct command *self, struct options *o);
enum status command_export(const struct command *self, struct options *o);
enum status command_check(const struct command *self, struct options *o);
enum status command_compare(const struct command *self, struct options *o);
enum status command_report(const struct command *self, struct options *o);

#endif

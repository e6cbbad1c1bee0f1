/* SPDX-License-Identifier: MIT */
/*
 * view.h - the commands of lwview. A new view is one file with one function and one row in the
 * table of main.c; its own options are rows too (cli/options.h).
 */
#ifndef LWVIEW_VIEW_H
#define LWVIEW_VIEW_H

#include "cli/command.h"
#include "viewer/ask/options.h"
#include "viewer/status.h"

/* The data half */
extern const struct option_row load_options[];
enum status command_load(const struct command *self, struct options *o);
enum status command_info(const struct command *self, struct options *o);
enum status command_sql(const struct command *self, struct options *o);
extern const struct option_row export_options[], check_options[], table_options[];
enum status command_export(const struct command *self, struct options *o);
enum status command_check(const struct command *self, struct options *o);
enum status command_table(const struct command *self, struct options *o);

/* The pictures */
enum status command_map(const struct command *self, struct options *o);
enum status command_timeline(const struct command *self, struct options *o);
enum status command_latency(const struct command *self, struct options *o);
enum status command_rss(const struct command *self, struct options *o);
enum status command_compare(const struct command *self, struct options *o);
enum status command_report(const struct command *self, struct options *o);

extern const struct option_row map_options[];
extern const struct option_row compare_options[];
extern const struct option_row report_options[];
extern const struct option_row latency_options[];
extern const struct option_row timeline_options[];
extern const struct option_row rss_options[];

#endif

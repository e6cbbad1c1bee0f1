/* SPDX-License-Identifier: MIT */
/*
 * view.h - a view is a question about a recording: what it loads, the tables that answer it, and
 * the picture. From one struct view come the command and its help, the section on the report page,
 * the picture beside another recording, and what the tests go through.
 *
 * A new view is one file in draw/ that defines view_NAME, and one row in VIEWS.
 * doc/add-a-view.md adds one.
 */
#ifndef LWVIEW_VIEW_H
#define LWVIEW_VIEW_H

#include "cli/command.h"
#include "viewer/ask/options.h"
#include "viewer/ask/scope.h"
#include "viewer/ask/sheet.h"

struct plot;
struct viewing;

/* In the order of the help and of the report page. */
/* clang-format off */
#define VIEWS(row)      \
	row(map)        \
	row(timeline)   \
	row(rss)        \
	row(latency)    \
	row(info)       \
	row(sites)      \
	row(leaks)      \
	row(temporary)  \
	row(sizes)      \
	row(lifetimes)  \
	row(threads)    \
	row(pools)
/* clang-format on */

enum {
	TAKES_NO_THREAD = 1,
	TAKES_NO_SIZE = 2,
	TAKES_NO_SITE = 4,
	VIEW_TABLES = 7 /* of one view, at most */
};

struct view {
	struct command command; /* see VIEW_COMMAND */
	unsigned refuses;       /* TAKES_NO_ bits: shared options that would have no effect */
	const char *why;        /* they would have none */
	const char *(*idle)(
		enum form form); /* an own option that has none in this form, "--rows" */
	bool heap;               /* shows the heap, also while no block is made */

	/* The data, which may be none: zeroed, loaded, released even if loading failed. */
	size_t size;
	enum status (*load)(struct viewing *v);
	void (*release)(void *data);
	const char *(*missing)(const void *data); /* why there is nothing to see; NULL: there is */

	/* The tables: their names, and what fills a sheet for each that applies. */
	const char *tables[VIEW_TABLES + 1];
	int data_tables; /* of them so many are in JSON and CSV, the others are for people; 0 all */
	int64_t page_rows; /* of a table on the report page, -1 all */
	enum status (*table)(const struct viewing *v, struct sheet *sheets);
	enum status (*text)(const struct viewing *v, FILE *out); /* above them on a terminal */

	/* The picture of one recording, or of two side by side; plot is NULL if there is none. */
	const char *pair; /* the caption of two; NULL: of one only */
	void (*plot_size)(const void *const data[], int count, int *width, int *height);
	enum status (*plot)(const void *const data[], int count, struct plot *plot);
};

/* A view of one recording, and what its functions work on. */
struct viewing {
	const struct view *view;
	struct scope *scope;
	const struct options *options;
	int64_t rows; /* of a long table so many are wanted, -1 all */
	void *data;
};

#define VIEW_DECLARE(name) extern const struct view view_##name;
VIEWS(VIEW_DECLARE)
#undef VIEW_DECLARE

extern const struct view *const views[]; /* NULL at the end */
const struct view *view_find(const char *name);

/*
 * The command of a view. The caption says what is to be seen and how figures are defined, in lines of
 * at most 90 columns. After the examples come the tables of its own options, if any.
 */
#define VIEW_COMMAND(name_, purpose_, caption, examples_, ...)                       \
	.command = {                                                                 \
		.name = name_,                                                       \
		.operands = "heap.db",                                               \
		.purpose = purpose_,                                                 \
		.text = caption,                                                     \
		.examples = examples_,                                               \
		.least = 1,                                                          \
		.most = 1,                                                           \
		.options = {__VA_ARGS__ __VA_OPT__(, ) filter_options, file_options, \
	                    data_options},                                           \
		.run = command_view,                                                 \
	}
int command_view(const struct command *self, int argc, char **argv);
extern const struct option_row picture_options[]; /* of every view with a picture */
extern const char *picture_keep;

enum status viewing_open(struct viewing *v, const struct view *view, struct scope *scope,
                         const struct options *options, int64_t rows);
void viewing_close(struct viewing *v);

/* The first of the options that is refused, "--site"; NULL: none is. */
const char *view_refuses(const struct view *view, const struct options *o);

/* One sheet for each table, one without columns if it does not apply; to be released in any case. */
int view_tables(const struct view *view);
enum status viewing_sheets(const struct viewing *v, struct sheet sheets[VIEW_TABLES]);
void sheets_release(struct sheet sheets[VIEW_TABLES]);

#endif

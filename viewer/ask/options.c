/* SPDX-License-Identifier: MIT */
/* options.c - see options.h. */
#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool parse_when(const char *text, void *target)
{
	struct when *when = target;
	size_t length = strlen(text);

	if (!strcmp(text, "peak"))
		when->kind = WHEN_PEAK;
	else if (!strcmp(text, "end"))
		when->kind = WHEN_END;
	else if (length && text[length - 1] == '%') {
		when->kind = WHEN_PERCENT;
		if (!option_value(&option_share, text, &when->percent))
			return false;
		when->percent *= 100;
	} else {
		when->kind = WHEN_TIME;
		return option_value(&option_span, text, &when->ns);
	}
	return true;
}

const struct option_type option_when = {.parse = parse_when};

struct options options_given = {.pid = -1, .thread = -1, .min_size = -1, .max_size = -1};
#define GIVEN(field) &options_given.field

const struct option_row file_options[] = {
	{'o', "output", &option_text, GIVEN(output), "FILE", "write the result to FILE"},
	{'f', "force", &option_flag, GIVEN(force), NULL, "overwrite an existing output"},
	OPTION_END,
};

const struct option_row data_options[] = {
	{0, "json", &option_flag, GIVEN(json), NULL, "print JSON, raw integers"},
	{0, "csv", &option_flag, GIVEN(csv), NULL, "print CSV, raw integers"},
	OPTION_END,
};

const struct option_row filter_options[] = {
	{0, "at", &option_when, GIVEN(at), "TIME", "the moment: 1.5s, 20%, peak, end"},
	{0, "begin", &option_when, GIVEN(begin), "TIME", "leave out what happened before"},
	{0, "end", &option_when, GIVEN(end), "TIME", "leave out what happened after"},
	{0, "pid", &option_int, GIVEN(pid), "PID", "this process (default: the recorded one)"},
	{0, "thread", &option_int, GIVEN(thread), "TID", "only blocks of this thread"},
	{0, "min-size", &option_size, GIVEN(min_size), "SIZE", "only blocks of at least SIZE"},
	{0, "max-size", &option_size, GIVEN(max_size), "SIZE", "only blocks of at most SIZE"},
	{0, "site", &option_text, GIVEN(site), "SITE", "only blocks of this call site"},
	OPTION_END,
};

enum status options_complete(struct options *o, int argc, char **argv)
{
	o->args = argv;
	o->arg_count = argc;
	if (o->json && o->csv)
		return msg_fail(STATUS_USAGE, "choose one: --json or --csv");
	return STATUS_OK;
}

/* ---- what is written ---- */

static const struct {
	const char *suffix;
	enum form form;
	const char *what;
} endings[] = {
	{".txt", FORM_TEXT, "text"},       {".json", FORM_JSON, "JSON"},
	{".csv", FORM_CSV, "CSV"},         {".svg", FORM_PICTURE, "picture"},
	{".png", FORM_PICTURE, "picture"}, {".pdf", FORM_PICTURE, "picture"},
	{".gp", FORM_PICTURE, "picture"},  {".html", FORM_PAGE, "page"},
};

enum {
	ENDINGS = sizeof(endings) / sizeof(*endings)
};

static enum status ending_refuse(const char *path, unsigned has)
{
	char list[128];
	int last = 0, n = 0;

	for (int i = 0; i < ENDINGS; i++)
		last = endings[i].form & has ? i : last;
	for (int i = 0; i <= last; i++)
		if (endings[i].form & has)
			n += snprintf(list + n, sizeof(list) - (size_t)n, "%s%s",
			              !n          ? ""
			              : i == last ? " or "
			                          : ", ",
			              endings[i].suffix);
	return msg_fail(STATUS_USAGE, "cannot write: the name must end in %s: path=\"%s\"", list,
	                path);
}

enum status form_choose(enum form *form, struct options *o, const char *command, unsigned has)
{
	const char *path = o->output ? o->output : "-", *slash = strrchr(path, '/');
	const char *ending = strrchr(slash ? slash : path, '.');
	enum form asked = o->json ? FORM_JSON : o->csv ? FORM_CSV : 0;
	const char *what = o->json ? "JSON" : "CSV";
	int i;

	assert(has & FORM_TEXT);
	*form = asked ? asked : FORM_TEXT;
	for (i = 0; ending && i < ENDINGS && strcmp(ending, endings[i].suffix); i++)
		;
	if (ending && i < ENDINGS) {
		*form = endings[i].form;
		what = endings[i].what;
		if (asked && *form != asked)
			return msg_fail(STATUS_USAGE,
			                "-o ends in another form than was asked for: path=\"%s\"",
			                path);
	} else if (ending && !asked) {
		return ending_refuse(path, has);
	}
	if (o->force && !strcmp(path, "-"))
		return msg_fail(STATUS_USAGE, "-f takes an output, -o FILE");
	if (!(*form & has))
		return msg_fail(STATUS_USAGE, "%s gives no %s: path=\"%s\"", command, what, path);
	o->json = *form == FORM_JSON;
	o->csv = *form == FORM_CSV;
	return STATUS_OK;
}

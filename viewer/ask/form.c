/* SPDX-License-Identifier: MIT */
/* form.c - what a command writes; see form.h. */
#include "form.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

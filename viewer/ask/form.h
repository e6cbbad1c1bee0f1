/* SPDX-License-Identifier: MIT */
/* form.h - what a command writes: as --json or --csv says, or the end of -o's name. */
#ifndef LWVIEW_FORM_H
#define LWVIEW_FORM_H

#include "options.h"

enum form {
	FORM_TEXT = 1, /* bits of what a command has */
	FORM_JSON = 2,
	FORM_CSV = 4,
	FORM_PICTURE = 8,
	FORM_PAGE = 16,
	FORM_TABLES = FORM_TEXT | FORM_JSON | FORM_CSV
};

/*
 * A name without an ending is a text, and so is stdout. Sets o->json and o->csv to what was chosen;
 * a form that the command has not, or an ending that is none, is refused.
 */
enum status form_choose(enum form *form, struct options *o, const char *command, unsigned has);

#endif

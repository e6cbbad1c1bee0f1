/* SPDX-License-Identifier: MIT */
#include "manual.h"

#include "message.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DATE "November 28, 2026" /* of the last change to what the pages say */

enum {
	FAILED = 1
};

/* ---- words of mdoc ---- */

static void put_escaped(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '"')
			fputs("\\(dq", out);
		else if (text[i] == '-')
			fputs("\\-", out); /* to be copied as it is */
		else
			fputc(text[i], out);
	}
}

/* Filled text: a paragraph begins at an empty line, a sentence on a line of its own. */
static void put_text(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t space = strspn(text, " \n"), length;
		bool paragraph = memmem(text, space, "\n\n", 2);

		text += space;
		length = strcspn(text, " \n");
		if (paragraph)
			fputs(column ? "\n.Pp\n" : ".Pp\n", out);
		else if (column)
			fputc(column + length < 75 ? ' ' : '\n', out);
		if (paragraph || column + length >= 75)
			column = 0;
		if (!column && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		put_escaped(out, text, length);
		text += length;
		column += length + 1;
		if (length && strchr(".!?", text[-1]) && *text) {
			fputc('\n', out);
			column = 0;
		}
	}
	if (column)
		fputc('\n', out);
}

static void put_option(FILE *out, const struct option_row *row)
{
	fputs(".It ", out);
	if (row->letter)
		fprintf(out, "Fl %c , ", row->letter);
	fprintf(out, "Fl Fl %s", row->name);
	if (row->argument)
		fprintf(out, " Ar %s", row->argument);
	fputc('\n', out);
	put_text(out, row->help);
}

/* ---- pages ---- */

static FILE *open_file(const char *folder, const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	if (!out)
		msg_errno(FAILED, "cannot write: path=\"%s\"", path);
	return out;
}

static int close_file(FILE *out)
{
	bool bad = ferror(out);

	return fclose(out) || bad ? msg_errno(FAILED, "cannot write") : 0;
}

/* Opens the page of `command`, "" for that of the program, and writes its head. */
static FILE *open_page(const struct command_set *set, const char *command, const char *purpose,
                       const char *folder)
{
	char name[100];
	size_t length = (size_t)snprintf(name, sizeof(name), "%s%s%s.1", set->name,
	                                 *command ? "-" : "", command);
	FILE *out = open_file(folder, name);

	if (!out)
		return NULL;
	name[length - 2] = '\0';
	fputs(".Dd " DATE "\n.Dt ", out);
	for (const char *c = name; *c; c++)
		fputc(toupper((unsigned char)*c), out);
	fprintf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n.Nm %s%s%s\n", name, purpose,
	        set->name, *command ? " " : "", command);
	return out;
}

/* Its lines are "STATUS meaning". */
static void put_statuses(FILE *out, const struct command_set *set)
{
	fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
	for (const char *line = set->statuses; *line; line += strcspn(line, "\n")) {
		char meaning[300];
		int status = 0, rest = 0;

		line += *line == '\n';
		sscanf(line, "%*s%n%299[^\n]%n", &status, meaning, &rest);
		fprintf(out, ".It %.*s\n", status, line);
		put_text(out, meaning);
	}
	fputs(".El\n", out);
}

static void put_examples(FILE *out, const struct command_set *set, const struct command *c)
{
	for (const char *line = c->examples; line && *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		fprintf(out, ".Dl %s ", set->name);
		put_escaped(out, line, strcspn(line, "\n"));
		fputc('\n', out);
	}
}

static int write_command(const struct command_set *set, const struct command *c, const char *folder)
{
	const struct option_row *tables[COMMAND_TABLES];
	FILE *out = open_page(set, c->name, c->purpose, folder);

	if (!out)
		return FAILED;
	fputs(".Op Ar OPTIONS\n", out);
	if (*c->operands) {
		fputs(".Ar ", out);
		put_escaped(out, c->operands, strlen(c->operands));
		fputc('\n', out);
	}
	fputs(".Sh DESCRIPTION\n", out);
	put_text(out, c->text ? c->text : c->purpose);
	fputs(".Pp\nThe options are:\n.Bl -tag -width Ds\n", out);
	command_tables(set, c, tables);
	for (int t = 0; tables[t]; t++)
		for (const struct option_row *row = tables[t]; row->name; row++)
			put_option(out, row);
	fputs(".El\n", out);
	put_statuses(out, set);
	if (c->examples) {
		fputs(".Sh EXAMPLES\n", out);
		put_examples(out, set, c);
	}
	fprintf(out, ".Sh SEE ALSO\n.Xr %s 1\n", set->name);
	return close_file(out);
}

static int write_program(const struct command_set *set, const char *folder)
{
	FILE *out = open_page(set, "", set->purpose, folder);

	if (!out)
		return FAILED;
	fprintf(out, ".Ar COMMAND\n.Op Ar OPTIONS\n.Ar %s\n.Sh DESCRIPTION\n", set->operands);
	put_text(out, set->text ? set->text : set->purpose);
	fputs(".Pp\nThe commands are:\n.Bl -tag -width Ds\n", out);
	for (const struct command *const *c = set->commands; *c; c++)
		fprintf(out, ".It Cm %s\n%s, see\n.Xr %s-%s 1 .\n", (*c)->name, (*c)->purpose,
		        set->name, (*c)->name);
	fputs(".El\n", out);
	put_statuses(out, set);
	fputs(".Sh EXAMPLES\n", out);
	for (const struct command *const *c = set->commands; *c; c++)
		put_examples(out, set, *c);
	if (set->see_also)
		fprintf(out, ".Sh SEE ALSO\n%s\n", set->see_also);
	return close_file(out);
}

/* ---- completion ---- */

/* A word of the command line is a command, an option of that command, or left to bash: a file, and
 * behind "--" a program. */
static int write_completion(const struct command_set *set, const char *folder)
{
	FILE *out = open_file(folder, set->name);

	if (!out)
		return FAILED;
	fprintf(out,
	        "# Completion of %s for bash, made from its table of commands.\n"
	        "_%s() {\n"
	        "\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n"
	        "\tCOMPREPLY=()\n"
	        "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
	        "\t\twords='",
	        set->name, set->name);
	for (const struct command *const *c = set->commands; *c; c++)
		fprintf(out, "%s ", (*c)->name);
	fputs("--help --version'\n"
	      "\telif [ \"${COMP_WORDS[COMP_CWORD - 1]}\" = -- ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$word\")\n"
	      "\telse\n"
	      "\t\tcase ${COMP_WORDS[1]}/$word in\n",
	      out);
	for (const struct command *const *c = set->commands; *c; c++) {
		const struct option_row *tables[COMMAND_TABLES];

		fprintf(out, "\t\t%s/-*) words='", (*c)->name);
		command_tables(set, *c, tables);
		for (int t = 0; tables[t]; t++)
			for (const struct option_row *row = tables[t]; row->name; row++)
				fprintf(out, "--%s ", row->name);
		fputs("' ;;\n", out);
	}
	fprintf(out,
	        "\t\tesac\n"
	        "\tfi\n"
	        "\t[ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	        "\"$word\")\n"
	        "}\n"
	        "complete -o default -F _%s %s\n",
	        set->name, set->name);
	return close_file(out);
}

int manual_main(const struct command_set *set, int argc, char **argv)
{
	int status = 0;

	msg_program = set->name;
	msg_usage_status = FAILED;
	if (argc != 2)
		status = msg_usage("one folder is needed");
	for (const struct command *const *c = set->commands; !status && *c; c++)
		status = write_command(set, *c, argv[1]);
	if (!status)
		status = write_program(set, argv[1]);
	if (!status)
		status = write_completion(set, argv[1]);
	msg_flush();
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * show.c - the table of views, and the one command that shows any of them: on the terminal, as
 * data, as a picture, or as a page, as the end of -o's name says.
 */
#include "page.h"
#include "cli/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_LIST(name) &view_##name,
const struct view *const views[] = {VIEWS(VIEW_LIST) NULL};
#undef VIEW_LIST

enum {
	TEXT_ROWS = 40 /* a screen */
};

const struct view *view_find(const char *name)
{
	for (int i = 0; views[i]; i++)
		if (!strcmp(views[i]->command.name, name))
			return views[i];
	return NULL;
}

/* --- opening -------------------------------------------------------------------------------- */

enum status viewing_open(struct viewing *v, const struct view *view, struct scope *scope,
                         const struct options *options, int64_t rows)
{
	enum status status = STATUS_OK;

	assert(!view->size == !view->load);
	assert(!view->plot == !view->plot_size);
	*v = (struct viewing){view, scope, options, rows, NULL};
	if (!view->load)
		return STATUS_OK;
	v->data = calloc(1, view->size);
	if (v->data)
		status = view->load(v);
	else
		status = msg_errno(STATUS_FAILED, "cannot load");
	if (!status)
		status = db_status(scope->db);
	if (status)
		viewing_close(v);
	return status;
}

void viewing_close(struct viewing *v)
{
	if (v->data && v->view->release)
		v->view->release(v->data);
	free(v->data);
	v->data = NULL;
}

int view_tables(const struct view *view)
{
	int count = 0;

	while (view->tables[count])
		count++;
	return count;
}

enum status viewing_sheets(const struct viewing *v, struct sheet sheets[VIEW_TABLES])
{
	enum status status;

	memset(sheets, 0, VIEW_TABLES * sizeof(*sheets));
	status = v->view->table(v, sheets);
	return status ? status : db_status(v->scope->db);
}

void sheets_release(struct sheet sheets[VIEW_TABLES])
{
	for (int i = 0; i < VIEW_TABLES; i++)
		sheet_release(&sheets[i]);
}

/* --- options -------------------------------------------------------------------------------- */

const char *picture_keep;

const struct option_row picture_options[] = {
	{0, "keep-script", &option_text, &picture_keep, "FILE", "keep the gnuplot script"},
	OPTION_END,
};

const char *view_refuses(const struct view *view, const struct options *o)
{
	const struct {
		unsigned bit;
		bool given;
		const char *name;
	} options[] = {
		{TAKES_NO_THREAD, o->thread >= 0, "--thread"},
		{TAKES_NO_SIZE, o->min_size >= 0, "--min-size"},
		{TAKES_NO_SIZE, o->max_size >= 0, "--max-size"},
		{TAKES_NO_SITE, o->site != NULL, "--site"},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].given && view->refuses & options[i].bit)
			return options[i].name;
	return NULL;
}

static enum status refuse_option(const struct view *view, const struct options *o, enum form form)
{
	const char *option = view_refuses(view, o), *idle = view->idle ? view->idle(form) : NULL;

	if (option)
		return msg_fail(STATUS_USAGE, "%s: %s takes no %s", view->why, view->command.name,
		                option);
	if (idle)
		return msg_fail(STATUS_USAGE, "%s would change nothing in this form: path=\"%s\"",
		                idle, o->output ? o->output : "-");
	if (picture_keep && form != FORM_PICTURE)
		return msg_fail(STATUS_USAGE, "--keep-script takes a picture, -o FILE.svg");
	return STATUS_OK;
}

/* --- forms ---------------------------------------------------------------------------------- */

static enum status write_text(const struct viewing *v, const struct sheet *sheets, FILE *out)
{
	enum status status = v->view->text ? v->view->text(v, out) : STATUS_OK;
	bool first = true;

	for (int i = 0; !status && v->view->tables[i]; i++) {
		if (!sheets[i].columns)
			continue;
		if (!first)
			fputc('\n', out);
		sheet_print(&sheets[i], out);
		first = false;
	}
	return status;
}

/* As data, one table is an array; several are an object of arrays, or of CSV, with blank lines. */
static void write_data(const struct viewing *v, const struct sheet *sheets, enum form form,
                       FILE *out)
{
	const struct view *view = v->view;
	int count = view->data_tables ? view->data_tables : view_tables(view);
	bool first = true;

	for (int i = 0; i < count; i++) {
		if (!sheets[i].columns)
			continue;
		if (form == FORM_CSV) {
			fputs(first ? "" : "\n", out);
			sheet_csv(&sheets[i], out);
		} else {
			if (count > 1) {
				fputs(first ? "{" : ",\n", out);
				json_string(out, view->tables[i]);
				fputs(": ", out);
			}
			sheet_json(&sheets[i], out);
		}
		first = false;
	}
	if (form == FORM_JSON && count > 1)
		fputs("}\n", out);
}

/* --- the command ---------------------------------------------------------------------------- */

static enum status show_page(const struct viewing *v)
{
	const struct options *o = v->options;
	struct page page;
	enum status status;

	status = page_begin(&page, v->scope->who);
	if (!status)
		status = page_view(&page, v, 0);
	return page_end(&page, status, o->output, o->force);
}

static enum status show_tables(const struct viewing *v, enum form form)
{
	struct sheet sheets[VIEW_TABLES];
	enum status status = viewing_sheets(v, sheets);
	FILE *out;

	if (!status)
		status = output_open(&out, v->options);
	if (!status) {
		if (form == FORM_TEXT)
			status = write_text(v, sheets, out);
		else
			write_data(v, sheets, form, out);
		status = output_close(out, v->options, status);
	}
	sheets_release(sheets);
	return status;
}

static enum status show(const struct viewing *v, enum form form)
{
	const struct view *view = v->view;
	const char *missing = view->missing ? view->missing(v->data) : NULL;

	if (missing)
		return msg_fail(STATUS_INPUT, "nothing to show, %s: path=\"%s\"", missing,
		                db_path(v->scope->db));
	return form == FORM_PICTURE
	               ? view_draw(view, (const void *[]){v->data}, 1, v->options, NULL)
	       : form == FORM_PAGE ? show_page(v)
	                           : show_tables(v, form);
}

int command_view(const struct command *self, int argc, char **argv)
{
	const struct view *view = (const struct view *)self;
	struct options *o = &options_given;
	enum form form;
	struct viewing v;
	struct scope s;
	enum status status;

	assert(view_find(self->name) == view);
	status = options_complete(o, argc, argv);
	if (!status)
		status = form_choose(&form, o, self->name,
		                     FORM_TABLES | FORM_PAGE | (view->plot ? FORM_PICTURE : 0));
	if (!status)
		status = refuse_option(view, o, form);
	if (!status)
		status = scope_open_selection(&s, o->args[0], o, view->heap);
	if (status)
		return (int)status;
	status = viewing_open(&v, view, &s, o, form == FORM_TEXT ? TEXT_ROWS : -1);
	if (!status) {
		status = show(&v, form);
		viewing_close(&v);
	}
	scope_close(&s);
	return (int)status;
}

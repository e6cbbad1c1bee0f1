/* SPDX-License-Identifier: MIT */
/* compare.c - `lwview compare`: two recordings of one program, base -> new. */
#include "html.h"
#include "pair.h"
#include "viewer/ask/form.h"
#include "viewer/commands.h"

#include <stdio.h>
#include <string.h>

static const char *view_name;
static bool exit_code;

const struct option_row compare_options[] = {
	{0, "view", &option_text, &view_name, "NAME", "the picture is this view's (default map)"},
	{0, "exit-code", &option_flag, &exit_code, NULL,
         "status 1 when a figure differs, latencies apart"},
	OPTION_END,
};

static enum status compare_page(const struct compare *c, struct scope *base, struct scope *new,
                                const struct options *o)
{
	char title[400];
	struct page page;
	enum status status;

	snprintf(title, sizeof(title), "The heap of %s: %s -> %s", base->name,
	         scope_allocator(base), scope_allocator(new));
	status = page_begin(&page, title);
	if (!status)
		status = pair_section(&page, c, base, new, o, 1);
	return page_end(&page, status, o->output, o->force);
}

static void side_print(const char *side, const struct scope *s, const char *path, FILE *out)
{
	char who[160], loss[120];

	scope_who(s, who, sizeof(who));
	scope_loss(s, loss, sizeof(loss));
	fprintf(out, "%s%s, %s%s%s\n", side, who, path, loss[0] ? "; " : "", loss);
}

static void compare_text(const struct compare *c, const struct scope *base, const struct scope *new,
                         const struct options *o, FILE *out)
{
	struct sheet t;

	if (!o->json && !o->csv) {
		side_print("base: ", base, db_path(base->db), out);
		side_print("new:  ", new, db_path(new->db), out);
		fputc('\n', out);
	}
	compare_sheet(c, &t);
	sheet_write(&t, o, out);
	sheet_release(&t);
}

static enum status compare_picture(const struct compare *c, struct scope *base, struct scope *new,
                                   const struct options *o)
{
	const struct view *view = view_find(view_name ? view_name : "map");
	const struct plot_spec spec = {
		.output = o->output, .keep = picture_keep, .force = o->force};

	if (!view || !view->pair)
		return msg_fail(STATUS_USAGE,
		                "no view of two recordings has this name: view=\"%s\"", view_name);
	return pair_draw(c, view, base, new, o, &spec);
}

/* One NEW against the base; *different is set when a figure differs. */
static enum status compare_one(struct scope *base, const char *path, enum form form,
                               const struct options *o, FILE *out, bool *different)
{
	struct scope new;
	struct compare c;
	enum status status = pair_scope_open(&new, path, o);

	if (status)
		return status;
	status = compare_load(&c, base, &new, &o->at);
	if (!status) {
		if (form == FORM_PICTURE)
			status = compare_picture(&c, base, &new, o);
		else if (form == FORM_PAGE)
			status = compare_page(&c, base, &new, o);
		else
			compare_text(&c, base, &new, o, out);
		*different |= compare_differences(&c) != 0;
		compare_release(&c);
	}
	scope_close(&new);
	return status;
}

static enum status compare_all(struct scope *base, enum form form, const struct options *o,
                               bool *different)
{
	bool tables = form & FORM_TABLES;
	enum status status = STATUS_OK, closed;
	FILE *out = stdout;

	if (tables)
		status = output_open(&out, o);
	if (status)
		return status;
	for (int i = 1; !status && i < o->arg_count; i++) {
		if (i > 1)
			fputc('\n', out);
		status = compare_one(base, o->args[i], form, o, out, different);
	}
	closed = tables ? output_close(out, o) : STATUS_OK;
	return status ? status : closed;
}

enum status command_compare(const struct command *self, struct options *o)
{
	bool different = false;
	struct scope base;
	enum form form;
	enum status status;

	status = form_choose(&form, o, self->name, FORM_TABLES | FORM_PICTURE | FORM_PAGE);
	if (!status && o->arg_count > 2 && form != FORM_TEXT)
		status = msg_fail(STATUS_USAGE,
		                  "a picture, a page, JSON and CSV compare two databases: given=%d",
		                  o->arg_count);
	if (!status && form != FORM_PICTURE && (view_name || picture_keep))
		status = msg_fail(STATUS_USAGE,
		                  "--view and --keep-script take a picture, -o FILE.svg");
	if (status)
		return status;
	status = pair_scope_open(&base, o->args[0], o);
	if (!status) {
		status = compare_all(&base, form, o, &different);
		scope_close(&base);
	}
	if (status)
		return msg_context(status, "cannot compare");
	return exit_code && different ? STATUS_DIFFERENT : STATUS_OK;
}

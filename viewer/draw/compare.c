/* SPDX-License-Identifier: MIT */
/*
 * compare.c - `lwview compare`: two recordings of one program, base -> new; the pictures of views, of
 * both side by side at the same point of the program.
 */
#include "page.h"
#include "viewer/commands.h"

#include <assert.h>
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

/* --- side by side -------------------------------------------------------------------------- */

enum status pair_scope_open(struct scope *s, const char *path, const struct options *o)
{
	struct options chosen = *o;

	chosen.at = (struct when){0};
	return scope_open_selection(s, path, &chosen, true);
}

struct pair {
	struct viewing side[2]; /* base, new */
	const void *data[2];
	const char *missing; /* NULL: both have something to show */
};

/* The scopes hold the point while their views load. */
static enum status side_open(struct viewing *v, const struct view *view, const struct compare *c,
                             int i, const struct options *o)
{
	struct scope *s = c->scope[i];
	enum status status;

	s->at = c->snapshot[i].moment;
	snprintf(s->why, sizeof(s->why), "%s", c->where);
	status = viewing_open(v, view, s, o, -1);
	s->at = (struct moment){0};
	return status;
}

/* To be closed even if it failed. */
static enum status pair_open(struct pair *p, const struct view *view, const struct compare *c,
                             const struct options *o)
{
	enum status status = STATUS_OK;

	assert(view->pair && view->load);
	*p = (struct pair){0};
	for (int i = 0; !status && i < 2; i++) {
		status = side_open(&p->side[i], view, c, i, o);
		p->data[i] = p->side[i].data;
		if (!status && view->missing && !p->missing)
			p->missing = view->missing(p->data[i]);
	}
	return status;
}

static void pair_close(struct pair *p)
{
	viewing_close(&p->side[0]);
	viewing_close(&p->side[1]);
}

static enum status pair_figure(struct page *p, const struct compare *c, const struct view *view,
                               const struct options *o, int number)
{
	struct pair pair;
	enum status status = pair_open(&pair, view, c, o);
	char id[64];

	snprintf(id, sizeof(id), "compare-%s-%d", view->command.name, number);
	if (!status && !pair.missing)
		status = page_figure(p, view, pair.data, 2, id, view->pair);
	pair_close(&pair);
	return status;
}

enum status pair_section(struct page *p, const struct compare *c, const struct options *o,
                         int number)
{
	enum status status = STATUS_OK;
	struct sheet t;

	fprintf(p->out, "<h2 id=\"compare-%d\">", number);
	html_print(p->out, "%s -> %s", scope_allocator(c->scope[0]), scope_allocator(c->scope[1]));
	fputs("</h2>\n", p->out);
	compare_sheet(c, &t);
	page_sheet(p, &t, "differences", number);
	for (int i = 0; !status && views[i]; i++)
		if (views[i]->pair)
			status = pair_figure(p, c, views[i], o, number);
	return status;
}

/* --- the command ---------------------------------------------------------------------------- */

static enum status compare_page(const struct compare *c, const struct options *o)
{
	char title[400];
	struct page page;
	enum status status;

	snprintf(title, sizeof(title), "The heap of %s: %s -> %s", c->scope[0]->name,
	         scope_allocator(c->scope[0]), scope_allocator(c->scope[1]));
	status = page_begin(&page, title);
	if (!status)
		status = pair_section(&page, c, o, 1);
	return page_end(&page, status, o->output, o->force);
}

static void side_print(const char *side, const struct scope *s, FILE *out)
{
	fprintf(out, "%s%s, %s%s%s\n", side, s->who, db_path(s->db), s->loss[0] ? "; " : "",
	        s->loss);
}

static void compare_text(const struct compare *c, const struct options *o, FILE *out)
{
	struct sheet t;

	if (!o->json && !o->csv) {
		side_print("base: ", c->scope[0], out);
		side_print("new:  ", c->scope[1], out);
		fputc('\n', out);
	}
	compare_sheet(c, &t);
	sheet_write(&t, o, out);
	sheet_release(&t);
}

static enum status compare_picture(const struct compare *c, const struct options *o)
{
	const struct view *view = view_find(view_name ? view_name : "map");
	enum status status;
	struct pair pair;

	if (!view || !view->pair)
		return msg_fail(STATUS_USAGE,
		                "no view of two recordings has this name: view=\"%s\"", view_name);
	status = pair_open(&pair, view, c, o);
	if (!status && pair.missing)
		status = msg_fail(STATUS_INPUT, "nothing to show, %s", pair.missing);
	if (!status)
		status = view_draw(view, pair.data, 2, o, NULL);
	pair_close(&pair);
	return status;
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
			status = compare_picture(&c, o);
		else if (form == FORM_PAGE)
			status = compare_page(&c, o);
		else
			compare_text(&c, o, out);
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
	enum status status = STATUS_OK;
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
	return tables ? output_close(out, o, status) : status;
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

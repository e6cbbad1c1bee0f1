/* SPDX-License-Identifier: MIT */
/* pair.c - two recordings side by side; see pair.h. */
#include "pair.h"
#include "html.h"

#include <assert.h>
#include <stdio.h>

enum status pair_scope_open(struct scope *s, const char *path, const struct options *o)
{
	struct options chosen = *o;

	chosen.at = (struct when){0};
	return scope_open_window(s, path, &chosen);
}

struct pair {
	struct viewing side[2]; /* base, new */
	const void *data[2];
	const char *missing; /* NULL: both have something to show */
};

/* The scopes hold the point while their views load. */
static enum status side_open(struct viewing *v, const struct view *view, const struct compare *c,
                             int i, struct scope *s, const struct options *o)
{
	enum status status;

	s->at = c->snapshot[i].moment;
	snprintf(s->why, sizeof(s->why), "%s", c->where);
	status = viewing_open(v, view, s, o, -1);
	s->at = (struct moment){0};
	return status;
}

static enum status pair_open(struct pair *p, const struct view *view, const struct compare *c,
                             struct scope *base, struct scope *new, const struct options *o)
{
	enum status status;

	assert(view->pair && view->load);
	*p = (struct pair){0};
	status = side_open(&p->side[0], view, c, 0, base, o);
	if (status)
		return status;
	status = side_open(&p->side[1], view, c, 1, new, o);
	if (status) {
		viewing_close(&p->side[0]);
		return status;
	}
	for (int i = 0; i < 2; i++) {
		p->data[i] = p->side[i].data;
		if (view->missing && !p->missing)
			p->missing = view->missing(p->data[i]);
	}
	return STATUS_OK;
}

static void pair_close(struct pair *p)
{
	viewing_close(&p->side[0]);
	viewing_close(&p->side[1]);
}

enum status pair_draw(const struct compare *c, const struct view *view, struct scope *base,
                      struct scope *new, const struct options *o, const struct plot_spec *spec)
{
	struct pair pair;
	enum status status = pair_open(&pair, view, c, base, new, o);

	if (status)
		return status;
	if (pair.missing)
		status = msg_fail(STATUS_INPUT, "nothing to show, %s", pair.missing);
	else
		status = view_draw(view, pair.data, 2, spec, NULL);
	pair_close(&pair);
	return status;
}

static enum status pair_figure(struct page *p, const struct compare *c, const struct view *view,
                               struct scope *base, struct scope *new, const struct options *o,
                               int number)
{
	struct pair pair;
	enum status status = pair_open(&pair, view, c, base, new, o);
	char id[64];

	if (status)
		return status;
	snprintf(id, sizeof(id), "compare-%s-%d", view->command.name, number);
	if (!pair.missing)
		status = page_figure(p, view, pair.data, 2, id, view->pair);
	pair_close(&pair);
	return status;
}

enum status pair_section(struct page *p, const struct compare *c, struct scope *base,
                         struct scope *new, const struct options *o, int number)
{
	enum status status = STATUS_OK;
	struct sheet t;

	fprintf(p->out, "<h2 id=\"compare-%d\">", number);
	html_print(p->out, "%s -> %s", scope_allocator(base), scope_allocator(new));
	fputs("</h2>\n", p->out);
	compare_sheet(c, &t);
	page_sheet(p, &t, "differences", number);
	for (int i = 0; !status && views[i]; i++)
		if (views[i]->pair)
			status = pair_figure(p, c, views[i], base, new, o, number);
	return status;
}

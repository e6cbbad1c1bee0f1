/* SPDX-License-Identifier: MIT */
/* page.c - one HTML page of pictures and tables; see page.h. */
#include "page.h"
#include "gnuplot.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const unsigned char style[] = {
#include "report_css.inc"
	0,
};

enum status view_draw(const struct view *view, const void *const data[], int count,
                      const struct options *o, char **svg)
{
	struct plot_spec spec = {0};
	struct plot *plot;
	enum status status;

	assert(count == 1 || (count == 2 && view->pair));
	if (!svg)
		spec = (struct plot_spec){
			.output = o->output, .keep = picture_keep, .force = o->force};
	view->plot_size(data, count, &spec.width, &spec.height);
	status = plot_open(&plot, &spec);
	if (status)
		return status;
	status = view->plot(data, count, plot);
	if (status) {
		plot_abandon(plot);
		return status;
	}
	return svg ? plot_close_svg(plot, svg) : plot_close(plot);
}

enum status page_begin(struct page *p, const char *title)
{
	*p = (struct page){0};
	p->out = open_memstream(&p->text, &p->length);
	if (!p->out)
		return msg_errno(STATUS_FAILED, "cannot make the page");
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\">\n<title>",
	      p->out);
	html_text(title, p->out);
	fprintf(p->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>",
	        (const char *)style);
	html_text(title, p->out);
	fputs("</h1>\n", p->out);
	return STATUS_OK;
}

enum status page_figure(struct page *p, const struct view *view, const void *const data[],
                        int count, const char *id, const char *caption)
{
	enum status status;
	char *svg;

	status = view_draw(view, data, count, NULL, &svg);
	if (status)
		return status;
	fprintf(p->out, "<figure id=\"%s\"><div class=\"picture\" role=\"img\" aria-label=\"", id);
	html_text(caption, p->out);
	fputs("\">\n", p->out);
	svg_inline(svg, ++p->pictures, p->out);
	fputs("</div>\n<figcaption>", p->out);
	html_text(caption, p->out);
	fputs("</figcaption></figure>\n", p->out);
	free(svg);
	return STATUS_OK;
}

void page_sheet(struct page *p, struct sheet *t, const char *name, int number)
{
	char id[96];

	snprintf(id, sizeof(id), "%s-%d", name, number);
	sheet_html(t, id, p->out);
	sheet_release(t);
}

static enum status view_section(struct page *p, const struct viewing *v, struct sheet *sheets,
                                int number)
{
	const struct view *view = v->view;
	const void *const data[] = {v->data};
	enum status status = STATUS_OK;
	char name[64];

	fprintf(p->out, "<h3>%c%s: ", toupper(*view->command.name), view->command.name + 1);
	html_text(view->command.purpose, p->out);
	fputs("</h3>\n", p->out);
	snprintf(name, sizeof(name), "%s-%d", view->command.name, number);
	if (view->plot)
		status = page_figure(p, view, data, 1, name, view->command.text);
	for (int i = 0; !status && view->tables[i]; i++) {
		snprintf(name, sizeof(name), "%s-%s", view->command.name, view->tables[i]);
		if (sheets[i].columns && sheet_rows(&sheets[i]))
			page_sheet(p, &sheets[i], name, number);
	}
	return status;
}

enum status page_view(struct page *p, const struct viewing *v, int number)
{
	struct sheet sheets[VIEW_TABLES];
	enum status status;
	bool something = v->view->plot;

	if (view_refuses(v->view, v->options) || (v->view->missing && v->view->missing(v->data)))
		return STATUS_OK;
	status = viewing_sheets(v, sheets);
	for (int i = 0; !status && v->view->tables[i]; i++)
		something |= sheets[i].columns && sheet_rows(&sheets[i]);
	if (!status && something)
		status = view_section(p, v, sheets, number);
	sheets_release(sheets);
	return status;
}

/* By way of a file beside it. */
static enum status page_write(const struct page *p, const char *path, bool force)
{
	enum status status = plot_refuse_existing(path, force);
	char *draft;

	if (status)
		return status;
	if (asprintf(&draft, "%s.part", path) < 0)
		return msg_errno(STATUS_FAILED, "cannot write the page");
	status = file_write(draft, p->text, p->length);
	if (!status && rename(draft, path)) {
		status = msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", path);
		unlink(draft);
	}
	free(draft);
	return status;
}

enum status page_end(struct page *p, enum status status, const char *path, bool force)
{
	if (!p->out)
		return status;
	fputs("</main>\n<footer><p>Made by lwview " LW_VERSION
	      ". Every figure here can be asked of the databases: <code>lwview info</code>, "
	      "<code>sqlite3</code>.</p></footer>\n</body>\n</html>\n",
	      p->out);
	if (fclose(p->out) && !status)
		status = msg_errno(STATUS_FAILED, "cannot make the page");
	if (!status)
		status = page_write(p, path, force);
	free(p->text);
	return status;
}

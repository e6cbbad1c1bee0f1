/* SPDX-License-Identifier: MIT */
/* html.c - text and pictures for a page; see page.h. */
#include "page.h"

#include <stdarg.h>
#include <string.h>

void html_print(FILE *out, const char *format, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	html_text(text, out);
}

struct replacement {
	const char *from, *to; /* %d in `to`: the number of the picture */
};

/*
 * gnuplot's ids would collide between pictures, and its ink and paper are the page's: they follow
 * the reader's light or dark scheme.
 */
static const struct replacement svg_replacements[] = {
	{" id=\"", " id=\"p%d"},
	{" id='", " id='p%d"},
	{"href='#", "href='#p%d"},
	{"href=\"#", "href=\"#p%d"},
	{"url(#", "url(#p%d"},
	{" color=\"black\"", ""},
	{"rgb(36,41,47)", "currentColor"},
	{"rgb( 36,  41,  47)", "currentColor"},
	{"rgb(201,206,214)", "var(--line)"},
	{"rgb(201, 206, 214)", "var(--line)"},
	{"rgb(192,57,43)", "var(--alarm)"},
	{"rgb(192, 57, 43)", "var(--alarm)"},
	{"rgb(192,  57,  43)", "var(--alarm)"},
	{"rgb(228, 231, 235)", "var(--fill)"},
	{"rgb(0,114,178)", "var(--blue)"},
	{"rgb(  0, 114, 178)", "var(--blue)"},
	{"fill=\"#ffffff\"", "fill=\"none\""},
};

static const struct replacement *svg_match(const char *at)
{
	size_t i;

	for (i = 0; i < sizeof(svg_replacements) / sizeof(*svg_replacements); i++)
		if (!strncmp(at, svg_replacements[i].from, strlen(svg_replacements[i].from)))
			return &svg_replacements[i];
	return NULL;
}

/* gnuplot's own title would show as a tooltip over every picture. */
static const char *svg_skip_title(const char *at)
{
	const char *end = NULL;

	if (!strncmp(at, "<title>", 7))
		end = strstr(at, "</title>");
	else if (!strncmp(at, "<desc>", 6))
		end = strstr(at, "</desc>");
	return end ? strchr(end, '>') + 1 : at;
}

void svg_inline(const char *svg, int number, FILE *out)
{
	const char *at = strstr(svg, "<svg");

	while (at && *at) {
		const struct replacement *r = svg_match(at);

		at = svg_skip_title(at);
		if (!r) {
			fputc(*at, out);
			at += *at != '\0';
			continue;
		}
		if (strstr(r->to, "%d"))
			fprintf(out, "%.*s%d", (int)strlen(r->to) - 2, r->to, number);
		else
			fputs(r->to, out);
		at += strlen(r->from);
	}
}

/* SPDX-License-Identifier: MIT */
/* verdict.c - the paragraph with which the report page begins. */
#include "report.h"

#include <math.h>

/* "1.4 MiB against 1.5 MiB (-4.3 %)" */
static void against(FILE *out, enum unit unit, double base, double new)
{
	if (unit == UNIT_BYTES)
		html_print(out, "%s against %s (%s)", text_size(new).text, text_size(base).text,
		           change_text(base, new).text);
	else if (unit == UNIT_NS)
		html_print(out, "%.3f s against %.3f s (%s)", new / 1e9, base / 1e9,
		           change_text(base, new).text);
	else
		html_print(out, "%s against %s", percent_text(new).text, percent_text(base).text);
}

static void verdict_speed(struct report *r, int i)
{
	const struct speed *b = &r->speed[0], *n = &r->speed[i];
	FILE *out = r->page.out;

	if (!b->known || !n->known) {
		fputs("; speed was not measured", out);
		return;
	}
	fputs("; untraced it takes ", out);
	against(out, UNIT_NS, b->cpu * 1e9, n->cpu * 1e9);
	fputs(" of CPU time", out);
	if (b->cpu_high > 0 && n->cpu_low <= b->cpu_high && b->cpu_low <= n->cpu_high)
		fputs(", which the runs' own spread explains,", out);
	fputs(" at a peak RSS of ", out);
	against(out, UNIT_BYTES, b->rss * 1024, n->rss * 1024);
}

static const char *program_word(const struct scope *s)
{
	return s->name[0] ? s->name : "the program";
}

static void verdict_pair(struct report *r, int i)
{
	static const struct {
		const char *words, *row;
	} ratios[] = {{"its utilisation is ", "utilisation"},
	              {"its external fragmentation ", "external fragmentation"},
	              {"its internal ", "internal fragmentation"}};
	const struct compare *c = &r->compare[i];
	const char *base = scope_allocator(&r->scope[0]), *new = scope_allocator(&r->scope[i]);
	const char *peak = isnan(compare_value(c, "peak H", 0)) ? "peak extent" : "peak H";
	FILE *out = r->page.out;

	if (!compare_differences(c)) {
		html_print(out, "No difference between %s and %s, latencies apart", base, new);
	} else {
		html_print(out, "With %s the heap of %s peaks at ", new,
		           program_word(&r->scope[i]));
		against(out, UNIT_BYTES, compare_value(c, peak, 0), compare_value(c, peak, 1));
		html_print(out, " with %s, and at the same point of the program ", base);
		for (int k = 0; k < 3; k++) {
			html_print(out, "%s%s", k ? ", " : "", ratios[k].words);
			against(out, UNIT_RATIO, compare_value(c, ratios[k].row, 0),
			        compare_value(c, ratios[k].row, 1));
		}
	}
	verdict_speed(r, i);
	fputs(".", out);
}

static enum status verdict_single(struct report *r)
{
	struct scope *s = &r->scope[0];
	struct snapshot n;
	enum status status = snapshot_load(&n, s, snapshot_peak(s));

	if (status)
		return status;
	html_print(
		r->page.out,
		"With %s the heap of %s peaks at %s for at most %s live; at its peak external "
		"fragmentation is %s, internal %s; speed is compared when two recordings are given.",
		scope_allocator(s), program_word(s), text_size(scope_peak(s, "extent")).text,
		text_size(scope_peak(s, "live")).text,
		percent_text(figure_value(FIGURE_EXTERNAL, &n.heap.split)).text,
		percent_text(figure_value(FIGURE_INTERNAL, &n.heap.split)).text);
	snapshot_release(&n);
	return STATUS_OK;
}

static void alert(FILE *out, const char *what, const char *words)
{
	fputs("<p class=\"loss\" role=\"alert\">", out);
	html_print(out, "%s: %s", what, words);
	fputs("</p>\n", out);
}

enum status verdict_section(struct report *r)
{
	enum status status = STATUS_OK;
	char words[300];
	FILE *out = r->page.out;

	fputs("<p id=\"verdict\">", out);
	if (r->count == 1)
		status = verdict_single(r);
	for (int i = 1; i < r->count; i++) {
		fputs(i > 1 ? " " : "", out);
		verdict_pair(r, i);
	}
	fputs("</p>\n", out);
	for (int i = 0; i < r->count; i++) {
		const struct scope *s = &r->scope[i];

		if (r->compare[i].other_program) {
			snprintf(words, sizeof(words),
			         "this is %s, the base is %s: different programs are compared",
			         program_word(s), program_word(&r->scope[0]));
			alert(out, scope_allocator(s), words);
		}
		if (s->loss[0])
			alert(out, scope_allocator(s), s->loss);
	}
	return status;
}

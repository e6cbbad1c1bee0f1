/* SPDX-License-Identifier: MIT */
/*
 * report.c - one HTML page with every picture and table of one recording or of several.
 *
 * The page is one file: pictures are inline SVG, the style is inline, there is no script, and its
 * content security policy forbids every request. It holds no date, so the same databases give
 * the same page. Tables are filled by the functions that print them on the terminal.
 */
#include "compare.h"
#include "html.h"
#include "viewer/ask/info.h"
#include "viewer/ask/tables.h"
#include "viewer/view.h"
#include "view_latency.h"
#include "view_timeline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char style[] = {
#include "report_css.inc"
	0,
};

enum {
	MAX_RECORDINGS = 8
};

/* One database of the report. */
struct recording {
	const char *path;
	struct scope scope;
	struct map map;
	struct latency latency;
	struct timeline timeline;
};

/* What `lwtrace stat --json` measured without tracing, of one allocator. */
struct speed {
	bool known;
	double cpu, wall; /* s, medians */
	double rss;       /* KiB */
	double faults;
	double cpu_low, cpu_high; /* s, the middle half of the runs; 0 when the file has none */
};

struct report {
	FILE *out;
	struct recording recording[MAX_RECORDINGS];
	int count;
	struct compare compare[MAX_RECORDINGS]; /* [i]: recording 0 -> recording i */
	struct speed speed[MAX_RECORDINGS];
	const char *stat_path;
	char *stat_text;
	int pictures; /* so far; makes the ids of each picture its own */
};

/* --- figures and tables --------------------------------------------------------------------- */

/* Closes the plot into a figure; `caption` says what is to be seen and how it is defined. */
static enum status figure_write(struct report *r, struct plot *plot, const char *id,
                                const char *caption)
{
	enum status status;
	char *svg;

	status = plot_close_svg(plot, &svg);
	if (status)
		return status;
	fprintf(r->out, "<figure id=\"%s\"><div class=\"picture\" role=\"img\" aria-label=\"", id);
	html_text(caption, r->out);
	fputs("\">\n", r->out);
	svg_inline(svg, ++r->pictures, r->out);
	fputs("</div>\n<figcaption>", r->out);
	html_text(caption, r->out);
	fputs("</figcaption></figure>\n", r->out);
	free(svg);
	return STATUS_OK;
}

static void sheet_section(struct report *r, struct sheet *t, const char *id, int number)
{
	char name[96];

	snprintf(name, sizeof(name), "%s-%d", id, number);
	sheet_html(t, name, r->out);
	sheet_release(t);
}

/* --- speed, from lwtrace stat --------------------------------------------------------------- */

static enum status stat_read(struct report *r)
{
	size_t length = 0, room = 1 << 20;
	FILE *f;

	if (!r->stat_path)
		return STATUS_OK;
	f = fopen(r->stat_path, "r");
	r->stat_text = f ? calloc(1, room) : NULL;
	if (r->stat_text)
		length = fread(r->stat_text, 1, room - 1, f);
	if (!f || !r->stat_text || ferror(f) || !length) {
		if (f)
			fclose(f);
		return msg_errno(STATUS_INPUT, "cannot read statistics: path=\"%s\"", r->stat_path);
	}
	fclose(f);
	return STATUS_OK;
}

static bool stat_is_json(struct report *r)
{
	struct query *q =
		db_prepare(r->recording[0].scope.db,
	                   "SELECT json_valid(?1) AND json_type(?1, '$.allocators') = 'array'");
	bool valid;

	db_bind_text(q, 1, r->stat_text);
	valid = db_step(q) && db_int(q, 0);
	db_finish(q);
	return valid;
}

/* The row of the statistics whose name begins the allocator's: "ptmalloc" of "ptmalloc 2.36". */
static void stat_find(struct report *r, int i)
{
	struct query *q =
		db_prepare(r->recording[i].scope.db,
	                   "SELECT json_extract(value, '$.cpu_s'),"
	                   "       json_extract(value, '$.wall_s'),"
	                   "       json_extract(value, '$.peak_rss_kib'),"
	                   "       json_extract(value, '$.minor_faults'),"
	                   "       json_extract(value, '$.cpu_low_s'),"
	                   "       json_extract(value, '$.cpu_high_s')"
	                   "  FROM json_each(?1, '$.allocators')"
	                   " WHERE ?2 LIKE json_extract(value, '$.name') || '%'"
	                   " ORDER BY length(json_extract(value, '$.name')) DESC LIMIT 1");
	struct speed *s = &r->speed[i];

	db_bind_text(q, 1, r->stat_text);
	db_bind_text(q, 2, r->recording[i].scope.allocator);
	if (db_step(q))
		*s = (struct speed){true,          db_real(q, 0), db_real(q, 1), db_real(q, 2),
		                    db_real(q, 3), db_real(q, 4), db_real(q, 5)};
	db_finish(q);
}

static enum status stat_load(struct report *r)
{
	enum status status = stat_read(r);
	int i;

	if (status || !r->stat_text)
		return status;
	if (!stat_is_json(r))
		return msg_fail(STATUS_INPUT, "not the output of lwtrace stat --json: path=\"%s\"",
		                r->stat_path);
	for (i = 0; i < r->count; i++)
		stat_find(r, i);
	return STATUS_OK;
}

static void speed_section(struct report *r)
{
	struct sheet t;
	int i;

	fputs("<h2 id=\"speed\">Speed, without tracing</h2>\n", r->out);
	if (!r->stat_text) {
		fputs("<p>Not measured: tracing slows a program, so its clock decides nothing. "
		      "<code>lwtrace stat --json FILE -- PROGRAM</code> measures, "
		      "<code>lwview report --stat FILE</code> shows it here.</p>\n",
		      r->out);
		return;
	}
	sheet_init(&t, "<allocator|>CPU time=cpu_ns|>wall time=wall_ns|"
	               ">peak RSS=peak_rss_bytes|>minor faults|>CPU time against base");
	for (i = 0; i < r->count; i++) {
		const struct speed *s = &r->speed[i];
		char change[FIGURE_MAX];

		if (!s->known)
			continue;
		sheet_text(&t, "%s", r->recording[i].scope.allocator);
		sheet_text(&t, "%.3f s", s->cpu);
		sheet_text(&t, "%.3f s", s->wall);
		sheet_bytes(&t, (int64_t)(s->rss * 1024));
		sheet_count(&t, (int64_t)s->faults);
		sheet_text(&t, "%s",
		           i && r->speed[0].known ? change_text(change, r->speed[0].cpu, s->cpu)
		                                  : "-");
	}
	sheet_note(&t, "Medians of interleaved runs of the untraced program under each allocator, "
	               "measured by lwtrace stat.");
	sheet_section(r, &t, "speed-table", 0);
}

/* --- the verdict ---------------------------------------------------------------------------- */

static const char *allocator_word(const struct recording *r)
{
	return r->scope.allocator[0] ? r->scope.allocator : "the allocator";
}

/* "1.4 MiB against 1.5 MiB (-4.3 %)" */
static void against(FILE *out, enum unit unit, double base, double new)
{
	char one[FIGURE_MAX], two[FIGURE_MAX], change[FIGURE_MAX];

	if (unit == UNIT_BYTES)
		html_print(out, "%s against %s (%s)", text_size(one, sizeof(one), new),
		           text_size(two, sizeof(two), base), change_text(change, base, new));
	else if (unit == UNIT_NS)
		html_print(out, "%.3f s against %.3f s (%s)", new / 1e9, base / 1e9,
		           change_text(change, base, new));
	else
		html_print(out, "%s against %s", percent_text(one, new), percent_text(two, base));
}

static void verdict_speed(struct report *r, int i)
{
	const struct speed *b = &r->speed[0], *n = &r->speed[i];

	if (!b->known || !n->known) {
		fputs("; speed was not measured", r->out);
		return;
	}
	fputs("; untraced it takes ", r->out);
	against(r->out, UNIT_NS, b->cpu * 1e9, n->cpu * 1e9);
	fputs(" of CPU time", r->out);
	if (b->cpu_high > 0 && n->cpu_low <= b->cpu_high && b->cpu_low <= n->cpu_high)
		fputs(", which the runs' own spread explains,", r->out);
	fputs(" at a peak RSS of ", r->out);
	against(r->out, UNIT_BYTES, b->rss * 1024, n->rss * 1024);
}

static void verdict_pair(struct report *r, int i)
{
	const struct compare *c = &r->compare[i];
	const struct recording *base = &r->recording[0], *new = &r->recording[i];
	double extent[2], external[2], internal[2], used[2];
	int k;

	for (k = 0; k < 2; k++) {
		extent[k] = compare_value(c, "peak H", k);
		if (isnan(extent[k]))
			extent[k] = compare_value(c, "peak extent", k);
		used[k] = compare_value(c, "utilisation", k);
		external[k] = compare_value(c, "external fragmentation", k);
		internal[k] = compare_value(c, "internal fragmentation", k);
	}
	if (!compare_differences(c)) {
		html_print(r->out, "No difference between %s and %s, latencies apart",
		           allocator_word(base), allocator_word(new));
	} else {
		html_print(r->out, "With %s the heap of %s peaks at ", allocator_word(new),
		           new->scope.name[0] ? new->scope.name : "the program");
		against(r->out, UNIT_BYTES, extent[0], extent[1]);
		html_print(r->out,
		           " with %s, and at the same point of the program its utilisation is ",
		           allocator_word(base));
		against(r->out, UNIT_RATIO, used[0], used[1]);
		fputs(", its external fragmentation ", r->out);
		against(r->out, UNIT_RATIO, external[0], external[1]);
		fputs(", its internal ", r->out);
		against(r->out, UNIT_RATIO, internal[0], internal[1]);
	}
	verdict_speed(r, i);
	fputs(".", r->out);
}

static void verdict_single(struct report *r)
{
	const struct recording *one = &r->recording[0];
	const struct sample *s = &one->map.heap.split;
	char peak[FIGURE_MAX], live[FIGURE_MAX], external[FIGURE_MAX], internal[FIGURE_MAX];

	html_print(
		r->out,
		"With %s the heap of %s peaks at %s for at most %s live; at its peak external "
		"fragmentation is %s, internal %s; speed is compared when two recordings are given.",
		allocator_word(one), one->scope.name[0] ? one->scope.name : "the program",
		text_size(peak, sizeof(peak), (double)one->timeline.extent.value),
		text_size(live, sizeof(live), (double)one->timeline.live.value),
		percent_text(external, figure_value(FIGURE_EXTERNAL, s)),
		percent_text(internal, figure_value(FIGURE_INTERNAL, s)));
}

static void verdict_section(struct report *r)
{
	int i;

	fputs("<p id=\"verdict\">", r->out);
	if (r->count == 1)
		verdict_single(r);
	for (i = 1; i < r->count; i++) {
		fputs(i > 1 ? " " : "", r->out);
		verdict_pair(r, i);
	}
	fputs("</p>\n", r->out);
	for (i = 0; i < r->count; i++) {
		const struct scope *s = &r->recording[i].scope;
		char lost[FIGURE_MAX];

		if (s->lost || !s->complete) {
			fputs("<p class=\"loss\" role=\"alert\">", r->out);
			html_print(r->out, "%s: ", s->allocator);
			if (s->lost)
				html_print(r->out, "%s events were lost while recording; ",
				           count_text(lost, s->lost));
			fputs("the recording is incomplete, its figures are \"at least\".</p>\n",
			      r->out);
		}
	}
}

/* --- sections ------------------------------------------------------------------------------- */

static void recordings_section(struct report *r)
{
	struct sheet t;
	int i;

	sheet_init(&t, "<|<program|>pid|<allocator|>facts|>lost|>duration=duration_ns|"
	               "<database");
	for (i = 0; i < r->count; i++) {
		const struct scope *s = &r->recording[i].scope;

		sheet_text(&t, "%s", i ? "new" : r->count > 1 ? "base" : "recording");
		sheet_text(&t, "%s", s->name);
		sheet_text(&t, "%" PRId64, s->pid);
		sheet_text(&t, "%s", s->allocator);
		sheet_count(&t, s->facts);
		sheet_count(&t, s->lost);
		sheet_span(&t, s->finish - s->start);
		sheet_text(&t, "%s", r->recording[i].path);
	}
	sheet_section(r, &t, "recordings", 0);
}

/* A picture of one recording, and the table below it. */
struct picture {
	const char *id, *table_id;
	const char *caption;
	void (*size)(const struct recording *rec, int *width, int *height);
	enum status (*draw)(const struct recording *rec, struct plot *plot);
	void (*table)(const struct recording *rec, struct sheet *t);
	bool (*wanted)(const struct recording *rec); /* NULL: always */
};

static void size_of_map(const struct recording *rec, int *width, int *height)
{
	map_size(&rec->map, 1, width, height);
}

static enum status draw_map(const struct recording *rec, struct plot *plot)
{
	return map_plot(&rec->map, 1, NULL, plot);
}

static void table_of_map(const struct recording *rec, struct sheet *t)
{
	map_sheet(&rec->map, t);
}

static void size_of_timeline(const struct recording *rec, int *width, int *height)
{
	(void)rec;
	timeline_size(1, width, height);
}

static enum status draw_timeline(const struct recording *rec, struct plot *plot)
{
	timeline_plot(&rec->timeline, 1, false, plot);
	return STATUS_OK;
}

static void table_of_timeline(const struct recording *rec, struct sheet *t)
{
	timeline_sheet(&rec->timeline, 20, true, t);
}

static void size_of_rss(const struct recording *rec, int *width, int *height)
{
	(void)rec;
	rss_size(width, height);
}

static enum status draw_rss(const struct recording *rec, struct plot *plot)
{
	rss_plot(&rec->timeline, plot);
	return STATUS_OK;
}

static void table_of_rss(const struct recording *rec, struct sheet *t)
{
	rss_sheet(&rec->timeline, 10, t);
}

static bool rss_wanted(const struct recording *rec)
{
	return timeline_has_rss(&rec->timeline);
}

static void size_of_latency(const struct recording *rec, int *width, int *height)
{
	latency_size(&rec->latency, 1, width, height);
}

static enum status draw_latency(const struct recording *rec, struct plot *plot)
{
	latency_plot(&rec->latency, 1, plot);
	return STATUS_OK;
}

static void table_of_latency(const struct recording *rec, struct sheet *t)
{
	latency_sheet(&rec->latency, t);
}

static const struct picture pictures[] = {
	{"map", "split",
         "The heap at the peak of its extent. Address space runs from left to right, then down; "
         "regions far apart start rows of their own. Each colour's area is its share of the bytes; a "
         "chunk's header and slack are drawn with it and told apart in the table.",
         size_of_map, draw_map, table_of_map, NULL},
	{"timeline", "timeline-table",
         "Sizes, the split of the extent, and fragmentation through time. L: live asked for; U: live "
         "usable; H: extent less the tracer's own blocks. External: 1 - largest free run / free "
         "bytes; internal: 1 - L / U; utilisation: L / H. Red bands: events were lost there.",
         size_of_timeline, draw_timeline, table_of_timeline, NULL},
	{"rss", "rss-table",
         "Anonymous resident memory of the process: the heap's part and the rest. Not counted: "
         "shared memory, among it trace buffers and CUDA/NvMap, and files.",
         size_of_rss, draw_rss, table_of_rss, rss_wanted},
	{"latency", "latency-table",
         "Time inside the allocator per operation, by where the memory came from or went, both axes "
         "logarithmic. Percentiles are never too low and at most 1/16 too high; max is exact.",
         size_of_latency, draw_latency, table_of_latency, NULL},
};

static enum status plot_for(struct plot **plot, int width, int height)
{
	return plot_open(plot, &(struct plot_spec){.width = width, .height = height});
}

static enum status picture_section(struct report *r, const struct picture *p, int i)
{
	const struct recording *rec = &r->recording[i];
	enum status status;
	struct plot *plot;
	struct sheet t;
	int width, height;
	char id[64];

	if (p->wanted && !p->wanted(rec))
		return STATUS_OK;
	p->size(rec, &width, &height);
	status = plot_for(&plot, width, height);
	if (status)
		return status;
	status = p->draw(rec, plot);
	if (status) {
		plot_abandon(plot);
		return status;
	}
	snprintf(id, sizeof(id), "%s-%d", p->id, i);
	status = figure_write(r, plot, id, p->caption);
	if (status)
		return status;
	p->table(rec, &t);
	sheet_section(r, &t, p->table_id, i);
	return STATUS_OK;
}

static enum status pair_maps(struct report *r, int i)
{
	const struct compare *c = &r->compare[i];
	struct plot *plot;
	enum status status;
	int width, height;
	char id[32], caption[600];

	map_size(c->map, 2, &width, &height);
	status = plot_for(&plot, width, height);
	if (status)
		return status;
	status = map_plot(c->map, 2, c->where, plot);
	if (status) {
		plot_abandon(plot);
		return status;
	}
	snprintf(id, sizeof(id), "compare-map-%d", i);
	snprintf(
		caption, sizeof(caption),
		"Heap maps, base on the left, new on the right, at the same bytes per pixel, %s. Address "
		"space runs from left to right, then down; each colour's area is its share of the bytes. "
		"Of an allocator traced from outside only live, free and top are known.",
		c->where);
	return figure_write(r, plot, id, caption);
}

static enum status pair_timelines(struct report *r, int i)
{
	struct timeline both[2] = {r->recording[0].timeline, r->recording[i].timeline};
	struct plot *plot;
	enum status status;
	int width, height;
	char id[32];

	timeline_size(2, &width, &height);
	status = plot_for(&plot, width, height);
	if (status)
		return status;
	timeline_plot(both, 2, true, plot);
	snprintf(id, sizeof(id), "compare-timeline-%d", i);
	return figure_write(
		r, plot, id,
		"Both heaps over the bytes that the program has asked for, so that equal "
		"places are equal points of the program. H: heap extent less the tracer's own "
		"blocks. External fragmentation: 1 - largest free run / free bytes. Internal: "
		"1 - L / U.");
}

static enum status pair_latencies(struct report *r, int i)
{
	struct latency both[2] = {r->recording[0].latency, r->recording[i].latency};
	struct plot *plot;
	enum status status;
	int width, height;
	char id[32];

	latency_size(both, 2, &width, &height);
	status = plot_for(&plot, width, height);
	if (status)
		return status;
	latency_plot(both, 2, plot);
	snprintf(id, sizeof(id), "compare-latency-%d", i);
	return figure_write(
		r, plot, id,
		"Time inside the allocator per operation, both axes logarithmic, measured "
		"while tracing with the hooks left out. Shaded: below the cost of one clock "
		"read, where a value says no more than \"less\".");
}

static enum status pair_section(struct report *r, int i)
{
	enum status status;
	struct sheet t;

	fprintf(r->out, "<h2 id=\"compare-%d\">", i);
	html_print(r->out, "%s -> %s", allocator_word(&r->recording[0]),
	           allocator_word(&r->recording[i]));
	fputs("</h2>\n", r->out);
	status = pair_maps(r, i);
	if (!status) {
		compare_sheet(&r->compare[i], &t);
		sheet_section(r, &t, "differences", i);
		status = pair_timelines(r, i);
	}
	if (!status)
		status = pair_latencies(r, i);
	return status;
}

/* The sheets of `lwview info`, word for word. */
static enum status info_section(struct report *r, int i)
{
	enum status status = STATUS_OK;
	int which;

	fputs("<h3>Numbers</h3>\n", r->out);
	for (which = 0; !status && which < INFO_SHEETS; which++) {
		struct sheet t;
		char id[64];

		if (!info_applies(&r->recording[i].scope, which))
			continue;
		status = info_sheet(&r->recording[i].scope, which, &t);
		if (status)
			break;
		snprintf(id, sizeof(id), "info-%s", info_names[which]);
		sheet_section(r, &t, id, i);
	}
	return status;
}

static const struct {
	const char *name, *title;
	int64_t limit;
} tables[] = {
	{"sites", "call sites by bytes asked for", 12},
	{"leaks", "alive at the end, by call site", 12},
	{"temporary", "call sites whose blocks die within 1 ms", 12},
	{"sizes", "sizes by blocks", 12},
	{"lifetimes", "how long blocks live", 20},
	{"threads", "who allocates, who frees what others allocated", 20},
	{"pools", "pools by object size", 40},
};

/* The tables of the commands of the same names, their first rows. */
static enum status tables_section(struct report *r, int i)
{
	size_t k;

	fputs("<h3>Blocks</h3>\n", r->out);
	for (k = 0; k < sizeof(tables) / sizeof(*tables); k++) {
		struct sheet t;
		enum status status =
			table_sheet(&r->recording[i].scope, tables[k].name, tables[k].limit, &t);

		if (status)
			return status;
		sheet_title(&t, "%s: %s", tables[k].name, tables[k].title);
		if (sheet_rows(&t))
			sheet_section(r, &t, tables[k].name, i);
		else
			sheet_release(&t);
	}
	return STATUS_OK;
}

static enum status recording_section(struct report *r, int i)
{
	enum status status = STATUS_OK;
	size_t k;

	fprintf(r->out, "<h2 id=\"recording-%d\">", i);
	html_print(r->out, "%s", r->recording[i].map.who);
	fputs("</h2>\n", r->out);
	for (k = 0; !status && k < sizeof(pictures) / sizeof(*pictures); k++)
		status = picture_section(r, &pictures[k], i);
	if (!status)
		status = info_section(r, i);
	return status ? status : tables_section(r, i);
}

static void definitions_section(struct report *r)
{
	static const char *const terms[][2] = {
		{"L", "live bytes asked for by the program"},
		{"U", "live usable bytes: L and slack"},
		{"H",
	         "heap extent: all that came from the system less what went back; the blocks of the "
	         "tracer itself (lttng-ust) are taken out of it"},
		{"the split",
	         "extent = live + slack + tracer + headers + free in pools + deferred + free in "
	         "bins + top, exactly, at every fact; of an allocator traced from outside the "
	         "free parts but top are one, free, on both sides of a comparison"},
		{"internal fragmentation", "1 - L / U"},
		{"external fragmentation", "1 - largest free run / free bytes"},
		{"utilisation", "L / H"},
		{"overhead", "(H - L) / L"},
		{"blow-up", "max H / max L; peaks are taken over all facts, never over samples"},
		{"same point",
	         "right after the allocation with which the program has asked for so many "
	         "bytes since its start; a realloc counts its new size; exact for one "
	         "thread, approximate for more"},
		{"RssAnon",
	         "anonymous resident memory of the process: the heap's resident bytes and the "
	         "rest; not counted: CUDA/NvMap memory, the program's own mmap of files, trace "
	         "buffers"},
	};
	size_t i;

	fputs("<h2 id=\"definitions\">Definitions</h2>\n<dl>\n", r->out);
	for (i = 0; i < sizeof(terms) / sizeof(*terms); i++) {
		fputs("<dt>", r->out);
		html_text(terms[i][0], r->out);
		fputs("</dt><dd>", r->out);
		html_text(terms[i][1], r->out);
		fputs("</dd>\n", r->out);
	}
	fputs("</dl>\n", r->out);
}

static void page_head(struct report *r)
{
	int i;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:\">\n<title>",
	      r->out);
	html_print(r->out, "Heap of %s", r->recording[0].scope.name);
	fputs("</title>\n<style>\n", r->out);
	fputs((const char *)style, r->out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>", r->out);
	html_print(r->out, "The heap of %s: %s", r->recording[0].scope.name,
	           allocator_word(&r->recording[0]));
	for (i = 1; i < r->count; i++)
		html_print(r->out, "%s%s", i > 1 ? ", " : " -> ", allocator_word(&r->recording[i]));
	fputs("</h1>\n", r->out);
	verdict_section(r);
	recordings_section(r);
	fputs("<nav>", r->out);
	for (i = 1; i < r->count; i++) {
		fprintf(r->out, "<a href=\"#compare-%d\">", i);
		html_print(r->out, "%s -> %s", allocator_word(&r->recording[0]),
		           allocator_word(&r->recording[i]));
		fputs("</a> ", r->out);
	}
	fputs("<a href=\"#speed\">Speed</a> ", r->out);
	for (i = 0; i < r->count; i++) {
		fprintf(r->out, "<a href=\"#recording-%d\">", i);
		html_print(r->out, "%s", allocator_word(&r->recording[i]));
		fputs("</a> ", r->out);
	}
	fputs("<a href=\"#definitions\">Definitions</a></nav>\n</header>\n<main>\n", r->out);
}

static enum status page_write(struct report *r)
{
	enum status status = STATUS_OK;
	int i;

	page_head(r);
	for (i = 1; !status && i < r->count; i++)
		status = pair_section(r, i);
	if (!status)
		speed_section(r);
	for (i = 0; !status && i < r->count; i++)
		status = recording_section(r, i);
	definitions_section(r);
	fputs("</main>\n<footer><p>Made by lwview " LW_VERSION
	      ". Every figure here can be asked of the "
	      "databases: <code>lwview info</code>, <code>sqlite3</code>.</p></footer>\n"
	      "</body>\n</html>\n",
	      r->out);
	return status;
}

/* --- loading and writing -------------------------------------------------------------------- */

static enum status recording_load(struct recording *rec, const char *path, const struct options *o)
{
	enum status status;

	rec->path = path;
	status = scope_open(&rec->scope, path, o);
	if (!status)
		status = map_load(&rec->map, &rec->scope, map_peak(&rec->scope),
		                  "at the peak of its extent", o);
	if (!status)
		status = latency_load(&rec->latency, &rec->scope, o);
	if (!status)
		status = timeline_load(&rec->timeline, &rec->scope, o);
	return status;
}

static enum status report_load(struct report *r, const struct options *o)
{
	struct when peak = {.kind = WHEN_PEAK};
	enum status status = STATUS_OK;
	int i;

	for (i = 0; !status && i < o->arg_count; i++) {
		r->count++;
		status = recording_load(&r->recording[i], o->args[i], o);
	}
	for (i = 1; !status && i < r->count; i++)
		status = compare_load(&r->compare[i], &r->recording[0].scope,
		                      &r->recording[i].scope, &peak, o);
	return status ? status : stat_load(r);
}

static void report_release(struct report *r)
{
	int i;

	for (i = 0; i < r->count; i++) {
		map_release(&r->recording[i].map);
		latency_release(&r->recording[i].latency);
		timeline_release(&r->recording[i].timeline);
		compare_release(&r->compare[i]);
		if (r->recording[i].scope.db)
			scope_close(&r->recording[i].scope);
	}
	free(r->stat_text);
}

static bool directory_is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	while (dir && empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return dir && empty;
}

static enum status directory_make(const char *path, bool force, bool *made)
{
	struct stat st;

	*made = !mkdir(path, 0777);
	if (*made)
		return STATUS_OK;
	if (errno != EEXIST)
		return msg_errno(STATUS_FAILED, "cannot make folder: path=\"%s\"", path);
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return msg_fail(STATUS_USAGE, "-o wants a folder, this is a file: path=\"%s\"",
		                path);
	if (!force && !directory_is_empty(path))
		return msg_fail(STATUS_USAGE,
		                "cannot write: it exists, -f overwrites it: path=\"%s\"", path);
	return STATUS_OK;
}

/* The page takes its name only when it is whole. */
static enum status report_write(struct report *r, const char *folder)
{
	char *path = NULL, *draft = NULL;
	enum status status = STATUS_FAILED;

	if (asprintf(&path, "%s/index.html", folder) < 0 ||
	    asprintf(&draft, "%s/.index.html.part", folder) < 0)
		return msg_errno(STATUS_FAILED, "cannot write the page");
	r->out = fopen(draft, "w");
	if (!r->out) {
		status = msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", path);
	} else {
		bool bad;

		status = page_write(r);
		bad = ferror(r->out);
		bad |= fclose(r->out) != 0;
		if (!status && (bad || rename(draft, path)))
			status = msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", path);
		if (status)
			unlink(draft);
		else
			printf("%s\n", path);
	}
	free(path);
	free(draft);
	return status;
}

static const char *stat_file;

const struct option_row report_options[] = {
	{0, "stat", OPTION_TEXT, &stat_file, "FILE", "speed, from lwtrace stat --json FILE"},
	OPTION_END,
};

enum status command_report(const struct command *self, struct options *o)
{
	struct report *r;
	enum status status;
	bool made = false;

	if (o->arg_count < 1 || o->arg_count > MAX_RECORDINGS || !o->output)
		return msg_fail(STATUS_USAGE,
		                "usage: lwview %s BASE.db [NEW.db ...] -o DIR, up to %d "
		                "databases",
		                self->name, MAX_RECORDINGS);
	r = calloc(1, sizeof(*r));
	if (!r)
		return msg_errno(STATUS_FAILED, "cannot make the report");
	r->stat_path = stat_file;
	status = report_load(r, o);
	if (!status)
		status = directory_make(o->output, o->force, &made);
	if (!status)
		status = report_write(r, o->output);
	if (status && made)
		rmdir(o->output);
	report_release(r);
	free(r);
	return status;
}

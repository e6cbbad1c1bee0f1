/* SPDX-License-Identifier: MIT */
/*
 * report.c - one HTML page with every picture and table of one recording or of several: a verdict,
 * then the comparisons, then each recording through all views.
 */
#include "report.h"
#include "gnuplot.h"
#include "viewer/commands.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *stat_file;

const struct option_row report_options[] = {
	{0, "stat", &option_text, &stat_file, "FILE", "speed, from lwtrace stat --json FILE"},
	OPTION_END,
};

/* --- sections ------------------------------------------------------------------------------- */

static void recordings_section(struct report *r)
{
	struct sheet t;

	sheet_init(&t, "<|<program|>pid|<allocator|>facts|>lost|>duration=duration_ns|"
	               "<database");
	for (int i = 0; i < r->count; i++) {
		const struct scope *s = &r->scope[i];

		sheet_text(&t, "%s", i ? "new" : r->count > 1 ? "base" : "recording");
		sheet_text(&t, "%s", s->name);
		sheet_text(&t, "%" PRId64, s->pid);
		sheet_text(&t, "%s", s->allocator);
		sheet_count(&t, s->facts);
		sheet_count(&t, s->lost);
		sheet_span(&t, s->finish - s->start);
		sheet_text(&t, "%s", db_path(s->db));
	}
	page_sheet(&r->page, &t, "recordings", 0);
}

static enum status recording_section(struct report *r, int i)
{
	enum status status = STATUS_OK;

	fprintf(r->page.out, "<h2 id=\"recording-%d\">", i);
	html_text(r->scope[i].who, r->page.out);
	fputs("</h2>\n", r->page.out);
	for (int k = 0; !status && views[k]; k++) {
		struct viewing v;

		status = viewing_open(&v, views[k], &r->scope[i], r->options, views[k]->page_rows);
		if (status)
			break;
		status = page_view(&r->page, &v, i);
		viewing_close(&v);
	}
	return status;
}

static void definitions_section(struct report *r)
{
	static const char *const terms[][2] = {
		{"the split",
	         "extent = live + slack + tracer + headers + free in pools + deferred + free in "
	         "bins + top, exactly, at every fact; of an allocator traced from outside the "
	         "free parts but top are one, free, on both sides of a comparison"},
		{"blow-up", "max H / max L; peaks are taken over all facts, never over samples"},
		{"same point",
	         "right after the allocation with which the program has asked for so many "
	         "bytes since its start; a realloc counts its new size; exact for one "
	         "thread, approximate for more"},
		{"not counted",
	         "in RssAnon: CUDA/NvMap memory, the program's own mmap of files, trace buffers"},
	};
	FILE *out = r->page.out;

	fputs("<h2 id=\"definitions\">Definitions</h2>\n<dl>\n", out);
	for (int i = 0; i < FIGURES; i++) {
		const struct figure_row *f = &figure_rows[i];

		fputs("<dt>", out);
		html_print(out, "%s%s%s", f->title, f->symbol[0] ? ", " : "", f->symbol);
		fputs("</dt><dd>", out);
		html_text(f->meaning, out);
		fputs("</dd>\n", out);
	}
	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++)
		fprintf(out, "<dt>%s</dt><dd>%s</dd>\n", terms[i][0], terms[i][1]);
	fputs("</dl>\n", out);
}

static void link_to(FILE *out, const char *section, int number, const char *words)
{
	fprintf(out, "<a href=\"#%s-%d\">", section, number);
	html_text(words, out);
	fputs("</a> ", out);
}

static void navigation(struct report *r)
{
	FILE *out = r->page.out;
	char words[160];

	fputs("<nav>", out);
	for (int i = 1; i < r->count; i++) {
		snprintf(words, sizeof(words), "%s -> %s", scope_allocator(&r->scope[0]),
		         scope_allocator(&r->scope[i]));
		link_to(out, "compare", i, words);
	}
	fputs("<a href=\"#speed\">Speed</a> ", out);
	for (int i = 0; i < r->count; i++)
		link_to(out, "recording", i, scope_allocator(&r->scope[i]));
	fputs("<a href=\"#definitions\">Definitions</a></nav>\n", out);
}

static enum status page_fill(struct report *r)
{
	enum status status;

	status = verdict_section(r);
	recordings_section(r);
	navigation(r);
	for (int i = 1; !status && i < r->count; i++)
		status = pair_section(&r->page, &r->compare[i], r->options, i);
	speed_section(r);
	for (int i = 0; !status && i < r->count; i++)
		status = recording_section(r, i);
	definitions_section(r);
	return status;
}

static enum status report_write(struct report *r, const char *path)
{
	char title[512];
	enum status status;
	int n;

	n = snprintf(title, sizeof(title), "The heap of %s: %s", r->scope[0].name,
	             scope_allocator(&r->scope[0]));
	for (int i = 1; i < r->count && n < (int)sizeof(title); i++)
		n += snprintf(title + n, sizeof(title) - (size_t)n, "%s%s", i > 1 ? ", " : " -> ",
		              scope_allocator(&r->scope[i]));
	status = page_begin(&r->page, title);
	if (!status)
		status = page_fill(r);
	return page_end(&r->page, status, path, r->options->force);
}

/* --- the command ---------------------------------------------------------------------------- */

static enum status report_load(struct report *r, const struct options *o)
{
	enum status status = STATUS_OK;

	r->options = o;
	for (; !status && r->count < o->arg_count; r->count++)
		status = pair_scope_open(&r->scope[r->count], o->args[r->count], o);
	for (int i = 1; !status && i < r->count; i++)
		status = compare_load(&r->compare[i], &r->scope[0], &r->scope[i], &o->at);
	return status ? status : speed_load(r, stat_file);
}

static void report_release(struct report *r)
{
	for (int i = 0; i < r->count; i++) {
		compare_release(&r->compare[i]);
		if (r->scope[i].db)
			scope_close(&r->scope[i]);
	}
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

/* -o names a folder, which gets an index.html, or the page itself if it ends in .html. */
static enum status report_output(struct report *r, const char *output)
{
	enum status status;
	char *path;
	bool made;

	if (path_ends(output, ".html"))
		return report_write(r, output);
	status = directory_make(output, r->options->force, &made);
	if (status)
		return status;
	if (asprintf(&path, "%s/index.html", output) < 0)
		return msg_errno(STATUS_FAILED, "cannot write the page");
	status = report_write(r, path);
	if (!status)
		printf("%s\n", path);
	else if (made)
		rmdir(output);
	free(path);
	return status;
}

enum status command_report(const struct command *self, struct options *o)
{
	struct report *r;
	enum status status;

	if (o->arg_count > MAX_RECORDINGS || !o->output)
		return msg_fail(STATUS_USAGE,
		                "usage: lwview %s BASE.db [NEW.db ...] -o DIR, up to %d "
		                "databases",
		                self->name, MAX_RECORDINGS);
	r = calloc(1, sizeof(*r));
	if (!r)
		return msg_errno(STATUS_FAILED, "cannot make the report");
	status = report_load(r, o);
	if (!status)
		status = report_output(r, o->output);
	report_release(r);
	free(r);
	return status ? msg_context(status, "cannot report") : STATUS_OK;
}

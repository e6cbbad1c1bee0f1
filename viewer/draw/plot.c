/* SPDX-License-Identifier: MIT */
/*
 * plot.c - writes a self-contained gnuplot script and has it drawn; see plot.h. The picture is
 * drawn into a file beside the one asked for, which takes its name only when all went well.
 */
#include "plot.h"
#include "gnuplot.h"
#include "viewer/status.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plot {
	struct plot_spec spec;
	const struct gnuplot_format *format;
	bool is_script; /* the script itself is the output */
	FILE *script;   /* into text, length; NULL once it is complete */
	char *text;
	size_t length;
	char *draft; /* where gnuplot draws */
};

const char *const plot_pair_colours[2] = {"#d55e00", "#0072b2"};

enum status plot_refuse_existing(const char *path, bool force)
{
	if (!path || force || access(path, F_OK))
		return STATUS_OK;
	return msg_fail(STATUS_USAGE, "cannot write: it exists, -f overwrites it: path=\"%s\"",
	                path);
}

static void plot_prologue(struct plot *plot)
{
	const struct plot_spec *s = &plot->spec;
	const char *path = s->output ? s->output : "picture.svg";
	char target[4096];

	snprintf(target, sizeof(target), "%.*s%s", (int)strlen(path) - (plot->is_script ? 3 : 0),
	         path, plot->is_script ? ".svg" : "");
	plot_command(plot, "# Written by lwview; draws again with: gnuplot -d THIS-FILE\n"
	                   "set encoding utf8\nset terminal ");
	plot_command(plot, plot->format->terminal, s->width / plot->format->pixels,
	             s->height / plot->format->pixels);
	plot_command(plot, " background rgb '" PLOT_PAPER "'\nif (!exists('out')) out = ");
	plot_text(plot, target);
	plot_command(plot, "\nset output out\n"
	                   "set border 3 linecolor rgb '" PLOT_INK "'\n"
	                   "set tics nomirror out textcolor rgb '" PLOT_INK "'\n"
	                   "set title textcolor rgb '" PLOT_INK "'\n"
	                   "set xlabel textcolor rgb '" PLOT_INK "'\n"
	                   "set ylabel textcolor rgb '" PLOT_INK "'\n"
	                   "set key textcolor rgb '" PLOT_INK "'\n");
}

enum status plot_open(struct plot **out, const struct plot_spec *spec)
{
	bool is_script = spec->output && path_ends(spec->output, ".gp");
	const struct gnuplot_format *format =
		gnuplot_format_of(spec->output && !is_script ? spec->output : "x.svg");
	struct plot *plot;
	enum status status;

	*out = NULL;
	assert(format && spec->width > 0 && spec->height > 0);
	if (is_script && spec->keep)
		return msg_fail(STATUS_USAGE,
		                "this is the script, it takes no --keep-script: path=\"%s\"",
		                spec->output);
	status = plot_refuse_existing(spec->output, spec->force);
	if (!status)
		status = plot_refuse_existing(spec->keep, spec->force);
	if (status)
		return status;
	plot = calloc(1, sizeof(*plot));
	if (plot) {
		*plot = (struct plot){.spec = *spec, .format = format, .is_script = is_script};
		plot->script = open_memstream(&plot->text, &plot->length);
	}
	if (!plot || !plot->script) {
		free(plot);
		return msg_fail(STATUS_FAILED, "cannot draw: out of memory");
	}
	plot_prologue(plot);
	*out = plot;
	return STATUS_OK;
}

void plot_command(struct plot *plot, const char *format, ...)
{
	va_list ap;

	assert(plot->script);
	va_start(ap, format);
	vfprintf(plot->script, format, ap);
	va_end(ap);
}

void plot_text(struct plot *plot, const char *text)
{
	gnuplot_quote(plot->script, text);
}

void plot_area(struct plot *plot, double left, double top, double width, double height)
{
	double w = plot->spec.width, h = plot->spec.height;

	plot_command(plot,
	             "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
	             "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
	             left / w, (left + width) / w, 1 - top / h, 1 - (top + height) / h);
}

void plot_words(struct plot *plot, int number, double x, double y, enum plot_style style,
                const char *text)
{
	plot_command(plot, "set label %d ", number);
	plot_text(plot, text);
	plot_command(plot, " at screen %.6f,%.6f left textcolor rgb '%s'%s\n", x / plot->spec.width,
	             1 - y / plot->spec.height, style == PLOT_WARNING ? PLOT_ALARM : PLOT_INK,
	             style == PLOT_TITLE ? " font ',16'" : "");
}

void plot_swatch(struct plot *plot, int number, double x, double y, const char *colour,
                 const char *text)
{
	double w = plot->spec.width, h = plot->spec.height;

	plot_command(plot,
	             "set object %d rectangle from screen %.6f,%.6f to screen %.6f,%.6f front "
	             "fillstyle solid border linecolor rgb '%s' fillcolor rgb '%s'\n",
	             number, x / w, 1 - (y + 6) / h, (x + 16) / w, 1 - (y - 6) / h, PLOT_FAINT,
	             colour);
	plot_words(plot, number, x + 24, y, PLOT_PLAIN, text);
}

FILE *plot_script(struct plot *plot)
{
	return plot->script;
}

/* --- closing -------------------------------------------------------------------------------- */

void plot_abandon(struct plot *plot)
{
	if (!plot)
		return;
	if (plot->script)
		fclose(plot->script);
	if (plot->draft)
		unlink(plot->draft);
	free(plot->draft);
	free(plot->text);
	free(plot);
}

static enum status script_end(struct plot *plot)
{
	bool bad = ferror(plot->script);

	bad |= fclose(plot->script) != 0;
	plot->script = NULL;
	return bad ? msg_fail(STATUS_FAILED, "cannot draw: out of memory") : STATUS_OK;
}

/* A name that nobody else has: that of a new, empty file. NULL after saying why. */
static char *scratch_name(const char *beside)
{
	const char *folder = getenv("TMPDIR");
	char *name = NULL;
	int fd, n;

	n = beside ? asprintf(&name, "%s.XXXXXX", beside)
	           : asprintf(&name, "%s/lwview.XXXXXX", folder && *folder ? folder : "/tmp");
	if (n < 0) {
		msg_fail(STATUS_FAILED, "cannot draw: out of memory");
		return NULL;
	}
	fd = mkstemp(name);
	if (fd >= 0) {
		close(fd);
		return name;
	}
	msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", beside ? beside : name);
	free(name);
	return NULL;
}

/* Draws from the file where the script is kept, or from one that does not outlive the call. */
static enum status plot_draw(struct plot *plot)
{
	const char *output = plot->spec.output;
	char *scratch = plot->spec.keep ? NULL : scratch_name(NULL);
	const char *script = plot->spec.keep ? plot->spec.keep : scratch;
	enum status status = STATUS_FAILED;

	plot->draft = script ? scratch_name(output) : NULL;
	if (plot->draft) {
		unlink(plot->draft); /* gnuplot makes it with the user's own permissions */
		status = file_write(script, plot->text, plot->length);
		if (!status)
			status = gnuplot_draw(plot->format, script, plot->draft,
			                      output ? output : plot->draft);
	}
	if (scratch)
		unlink(scratch);
	free(scratch);
	return status;
}

enum status plot_close(struct plot *plot)
{
	enum status status = script_end(plot);

	if (!status && plot->is_script)
		status = file_write(plot->spec.output, plot->text, plot->length);
	else if (!status && !(status = plot_draw(plot)) && rename(plot->draft, plot->spec.output))
		status = msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", plot->spec.output);
	plot_abandon(plot);
	return status;
}

enum status plot_close_svg(struct plot *plot, char **svg)
{
	enum status status = script_end(plot);

	*svg = NULL;
	if (!status)
		status = plot_draw(plot);
	if (!status && !(*svg = file_read(plot->draft, &(size_t){0})))
		status = msg_errno(STATUS_FAILED, "cannot read: path=\"%s\"", plot->draft);
	plot_abandon(plot);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * plot.c - writes a self-contained gnuplot script, runs gnuplot, reports its failure.
 *
 * gnuplot is a program here, not a library: it is found on PATH, started without a shell and
 * without the user's settings, and killed when it takes longer than DEADLINE_MS. It draws into a
 * file beside the one asked for, which takes its name only when all went well.
 */
#include "plot.h"
#include "viewer/status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 120000

extern char **environ;

struct format {
	const char *suffix;
	const char *tail;     /* how a whole picture ends: gnuplot tells no full disk */
	const char *terminal; /* with two %d for the size in pixels, or two %g in inches */
	bool inches;
};

static const struct format formats[] = {
	{".svg", "</svg>", "svg size %d,%d dynamic noenhanced font 'Helvetica,Arial,sans-serif,13'",
         false},
	{".png", "IEND\xae\x42\x60\x82", "pngcairo size %d,%d noenhanced font 'DejaVu Sans,10'",
         false},
	{".pdf", "%%EOF", "pdfcairo size %g,%g noenhanced font 'DejaVu Sans,11'", true},
	{".gp", "</svg>", "svg size %d,%d dynamic noenhanced font 'Helvetica,Arial,sans-serif,13'",
         false},
};

struct plot {
	struct plot_spec spec;
	const struct format *format;
	FILE *script; /* into text, length */
	char *text;
	size_t length;
	char *draft; /* where gnuplot draws */
};

static const struct format *format_of(const char *output)
{
	size_t i, length = strlen(output);

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		size_t n = strlen(formats[i].suffix);

		if (length > n && !strcmp(output + length - n, formats[i].suffix))
			return &formats[i];
	}
	return NULL;
}

static enum status refuse_existing(const char *path, bool force)
{
	if (!path || force || access(path, F_OK))
		return STATUS_OK;
	return msg_fail(STATUS_USAGE, "cannot write: it exists, -f overwrites it: path=\"%s\"",
	                path);
}

static void plot_prologue(struct plot *plot)
{
	const struct plot_spec *s = &plot->spec;
	char target[4096];

	snprintf(target, sizeof(target), "%s", s->output ? s->output : "picture.svg");
	if (!strcmp(plot->format->suffix, ".gp"))
		strcpy(target + strlen(target) - 3, ".svg");
	plot_command(plot, "# Written by lwview; draws again with: gnuplot -d THIS-FILE\n"
	                   "set encoding utf8\nset terminal ");
	if (plot->format->inches)
		plot_command(plot, plot->format->terminal, s->width / 96.0, s->height / 96.0);
	else
		plot_command(plot, plot->format->terminal, s->width, s->height);
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
	const struct format *format = &formats[0];
	struct plot *plot;
	enum status status;

	*out = NULL;
	if (spec->output) {
		format = format_of(spec->output);
		if (!format)
			return msg_fail(
				STATUS_USAGE,
				"cannot draw: the name must end in .svg, .png, .pdf or .gp: "
				"path=\"%s\"",
				spec->output);
	}
	status = refuse_existing(spec->output, spec->force);
	if (!status)
		status = refuse_existing(spec->keep, spec->force);
	if (status)
		return status;
	plot = calloc(1, sizeof(*plot));
	if (!plot)
		return msg_fail(STATUS_FAILED, "cannot draw: out of memory");
	plot->spec = *spec;
	plot->format = format;
	plot->script = open_memstream(&plot->text, &plot->length);
	if (!plot->script) {
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

	va_start(ap, format);
	vfprintf(plot->script, format, ap);
	va_end(ap);
}

static void quote(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
}

void plot_text(struct plot *plot, const char *text)
{
	quote(plot->script, text);
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

void plot_abandon(struct plot *plot)
{
	if (!plot)
		return;
	if (plot->script)
		fclose(plot->script);
	if (plot->draft) {
		unlink(plot->draft);
		free(plot->draft);
	}
	free(plot->text);
	free(plot);
}

static enum status write_file(const char *path, const char *text, size_t length)
{
	FILE *f = fopen(path, "w");
	bool bad = !f || fwrite(text, 1, length, f) != length;

	if ((f && fclose(f)) || bad) {
		enum status status = msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s", path,
		                              strerror(errno));

		if (f)
			unlink(path);
		return status;
	}
	return STATUS_OK;
}

static char *read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *text = NULL;

	if (f && !fstat(fileno(f), &st) && (text = malloc((size_t)st.st_size + 1))) {
		*length = fread(text, 1, (size_t)st.st_size, f);
		text[*length] = '\0';
	}
	if (f)
		fclose(f);
	return text;
}

/* --- running gnuplot ------------------------------------------------------------------------ */

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The caller's environment less what would change a picture. Its array is to be freed. */
static char **clean_environment(void)
{
	static const char *const unwanted[] = {"LC_", "LANG", "GNUTERM", "GNUPLOT_", "GDFONTPATH"};
	size_t count = 0, kept = 0, i, k;
	char **clean;

	while (environ[count])
		count++;
	clean = calloc(count + 2, sizeof(*clean));
	if (!clean)
		return NULL;
	for (i = 0; i < count; i++) {
		for (k = 0; k < sizeof(unwanted) / sizeof(*unwanted); k++)
			if (!strncmp(environ[i], unwanted[k], strlen(unwanted[k])))
				break;
		if (k == sizeof(unwanted) / sizeof(*unwanted))
			clean[kept++] = environ[i];
	}
	clean[kept] = "LC_ALL=C.UTF-8";
	return clean;
}

/* out = 'DRAFT', quotes within doubled. */
static char *out_setting(const char *draft)
{
	size_t length = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &length);

	if (!f)
		return NULL;
	fputs("out = ", f);
	quote(f, draft);
	return fclose(f) ? NULL : text;
}

/* Starts `gnuplot -d -e "out='DRAFT'" SCRIPT`, its words into a pipe. Returns an errno. */
static int gnuplot_start(const char *script, const char *draft, int words, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {"gnuplot", "-d", "-e", NULL, (char *)script, NULL};
	char **environment = clean_environment();
	int error;

	argv[3] = out_setting(draft);
	if (!environment || !argv[3]) {
		free(environment);
		free(argv[3]);
		return ENOMEM;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, words, 1);
	posix_spawn_file_actions_adddup2(&actions, words, 2);
	error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	free(argv[3]);
	return error;
}

/* Collects what gnuplot says until it closes its end; false when the deadline passed. */
static bool gnuplot_listen(int fd, char *said, size_t size)
{
	long deadline = now_ms() + DEADLINE_MS;
	size_t length = 0;
	char rest[512];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		long left = deadline - now_ms();
		bool room = length + 1 < size;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return false;
		n = room ? read(fd, said + length, size - 1 - length)
		         : read(fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		if (room)
			length += (size_t)n;
		said[length] = '\0';
	}
}

/* gnuplot shows the line it failed on, a caret, then the reason, which is what we pass on. */
static const char *gnuplot_reason(char *said)
{
	char *line, *save, *reason = NULL;

	for (line = strtok_r(said, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t^");
		if (*line)
			reason = line;
	}
	return reason ? reason : "it said nothing";
}

static enum status gnuplot_run(const char *script, const char *draft)
{
	int words[2], wait_status = 0, error;
	char said[8192] = "";
	bool in_time;
	pid_t pid;

	if (pipe2(words, O_CLOEXEC))
		return msg_fail(STATUS_FAILED, "cannot run gnuplot: %s", strerror(errno));
	error = gnuplot_start(script, draft, words[1], &pid);
	close(words[1]);
	if (error) {
		close(words[0]);
		return msg_fail(STATUS_FAILED, "cannot run gnuplot: %s%s", strerror(error),
		                error == ENOENT ? " (on Debian: apt install gnuplot-nox)" : "");
	}
	in_time = gnuplot_listen(words[0], said, sizeof(said));
	close(words[0]);
	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	if (!in_time)
		return msg_fail(STATUS_FAILED, "cannot draw: gnuplot took longer than %d s",
		                DEADLINE_MS / 1000);
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status))
		return msg_fail(STATUS_FAILED, "cannot draw: gnuplot failed: %s",
		                gnuplot_reason(said));
	if (access(draft, F_OK))
		return msg_fail(STATUS_FAILED, "cannot draw: gnuplot wrote no picture: %s",
		                gnuplot_reason(said));
	return STATUS_OK;
}

/* --- what gnuplot leaves to be mended ------------------------------------------------------- */

/* A cell of a heap map is a fact, not a photograph: viewers are told not to blur it. */
static enum status svg_mend(const char *path)
{
	static const char mark[] = "preserveAspectRatio='none' xlink:href";
	static const char crisp[] =
		"image-rendering='optimizeSpeed' style='image-rendering:pixelated' ";
	size_t length = 0;
	char *text = read_file(path, &length), *at = text, *next;
	FILE *f = text ? fopen(path, "w") : NULL;
	enum status status = STATUS_OK;
	bool bad;

	if (!f) {
		free(text);
		return msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s", path,
		                strerror(errno));
	}
	while ((next = strstr(at, mark))) {
		fwrite(at, 1, (size_t)(next - at), f);
		fputs(crisp, f);
		fwrite(mark, 1, sizeof(mark) - 1, f);
		at = next + sizeof(mark) - 1;
	}
	fputs(at, f);
	bad = ferror(f);
	if (fclose(f) || bad)
		status = msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s", path,
		                  strerror(errno));
	free(text);
	return status;
}

/* cairo dates its PDF files; the date is overwritten in place, so that no offset changes. */
static enum status pdf_mend(const char *path)
{
	static const char mark[] = "/CreationDate (D:";
	size_t length = 0;
	char *text = read_file(path, &length), *at;
	enum status status;

	if (!text)
		return msg_fail(STATUS_FAILED, "cannot read: path=\"%s\": %s", path,
		                strerror(errno));
	at = memmem(text, length, mark, sizeof(mark) - 1);
	if (at && (size_t)(at - text) + sizeof(mark) + 14 < length)
		memcpy(at + sizeof(mark) - 1, "20000101000000", 14);
	status = write_file(path, text, length);
	free(text);
	return status;
}

/* Whether the picture's last bytes hold the format's end. */
static bool draft_is_whole(const struct plot *plot)
{
	size_t length = 0, tail = strlen(plot->format->tail);
	char *text = read_file(plot->draft, &length);
	size_t look = length < 64 ? length : 64;
	bool whole = text && memmem(text + length - look, look, plot->format->tail, tail);

	free(text);
	return whole;
}

static enum status plot_mend(const struct plot *plot)
{
	if (!draft_is_whole(plot))
		return msg_fail(
			STATUS_FAILED,
			"cannot write: gnuplot left an unfinished picture, is the disk full? "
			"path=\"%s\"",
			plot->spec.output ? plot->spec.output : plot->draft);
	if (!strcmp(plot->format->suffix, ".svg"))
		return svg_mend(plot->draft);
	if (!strcmp(plot->format->suffix, ".pdf"))
		return pdf_mend(plot->draft);
	return STATUS_OK;
}

/* --- closing -------------------------------------------------------------------------------- */

static const char *scratch_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

static enum status draft_open(struct plot *plot)
{
	const char *base = plot->spec.output;
	const char *temp = scratch_folder();
	int fd, n;

	if (base)
		n = asprintf(&plot->draft, "%s.XXXXXX", base);
	else
		n = asprintf(&plot->draft, "%s/lwview.XXXXXX", temp);
	if (n < 0) {
		plot->draft = NULL;
		return msg_fail(STATUS_FAILED, "cannot draw: out of memory");
	}
	fd = mkstemp(plot->draft);
	if (fd < 0) {
		enum status status = msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s",
		                              base ? base : temp, strerror(errno));

		free(plot->draft);
		plot->draft = NULL;
		return status;
	}
	close(fd);
	return STATUS_OK;
}

/* Runs the script from the file where it is kept, or from one that does not outlive the call. */
static enum status plot_draw(struct plot *plot)
{
	char scratch[4096];
	const char *script = plot->spec.keep;
	enum status status = draft_open(plot);

	if (status)
		return status;
	if (!script) {
		int fd;

		snprintf(scratch, sizeof(scratch), "%s/lwview-script.XXXXXX", scratch_folder());
		fd = mkstemp(scratch);

		if (fd < 0)
			return msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s", scratch,
			                strerror(errno));
		close(fd);
		script = scratch;
	}
	unlink(plot->draft);
	status = write_file(script, plot->text, plot->length);
	if (!status)
		status = gnuplot_run(script, plot->draft);
	if (script == scratch)
		unlink(scratch);
	return status ? status : plot_mend(plot);
}

static enum status script_end(struct plot *plot)
{
	bool bad = ferror(plot->script);

	bad |= fclose(plot->script) != 0;
	plot->script = NULL;
	return bad ? msg_fail(STATUS_FAILED, "cannot draw: out of memory") : STATUS_OK;
}

static enum status draft_publish(struct plot *plot)
{
	mode_t mask = umask(0);

	umask(mask);
	chmod(plot->draft, 0666 & ~mask);
	if (rename(plot->draft, plot->spec.output))
		return msg_fail(STATUS_FAILED, "cannot write: path=\"%s\": %s", plot->spec.output,
		                strerror(errno));
	return STATUS_OK;
}

enum status plot_close(struct plot *plot)
{
	enum status status = script_end(plot);

	if (!status && !strcmp(plot->format->suffix, ".gp"))
		status = write_file(plot->spec.output, plot->text, plot->length);
	else if (!status && !(status = plot_draw(plot)))
		status = draft_publish(plot);
	plot_abandon(plot);
	return status;
}

enum status plot_close_svg(struct plot *plot, char **svg)
{
	size_t length = 0;
	enum status status = script_end(plot);

	*svg = NULL;
	if (!status)
		status = plot_draw(plot);
	if (!status && !(*svg = read_file(plot->draft, &length)))
		status = msg_fail(STATUS_FAILED, "cannot read: path=\"%s\": %s", plot->draft,
		                  strerror(errno));
	plot_abandon(plot);
	return status;
}

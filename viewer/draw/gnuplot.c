/* SPDX-License-Identifier: MIT */
/* gnuplot.c - the process, and what it leaves to be mended; see gnuplot.h. */
#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 120000

extern char **environ;

static const struct gnuplot_format formats[] = {
	{".svg", "svg size %g,%g dynamic noenhanced font 'Helvetica,Arial,sans-serif,13'", "</svg>",
         1},
	{".png", "pngcairo size %g,%g noenhanced font 'DejaVu Sans,10'", "IEND\xae\x42\x60\x82", 1},
	{".pdf", "pdfcairo size %g,%g noenhanced font 'DejaVu Sans,11'", "%%EOF", 96},
};

bool path_ends(const char *path, const char *suffix)
{
	size_t length = strlen(path), n = strlen(suffix);

	return length > n && !strcmp(path + length - n, suffix);
}

const struct gnuplot_format *gnuplot_format_of(const char *path)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (path_ends(path, formats[i].suffix))
			return &formats[i];
	return NULL;
}

char *file_read(const char *path, size_t *length)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *text = NULL;
	size_t room;

	if (f && !fstat(fileno(f), &st)) {
		room = st.st_size ? (size_t)st.st_size : 1 << 20; /* a pipe has no size */
		text = malloc(room + 1);
		*length = text ? fread(text, 1, room, f) : 0;
	}
	if (text)
		text[*length] = '\0';
	if (f)
		fclose(f);
	return text;
}

enum status file_write(const char *path, const char *text, size_t length)
{
	FILE *f = fopen(path, "w");
	bool bad = !f || fwrite(text, 1, length, f) != length;

	if (f && fclose(f))
		bad = true;
	if (!bad)
		return STATUS_OK;
	msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", path);
	if (f)
		unlink(path);
	return STATUS_FAILED;
}

void gnuplot_quote(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
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
	gnuplot_quote(f, draft);
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

/* --- mending -------------------------------------------------------------------------------- */

/* A cell of a heap map is a fact, not a photograph: viewers of SVG are told not to blur it. */
static void svg_mend(const char *text, FILE *out)
{
	static const char mark[] = "preserveAspectRatio='none' xlink:href";
	const char *next;

	for (; (next = strstr(text, mark)); text = next + sizeof(mark) - 1)
		fprintf(out,
		        "%.*simage-rendering='optimizeSpeed' style='image-rendering:pixelated' %s",
		        (int)(next - text), text, mark);
	fputs(text, out);
}

/* cairo dates its PDF files; the date is overwritten in place, so that no offset changes. */
static void pdf_mend(char *text, size_t length, FILE *out)
{
	static const char mark[] = "/CreationDate (D:", date[] = "20000101000000";
	char *at = memmem(text, length, mark, sizeof(mark) - 1);

	if (at && (size_t)(at - text) + sizeof(mark) + sizeof(date) <= length)
		memcpy(at + sizeof(mark) - 1, date, sizeof(date) - 1);
	fwrite(text, 1, length, out);
}

/* Whether the picture's last bytes hold its format's end. */
static bool is_whole(const struct gnuplot_format *format, const char *text, size_t length)
{
	size_t look = length < 64 ? length : 64;

	return memmem(text + length - look, look, format->tail, strlen(format->tail));
}

static enum status draft_mend(const struct gnuplot_format *format, const char *draft,
                              const char *path)
{
	size_t length = 0;
	char *text = file_read(draft, &length);
	enum status status = STATUS_OK;
	FILE *out;

	if (!text)
		return msg_errno(STATUS_FAILED, "cannot read: path=\"%s\"", draft);
	if (!is_whole(format, text, length)) {
		free(text);
		return msg_fail(
			STATUS_FAILED,
			"cannot write: gnuplot left an unfinished picture, is the disk full? "
			"path=\"%s\"",
			path);
	}
	out = fopen(draft, "w");
	if (out && !strcmp(format->suffix, ".svg"))
		svg_mend(text, out);
	else if (out && !strcmp(format->suffix, ".pdf"))
		pdf_mend(text, length, out);
	else if (out)
		fwrite(text, 1, length, out);
	free(text);
	if (!out || ferror(out) | fclose(out))
		status = msg_errno(STATUS_FAILED, "cannot write: path=\"%s\"", path);
	return status;
}

enum status gnuplot_draw(const struct gnuplot_format *format, const char *script, const char *draft,
                         const char *path)
{
	enum status status = gnuplot_run(script, draft);

	return status ? status : draft_mend(format, draft, path);
}

/* output.c - see output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folder ----------------------------------------------------------------------------- */

enum content {
	MISSING,
	EMPTY,
	TRACE,
	OTHER
};

/* What the folder holds: -f may only ever remove what a recording has made. */
static enum content content_of(const char *path)
{
	static const char *const ours[] = {".", "..", "ust", "lwtrace.json"};
	enum content content = EMPTY;
	struct dirent *entry;
	DIR *directory = opendir(path);

	if (!directory)
		return errno == ENOENT ? MISSING : OTHER;
	while ((entry = readdir(directory))) {
		size_t i = 0;

		while (i < sizeof ours / sizeof *ours && strcmp(entry->d_name, ours[i]))
			i++;
		if (i == sizeof ours / sizeof *ours)
			content = OTHER;
		else if (i > 1 && content == EMPTY)
			content = TRACE;
	}
	closedir(directory);
	return content;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static int remove_tree(const char *path, struct reason *reason)
{
	if (!nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		return 0;
	return fail(reason, "cannot replace output: path=\"%s\": %s", path, strerror(errno));
}

static int make_folder(struct output *output, struct reason *reason)
{
	if (mkdir(output->shown, 0777) && errno != EEXIST)
		return fail(reason, "cannot make output folder: path=\"%s\": %s", output->shown,
		            strerror(errno));
	if (!realpath(output->shown, output->path))
		return fail(reason, "cannot find output folder: path=\"%s\": %s", output->shown,
		            strerror(errno));
	output->made = true;
	return 0;
}

int output_make(struct output *output, const char *name, const char *program, bool force,
                struct reason *reason)
{
	const char *slash = strrchr(program, '/');
	size_t length;

	if (name)
		snprintf(output->shown, sizeof output->shown, "%s", name);
	else
		snprintf(output->shown, sizeof output->shown, "lwtrace-%s-%d",
		         slash ? slash + 1 : program, (int)getpid());
	length = strlen(output->shown);
	while (length > 1 && output->shown[length - 1] == '/')
		output->shown[--length] = '\0';
	switch (content_of(output->shown)) {
	case MISSING:
	case EMPTY:
		return make_folder(output, reason);
	case TRACE:
		if (!force)
			return fail(reason, "output exists: path=\"%s\": use -f to replace it",
			            output->shown);
		return remove_tree(output->shown, reason) ? -1 : make_folder(output, reason);
	case OTHER:
		break;
	}
	return fail(reason, "output exists and is no trace: path=\"%s\": choose another",
	            output->shown);
}

void output_discard(struct output *output)
{
	struct reason ignored;

	if (output->made)
		remove_tree(output->path, &ignored);
}

/* ---- lwtrace.json ----------------------------------------------------------------------- */

void json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

static void json_processes(FILE *file, const struct trace_sum *sum)
{
	for (unsigned i = 0; i < sum->processes; i++) {
		fprintf(file, "%s\n    {\"name\": ", i ? "," : "");
		json_string(file, sum->process[i].name);
		fprintf(file, ", \"pid\": %d, \"facts\": %llu, \"lost\": %llu}",
		        sum->process[i].pid, (unsigned long long)sum->process[i].facts,
		        (unsigned long long)sum->process[i].lost);
	}
}

void output_describe(const struct output *output, char **argv, const char *allocator, pid_t pid,
                     int status, const struct trace_sum *sum)
{
	char path[4200];
	FILE *file;

	snprintf(path, sizeof path, "%s/lwtrace.json", output->path);
	file = fopen(path, "we");
	if (!file) {
		say(0, "warning: cannot write description: path=\"%s\": %s", path, strerror(errno));
		return;
	}
	fputs("{\n  \"program\": ", file);
	json_string(file, argv[0]);
	fputs(",\n  \"args\": [", file);
	for (int i = 1; argv[i]; i++) {
		fputs(i > 1 ? ", " : "", file);
		json_string(file, argv[i]);
	}
	fputs("],\n  \"allocator\": ", file);
	json_string(file, allocator);
	fprintf(file,
	        ",\n  \"pid\": %d,\n  \"exit_status\": %d,\n  \"facts\": %llu,\n  \"lost\": %llu,\n",
	        (int)pid, status, (unsigned long long)sum->facts, (unsigned long long)sum->lost);
	fputs("  \"processes\": [", file);
	json_processes(file, sum);
	fputs("\n  ]\n}\n", file);
	fclose(file);
}

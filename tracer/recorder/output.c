#include "output.h"

#include "cli/text.h"
#include "traces/format/version.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
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

int output_folder(const char *shown, char path[PATH_MAX])
{
	if (mkdir(shown, 0777) && errno != EEXIST)
		return msg_errno(STATUS_FAILED, "cannot make output folder: path=\"%s\"", shown);
	if (!realpath(shown, path))
		return msg_errno(STATUS_FAILED, "cannot find output folder: path=\"%s\"", shown);
	return 0;
}

int output_make(struct output *output, const char *name, const char *program, bool force)
{
	const char *slash = strrchr(program, '/');
	enum content content;
	size_t length;
	int status;

	if (name)
		snprintf(output->shown, sizeof output->shown, "%s", name);
	else
		snprintf(output->shown, sizeof output->shown, "lwtrace-%s-%d",
		         slash ? slash + 1 : program, (int)getpid());
	length = strlen(output->shown);
	while (length > 1 && output->shown[length - 1] == '/')
		output->shown[--length] = '\0';
	content = content_of(output->shown);
	if (content == OTHER)
		return msg_fail(STATUS_FAILED,
		                "output exists and is no trace: path=\"%s\": choose another",
		                output->shown);
	if (content == TRACE && !force)
		return msg_fail(STATUS_FAILED, "output exists: path=\"%s\": use -f to replace it",
		                output->shown);
	if (content == TRACE && trace_remove(output->shown))
		return msg_errno(STATUS_FAILED, "cannot replace output: path=\"%s\"",
		                 output->shown);
	status = output_folder(output->shown, output->path);
	output->made = !status;
	return status;
}

void output_discard(struct output *output)
{
	if (output->made)
		trace_remove(output->path);
}

/* ---- lwtrace.json ----------------------------------------------------------------------- */

static void json_processes(FILE *file, const struct trace_sum *sum)
{
	for (unsigned i = 0; i < sum->processes; i++) {
		fprintf(file, "%s\n    {\"name\": ", i ? "," : "");
		json_string(file, sum->process[i].name);
		fprintf(file, ", \"pid\": %d, \"facts\": %llu, \"lost\": %llu}",
		        sum->process[i].pid, sum->process[i].facts, sum->process[i].lost);
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
		msg_note("warning: cannot write description: path=\"%s\": %m", path);
		return;
	}
	fprintf(file, "{\n  \"format\": %d,\n  \"program\": ", LW_TRACE_FORMAT);
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
	        (int)pid, status, sum->facts, sum->lost);
	fputs("  \"processes\": [", file);
	json_processes(file, sum);
	fputs("\n  ]\n}\n", file);
	fclose(file);
}

/*
 * stat.c - lwtrace stat: what a program costs under each allocator, untraced.
 *
 * Tracing slows a program down, so a trace's clock decides nothing.  The runs are interleaved
 * (a b a b ...), so that a machine that grows busy or hot is unfair to none.
 */
#define _GNU_SOURCE
#include "deadline.h"
#include "libraries.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "run.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_ALLOCATORS = 8,
	MAX_RUNS = 1000
};

static struct {
	unsigned runs;
	const char *json, *allocators;
} wish = {.runs = 5, .allocators = "ptmalloc,liblw"};

static const struct option_row rows[] = {
	{'n', "runs", "N", "runs under each allocator (default: 5)", OPTION_COUNT, &wish.runs, 0},
	{'a', "allocators", "LIST",
         "separated by commas (default: ptmalloc,liblw); see lwtrace record", OPTION_TEXT,
         &wish.allocators, 0},
	{0, "json", "FILE", "write the figures there too, for lwview report --stat", OPTION_TEXT,
         &wish.json, 0},
	{0}};

static const struct option_row *stat_options(void)
{
	return rows;
}

/* ---- figures ---------------------------------------------------------------------------- */

enum figure {
	CPU,
	WALL,
	PEAK_RSS,
	MINOR_FAULTS,
	MAJOR_FAULTS,
	FIGURES
};

struct column {
	const char *title, *key, *format;
};

static const struct column columns[FIGURES] = {
	[CPU] = {"CPU s", "cpu_s", "%12.3f"},
	[WALL] = {"wall s", "wall_s", "%12.3f"},
	[PEAK_RSS] = {"peak RSS KiB", "peak_rss_kib", "%12.0f"},
	[MINOR_FAULTS] = {"minor faults", "minor_faults", "%12.0f"},
	[MAJOR_FAULTS] = {"major faults", "major_faults", "%12.0f"},
};

struct contender {
	char name[128];
	struct preload preload;
	double *run[FIGURES];
	double median[FIGURES];
};

static struct contender contenders[MAX_ALLOCATORS];
static unsigned contender_count;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, by_value);
	return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* ---- runs ------------------------------------------------------------------------------- */

static int add_contenders(struct reason *reason)
{
	for (const char *at = wish.allocators; *at; at += *at == ',') {
		size_t length = strcspn(at, ",");
		struct contender *contender = &contenders[contender_count];

		if (contender_count == MAX_ALLOCATORS)
			return fail(reason, "too many allocators: at most %d", MAX_ALLOCATORS);
		if (length >= sizeof contender->name)
			return fail(reason, "name of allocator is too long: \"%s\"", at);
		snprintf(contender->name, sizeof contender->name, "%.*s", (int)length, at);
		if (preload_find(&contender->preload, contender->name, false, reason))
			return -1;
		for (int figure = 0; figure < FIGURES; figure++) {
			contender->run[figure] = calloc(wish.runs, sizeof(double));
			if (!contender->run[figure])
				return fail(reason, "out of memory");
		}
		contender_count++;
		at += length;
	}
	return contender_count ? 0 : fail(reason, "no allocator given: --allocators");
}

/* Every run reads the same input: a file from where it stood, nothing else at all. */
static void rewind_input(off_t position)
{
	if (position < 0 || lseek(STDIN_FILENO, position, SEEK_SET) < 0) {
		if (!freopen("/dev/null", "r", stdin))
			close(STDIN_FILENO);
	}
}

static int run_once(struct contender *contender, unsigned number, const struct program *program,
                    char **argv, struct reason *reason)
{
	struct run run = {.silent = true};
	const uint64_t begin = clock_now();

	if (run_start(&run, program, argv, &contender->preload, reason))
		return -1;
	while (!run_wait(&run, 1000))
		;
	contender->run[WALL][number] = (double)(clock_now() - begin) / 1e9;
	contender->run[CPU][number] = seconds(&run.usage.ru_utime) + seconds(&run.usage.ru_stime);
	contender->run[PEAK_RSS][number] = (double)run.usage.ru_maxrss;
	contender->run[MINOR_FAULTS][number] = (double)run.usage.ru_minflt;
	contender->run[MAJOR_FAULTS][number] = (double)run.usage.ru_majflt;
	if (run.status)
		return fail_status(reason, run.status,
		                   "the program failed: allocator=\"%s\", status=%d",
		                   contender->name, run.status);
	return 0;
}

static int run_all(const struct program *program, char **argv, struct reason *reason)
{
	off_t position = lseek(STDIN_FILENO, 0, SEEK_CUR);

	for (unsigned number = 0; number < wish.runs; number++) {
		for (unsigned i = 0; i < contender_count; i++) {
			rewind_input(position);
			if (run_once(&contenders[i], number, program, argv, reason))
				return -1;
			say(1, "run %u of %u: %s, %.3f s CPU", number + 1, wish.runs,
			    contenders[i].name, contenders[i].run[CPU][number]);
		}
	}
	for (unsigned i = 0; i < contender_count; i++)
		for (int figure = 0; figure < FIGURES; figure++)
			contenders[i].median[figure] = median(contenders[i].run[figure], wish.runs);
	return 0;
}

/* ---- table ------------------------------------------------------------------------------ */

/* Ratios are to ptmalloc, or to the first one given. */
static const struct contender *base_of(void)
{
	for (unsigned i = 0; i < contender_count; i++)
		if (!strcmp(contenders[i].name, "ptmalloc"))
			return &contenders[i];
	return &contenders[0];
}

static void print_table(char **argv)
{
	const struct contender *base = base_of();

	printf("%s: medians of %u runs, ratios to %s; untraced, output discarded\n\n%-16s", argv[0],
	       wish.runs, base->name, "allocator");
	for (int figure = 0; figure < FIGURES; figure++)
		printf("  %12s %6s", columns[figure].title, "ratio");
	putchar('\n');
	for (unsigned i = 0; i < contender_count; i++) {
		printf("%-16s", contenders[i].preload.name);
		for (int figure = 0; figure < FIGURES; figure++) {
			double value = contenders[i].median[figure], to = base->median[figure];

			fputs("  ", stdout);
			printf(columns[figure].format, value);
			if (to > 0)
				printf(" %6.2f", value / to);
			else
				printf(" %6s", "-");
		}
		putchar('\n');
	}
}

static int write_json(char **argv, struct reason *reason)
{
	FILE *file = fopen(wish.json, "we");

	if (!file)
		return fail(reason, "cannot write figures: path=\"%s\": %s", wish.json,
		            strerror(errno));
	fputs("{\"program\": ", file);
	json_string(file, argv[0]);
	fprintf(file, ", \"runs\": %u, \"allocators\": [", wish.runs);
	for (unsigned i = 0; i < contender_count; i++) {
		fprintf(file, "%s\n  {\"name\": ", i ? "," : "");
		json_string(file, contenders[i].preload.name);
		for (int figure = 0; figure < FIGURES; figure++)
			fprintf(file, ", \"%s\": %.6g", columns[figure].key,
			        contenders[i].median[figure]);
		/* Sorted by median(): the middle half of the runs tells what a difference is worth. */
		fprintf(file, ", \"cpu_low_s\": %.6g, \"cpu_high_s\": %.6g}",
		        contenders[i].run[CPU][wish.runs / 4],
		        contenders[i].run[CPU][wish.runs - 1 - wish.runs / 4]);
	}
	fputs("\n]}\n", file);
	if (fclose(file))
		return fail(reason, "cannot write figures: path=\"%s\": %s", wish.json,
		            strerror(errno));
	return 0;
}

static int stat_run(int argc, char **argv, struct reason *reason)
{
	struct program program;

	if (!argc)
		return fail(reason, "no program to measure: see lwtrace stat --help");
	if (program_find(&program, argv[0], reason) || program_check(&program, reason) ||
	    add_contenders(reason))
		return -1;
	run_prepare();
	if (run_all(&program, argv, reason))
		return -1;
	print_table(argv);
	return wish.json ? write_json(argv, reason) : 0;
}

const struct verb verb_stat = {
	"stat",
	"[--] PROGRAM [ARGS...]",
	"compare allocators on a program, without tracing",
	"Runs PROGRAM some times under each allocator in turn, and prints the medians of CPU and\n"
	"wall time, peak resident memory and page faults.  The program's output is discarded; its\n"
	"standard input is read anew by each run if it is a file, and empty otherwise.",
	stat_options,
	stat_run,
};

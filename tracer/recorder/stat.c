/*
 * stat.c - lwtrace stat: what a program costs under each allocator, untraced.
 *
 * Tracing slows a program down, so a trace's clock decides nothing.  The runs are interleaved
 * (a b a b ...), so that a machine that grows busy or hot is unfair to none.
 */
#include "lwtrace.h"
#include "deadline.h"
#include "libraries.h"
#include "program.h"
#include "run.h"

#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_ALLOCATORS = 8
};

static int64_t runs = 5;
static const char *json, *allocators = "ptmalloc,liblw";

static const struct option_type type_runs = {.units = option_no_units, .least = 1, .most = 1000000};

static const struct option_row rows[] = {
	{'n', "runs", &type_runs, &runs, "N", "runs under each allocator (default: 5)"},
	{'a', "allocators", &option_text, &allocators, "LIST",
         "separated by commas (default: ptmalloc,liblw); see lwtrace record"},
	{0, "json", &option_text, &json, "FILE",
         "write the figures there too, for lwview report --stat"},
	OPTION_END,
};

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

static double median(double *values, int64_t count)
{
	qsort(values, (size_t)count, sizeof *values, by_value);
	return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

/* ---- runs ------------------------------------------------------------------------------- */

static int add_contenders(void)
{
	for (const char *at = allocators; *at; at += *at == ',') {
		struct contender *contender = &contenders[contender_count];
		size_t length = strcspn(at, ",");
		int status;

		if (contender_count == MAX_ALLOCATORS)
			return msg_fail(STATUS_FAILED, "too many allocators: at most %d",
			                MAX_ALLOCATORS);
		status = preload_find(&contender->preload, strndupa(at, length), false);
		if (status)
			return status;
		for (int figure = 0; figure < FIGURES; figure++) {
			contender->run[figure] = calloc((size_t)runs, sizeof(double));
			if (!contender->run[figure])
				return msg_fail(STATUS_FAILED, "out of memory");
		}
		contender_count++;
		at += length;
	}
	return contender_count ? 0 : msg_fail(STATUS_FAILED, "no allocator given: --allocators");
}

/* Every run reads the same input: a file from where it stood, nothing else at all. */
static void rewind_input(off_t position)
{
	if (position < 0 || lseek(STDIN_FILENO, position, SEEK_SET) < 0) {
		if (!freopen("/dev/null", "r", stdin))
			close(STDIN_FILENO);
	}
}

static int run_once(struct contender *contender, int number, const struct program *program,
                    char **argv)
{
	struct run run = {.silent = true};
	const uint64_t begin = clock_now();
	int status = run_start(&run, program, argv, &contender->preload);

	if (status)
		return status;
	while (!run_wait(&run, 1000))
		;
	contender->run[WALL][number] = (double)(clock_now() - begin) / 1e9;
	contender->run[CPU][number] = run_cpu_seconds(&run);
	contender->run[PEAK_RSS][number] = (double)run.usage.ru_maxrss;
	contender->run[MINOR_FAULTS][number] = (double)run.usage.ru_minflt;
	contender->run[MAJOR_FAULTS][number] = (double)run.usage.ru_majflt;
	if (run.status)
		return msg_fail(run.status, "the program failed: allocator=\"%s\", status=%d",
		                contender->preload.name, run.status);
	return 0;
}

static int run_all(const struct program *program, char **argv)
{
	off_t position = lseek(STDIN_FILENO, 0, SEEK_CUR);
	int status;

	for (int number = 0; number < runs; number++) {
		for (unsigned i = 0; i < contender_count; i++) {
			rewind_input(position);
			status = run_once(&contenders[i], number, program, argv);
			if (status)
				return status;
			msg_step("run %d of %d: %s, %.3f s CPU", number + 1, (int)runs,
			         contenders[i].preload.name, contenders[i].run[CPU][number]);
		}
	}
	for (unsigned i = 0; i < contender_count; i++)
		for (int figure = 0; figure < FIGURES; figure++)
			contenders[i].median[figure] = median(contenders[i].run[figure], runs);
	return 0;
}

/* ---- table ------------------------------------------------------------------------------ */

/* Ratios are to ptmalloc, or to the first one given. */
static const struct contender *base_of(void)
{
	for (unsigned i = 0; i < contender_count; i++)
		if (!strcmp(contenders[i].preload.name, "ptmalloc"))
			return &contenders[i];
	return &contenders[0];
}

static void print_table(char **argv)
{
	const struct contender *base = base_of();

	printf("%s: medians of %d runs, ratios to %s; untraced, output discarded\n\n%-16s", argv[0],
	       (int)runs, base->preload.name, "allocator");
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

static int write_json(char **argv)
{
	FILE *file = fopen(json, "we");

	if (!file)
		return msg_errno(STATUS_FAILED, "cannot write figures: path=\"%s\"", json);
	fputs("{\"program\": ", file);
	json_string(file, argv[0]);
	fprintf(file, ", \"runs\": %d, \"allocators\": [", (int)runs);
	for (unsigned i = 0; i < contender_count; i++) {
		fprintf(file, "%s\n  {\"name\": ", i ? "," : "");
		json_string(file, contenders[i].preload.name);
		for (int figure = 0; figure < FIGURES; figure++)
			fprintf(file, ", \"%s\": %.6g", columns[figure].key,
			        contenders[i].median[figure]);
		/* Sorted by median(): the middle half of the runs tells what a difference is worth. */
		fprintf(file, ", \"cpu_low_s\": %.6g, \"cpu_high_s\": %.6g}",
		        contenders[i].run[CPU][runs / 4],
		        contenders[i].run[CPU][runs - 1 - runs / 4]);
	}
	fputs("\n]}\n", file);
	if (fclose(file))
		return msg_errno(STATUS_FAILED, "cannot write figures: path=\"%s\"", json);
	return 0;
}

static int measure(const struct command *self, int argc, char **argv)
{
	struct program program;
	int status = program_find(&program, argv[0]);

	(void)self, (void)argc;
	if (!status)
		status = program_check(&program);
	if (!status)
		status = add_contenders();
	if (status)
		return status;
	run_prepare();
	status = run_all(&program, argv);
	if (status)
		return status;
	print_table(argv);
	return json ? write_json(argv) : 0;
}

const struct command command_stat = {
	.name = "stat",
	.operands = "[--] PROGRAM [ARGS...]",
	.purpose = "compare allocators on a program, without tracing",
	.text = "Runs PROGRAM some times under each allocator in turn, and prints the medians\n"
		"of CPU and wall time, peak resident memory and page faults. The program's\n"
		"output is discarded; its standard input is read anew by each run if it is a\n"
		"file, and empty otherwise.",
	.examples = "stat -- PROGRAM\n"
		    "stat --runs 11 -a ptmalloc,liblw,libmimalloc.so.2 --json stat.json -- PROGRAM",
	.least = 1,
	.most = -1,
	.leading = true,
	.options = {rows},
	.run = measure,
};

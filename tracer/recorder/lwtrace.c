/*
 * lwtrace.c - record a program's heap: the table of verbs, and the only exit.
 */
#include "verbs.h"

#include <stdio.h>
#include <string.h>

#ifndef LW_VERSION
#define LW_VERSION "unknown"
#endif

static const struct verb *const verbs[] = {&verb_record, &verb_attach, &verb_stat,
                                           &verb_serve,  &verb_doctor, &verb_env};

enum {
	VERBS = sizeof verbs / sizeof *verbs
};

static void print_usage(FILE *file)
{
	fputs("usage: lwtrace VERB [options] ...\n\nverbs:\n", file);
	for (int i = 0; i < VERBS; i++)
		fprintf(file, "  %-8s %s\n", verbs[i]->name, verbs[i]->purpose);
	fputs("\nlwtrace VERB --help says more; lwtrace --version prints the version.\n", file);
}

static int run_verb(const struct verb *verb, int argc, char **argv, struct reason *reason)
{
	int first = options_read(verb, argc, argv, reason);

	if (first <= 0)
		return first;
	return verb->run(argc - first, argv + first, reason);
}

static int dispatch(int argc, char **argv, struct reason *reason)
{
	if (argc < 2) {
		print_usage(stderr);
		return fail(reason, "no verb given");
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("lwtrace " LW_VERSION);
		return 0;
	}
	for (int i = 0; i < VERBS; i++)
		if (!strcmp(argv[1], verbs[i]->name))
			return run_verb(verbs[i], argc - 1, argv + 1, reason);
	return fail(reason, "unknown verb: verb=\"%s\": see lwtrace --help", argv[1]);
}

int main(int argc, char **argv)
{
	struct reason reason = {0};
	int status = dispatch(argc, argv, &reason);

	if (status >= 0)
		return status;
	fprintf(stderr, "lwtrace: %s\n", reason.text);
	return reason.status;
}

/* SPDX-License-Identifier: MIT */
/*
 * load.c - `lwview load`: a recording becomes a database.
 *
 * Find the traces (one directory per process, or per user), mend what is damaged, decode all
 * into facts, sort these by effect, replay them through the heap model, resolve call sites, rename
 * the finished file into place. An interrupted or failed load leaves nothing behind.
 */
#include "decode.h"
#include "repair.h"
#include "site.h"
#include "cli/array.h"
#include "viewer/commands.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool allow_loss;
static const char *sysroot, *debug_dir;

const struct option_row load_options[] = {
	{0, "allow-loss", &option_flag, &allow_loss, NULL, "lossy or damaged traces are well too"},
	{0, "sysroot", &option_text, &sysroot, "DIR", "look for recorded programs below DIR"},
	{0, "debug-dir", &option_text, &debug_dir, "DIR", "look for debug information below DIR"},
	{0, "pid", &option_int, &options_given.pid, "PID", "only this process (default: all)"},
	OPTION_END,
};

struct load {
	const char *trace; /* what the user named */
	const char *output;
	char *temporary;    /* where the database grows */
	char *scratch;      /* the output's directory: as much room as the database will need */
	char **directories; /* that hold a file `metadata` */
	size_t directory_count;
	struct db *db;
	struct sorter *sorter;
	struct decoder decoder;
	struct model *model;
	int64_t damaged;  /* files that had to be mended */
	char damage[512]; /* the first one, in words */
	int64_t failed;   /* traces that could not be read to their end */
};

static volatile bool interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = true;
}

/* ---- finding ---- */

/* nftw() has no argument for its caller. */
static struct load *finding;

static int on_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct load *l = finding;

	(void)st;
	if (type != FTW_F || strcmp(path + ftw->base, "metadata"))
		return 0;
	if (!array_more(l->directories, l->directory_count))
		return -1;
	l->directories[l->directory_count] = strndup(path, (size_t)ftw->base - 1);
	return l->directories[l->directory_count++] ? 0 : -1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status find_traces(struct load *l)
{
	struct stat st;

	if (stat(l->trace, &st) || (S_ISDIR(st.st_mode) && access(l->trace, R_OK | X_OK)))
		return msg_errno(STATUS_INPUT, "cannot open trace: path=\"%s\"", l->trace);
	if (!S_ISDIR(st.st_mode))
		return msg_fail(STATUS_INPUT, "not a trace, a recording is a folder: path=\"%s\"",
		                l->trace);
	finding = l;
	if (nftw(l->trace, on_file, 32, 0) < 0)
		return msg_errno(STATUS_INPUT, "cannot open trace: path=\"%s\"", l->trace);
	if (!l->directory_count)
		return msg_fail(STATUS_INPUT, "no trace in folder: path=\"%s\"", l->trace);
	qsort(l->directories, l->directory_count, sizeof(char *), compare_names);
	return STATUS_OK;
}

/* ---- output ---- */

static enum status check_output(struct load *l, bool force)
{
	const char *slash = strrchr(l->output, '/');
	struct stat st;

	if (!stat(l->output, &st) && S_ISDIR(st.st_mode))
		return msg_fail(STATUS_USAGE, "output is a folder: path=\"%s\"", l->output);
	if (!access(l->output, F_OK) && !force)
		return msg_fail(STATUS_USAGE, "output exists, use -f to overwrite: path=\"%s\"",
		                l->output);
	l->scratch = slash ? strndup(l->output, (size_t)(slash - l->output) + 1) : strdup(".");
	if (!l->scratch || asprintf(&l->temporary, "%s.%ld.tmp", l->output, (long)getpid()) < 0)
		return msg_fail(STATUS_FAILED, "cannot load: out of memory");
	if (access(l->scratch, W_OK | X_OK))
		return msg_errno(STATUS_FAILED, "cannot write database: path=\"%s\"", l->output);
	return STATUS_OK;
}

#define LWTRACE_JSON_MAX (1 << 20) /* bytes; a line per process */

/* What lwtrace wrote beside the trace: shown if there, never needed. */
static void keep_lwtrace_json(const struct load *l, struct query *meta)
{
	char path[4096], *text = malloc(LWTRACE_JSON_MAX);
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/lwtrace.json", l->trace);
	f = text ? fopen(path, "re") : NULL;
	if (f) {
		n = fread(text, 1, LWTRACE_JSON_MAX - 1, f);
		fclose(f);
	}
	if (n) {
		text[n] = 0;
		db_insert(meta, DB_TEXT("lwtrace"), DB_TEXT(text));
	}
	free(text);
}

static void store_meta(const struct load *l)
{
	const struct model_result *r = model_result(l->model);
	struct query *meta = db_prepare(l->db, "INSERT INTO meta VALUES (?1, ?2)");

	db_insert(meta, DB_TEXT("loader"), DB_TEXT("lwview " LW_VERSION));
	db_insert(meta, DB_TEXT("trace"), DB_TEXT(l->trace));
	db_insert(meta, DB_TEXT("facts"), DB_INT(r->facts));
	db_insert(meta, DB_TEXT("lost"), DB_INT(r->lost));
	if (l->damage[0])
		db_insert(meta, DB_TEXT("repaired"), DB_TEXT(l->damage));
	keep_lwtrace_json(l, meta);
	db_finish(meta);
}

/* ---- decoding ---- */

/*
 * One damaged trace among many must not hide the others: it is reported, counted, and the rest goes
 * on. Only the machine's failures (disk, memory) end the load.
 */
static enum status read_trace(struct load *l, const char *directory)
{
	struct repair repair;
	enum status status = repair_trace(&repair, directory, l->scratch);

	if (!status) {
		status = decoder_read(&l->decoder, repair.path, directory);
		if (repair.damaged) {
			if (!l->damaged)
				snprintf(l->damage, sizeof(l->damage), "%s/%s", directory,
				         repair.what);
			l->damaged += repair.damaged;
		}
		if ((repair.damaged || status == STATUS_INPUT) && decoder_damaged(&l->decoder))
			status = STATUS_FAILED;
		repair_release(&repair);
	}
	if (status == STATUS_INPUT && !l->decoder.newer) {
		msg_flush(); /* the other processes\' traces may be good */
		l->failed++;
		return STATUS_OK;
	}
	return status;
}

static enum status check_interrupt(void)
{
	return interrupted ? msg_fail(STATUS_FAILED, "interrupted") : STATUS_OK;
}

static enum status read_traces(struct load *l)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < l->directory_count && !status; i++) {
		status = read_trace(l, l->directories[i]);
		if (!status)
			status = check_interrupt();
	}
	if (status || l->decoder.order)
		return status;
	if (l->failed)
		return STATUS_INPUT; /* said already */
	return msg_fail(STATUS_INPUT, "trace holds no fact of an allocator: path=\"%s\"%s%s",
	                l->trace, l->damage[0] ? ", damaged: " : "", l->damage);
}

/* ---- replaying ---- */

static enum status replay(struct load *l)
{
	enum status status = decoder_announce(&l->decoder, l->model);
	uint64_t done = 0;
	struct fact f;
	bool got = true;

	if (!status)
		status = sorter_sort(l->sorter);
	while (!status) {
		status = sorter_next(l->sorter, &f, &got);
		if (status || !got)
			break;
		status = model_fact(l->model, &f);
		if (++done % 200000)
			continue;
		msg_progress("loading: %.1f of %.1f M facts", (double)done / 1e6,
		             (double)l->decoder.order / 1e6);
		if (!status)
			status = check_interrupt();
	}
	return status ? status : model_finish(l->model);
}

/* ---- call sites ---- */

struct site_storing {
	const struct decoder *decoder;
	struct site_resolver *resolver;
	struct query *q;
};

static const struct module *module_at(const struct decoder *d, uint32_t origin, uint64_t address)
{
	/* The latest one first: after dlclose() another library may lie there. */
	for (size_t i = d->module_count; i-- > 0;) {
		const struct module *m = &d->modules[i];

		if (m->origin == origin && address >= m->base && address - m->base < m->size)
			return m;
	}
	return NULL;
}

static void store_site(void *arg, int64_t site, int64_t process, uint32_t origin, uint64_t address)
{
	const struct site_storing *s = arg;
	const struct module *m = module_at(s->decoder, origin, address);
	struct site_place place = {NULL, NULL, 0};

	if (m && s->resolver)
		place = site_resolve(s->resolver, m->path, m->build_id, address - m->base);
	db_insert(s->q, DB_INT(site), DB_INT(process), DB_INT(address), DB_TEXT(m ? m->path : NULL),
	          DB_INT(m ? (int64_t)(address - m->base) : DB_NULL),
	          DB_TEXT(m && m->build_id[0] ? m->build_id : NULL), DB_TEXT(place.function),
	          DB_TEXT(place.file), DB_INT(place.file ? place.line : DB_NULL));
}

static void store_sites(struct load *l)
{
	struct site_storing s = {
		.decoder = &l->decoder,
		.resolver = site_open(sysroot, debug_dir),
		.q = db_prepare(l->db,
	                        "INSERT INTO site VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
	};

	msg_progress("resolving call sites");
	model_sites(l->model, store_site, &s);
	if (s.resolver && site_mismatches(s.resolver))
		msg_note("%d modules here are other builds than those recorded, their call sites "
		         "stay addresses (see --sysroot)",
		         site_mismatches(s.resolver));
	site_close(s.resolver);
	db_finish(s.q);
}

/* ---- the story ---- */

static enum status build(struct load *l)
{
	enum status status = db_create(&l->db, l->temporary);

	if (!status)
		status = db_exec(l->db, "BEGIN");
	if (!status)
		status = sorter_open(&l->sorter, l->scratch, 0);
	if (status)
		return status;
	l->decoder.sorter = l->sorter;
	status = read_traces(l);
	if (!status)
		status = model_open(&l->model, l->db);
	if (!status)
		status = replay(l);
	if (status)
		return status;
	store_sites(l);
	store_meta(l);
	msg_progress("indexing");
	return db_exec(l->db, "CREATE INDEX block_alive ON block(process) WHERE death_seq IS NULL;"
	                      "COMMIT");
}

static enum status finish(struct load *l)
{
	db_close(l->db);
	l->db = NULL;
	if (rename(l->temporary, l->output))
		return msg_errno(STATUS_FAILED, "cannot write database: path=\"%s\"", l->output);
	free(l->temporary);
	l->temporary = NULL;
	return STATUS_OK;
}

static void tell_result(const struct load *l)
{
	const struct model_result *r = model_result(l->model);

	msg_note("%s: %" PRId64 " facts of %" PRId64 " process%s, %" PRId64 " lost", l->output,
	         r->facts, r->processes, r->processes == 1 ? "" : "es", r->lost);
}

/* The database is there; is it the whole truth? */
static enum status judge(const struct load *l)
{
	const struct model_result *r = model_result(l->model);
	enum status status = allow_loss ? STATUS_OK : STATUS_INPUT;

	if (l->failed)
		return status; /* said already */
	if (l->damaged)
		return msg_fail(status, "trace was damaged, what is whole was loaded: path=\"%s\"",
		                l->damage);
	/* Where events are missing, contradictions are no news. */
	if (r->lost || l->decoder.loss_count)
		return msg_fail(status,
		                "trace is lossy, figures are \"at least\": lost=%" PRId64
		                ", contradictions=%" PRId64 "%s",
		                r->lost, r->violations,
		                allow_loss ? "" : " (--allow-loss accepts it)");
	if (r->violations)
		return msg_fail(status, "%" PRId64 " facts contradict each other, the first: %s",
		                r->violations, r->first_violation);
	return STATUS_OK;
}

static void release(struct load *l)
{
	model_close(l->model);
	sorter_close(l->sorter);
	decoder_release(&l->decoder);
	db_close(l->db);
	if (l->temporary)
		unlink(l->temporary);
	for (size_t i = 0; i < l->directory_count; i++)
		free(l->directories[i]);
	free(l->directories);
	free(l->temporary);
	free(l->scratch);
}

enum status command_load(const struct command *self, struct options *o)
{
	struct load l = {.output = o->output ? o->output : "heap.db"};
	struct sigaction catch = {.sa_handler = on_signal};
	enum status status;

	(void)self;
	l.trace = o->args[0];
	decoder_init(&l.decoder, NULL);
	l.decoder.only_pid = o->pid;
	l.decoder.interrupted = &interrupted;
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	sigaction(SIGHUP, &catch, NULL);
	status = check_output(&l, o->force);
	if (!status)
		status = find_traces(&l);
	if (!status)
		status = build(&l);
	if (!status)
		status = finish(&l);
	msg_progress(NULL);
	if (!status) {
		tell_result(&l);
		status = judge(&l);
	}
	release(&l);
	return status;
}

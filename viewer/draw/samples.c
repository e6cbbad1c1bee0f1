/* SPDX-License-Identifier: MIT */
/* samples.c - the heap through time, asked of the database; see samples.h. */
#include "samples.h"
#include "cli/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- loading -------------------------------------------------------------------------------- */

static enum status load_samples(struct timeline *t, struct scope *s)
{
	struct query *q = scope_query(
		s,
		"SELECT seq, time - ?2, live, slack, tracer, headers, pool_free, deferred, bins, top,"
		"       extent, largest_free, asked, "
		"       coalesce(rss_anon, -1), coalesce(heap_resident, -1), blocks"
		"  FROM timeline"
		" WHERE process = ?1"
		" ORDER BY seq");

	db_bind_int(q, 2, s->start);
	while (db_step(q)) {
		if (!array_more(t->sample, t->samples)) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the timeline");
		}
		t->sample[t->samples++] =
			(struct sample){db_int(q, 0),  db_int(q, 1),  db_int(q, 2),  db_int(q, 3),
		                        db_int(q, 4),  db_int(q, 5),  db_int(q, 6),  db_int(q, 7),
		                        db_int(q, 8),  db_int(q, 9),  db_int(q, 10), db_int(q, 11),
		                        db_int(q, 12), db_int(q, 13), db_int(q, 14), db_int(q, 15)};
	}
	return db_finish(q);
}

/* A loss whose time is unknown may have been anywhere: all of the run is marked. */
static enum status load_losses(struct timeline *t, struct scope *s)
{
	struct query *q =
		scope_query(s, "SELECT coalesce(begin, ?2) - ?2, coalesce(finish, ?3) - ?2, count"
	                       "  FROM loss WHERE process IN (0, ?1) ORDER BY begin");

	db_bind_int(q, 2, s->start);
	db_bind_int(q, 3, s->finish);
	while (db_step(q)) {
		if (!array_more(t->loss, t->losses)) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the losses");
		}
		t->loss[t->losses++] =
			(struct timeline_loss){db_int(q, 0), db_int(q, 1), db_int(q, 2)};
	}
	return db_finish(q);
}

/* Over all facts, never over samples. */
static struct timeline_peak load_peak(struct scope *s, const char *figure)
{
	struct timeline_peak peak = {.value = -1};
	struct query *q =
		scope_query(s, "SELECT p.value, p.time - ?3, t.asked, p.seq"
	                       "  FROM peak p"
	                       "  LEFT JOIN timeline t ON t.process = p.process AND t.seq = p.seq"
	                       " WHERE p.process = ?1 AND p.figure = ?2");

	db_bind_text(q, 2, figure);
	db_bind_int(q, 3, s->start);
	if (db_step(q))
		peak = (struct timeline_peak){db_int(q, 0), db_int(q, 1), db_int(q, 2),
		                              db_int(q, 3)};
	db_finish(q);
	return peak;
}

/*
 * lttng-ust waits for its daemon before the program begins, on a small machine longer than a short
 * program runs. Returns the ns up to a little before the program's own first call, 0 if that is
 * less than a twentieth of the run.
 */
static int64_t idle_start(struct scope *s)
{
	int64_t first = db_value(s->db,
	                         "SELECT min(birth)"
	                         "  FROM main.block"
	                         " WHERE process = ?1 AND birth_seq > 0 AND flags & 7 = 0",
	                         1, (int64_t[]){s->process});
	int64_t idle = first - s->start, run = s->finish - s->start;

	idle -= (run - idle) / 50;
	return first && idle > run / 20 ? idle : 0;
}

/* Of what is left out the last state stays, as the state in which the program began. */
static void idle_drop(struct timeline *t)
{
	size_t i = 0;

	while (i + 1 < t->samples && t->sample[i + 1].time <= t->skip)
		i++;
	if (t->sample[i].time > t->skip)
		return;
	memmove(t->sample, t->sample + i, (t->samples - i) * sizeof(*t->sample));
	t->samples -= i;
	t->sample[0].time = t->skip;
}

/* Births and deaths of the selection's blocks, summed up to each sample. */
static enum status load_chosen(struct timeline *t, struct scope *s)
{
	struct query *q = scope_query(s, "SELECT birth_seq, bytes"
	                                 "  FROM program_block WHERE process = ?1"
	                                 " UNION ALL "
	                                 "SELECT death_seq, -bytes"
	                                 "  FROM program_block"
	                                 " WHERE process = ?1 AND death_seq IS NOT NULL"
	                                 " ORDER BY 1");
	int64_t bytes = 0;
	size_t i = 0;

	t->chosen = calloc(t->samples, sizeof(*t->chosen));
	if (!t->chosen) {
		db_finish(q);
		return msg_errno(STATUS_FAILED, "cannot load the timeline");
	}
	while (db_step(q)) {
		while (i < t->samples && t->sample[i].seq < db_int(q, 0))
			t->chosen[i++] = bytes;
		bytes += db_int(q, 1);
	}
	while (i < t->samples)
		t->chosen[i++] = bytes;
	return db_finish(q);
}

enum status samples_load(struct viewing *v)
{
	struct timeline *t = v->data;
	struct scope *s = v->scope;
	enum status status;

	*t = (struct timeline){
		.outside = scope_is_outside(s), .part = s->window, .who = s->who, .lost = s->loss};
	status = load_samples(t, s);
	if (!status)
		status = load_losses(t, s);
	t->live = load_peak(s, "live");
	t->extent = load_peak(s, "extent");
	t->rss_anon = load_peak(s, "rss_anon");
	if (!status)
		status = db_status(s->db);
	if (status || !t->samples)
		return status;
	t->skip = v->options->begin.kind == WHEN_NONE ? idle_start(s) : 0;
	if (t->skip)
		idle_drop(t);
	return s->single || s->moment ? load_chosen(t, s) : STATUS_OK;
}

void samples_release(void *data)
{
	struct timeline *t = data;

	free(t->sample);
	free(t->loss);
	free(t->chosen);
}

/* --- tables --------------------------------------------------------------------------------- */

int64_t sample_x(const struct sample *s, bool over_asked)
{
	return over_asked ? s->asked : s->time;
}

static const struct option_type some_rows = {.units = option_no_units, .least = 1, .most = 1000000};
static int64_t rows_given; /* 0: not */

const struct option_row samples_options[] = {
	{0, "rows", &some_rows, &rows_given, "N", "rows of the table (default 20)"},
	OPTION_END,
};

const char *samples_idle(enum form form)
{
	return rows_given && form == FORM_PICTURE ? "--rows" : NULL;
}

void samples_spread(const struct timeline *t, bool over_asked,
                    void (*row)(struct sheet *, const struct timeline *, size_t),
                    struct sheet *sheet)
{
	int64_t first = sample_x(&t->sample[0], over_asked);
	int64_t span = sample_x(&t->sample[t->samples - 1], over_asked) - first;
	int64_t rows = rows_given ? rows_given : 20, step = 1;
	size_t i;

	assert(t->samples > 0);
	for (i = 0; i < t->samples; i++) {
		double edge = (double)first + (double)span * (double)step / (double)rows;

		if (i + 1 < t->samples && (double)sample_x(&t->sample[i + 1], over_asked) <= edge)
			continue;
		row(sheet, t, i);
		while (i + 1 < t->samples && step < rows &&
		       (double)sample_x(&t->sample[i + 1], over_asked) > edge)
			edge = (double)first + (double)span * (double)++step / (double)rows;
	}
}

enum status samples_heading(const struct viewing *v, FILE *out)
{
	const struct timeline *t = v->data;

	fprintf(out, "%s\n%s%s", t->who, t->lost, t->lost[0] ? "\n" : "");
	if (t->skip)
		fprintf(out,
		        "the first %s, before the program's own first call, are left out: --begin 0 shows "
		        "them\n",
		        text_span((double)t->skip).text);
	fputc('\n', out);
	return STATUS_OK;
}

static void peak_row(struct sheet *sheet, const char *name, const struct timeline_peak *p)
{
	if (p->value < 0)
		return;
	sheet_text(sheet, "%s", name);
	sheet_bytes(sheet, p->value);
	sheet_integer(sheet, p->value);
	sheet_span(sheet, p->time);
	sheet_count(sheet, p->seq);
}

void samples_peaks(const struct timeline *t, struct sheet *sheet)
{
	sheet_init(sheet, "<peak of|>size|>bytes|>time|>fact");
	peak_row(sheet, "L, live asked for", &t->live);
	peak_row(sheet, "extent, from the system", &t->extent);
	peak_row(sheet, "RssAnon", &t->rss_anon);
	sheet_note(sheet, t->part ? "Peaks of a part of the run: of the samples in it."
	                          : "Peaks are taken over all facts, never over samples.");
}

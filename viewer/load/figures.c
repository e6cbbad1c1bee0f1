/* SPDX-License-Identifier: MIT */
/* figures.c - peaks and timeline; see figures.h. */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

void figures_init(struct figures *f)
{
	memset(f, 0, sizeof(*f));
	f->step_width = 1;
	for (int i = 0; i < FIGURES; i++)
		f->peak[i].value = -INFINITY;
}

void figures_release(struct figures *f)
{
	free(f->steps);
	figures_init(f);
}

static void note_peaks(struct figures *f, const struct sample *s)
{
	double v[FIGURES];

	figure_values(s, v);
	for (int i = 0; i < FIGURES; i++) {
		if (figure_rows[i].peak && v[i] > f->peak[i].value) {
			f->peak[i].value = v[i];
			f->peak[i].at = *s;
		}
	}
	f->any = true;
}

/* Of two states with the same value the earlier one is kept. */
static void step_note(struct step *t, const struct sample *s)
{
	if (s->live < t->kept[KEEP_LIVE_MIN].live)
		t->kept[KEEP_LIVE_MIN] = *s;
	if (s->live > t->kept[KEEP_LIVE_MAX].live)
		t->kept[KEEP_LIVE_MAX] = *s;
	if (s->extent < t->kept[KEEP_EXTENT_MIN].extent)
		t->kept[KEEP_EXTENT_MIN] = *s;
	if (s->extent > t->kept[KEEP_EXTENT_MAX].extent)
		t->kept[KEEP_EXTENT_MAX] = *s;
	if (sample_free(s) > sample_free(&t->kept[KEEP_FREE_MAX]))
		t->kept[KEEP_FREE_MAX] = *s;
	t->kept[KEEP_LAST] = *s;
}

static void join_steps(struct figures *f)
{
	for (uint32_t i = 0; i < f->step_count / 2; i++) {
		struct step joined = f->steps[2 * i];

		/* The later step's kept states, its last one last. */
		for (int k = 0; k < KEEPS; k++)
			step_note(&joined, &f->steps[2 * i + 1].kept[k]);
		f->steps[i] = joined;
	}
	f->step_count /= 2;
	f->step_width *= 2;
}

static int new_step(struct figures *f, const struct sample *s)
{
	if (f->step_count == STEPS_MAX)
		join_steps(f);
	if (f->step_count == f->step_room) {
		uint32_t room = f->step_room ? 4 * f->step_room : 16;
		struct step *steps = realloc(f->steps, room * sizeof(*steps));

		if (!steps)
			return -1;
		f->steps = steps;
		f->step_room = room;
	}
	for (int k = 0; k < KEEPS; k++)
		f->steps[f->step_count].kept[k] = *s;
	f->step_count++;
	f->in_step = 1;
	return 0;
}

int figures_add(struct figures *f, const struct sample *s)
{
	note_peaks(f, s);
	if (!f->step_count || f->in_step == f->step_width)
		return new_step(f, s);
	f->in_step++;
	step_note(&f->steps[f->step_count - 1], s);
	return 0;
}

static int compare_samples(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void store_sample(const struct sample *s, int64_t process, struct bulk *timeline)
{
	const int64_t row[] = {
		process,         s->seq,       s->time,     s->live,          s->slack,  s->tracer,
		s->headers,      s->pool_free, s->deferred, s->bins,          s->top,    s->extent,
		s->largest_free, s->asked,     s->rss_anon, s->heap_resident, s->blocks,
	};

	bulk_add(timeline, row);
}

/* Kept states and peaks, each once, in order. */
static void store_timeline(struct figures *f, int64_t process, struct bulk *timeline)
{
	size_t n = 0, room = (size_t)f->step_count * KEEPS + FIGURES;
	struct sample *all = malloc(room * sizeof(*all));

	if (!all) {
		db_fail(bulk_db(timeline), "cannot keep the timeline");
		return;
	}
	for (uint32_t i = 0; i < f->step_count; i++)
		for (int k = 0; k < KEEPS; k++)
			all[n++] = f->steps[i].kept[k];
	for (int i = 0; i < FIGURES; i++)
		if (isfinite(f->peak[i].value))
			all[n++] = f->peak[i].at;
	qsort(all, n, sizeof(*all), compare_samples);
	for (size_t i = 0; i < n; i++)
		if (!i || all[i].seq != all[i - 1].seq)
			store_sample(&all[i], process, timeline);
	free(all);
}

void figures_store(struct figures *f, int64_t process, struct figures_tables *tables)
{
	if (!f->any)
		return;
	store_timeline(f, process, tables->timeline);
	for (int i = 0; i < FIGURES; i++) {
		struct query *q = tables->peak;

		if (!isfinite(f->peak[i].value))
			continue;
		db_bind_int(q, 1, process);
		db_bind_text(q, 2, figure_rows[i].key);
		db_bind_real(q, 3, f->peak[i].value);
		db_bind_int(q, 4, f->peak[i].at.seq);
		db_bind_int(q, 5, f->peak[i].at.time);
		db_run(q);
	}
}

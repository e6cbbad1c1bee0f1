/* SPDX-License-Identifier: MIT */
/* series.c - peaks and timeline; see series.h. */
#include "series.h"

#include "cli/array.h"

#include <stdlib.h>
#include <string.h>

void series_init(struct series *r)
{
	memset(r, 0, sizeof(*r));
	r->step_width = 1;
	for (int i = 0; i < FIGURES; i++)
		r->peak[i].value = -INFINITY;
}

void series_release(struct series *r)
{
	free(r->steps);
	series_init(r);
}

static void note_peaks(struct series *r, const struct sample *s)
{
	double v[FIGURES];

	figure_values(s, v);
	for (int i = 0; i < FIGURES; i++) {
		if (figure_rows[i].peak && v[i] > r->peak[i].value) {
			r->peak[i].value = v[i];
			r->peak[i].at = *s;
		}
	}
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

static void join_steps(struct series *r)
{
	for (uint32_t i = 0; i < r->step_count / 2; i++) {
		struct step joined = r->steps[2 * i];

		/* The later step's kept states, its last one last. */
		for (int k = 0; k < KEEPS; k++)
			step_note(&joined, &r->steps[2 * i + 1].kept[k]);
		r->steps[i] = joined;
	}
	r->step_count /= 2;
	r->step_width *= 2;
}

static int new_step(struct series *r, const struct sample *s)
{
	if (r->step_count == STEPS_MAX)
		join_steps(r);
	if (!array_more(r->steps, r->step_count))
		return -1;
	for (int k = 0; k < KEEPS; k++)
		r->steps[r->step_count].kept[k] = *s;
	r->step_count++;
	r->in_step = 1;
	return 0;
}

int series_add(struct series *r, const struct sample *s)
{
	note_peaks(r, s);
	if (!r->step_count || r->in_step == r->step_width)
		return new_step(r, s);
	r->in_step++;
	step_note(&r->steps[r->step_count - 1], s);
	return 0;
}

static int compare_samples(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static void store_sample(const struct sample *s, int64_t process, struct bulk *timeline)
{
	bulk_add(timeline, process, s->seq, s->time, s->live, s->slack, s->tracer, s->headers,
	         s->pool_free, s->deferred, s->bins, s->top, s->extent, s->largest_free, s->asked,
	         s->rss_anon, s->heap_resident, s->blocks);
}

/* Kept states and peaks, each once, in order. */
static int store_timeline(struct series *r, int64_t process, struct bulk *timeline)
{
	size_t n = 0, room = (size_t)r->step_count * KEEPS + FIGURES;
	struct sample *all = malloc(room * sizeof(*all));

	if (!all)
		return -1;
	for (uint32_t i = 0; i < r->step_count; i++)
		for (int k = 0; k < KEEPS; k++)
			all[n++] = r->steps[i].kept[k];
	for (int i = 0; i < FIGURES; i++)
		if (isfinite(r->peak[i].value))
			all[n++] = r->peak[i].at;
	qsort(all, n, sizeof(*all), compare_samples);
	for (size_t i = 0; i < n; i++)
		if (!i || all[i].seq != all[i - 1].seq)
			store_sample(&all[i], process, timeline);
	free(all);
	return 0;
}

int series_store(struct series *r, int64_t process, struct bulk *timeline, struct query *peak)
{
	if (r->step_count && store_timeline(r, process, timeline))
		return -1;
	for (int i = 0; i < FIGURES; i++)
		if (isfinite(r->peak[i].value))
			db_insert(peak, DB_INT(process), DB_TEXT(figure_rows[i].key),
			          DB_REAL(r->peak[i].value), DB_INT(r->peak[i].at.seq),
			          DB_INT(r->peak[i].at.time));
	return 0;
}

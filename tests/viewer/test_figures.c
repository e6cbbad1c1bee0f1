/* SPDX-License-Identifier: MIT */
/* The defined figures: in C, as SQL and in the view `figures` they are the same, and so is nothing. */
#include "tests/cm.h"

#include "viewer/db.h"
#include "viewer/figures.h"

#include <stdio.h>
#include <string.h>

static const struct sample samples[] = {
	{.seq = 1,
         .live = 750,
         .slack = 250,
         .tracer = 100,
         .headers = 100,
         .pool_free = 100,
         .deferred = 100,
         .bins = 500,
         .top = 300,
         .extent = 2200,
         .largest_free = 400,
         .asked = 800,
         .rss_anon = 4096,
         .heap_resident = 0,
         .blocks = 3},
	/* nothing at all; nothing free; nothing but the tracer's blocks; nothing live; not sampled */
	{.seq = 2},
	{.seq = 3, .live = 7, .slack = 9, .extent = 16, .asked = 7, .blocks = 1},
	{.seq = 4, .tracer = 4096, .extent = 4096},
	{.seq = 5, .top = 4096, .extent = 4096, .largest_free = 4096},
	{.seq = 6, .live = 3, .extent = 3, .rss_anon = DB_NULL, .heap_resident = -1},
};

#define SAMPLES (sizeof(samples) / sizeof(*samples))

static void bind_known(struct query *q, int index, int64_t value)
{
	if (value < 0)
		db_bind_int(q, index, DB_NULL);
	else
		db_bind_int(q, index, value);
}

static struct db *timeline_of_samples(void)
{
	struct db *db;
	struct query *q;

	assert_int_equal(db_create_memory(&db), STATUS_OK);
	q = db_prepare(db,
	               "INSERT INTO timeline VALUES"
	               " (1, ?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[i];
		const int64_t values[] = {s->seq,     s->live,      s->slack,        s->tracer,
		                          s->headers, s->pool_free, s->deferred,     s->bins,
		                          s->top,     s->extent,    s->largest_free, s->asked};
		int n = 0;

		for (; n < (int)(sizeof(values) / sizeof(*values)); n++)
			db_bind_int(q, n + 1, values[n]);
		bind_known(q, n + 1, s->rss_anon);
		bind_known(q, n + 2, s->heap_resident);
		db_bind_int(q, n + 3, s->blocks);
		db_run(q);
	}
	assert_int_equal(db_finish(q), STATUS_OK);
	return db;
}

/* What `expression` is over each row of `table`, against the figure in C. */
static void agrees(struct db *db, const char *expression, const char *table, enum figure figure)
{
	char sql[400];
	struct query *q;
	size_t i = 0;

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s s ORDER BY seq", expression, table);
	q = db_prepare(db, sql);
	for (; db_step(q); i++) {
		double value = figure_value(figure, &samples[i]);

		assert_int_equal(db_is_null(q, 0), isnan(value));
		assert_true(isnan(value) || value == db_real(q, 0));
	}
	assert_int_equal(i, SAMPLES);
	assert_int_equal(db_finish(q), STATUS_OK);
}

static void a_figure_is_the_same_in_c_and_in_sql(void **state)
{
	struct db *db = timeline_of_samples();

	(void)state;
	for (int f = 0; f < FIGURES; f++)
		agrees(db, figure_rows[f].sql, "timeline", (enum figure)f);
	db_close(db);
}

/* The view has a column for each figure that is no column of timeline, under its symbol or key. */
static void the_view_of_figures_has_the_same_formulas(void **state)
{
	struct db *db = timeline_of_samples();
	struct query *q = db_prepare(db, "SELECT name FROM pragma_table_info('figures')"
	                                 " WHERE name NOT IN ('process', 'seq', 'time')");
	int columns = 0;

	(void)state;
	for (; db_step(q); columns++) {
		const char *name = db_text(q, 0);
		int f = 0;

		while (f < FIGURES && strcmp(name, figure_rows[f].key) &&
		       strcmp(name, figure_rows[f].symbol))
			f++;
		assert_true(f < FIGURES);
		agrees(db, name, "figures", (enum figure)f);
	}
	assert_int_equal(db_finish(q), STATUS_OK);
	assert_int_equal(columns, 9);
	db_close(db);
}

static void figures_follow_their_definitions(void **state)
{
	(void)state;
	assert_int_equal(sample_heap(&samples[0]), 2100);
	assert_int_equal(sample_free(&samples[0]), 1000);
	assert_true(figure_value(FIGURE_INTERNAL, &samples[0]) == 0.25);
	assert_true(fabs(figure_value(FIGURE_EXTERNAL, &samples[0]) - 0.6) < 1e-9);
	assert_true(figure_value(FIGURE_UTILISATION, &samples[0]) == 750.0 / 2100);
	assert_true(figure_value(FIGURE_OVERHEAD, &samples[0]) == 1350.0 / 750);
	assert_true(figure_value(FIGURE_EXTERNAL, &samples[4]) == 0);
	assert_true(isnan(figure_value(FIGURE_EXTERNAL, &samples[2])));
	assert_true(isnan(figure_value(FIGURE_INTERNAL, &samples[1])));
	assert_true(isnan(figure_value(FIGURE_RSS_ANON, &samples[5])));
	assert_true(isnan(figure_share(1, 0)));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_figure_is_the_same_in_c_and_in_sql),
		cmocka_unit_test(the_view_of_figures_has_the_same_formulas),
		cmocka_unit_test(figures_follow_their_definitions),
	};

	return run_cases(argc, argv, tests, NULL, NULL);
}

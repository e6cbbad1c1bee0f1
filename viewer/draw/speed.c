/* SPDX-License-Identifier: MIT */
/* speed.c - what lwtrace stat measured without tracing, on the report page. */
#include "report.h"
#include "gnuplot.h"

#include <stdlib.h>
#include <string.h>

static bool stat_is_json(struct db *db, const char *text)
{
	struct query *q =
		db_prepare(db, "SELECT json_valid(?1) AND json_type(?1, '$.allocators') = 'array'");
	bool valid;

	db_bind_text(q, 1, text);
	valid = db_step(q) && db_int(q, 0);
	db_finish(q);
	return valid;
}

/* The row of the statistics whose name begins the allocator's: "ptmalloc" of "ptmalloc 2.36". */
static void stat_find(struct report *r, int i, const char *text)
{
	struct query *q =
		db_prepare(r->scope[i].db,
	                   "SELECT json_extract(value, '$.cpu_s'),"
	                   "       json_extract(value, '$.wall_s'),"
	                   "       json_extract(value, '$.peak_rss_kib'),"
	                   "       json_extract(value, '$.minor_faults'),"
	                   "       json_extract(value, '$.cpu_low_s'),"
	                   "       json_extract(value, '$.cpu_high_s')"
	                   "  FROM json_each(?1, '$.allocators')"
	                   " WHERE ?2 LIKE json_extract(value, '$.name') || '%'"
	                   " ORDER BY length(json_extract(value, '$.name')) DESC LIMIT 1");
	struct speed *s = &r->speed[i];

	db_bind_text(q, 1, text);
	db_bind_text(q, 2, r->scope[i].allocator);
	if (db_step(q))
		*s = (struct speed){true,          db_real(q, 0), db_real(q, 1), db_real(q, 2),
		                    db_real(q, 3), db_real(q, 4), db_real(q, 5)};
	db_finish(q);
}

enum status speed_load(struct report *r, const char *path)
{
	enum status status = STATUS_OK;
	char *text;

	if (!path)
		return STATUS_OK;
	text = file_read(path, &(size_t){0});
	if (!text)
		return msg_errno(STATUS_INPUT, "cannot read statistics: path=\"%s\"", path);
	r->measured = true;
	if (!stat_is_json(r->scope[0].db, text))
		status = msg_fail(STATUS_INPUT,
		                  "not the output of lwtrace stat --json: path=\"%s\"", path);
	for (int i = 0; !status && i < r->count; i++)
		stat_find(r, i, text);
	free(text);
	return status;
}

void speed_section(struct report *r)
{
	struct sheet t;
	int i;

	fputs("<h2 id=\"speed\">Speed, without tracing</h2>\n", r->page.out);
	if (!r->measured) {
		fputs("<p>Not measured: tracing slows a program, so its clock decides nothing. "
		      "<code>lwtrace stat --json FILE -- PROGRAM</code> measures, "
		      "<code>lwview report --stat FILE</code> shows it here.</p>\n",
		      r->page.out);
		return;
	}
	sheet_init(&t, "<allocator|>CPU time=cpu_ns|>wall time=wall_ns|"
	               ">peak RSS=peak_rss_bytes|>minor faults|>CPU time against base");
	for (i = 0; i < r->count; i++) {
		const struct speed *s = &r->speed[i];

		if (!s->known)
			continue;
		sheet_text(&t, "%s", r->scope[i].allocator);
		sheet_text(&t, "%.3f s", s->cpu);
		sheet_text(&t, "%.3f s", s->wall);
		sheet_bytes(&t, (int64_t)(s->rss * 1024));
		sheet_count(&t, (int64_t)s->faults);
		sheet_text(&t, "%s",
		           i && r->speed[0].known ? change_text(r->speed[0].cpu, s->cpu).text
		                                  : "-");
	}
	sheet_note(&t, "Medians of interleaved runs of the untraced program under each allocator, "
	               "measured by lwtrace stat.");
	page_sheet(&r->page, &t, "speed-table", 0);
}

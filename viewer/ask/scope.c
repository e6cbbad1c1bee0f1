/* SPDX-License-Identifier: MIT */
/* scope.c - choice of process and time; see scope.h. */
#include "scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum status choose_process(struct scope *s, int64_t pid)
{
	/* An exec() gives one pid two images: the one with more facts is meant. */
	struct query *q =
		db_prepare(s->db,
	                   "SELECT id, pid, name, allocator, start, finish, facts, lost, complete,"
	                   "       last_seq"
	                   "  FROM process WHERE ?1 < 0 OR pid = ?1"
	                   " ORDER BY facts DESC, id LIMIT 1");
	bool found;

	db_bind_int(q, 1, pid);
	found = db_step(q);
	if (found) {
		s->process = db_int(q, 0);
		s->pid = db_int(q, 1);
		snprintf(s->name, sizeof(s->name), "%s", db_text(q, 2));
		snprintf(s->allocator, sizeof(s->allocator), "%s", db_text(q, 3));
		s->start = db_int(q, 4);
		s->finish = db_int(q, 5);
		s->facts = db_int(q, 6);
		s->lost = db_int(q, 7);
		s->complete = db_int(q, 8);
		s->last_seq = db_int(q, 9);
	}
	if (db_finish(q))
		return db_status(s->db);
	if (!found && pid >= 0)
		return msg_fail(STATUS_INPUT,
		                "no such process in database: path=\"%s\", pid=%" PRId64,
		                db_path(s->db), pid);
	if (!found)
		return msg_fail(STATUS_INPUT, "database holds no process: path=\"%s\"",
		                db_path(s->db));
	return STATUS_OK;
}

static struct moment moment_query(struct scope *s, const char *sql, int64_t value)
{
	struct query *q = db_prepare(s->db, sql);
	struct moment m = {.seq = s->last_seq, .time = s->finish};

	db_bind_int(q, 1, s->process);
	db_bind_int(q, 2, value);
	if (db_step(q)) {
		m.seq = db_int(q, 0);
		m.time = db_int(q, 1);
	}
	db_finish(q);
	return m;
}

/*
 * The last fact at or before `time`. The timeline is thinned, so the exact fact is looked for
 * among the births and deaths too.
 */
static struct moment moment_at(struct scope *s, int64_t time)
{
	static const char sql[] =
		"SELECT max(seq), ?2 FROM ("
		" SELECT max(seq) AS seq FROM timeline WHERE process = ?1 AND time <= ?2"
		" UNION ALL"
		" SELECT max(birth_seq) FROM block WHERE process = ?1 AND birth <= ?2"
		" UNION ALL"
		" SELECT max(death_seq) FROM block WHERE process = ?1 AND death <= ?2)";

	return moment_query(s, sql, time);
}

static struct moment moment_of_peak(struct scope *s)
{
	return moment_query(s,
	                    "SELECT seq, time FROM peak WHERE process = ?1 AND figure = 'live'"
	                    " AND ?2 = 0",
	                    0);
}

struct moment scope_moment(struct scope *s, const struct when *when, enum when_kind fallback)
{
	int64_t span = s->finish - s->start;

	switch (when->kind == WHEN_NONE ? fallback : when->kind) {
	case WHEN_TIME:
		return moment_at(s, s->start + when->ns);
	case WHEN_PERCENT:
		return moment_at(s, s->start + (int64_t)((double)span * when->percent / 100));
	case WHEN_PEAK:
		return moment_of_peak(s);
	case WHEN_NONE:
	case WHEN_END:
		break;
	}
	return (struct moment){.seq = s->last_seq, .time = s->finish};
}

enum status scope_choose(struct scope *s, struct db *db, const struct options *o)
{
	enum status status;

	memset(s, 0, sizeof(*s));
	s->db = db;
	status = choose_process(s, o->pid);
	if (status)
		return status;
	s->begin = (struct moment){.seq = 0, .time = s->start};
	if (o->begin.kind != WHEN_NONE)
		s->begin = scope_moment(s, &o->begin, WHEN_END);
	s->end = scope_moment(s, &o->end, WHEN_END);
	if (s->begin.time > s->end.time)
		return msg_fail(STATUS_USAGE, "--begin lies after --end");
	return db_status(db);
}

enum status scope_open(struct scope *s, const char *path, const struct options *o)
{
	struct db *db;
	enum status status;

	memset(s, 0, sizeof(*s));
	if (!path)
		return msg_fail(STATUS_USAGE, "name the database: lwview COMMAND heap.db");
	status = db_open(&db, path);
	if (status)
		return status;
	status = scope_choose(s, db, o);
	if (status)
		scope_close(s);
	return status;
}

void scope_close(struct scope *s)
{
	db_close(s->db);
	s->db = NULL;
}

void scope_describe(const struct scope *s, char *text, size_t size)
{
	snprintf(text, size, "%s, pid %" PRId64 ", %s, %" PRId64 " facts, %" PRId64 " lost%s",
	         s->name[0] ? s->name : "?", s->pid, s->allocator[0] ? s->allocator : "?", s->facts,
	         s->lost, s->complete ? "" : ", incomplete: figures are \"at least\"");
}

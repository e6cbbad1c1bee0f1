/* SPDX-License-Identifier: MIT */
/* scope.c - choice of process and time; see scope.h. */
#include "scope.h"
#include "sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * ?1: --pid, or -1. A pid that calls exec() is several processes: of those, as of several that were
 * recorded through a shared daemon when none is lwtrace's own, the one with most facts is meant.
 */
static const char choice[] =
	"SELECT p.id, p.pid, p.name, p.allocator, p.start, p.finish, p.facts, p.lost, p.complete,"
	"       p.last_seq, ?1 >= 0 OR coalesce(p.pid = r.pid, 0), (SELECT count(*) FROM process),"
	"       (SELECT count(*) FROM process i WHERE i.pid = p.pid)"
	"  FROM process p"
	"  LEFT JOIN (SELECT json_extract(value, '$.pid') AS pid FROM meta"
	"              WHERE key = 'lwtrace' AND json_valid(value)) r"
	" WHERE ?1 < 0 OR p.pid = ?1"
	" ORDER BY coalesce(p.pid = r.pid, 0) DESC, p.facts DESC, p.id LIMIT 1";

static void process_fill(struct scope *s, struct query *q)
{
	int64_t processes = db_int(q, 11), images = db_int(q, 12);

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
	snprintf(s->who, sizeof(s->who), "%s (pid %" PRId64 ") on %s", s->name[0] ? s->name : "?",
	         s->pid, s->allocator[0] ? s->allocator : "?");
	if (s->lost)
		snprintf(s->loss, sizeof(s->loss), "%s events were lost: figures are \"at least\"",
		         count_text(s->lost).text);
	else if (!s->complete)
		snprintf(s->loss, sizeof(s->loss), "incomplete: figures are \"at least\"");
	if (!db_int(q, 10) && processes > 1)
		snprintf(s->chosen, sizeof(s->chosen),
		         "most facts of %" PRId64 " processes, the recorded one is not known",
		         processes);
	else if (images > 1)
		snprintf(s->chosen, sizeof(s->chosen),
		         "most facts of %" PRId64 " images of this pid", images);
}

static enum status choose_process(struct scope *s, int64_t pid)
{
	struct query *q = db_prepare(s->db, choice);
	bool found;

	db_bind_int(q, 1, pid);
	found = db_step(q);
	if (found)
		process_fill(s, q);
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

struct query *scope_query(struct scope *s, const char *sql)
{
	struct query *q = db_prepare(s->db, sql);

	db_bind_int(q, 1, s->process);
	return q;
}

struct moment scope_last(const struct scope *s)
{
	return (struct moment){.seq = s->last_seq, .time = s->finish};
}

struct moment moment_query(struct scope *s, const char *sql, int64_t value, struct moment otherwise)
{
	struct query *q = scope_query(s, sql);

	db_bind_int(q, 2, value);
	if (db_step(q))
		otherwise = (struct moment){.seq = db_int(q, 0), .time = db_int(q, 1)};
	db_finish(q);
	return otherwise;
}

/*
 * The last fact before `time`. The timeline is thinned, so the exact fact is looked for
 * among the births and deaths too.
 */
static struct moment moment_before(struct scope *s, int64_t time)
{
	static const char sql[] =
		"SELECT max(seq), ?2 FROM ("
		" SELECT max(seq) AS seq FROM main.timeline WHERE process = ?1 AND time < ?2"
		" UNION ALL"
		" SELECT max(birth_seq) FROM main.block WHERE process = ?1 AND birth < ?2"
		" UNION ALL"
		" SELECT max(death_seq) FROM main.block WHERE process = ?1 AND death < ?2)";

	return moment_query(s, sql, time, scope_last(s));
}

static struct moment moment_at(struct scope *s, int64_t time)
{
	struct moment m = moment_before(s, time + 1);

	return (struct moment){.seq = m.seq, .time = time};
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
		return moment_query(s,
		                    "SELECT seq, time FROM main.peak"
		                    " WHERE process = ?1 AND figure = 'live' AND ?2 = 0",
		                    0, scope_last(s));
	case WHEN_NONE:
	case WHEN_END:
		break;
	}
	return scope_last(s);
}

static enum status thread_known(struct scope *s, int64_t tid)
{
	int64_t known = tid < 0 || db_value(s->db,
	                                    "SELECT count(*) FROM main.thread"
	                                    " WHERE process = ?1 AND tid = ?2",
	                                    2, (int64_t[]){s->process, tid});

	if (!known && !db_status(s->db))
		return msg_fail(STATUS_INPUT,
		                "no such thread in process: pid=%" PRId64 ", tid=%" PRId64, s->pid,
		                tid);
	return db_status(s->db);
}

enum status scope_choose(struct scope *s, struct db *db, const struct options *o)
{
	enum status status;

	memset(s, 0, sizeof(*s));
	s->db = db;
	status = choose_process(s, o->pid);
	if (status)
		return status;
	if (o->at.kind != WHEN_NONE && (o->begin.kind != WHEN_NONE || o->end.kind != WHEN_NONE))
		return msg_fail(STATUS_USAGE,
		                "--at is one moment, it takes no --begin and no --end");
	if (o->max_size >= 0 && o->min_size > o->max_size)
		return msg_fail(STATUS_USAGE, "--min-size lies above --max-size");
	s->begin = (struct moment){.seq = 0, .time = s->start};
	if (o->begin.kind != WHEN_NONE) {
		s->begin.time = scope_moment(s, &o->begin, WHEN_END).time;
		s->begin.seq = moment_before(s, s->begin.time).seq + 1;
	}
	s->end = scope_moment(s, &o->end, WHEN_END);
	if (s->begin.time > s->end.time)
		return msg_fail(STATUS_USAGE, "--begin lies after --end");
	return status ? status : thread_known(s, o->thread);
}

enum status scope_open(struct scope *s, const char *path, const struct options *o)
{
	struct db *db;
	enum status status;

	memset(s, 0, sizeof(*s));
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

double scope_peak(struct scope *s, const char *figure)
{
	struct query *q =
		scope_query(s, "SELECT value FROM peak WHERE process = ?1 AND figure = ?2");
	double value = NAN;

	db_bind_text(q, 2, figure);
	if (db_step(q))
		value = db_real(q, 0);
	db_finish(q);
	return value;
}

void scope_describe(const struct scope *s, FILE *out)
{
	fprintf(out, "%s, pid %" PRId64 ", %s, %" PRId64 " facts, %" PRId64 " lost%s%s%s\n",
	        s->name[0] ? s->name : "?", s->pid, s->allocator[0] ? s->allocator : "?", s->facts,
	        s->lost, s->complete ? "" : ", incomplete: figures are \"at least\"",
	        s->chosen[0] ? "; " : "", s->chosen);
}

bool scope_differs_in_program(const struct scope *a, const struct scope *b)
{
	return strcmp(a->name, b->name) != 0;
}

bool scope_is_outside(const struct scope *s)
{
	return strncmp(s->allocator, "liblw", 5) != 0;
}

const char *scope_allocator(const struct scope *s)
{
	return s->allocator[0] ? s->allocator : "the allocator";
}

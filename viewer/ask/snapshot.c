/* SPDX-License-Identifier: MIT */
/* snapshot.c - the heap at one moment, asked of the database; see snapshot.h. */
#include "snapshot.h"
#include "cli/array.h"

#include <stdlib.h>

struct moment snapshot_peak(struct scope *s)
{
	return moment_query(s,
	                    "SELECT seq, time FROM timeline WHERE process = ?1 AND ?2 = 0"
	                    " ORDER BY extent DESC, live DESC, seq LIMIT 1",
	                    0, scope_last(s));
}

int64_t snapshot_asked(struct scope *s, int64_t seq)
{
	return db_value(s->db,
	                "SELECT coalesce(sum(size), 0)"
	                "  FROM main.block"
	                " WHERE process = ?1 AND birth_seq BETWEEN 1 AND ?2 AND flags & 13 = 0",
	                2, (int64_t[]){s->process, seq});
}

static enum status load_pieces(struct scope *s, int64_t seq, const char *sql,
                               struct heap_piece **piece, size_t *count)
{
	struct query *q = scope_query(s, sql);

	db_bind_int(q, 2, seq);
	while (db_step(q)) {
		if (!array_more(*piece, *count)) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the heap");
		}
		(*piece)[(*count)++] = (struct heap_piece){
			.address = (uint64_t)db_int(q, 0),
			.length = (uint64_t)db_int(q, 1),
			.object = (uint64_t)db_int(q, 2),
			.capacity = (uint64_t)db_int(q, 3),
			.offset = (uint64_t)db_int(q, 4),
			.is_brk = db_int(q, 5),
		};
	}
	return db_finish(q);
}

/* Of a row of blocks and deferred chunks; the last column says whether the selection holds it. */
static struct heap_leaf leaf_of(struct query *q)
{
	uint64_t asked = (uint64_t)db_int(q, 3);

	return (struct heap_leaf){
		.address = (uint64_t)db_int(q, 0),
		.header = (uint32_t)db_int(q, 1),
		.usable = (uint64_t)db_int(q, 2),
		.asked = asked,
		.state = db_int(q, 5)    ? HEAP_DEFERRED
	                 : db_int(q, 4)  ? HEAP_TRACER
	                 : !db_int(q, 6) ? HEAP_OTHER
	                                 : heap_live_state(asked),
	};
}

static enum status load_leaves(struct snapshot *n, struct scope *s, struct heap_input *in)
{
	struct query *q = scope_query(s, "SELECT ptr - header AS address, header, usable,"
	                                 "       coalesce(size, usable), flags & 1, 0,"
	                                 "       NOT ?3 OR id IN (SELECT id FROM block)"
	                                 "  FROM main.block"
	                                 " WHERE process = ?1 AND birth_seq <= ?2"
	                                 "   AND (death_seq IS NULL OR death_seq > ?2)"
	                                 " UNION ALL "
	                                 "SELECT address, 0, length, 0, 0, 1, 1"
	                                 "  FROM deferred"
	                                 " WHERE process = ?1 AND begin_seq <= ?2"
	                                 "   AND (finish_seq IS NULL OR finish_seq > ?2)"
	                                 " ORDER BY address");

	db_bind_int(q, 2, n->moment.seq);
	db_bind_int(q, 3, s->selected);
	while (db_step(q)) {
		struct heap_leaf leaf = leaf_of(q);

		if (!array_more(in->leaf, in->leaves)) {
			db_finish(q);
			return msg_errno(STATUS_FAILED, "cannot load the heap");
		}
		in->leaf[in->leaves++] = leaf;
		n->chosen += leaf.state <= HEAP_LIVE_BIG ? (int64_t)leaf.asked : 0;
	}
	return db_finish(q);
}

#define ALIVE                                     \
	" WHERE process = ?1 AND begin_seq <= ?2" \
	"   AND (finish_seq IS NULL OR finish_seq > ?2) ORDER BY address"

static enum status heap_load(struct snapshot *n, struct scope *s)
{
	const int64_t seq = n->moment.seq;
	struct heap_input in = {0};
	enum status status;

	status = load_pieces(s, seq,
	                     "SELECT address, length, 0, 0, 0, kind = 'brk' FROM extent" ALIVE,
	                     &in.extent, &in.extents);
	if (!status)
		status = load_pieces(
			s, seq,
			"SELECT address, bytes, object, capacity, offset, 0 FROM main.pool" ALIVE,
			&in.pool, &in.pools);
	if (!status)
		status = load_pieces(s, seq,
		                     "SELECT address, length, 0, 0, 0, 0 FROM returned" ALIVE,
		                     &in.returned, &in.returneds);
	if (!status)
		status = load_leaves(n, s, &in);
	if (!status && !heapmap_build(&n->heap, &in))
		status = msg_errno(STATUS_FAILED, "cannot build the map");
	free(in.extent);
	free(in.pool);
	free(in.returned);
	free(in.leaf);
	return status;
}

enum status snapshot_load(struct snapshot *n, struct scope *s, struct moment at)
{
	enum status status;

	*n = (struct snapshot){.moment = at, .outside = scope_is_outside(s)};
	n->asked = snapshot_asked(s, at.seq);
	status = heap_load(n, s);
	if (status)
		snapshot_release(n);
	return status;
}

void snapshot_release(struct snapshot *n)
{
	heapmap_release(&n->heap);
}

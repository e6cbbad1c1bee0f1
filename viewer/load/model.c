/* SPDX-License-Identifier: MIT */
/*
 * model.c - the processes of a recording: who is who, in which order facts of one nanosecond
 * apply, and the rows of processes, losses and words. What a fact does to a heap is in heap.c.
 */
#include "model.h"

#include "heap.h"
#include "cli/array.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image {
	struct process_info info;
	int64_t process;   /* process.id, 0: not begun */
	int64_t parent;    /* process.id, 0: no copy */
	struct heap *heap; /* NULL: not begun, or ended */
	int64_t lost;
	size_t site_count; /* kept after the heap has gone */
	uint64_t *sites;
};

struct model {
	struct heap_tables tables;
	struct image **images;
	size_t image_count;
	struct image **current; /* by origin */
	size_t origin_count;
	int64_t process_count;
	struct loss *losses;
	size_t loss_count;
	struct fact *held; /* facts of one nanosecond */
	size_t held_count;
	struct query *process;
	struct model_result result;
};

static const char *const classes[CLASSES] = {
#define WORDS(class, what, codes) #class,
#include "traces/format/events.h"
};

/* What the codes in the database's columns mean: the words of the trace. */
/* clang-format off */
static const char words[] =
#define CODE(number, NAME, word, what) ",(" #number ",'" #word "')"
#define WORDS(class, what, codes) \
	"INSERT INTO word SELECT '" #class "', column1, column2" \
	" FROM (VALUES (NULL, NULL)" codes ") WHERE column2 IS NOT NULL;"
#include "traces/format/events.h"
	"";
/* clang-format on */

static enum status no_memory(struct model *m)
{
	db_fail(m->tables.db, "cannot keep the heap in memory");
	return db_status(m->tables.db);
}

/* ---- open and close ---- */

/* A code without a word, of a newer tracer, is called by its number. */
static void store_unknown_words(struct model *m)
{
	struct query *q = db_prepare(m->tables.db,
	                             "INSERT OR IGNORE INTO word VALUES (?1, ?2, ?1 || ' ' || ?2)");

	for (int i = 0; i < CLASSES; i++)
		for (int code = 0; code < CODES; code++)
			if (m->tables.codes[i][code])
				db_insert(q, DB_TEXT(classes[i]), DB_INT(code));
	db_finish(q);
}

static enum status open_tables(struct heap_tables *t)
{
#define TABLE(name) t->name = bulk_open(t->db, #name);
	HEAP_TABLES
#undef TABLE
	t->violation = db_prepare(t->db, "INSERT INTO violation VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	t->peak = db_prepare(t->db, "INSERT INTO peak VALUES (?1, ?2, ?3, ?4, ?5)");
	return db_status(t->db);
}

static void close_tables(struct heap_tables *t)
{
#define TABLE(name)          \
	bulk_close(t->name); \
	t->name = NULL;
	HEAP_TABLES
#undef TABLE
	db_finish(t->violation);
	db_finish(t->peak);
	t->violation = t->peak = NULL;
}

enum status model_open(struct model **out, struct db *db)
{
	struct model *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return msg_errno(STATUS_FAILED, "cannot load");
	m->tables.db = db;
	db_exec(db, words);
	open_tables(&m->tables);
	m->process = db_prepare(
		db, "INSERT INTO process(id, pid, ppid, parent, host, name, allocator,"
		    " allocator_version, format, page_size, header, clock_cost, clock_offset,"
		    " start, finish, facts, last_seq, lost, unknown_frees, violations, implied,"
		    " complete) VALUES (?1, ?2, ?3, ?4,"
		    " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		    " ?21, ?22)");
	return db_status(db);
}

void model_close(struct model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->image_count; i++) {
		if (m->images[i]->heap)
			heap_clear(m->images[i]->heap);
		free(m->images[i]->heap);
		free(m->images[i]->sites);
		free(m->images[i]);
	}
	close_tables(&m->tables);
	db_finish(m->process);
	free(m->images);
	free(m->current);
	free(m->losses);
	free(m->held);
	free(m);
}

/* ---- process images ---- */

/* By origin: the image that is current, NULL: none yet. */
static struct image **current_of(struct model *m, uint32_t origin)
{
	while (m->origin_count <= origin) {
		if (!array_more(m->current, m->origin_count))
			return NULL;
		m->current[m->origin_count++] = NULL;
	}
	return &m->current[origin];
}

static struct image *add_image(struct model *m, const struct process_info *info)
{
	struct image *image = NULL;

	if (current_of(m, info->fact.origin) && array_more(m->images, m->image_count))
		image = calloc(1, sizeof(*image));
	if (!image)
		return NULL;
	image->info = *info;
	return m->images[m->image_count++] = image;
}

int model_announce(struct model *m, const struct process_info *info)
{
	if (add_image(m, info))
		return (int)m->image_count - 1;
	no_memory(m);
	return -1;
}

/* False: made up, because facts came without lw:process. */
static bool is_announced(const struct image *image)
{
	return image->info.fact.effect == FACT_PROCESS;
}

static bool same_host(const struct image *a, const struct image *b)
{
	return !strcmp(a->info.host, b->info.host);
}

/* The process that `child` is a copy of, or NULL: a fresh image. */
static struct image *find_parent(const struct model *m, const struct image *child)
{
	struct image *parent = NULL;

	if (child->info.fact.forked == 0 || !is_announced(child))
		return NULL;
	for (size_t i = 0; i < m->image_count; i++) {
		struct image *other = m->images[i];

		if (!other->process || other == child || !same_host(other, child))
			continue;
		/* Not said, and this pid had an image before: that was exec(), not fork(). */
		if (child->info.fact.forked == FORKED_UNKNOWN &&
		    other->info.fact.pid == child->info.fact.pid)
			return NULL;
		/* exec() gives one pid several images, one after the other: the last one begun. */
		if (other->heap && other->info.fact.pid == child->info.fact.ppid &&
		    (!parent || other->process > parent->process))
			parent = other;
	}
	return parent;
}

static int begin_image(struct model *m, struct image *image, const struct fact *f)
{
	struct image *parent = find_parent(m, image);

	image->heap = calloc(1, sizeof(*image->heap));
	image->process = ++m->process_count;
	if (!image->heap)
		return -1;
	heap_init(image->heap, &m->tables, image->process);
	/* A trace without lw:process (LTTng's own wrapper): glibc's header is the best guess. */
	image->heap->header = is_announced(image) ? image->info.fact.header : 8;
	image->heap->now.time = f->time;
	m->current[image->info.fact.origin] = image;
	if (!parent)
		return 0;
	image->parent = parent->process;
	return heap_copy(image->heap, parent->heap);
}

static void count_losses(struct model *m, struct image *image)
{
	for (size_t i = 0; i < m->loss_count; i++)
		if (m->losses[i].origin == image->info.fact.origin)
			image->lost += m->losses[i].count;
}

static bool is_complete(const struct model *m, const struct image *image)
{
	const struct heap *h = image->heap;

	for (size_t i = 0; i < m->loss_count; i++)
		if (m->losses[i].origin == UINT32_MAX ||
		    m->losses[i].origin == image->info.fact.origin)
			return false;
	return !h->violations && !h->dumped;
}

static void store_process(struct model *m, const struct image *image)
{
	const struct process_info *info = &image->info;
	const struct fact *said = &info->fact;
	const struct heap *h = image->heap;

	db_insert(m->process, DB_INT(image->process), DB_INT(said->pid), DB_INT(said->ppid),
	          DB_INT(or_null(image->parent, image->parent)), DB_TEXT(info->host),
	          DB_TEXT(info->name), DB_TEXT(info->allocator), DB_INT(said->allocator_version),
	          DB_INT(said->format), DB_INT(said->page_size), DB_INT(h->header),
	          DB_INT(said->clock_cost), DB_INT(info->clock_offset), DB_INT(h->first_time),
	          DB_INT(h->now.time), DB_INT(h->events), DB_INT(h->now.seq), DB_INT(image->lost),
	          DB_INT(h->unknown_frees), DB_INT(h->violations), DB_INT(h->implied),
	          DB_INT(is_complete(m, image)));
}

static void add_result(struct model_result *r, const struct image *image)
{
	const struct heap *h = image->heap;

	r->facts += h->events;
	r->processes++;
	if (h->violations && !r->violations)
		snprintf(r->first_violation, sizeof(r->first_violation), "%s, pid=%u",
		         h->first_violation, image->info.fact.pid);
	r->violations += h->violations;
}

/* The image's last fact is past: all of its rows, then its memory goes. */
static int end_image(struct model *m, struct image *image)
{
	struct heap *h = image->heap;
	int failed;

	count_losses(m, image);
	failed = heap_store(h);
	store_process(m, image);
	add_result(&m->result, image);
	image->site_count = h->calls.sites.count;
	image->sites = h->calls.sites.items;
	h->calls.sites.items = NULL;
	heap_clear(h);
	free(h);
	image->heap = NULL;
	return failed;
}

/* Facts of an origin before, or without, any lw:process belong to its first image. */
static struct image *image_of(struct model *m, const struct fact *f)
{
	const struct process_info unknown = {.fact = {.origin = f->origin}};
	struct image *image = NULL;

	if (f->origin < m->origin_count && m->current[f->origin])
		return m->current[f->origin];
	for (size_t i = 0; i < m->image_count; i++) {
		struct image *other = m->images[i];

		if (other->info.fact.origin == f->origin && !other->process &&
		    (!image || other->info.fact.time < image->info.fact.time))
			image = other;
	}
	if (!image)
		image = add_image(m, &unknown);
	return image && !begin_image(m, image, f) ? image : NULL;
}

/* ---- facts ---- */

static int apply_process(struct model *m, const struct fact *f)
{
	struct image *image = image_of(m, f), *announced = m->images[f->info];

	if (!image)
		return -1;
	/* exec() in a recording that does not part processes: the old heap is gone at once. */
	if (image != announced && !announced->process) {
		if (end_image(m, image) || begin_image(m, announced, f))
			return -1;
		image = announced;
	}
	return heap_apply(image->heap, f);
}

static int apply(struct model *m, const struct fact *f)
{
	struct image *image;

	if (f->effect == FACT_PROCESS)
		return apply_process(m, f);
	image = image_of(m, f);
	return image ? heap_apply(image->heap, f) : -1;
}

/* Does the fact find its address as it must: live for an end, not live for a beginning? */
static bool fits(const struct model *m, const struct fact *f)
{
	const struct image *image = f->origin < m->origin_count ? m->current[f->origin] : NULL;
	const struct block *b;

	if (!image || !image->heap || (!fact_begins_block(f) && !fact_ends_block(f)))
		return true;
	b = index_find(&image->heap->blocks, f->ptr);
	return (b && b->state == BLOCK_LIVE) == fact_ends_block(f);
}

static bool thread_first(const struct model *m, size_t from, size_t j)
{
	for (size_t i = from; i < j; i++)
		if (m->held[i].origin == m->held[j].origin && m->held[i].tid == m->held[j].tid)
			return false;
	return true;
}

/*
 * Facts of one nanosecond apply in order of arrival, but at one address the free comes first if
 * the block is live, else the allocation. No thread's own order is ever changed. held[i] does not
 * fit: bring its counterpart in front of it.
 */
static void bring_forward(struct model *m, size_t i)
{
	struct fact f = m->held[i], other;

	for (size_t j = i + 1; j < m->held_count; j++) {
		other = m->held[j];
		if (other.origin != f.origin || other.ptr != f.ptr ||
		    fact_begins_block(&other) == fact_begins_block(&f) || !thread_first(m, i, j))
			continue;
		memmove(&m->held[i + 1], &m->held[i], (j - i) * sizeof(f));
		m->held[i] = other;
		return;
	}
}

static enum status apply_held(struct model *m)
{
	for (size_t i = 0; i < m->held_count; i++) {
		if (m->held_count > 1 && !fits(m, &m->held[i]))
			bring_forward(m, i);
		if (apply(m, &m->held[i]))
			return no_memory(m);
	}
	m->held_count = 0;
	return db_status(m->tables.db);
}

enum status model_fact(struct model *m, const struct fact *f)
{
	assert(!m->held_count || m->held[0].time <= f->time);
	if (m->held_count && m->held[0].time != f->time) {
		enum status status = apply_held(m);

		if (status)
			return status;
	}
	if (!array_more(m->held, m->held_count))
		return no_memory(m);
	m->held[m->held_count++] = *f;
	return STATUS_OK;
}

void model_lost(struct model *m, const struct loss *loss)
{
	if (array_more(m->losses, m->loss_count))
		m->losses[m->loss_count++] = *loss;
	else
		no_memory(m);
}

static int64_t process_of(const struct model *m, uint32_t origin)
{
	const struct image *image = origin < m->origin_count ? m->current[origin] : NULL;

	return image ? image->process : 0;
}

static void store_losses(struct model *m)
{
	struct query *q = db_prepare(m->tables.db, "INSERT INTO loss VALUES (?1, ?2, ?3, ?4)");

	for (size_t i = 0; i < m->loss_count; i++) {
		const struct loss *l = &m->losses[i];

		m->result.lost += l->count;
		db_insert(q, DB_INT(process_of(m, l->origin)), DB_INT(l->begin), DB_INT(l->end),
		          DB_INT(l->count));
	}
	db_finish(q);
}

enum status model_finish(struct model *m)
{
	enum status status = apply_held(m);

	for (size_t i = 0; i < m->image_count && !status; i++)
		if (m->images[i]->heap && end_image(m, m->images[i]))
			status = no_memory(m);
	store_losses(m);
	store_unknown_words(m);
	close_tables(&m->tables);
	db_exec(m->tables.db, "UPDATE extent SET kind = CASE kind WHEN '0' THEN 'brk'"
	                      " WHEN '1' THEN 'map' ELSE 'implied' END");
	db_finish(m->process);
	m->process = NULL;
	return status ? status : db_status(m->tables.db);
}

const struct model_result *model_result(const struct model *m)
{
	return &m->result;
}

void model_sites(const struct model *m, site_visit visit, void *arg)
{
	for (size_t i = 0; i < m->image_count; i++) {
		const struct image *image = m->images[i];

		for (size_t n = 0; n < image->site_count; n++)
			visit(arg, heap_site_id(image->process, (uint32_t)n + 1), image->process,
			      image->info.fact.origin, image->sites[n]);
	}
}

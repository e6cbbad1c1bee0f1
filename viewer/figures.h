/* SPDX-License-Identifier: MIT */
/*
 * figures.h - the defined figures of a heap, each in one row of one table.
 *
 * A figure is a sum over the parts of a heap, or a ratio of two sums. The words of its row are both
 * the C and the SQL that compute it. A ratio with nothing to divide by is not defined, nor is a
 * figure that was never sampled: NAN in C, NULL in SQL and JSON, "-" in text.
 */
#ifndef LWVIEW_FIGURES_H
#define LWVIEW_FIGURES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* What a number counts: chooses its form in text and, as the end of its name, in JSON and CSV. */
enum unit {
	UNIT_NONE,  /* an id, a word */
	UNIT_COUNT, /* 1 234 567 */
	UNIT_BYTES, /* 1.50 MiB; _bytes */
	UNIT_NS,    /* 12.00 us; _ns */
	UNIT_RATIO, /* 12.3 %; _ratio, 0..1 */
	UNIT_TIMES, /* 1.25; _times, a ratio of what may be more than all */
	UNIT_HEX,   /* 0x7f00; _address */
};

/* "bytes", as in JSON. */
const char *unit_word(enum unit unit);

/*
 * The state right after one fact, in the order of table `timeline`. Always:
 *	extent == live + slack + tracer + headers + pool_free + deferred + bins + top
 */
struct sample {
	int64_t seq, time;
	int64_t live, slack, tracer, headers, pool_free, deferred, bins, top;
	int64_t extent, largest_free, asked;
	int64_t rss_anon, heap_resident; /* negative before the first sample */
	int64_t blocks;
};

#define FREE_BYTES s.pool_free + s.deferred + s.bins + s.top

/*
 * X(constant, key, title, symbol, unit, peak, form, above, below, meaning)
 *	peak	1: the loader keeps its greatest value over all facts in table `peak`
 *	form	SUM: above; SAMPLED: the same, not always known; SHARE: above / below; REST: 1 - share
 *	above	over a struct sample `s` in C, over a row `s` of `timeline` in SQL
 */
#define FIGURE_ROWS(X)                                                                            \
	X(LIVE, live, "live", "L", BYTES, 1, SUM, s.live, 1,                                      \
	  "bytes asked for by the program, alive")                                                \
	X(USABLE, usable, "usable", "U", BYTES, 1, SUM, s.live + s.slack, 1,                      \
	  "bytes usable in these blocks")                                                         \
	X(HEAP, heap, "heap", "H", BYTES, 1, SUM, s.extent - s.tracer, 1,                         \
	  "extent less the tracer's own blocks")                                                  \
	X(BLOCKS, blocks, "blocks", "", COUNT, 1, SUM, s.blocks, 1, "live blocks of the program") \
	X(SLACK, slack, "slack", "", BYTES, 0, SUM, s.slack, 1, "U - L")                          \
	X(HEADERS, headers, "headers", "", BYTES, 1, SUM, s.headers, 1,                           \
	  "the allocator's own bookkeeping")                                                      \
	X(POOL_FREE, pool_free, "free in pools", "", BYTES, 1, SUM, s.pool_free, 1,               \
	  "free objects of pools")                                                                \
	X(DEFERRED, deferred, "deferred", "", BYTES, 1, SUM, s.deferred, 1,                       \
	  "freed, not yet merged")                                                                \
	X(BINS, bins, "free in bins", "", BYTES, 0, SUM, s.bins, 1, "free chunks")                \
	X(TOP, top, "top", "", BYTES, 1, SUM, s.top, 1, "free end of the break")                  \
	X(FREE, free, "free", "", BYTES, 1, SUM, FREE_BYTES, 1,                                   \
	  "free in pools + deferred + free in bins + top")                                        \
	X(TRACER, tracer, "tracer", "T", BYTES, 1, SUM, s.tracer, 1,                              \
	  "blocks of lttng-ust itself, usable")                                                   \
	X(EXTENT, extent, "extent", "", BYTES, 1, SUM, s.extent, 1,                               \
	  "L + slack + T + headers + the four free parts")                                        \
	X(LARGEST_FREE, largest_free, "largest free run", "", BYTES, 0, SUM, s.largest_free, 1,   \
	  "in bins or top")                                                                       \
	X(WASTE, waste, "waste", "", BYTES, 1, SUM, s.extent - s.tracer - s.live, 1, "H - L")     \
	X(INTERNAL, internal, "internal", "", RATIO, 0, REST, s.live, s.live + s.slack,           \
	  "1 - L / U")                                                                            \
	X(EXTERNAL, external, "external", "", RATIO, 1, REST, s.largest_free, FREE_BYTES,         \
	  "1 - largest free run / free bytes")                                                    \
	X(UTILISATION, utilisation, "utilisation", "", RATIO, 0, SHARE, s.live,                   \
	  s.extent - s.tracer, "L / H")                                                           \
	X(OVERHEAD, overhead, "overhead", "", RATIO, 0, SHARE, s.extent - s.tracer - s.live,      \
	  s.live, "(H - L) / L")                                                                  \
	X(RSS_ANON, rss_anon, "RssAnon", "", BYTES, 1, SAMPLED, s.rss_anon, 1,                    \
	  "resident, whole process, last sample")                                                 \
	X(HEAP_RESIDENT, heap_resident, "heap resident", "", BYTES, 1, SAMPLED, s.heap_resident,  \
	  1, "resident in the extent, last sample")                                               \
	X(ASKED, asked, "asked", "", BYTES, 0, SUM, s.asked, 1,                                   \
	  "asked for since the start, cumulative")

enum figure {
#define FIGURE_CONSTANT(constant, ...) FIGURE_##constant,
	FIGURE_ROWS(FIGURE_CONSTANT)
#undef FIGURE_CONSTANT
	FIGURES,
};

struct figure_row {
	const char *key; /* in JSON, and of table `peak` */
	const char *title, *symbol;
	enum unit unit;
	bool peak;
	const char *sql; /* over a row `s` of `timeline` */
	const char *meaning;
};

extern const struct figure_row figure_rows[FIGURES];

/* All figures of one state; NAN what is not defined. */
void figure_values(const struct sample *sample, double value[FIGURES]);
double figure_value(enum figure figure, const struct sample *sample);

/* Of a ratio whose parts are no sample's: blow-up, max H / max L. */
static inline double figure_share(double above, double below)
{
	return below != 0 ? above / below : NAN;
}

static inline int64_t sample_heap(const struct sample *s)
{
	return s->extent - s->tracer;
}

/* What the extent is the sum of. */
static inline int64_t sample_parts(const struct sample *sample)
{
	const struct sample s = *sample;

	return s.live + s.slack + s.tracer + s.headers + FREE_BYTES;
}

static inline int64_t sample_free(const struct sample *sample)
{
	const struct sample s = *sample;

	return FREE_BYTES;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * format.h - the kinds of events and the codes of words as C names, for both sides of a trace.
 *
 * FACT_ALLOC, ... in the order of the table; SOURCE_POOL, PATH_LOCAL, ... with the table's numbers.
 * The kinds' own numbers are in no trace: there an event goes by its name.
 */
#ifndef LW_TRACE_FORMAT_H
#define LW_TRACE_FORMAT_H

#include "version.h"

enum fact_kind {
	FACT_NONE,
#define EVENT(KIND, name, what, fields) FACT_##KIND,
#define SAME(KIND, name, as, what)      FACT_##KIND,
#include "events.h"
	FACT_KINDS
};

/* clang-format off */
#define CODE(number, NAME, word, what) NAME = number,
#define WORDS(class, what, codes) enum class { codes };
#define BITS(class, what, codes) enum class { codes };
#include "events.h"
/* clang-format on */

#endif

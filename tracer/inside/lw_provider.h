/* Runs inside the traced program: no allocation, no stdio. */
/*
 * lw_provider.h - the events of traces/format/events.h, in the form that lttng-ust wants them.
 *
 * Read several times over by lttng-ust, and each time with other definitions of its macros.
 * A field is of the fact as such (fact->start), or of its kind (own->ptr).
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER lw

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./lw_provider.h"

#if !defined(LW_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#ifndef LW_PROVIDER_H
#define LW_PROVIDER_H

#include "fact.h"
#include <lttng/tracepoint.h>

/* How an integer is printed follows from its unit. */
#define IN_address lttng_ust_field_integer_hex
#define IN_flags   lttng_ust_field_integer_hex
#define IN_bytes   lttng_ust_field_integer
#define IN_ns      lttng_ust_field_integer
#define IN_id      lttng_ust_field_integer
#define IN_count   lttng_ust_field_integer
#define IN_number  lttng_ust_field_integer
#define IN_boolean lttng_ust_field_integer
#define IN_log2    lttng_ust_field_integer
#define IN_errno   lttng_ust_field_integer
#endif

/* clang-format off */
#define CODE(number, NAME, word, what) lttng_ust_field_enum_value(#word, number)
#define WORDS(class, what, codes) \
	LTTNG_UST_TRACEPOINT_ENUM(lw, class, LTTNG_UST_TP_ENUM_VALUES(codes))

#define FIELD(bits, unit, name, what)  IN_##unit(uint##bits##_t, name, own->name)
#define SHARED(bits, unit, name, what) IN_##unit(uint##bits##_t, name, fact->name)
#define WORD(class, name, what)        lttng_ust_field_enum(lw, class, uint8_t, name, own->name)
#define SHARED_WORD(class, name, what) lttng_ust_field_enum(lw, class, uint8_t, name, fact->name)
#define TEXT(name, what)               lttng_ust_field_string(name, own->name)

#define FACT_ARGS(of) \
	LTTNG_UST_TP_ARGS(const struct lw_fact *, fact, const struct lw_fact_##of *, own)
#define EVENT(KIND, name, what, fields) \
	LTTNG_UST_TRACEPOINT_EVENT(lw, name, FACT_ARGS(name), LTTNG_UST_TP_FIELDS(fields))
#define SAME(KIND, name, as, what) \
	LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(lw, as, lw, name, FACT_ARGS(as))
/* clang-format on */

#include "traces/format/events.h"
#undef FACT_ARGS

#endif

#include <lttng/tracepoint-event.h>

/* SPDX-License-Identifier: MIT */
/* figures.c - the table of figures as C and as SQL; see figures.h. */
#include "figures.h"

const char *unit_word(enum unit unit)
{
	static const char *const words[] = {
		[UNIT_NONE] = "",       [UNIT_COUNT] = "count", [UNIT_BYTES] = "bytes",
		[UNIT_NS] = "ns",       [UNIT_RATIO] = "ratio", [UNIT_TIMES] = "times",
		[UNIT_HEX] = "address",
	};

	return words[unit];
}

#define WORDS(...)                #__VA_ARGS__
#define SQL(above)                WORDS(above)

#define SQL_SUM(above, below)     SQL(above)
#define SQL_SAMPLED(above, below) SQL(above)
#define SQL_SHARE(above, below)   "1.0 * (" SQL(above) ") / nullif(" SQL(below) ", 0)"
#define SQL_REST(above, below)    "1.0 - " SQL_SHARE(above, below)

#define C_SUM(above, below)       (double)(above)
#define C_SAMPLED(above, below)   ((above) < 0 ? NAN : (double)(above))
#define C_SHARE(above, below)     figure_share((double)(above), (double)(below))
#define C_REST(above, below)      1 - C_SHARE(above, below)

const struct figure_row figure_rows[FIGURES] = {
#define ROW(constant, key, title, symbol, unit, peak, form, above, below, meaning) \
	{#key, title, symbol, UNIT_##unit, peak, SQL_##form(above, below), meaning},
	FIGURE_ROWS(ROW)
#undef ROW
};

void figure_values(const struct sample *sample, double value[FIGURES])
{
	const struct sample s = *sample; /* `s`, as the rows have it */

#define VALUE(constant, key, title, symbol, unit, peak, form, above, below, meaning) \
	value[FIGURE_##constant] = C_##form(above, below);
	FIGURE_ROWS(VALUE)
#undef VALUE
}

double figure_value(enum figure figure, const struct sample *sample)
{
	double value[FIGURES];

	figure_values(sample, value);
	return value[figure];
}

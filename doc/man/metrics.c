/* SPDX-License-Identifier: MIT */
/* metrics.c - prints the manual page lw-metrics(7) from the table of figures. */
#include "viewer/figures.h"

#include <stdio.h>

static const char before[] =
	".Dd November 28, 2026\n"
	".Dt LW-METRICS 7\n"
	".Os\n"
	".Sh NAME\n"
	".Nm lw-metrics\n"
	".Nd the figures of a heap that lwview shows\n"
	".Sh DESCRIPTION\n"
	"A heap at a moment is described by these figures.\n"
	"Each has one formula, which\n"
	".Xr lwview 1\n"
	"and the database use alike; SQL is over a row\n"
	".Va s\n"
	"of table\n"
	".Va timeline .\n"
	"A ratio with nothing to divide by is not defined, nor is a figure\n"
	"that was not sampled yet:\n"
	"NULL in SQL, null in JSON,\n"
	".Sq \\-\n"
	"in text.\n"
	".Pp\n"
	"The parts sum to the extent at every fact:\n"
	"extent = live + slack + tracer + headers + free in pools + deferred +\n"
	"free in bins + top.\n"
	"Of an allocator that is traced from outside the free parts but top are one.\n"
	".Ss Figures\n"
	".Bl -tag -width Ds\n";

static const char after[] =
	".El\n"
	".Ss Peaks\n"
	"A peak is the greatest value over all facts, never over samples;\n"
	"of a part of the run, over the samples that are kept of it.\n"
	"Blow-up is max H / max L.\n"
	".Ss Latency\n"
	"The time inside the allocator, the tracer's own work left out, in ns.\n"
	"What is below the cost of one clock read means less than that.\n"
	"A percentile is never too low, and at most 1/16 too high; the maximum is exact.\n"
	".Ss Units in names\n"
	"The name of a column ends with its unit:\n"
	".Va _bytes ,\n"
	".Va _ns ,\n"
	".Va _ratio\n"
	"(0 to 1),\n"
	".Va _times ,\n"
	".Va _address .\n"
	"A count or an id has none.\n"
	".Sh SEE ALSO\n"
	".Xr lwview 1 ,\n"
	".Xr lw-database 5\n";

int main(void)
{
	fputs(before, stdout);
	for (int i = 0; i < FIGURES; i++) {
		const struct figure_row *f = &figure_rows[i];

		printf(".It Sy %s%s%s\n%s, in %s.\n%s.br\nSQL:\n.Li %s\n", f->title,
		       *f->symbol ? ", " : "", f->symbol, f->meaning,
		       f->unit == UNIT_COUNT ? "blocks" : unit_word(f->unit),
		       f->peak ? "Its peak is kept.\n" : "", f->sql);
	}
	fputs(after, stdout);
	return ferror(stdout) || fclose(stdout);
}

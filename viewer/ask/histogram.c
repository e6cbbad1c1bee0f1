/* SPDX-License-Identifier: MIT */
/* histogram.c - counts of times in logarithmic buckets; see histogram.h. */
#include "histogram.h"

#include <math.h>

int bucket_of(int64_t ns)
{
	int octave;

	if (ns < 16)
		return ns < 0 ? 0 : (int)ns;
	octave = 63 - __builtin_clzll((uint64_t)ns) - 4;
	return 16 * octave + (int)(ns >> octave);
}

int64_t bucket_low(int bucket)
{
	int octave = bucket < 32 ? 0 : bucket / 16 - 1;

	return (int64_t)(bucket - 16 * octave) << octave;
}

void histogram_add(struct histogram *h, int64_t low, int64_t calls, int64_t total, int64_t greatest)
{
	int b = bucket_of(low);

	h->count[b] += calls;
	if (greatest > h->greatest[b])
		h->greatest[b] = greatest;
	h->calls += calls;
	h->total += total;
}

int64_t histogram_percentile(const struct histogram *h, double p)
{
	int64_t rank = (int64_t)ceil(p * (double)h->calls), seen = 0;
	int b;

	if (rank < 1)
		rank = 1;
	for (b = 0; b < HISTOGRAM_BUCKETS; b++) {
		seen += h->count[b];
		if (h->count[b] && seen >= rank)
			return h->greatest[b];
	}
	return 0;
}

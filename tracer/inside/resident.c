/* Runs inside the traced program: no allocation, no stdio. */
/*
 * resident.c - lw:rss: how much of the heap is in memory.
 *
 * RssAnon is resident less shared pages of /proc/self/statm (0.5 us; the same figure in
 * /proc/self/status takes 3 us).  The heap's own resident pages are counted by mincore() over its
 * extent, which for private anonymous memory reads the page table (smaps would take the whole
 * process' locks and format text).  Nothing here is inside a caller's measured time, and sampling
 * never takes more than about 2 % of the wall clock, however large the heap is.
 */
#define _GNU_SOURCE
#include "resident.h"
#include "facts.h"
#include "raw.h"
#include "regions.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PERIOD_NS      10000000u /* without growth */
#define GROWTH_NS      1000000u  /* with growth */
#define PAGES_AT_ONCE  2048
#define SHARE_OF_CLOCK 50 /* a sample that took T is followed by a rest of 50 T */

static _Atomic uint64_t last_sample, rest_until;
static atomic_size_t last_extent;

static uint64_t anonymous_bytes(size_t page)
{
	char text[128], *at = text;
	unsigned long field[3] = {0};

	raw_file("/proc/self/statm", text, sizeof text);
	for (int i = 0; i < 3; i++)
		field[i] = strtoul(at, &at, 10);
	return (field[1] - field[2]) * page;
}

static uint64_t resident_of(uintptr_t address, size_t length, size_t page)
{
	unsigned char in_core[PAGES_AT_ONCE];
	uint64_t pages = 0;

	for (size_t done = 0; done < length; done += PAGES_AT_ONCE * page) {
		size_t part =
			length - done < PAGES_AT_ONCE * page ? length - done : PAGES_AT_ONCE * page;

		if (syscall(SYS_mincore, address + done, part, in_core))
			continue;
		for (size_t i = 0; i < (part + page - 1) / page; i++)
			pages += in_core[i] & 1;
	}
	return pages * page;
}

static uint64_t heap_resident(size_t page)
{
	uint64_t bytes = 0;
	uintptr_t address, from = 0;
	size_t length;

	while (lw_regions_next(from, &address, &length)) {
		uintptr_t begin = address & ~(page - 1);

		bytes += resident_of(begin, length + (address - begin), page);
		from = address + length;
	}
	return bytes;
}

void lw_resident_sample(uint64_t now)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct lw_fact fact = {.kind = FACT_RSS, .start = now};

	last_sample = now;
	last_extent = lw_regions_extent();
	fact.rss.extent = lw_regions_extent();
	fact.rss.rss_anon = anonymous_bytes(page);
	fact.rss.heap_resident = heap_resident(page);
	/* The kernel's counter lags by some pages for each CPU; the heap's pages were counted. */
	if (fact.rss.rss_anon < fact.rss.heap_resident)
		fact.rss.rss_anon = fact.rss.heap_resident;
	lw_record_now(&fact);
	rest_until = now + (lw_clock() - now) * SHARE_OF_CLOCK;
}

void lw_resident_tick(uint64_t now)
{
	uint64_t last = last_sample;
	bool grown = lw_regions_extent() > last_extent;

	if (now < last + (grown ? GROWTH_NS : PERIOD_NS) || now < rest_until)
		return;
	if (atomic_compare_exchange_strong(&last_sample, &last, now) && lw_facts_wanted())
		lw_resident_sample(now);
}

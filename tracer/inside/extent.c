/* Runs inside the traced program: no allocation, no stdio. */
/* extent.c - facts of the heap's extent; see extent.h. */
#include "extent.h"
#include "facts.h"
#include "regions.h"

struct change {
	uint64_t time;
	enum fact_kind kind;
	enum what what;
};

static void note_piece(uintptr_t address, size_t length, void *arg)
{
	const struct change *change = arg;
	struct lw_fact fact = {.kind = (uint8_t)change->kind, .start = change->time};

	fact.map.address = address;
	fact.map.length = length;
	fact.map.what = (uint8_t)change->what;
	lw_note(&fact);
}

void lw_extent_map(uintptr_t address, size_t length, uint64_t time)
{
	struct change change = {time, FACT_MAP, WHAT_MAP};

	lw_regions_add(address, length, note_piece, &change);
}

void lw_extent_unmap(uintptr_t address, size_t length, uint64_t time)
{
	struct change change = {time, FACT_UNMAP, WHAT_UNMAP};

	lw_regions_remove(address, length, note_piece, &change);
}

void lw_extent_returned(uintptr_t address, size_t length, uint64_t time)
{
	struct change change = {time, FACT_UNMAP, WHAT_RETURNED};

	note_piece(address, length, &change);
}

void lw_extent_remap(uintptr_t old, size_t old_length, uintptr_t address, size_t length,
                     uint64_t time)
{
	struct lw_fact fact = {.kind = FACT_MAP, .start = time};

	fact.map.address = address;
	fact.map.length = length;
	fact.map.old_address = old;
	fact.map.old_length = old_length;
	fact.map.what = WHAT_REMAP;
	lw_regions_remove(old, old_length, NULL, NULL);
	lw_regions_add(address, length, NULL, NULL);
	lw_note(&fact);
}

void lw_extent_break(uintptr_t old_end, uintptr_t new_end, enum outcome outcome, uint64_t time)
{
	struct lw_fact fact = {.kind = FACT_SBRK, .start = time};

	fact.sbrk.old_end = old_end;
	fact.sbrk.new_end = new_end;
	fact.sbrk.outcome = (uint8_t)outcome;
	if (outcome == OUTCOME_GROWN)
		lw_regions_add(old_end, new_end - old_end, NULL, NULL);
	else if (outcome == OUTCOME_SHRUNK)
		lw_regions_remove(new_end, old_end - new_end, NULL, NULL);
	lw_note(&fact);
}

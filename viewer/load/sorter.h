/* SPDX-License-Identifier: MIT */
/*
 * sorter.h - puts facts in order of effect, in bounded memory.
 *
 * Facts arrive roughly in order, but any of them may be late by any amount (an early log, a
 * thread that slept between its call and its event). So: an external merge sort. Full chunks are
 * sorted and written to an unlinked file beside the output, then merged. The order is (time, order
 * of arrival): exact, stable, the same on every run.
 */
#ifndef LWVIEW_SORTER_H
#define LWVIEW_SORTER_H

#include "fact.h"
#include "viewer/status.h"

#include <stdbool.h>
#include <stddef.h>

struct sorter;

/* `directory` holds the temporary file; at most `chunk` facts are kept in memory (0: default). */
enum status sorter_open(struct sorter **sorter, const char *directory, size_t chunk);
enum status sorter_add(struct sorter *sorter, const struct fact *fact);

/* After the last sorter_add(): sorts; then sorter_next() gives one fact after the other. */
enum status sorter_sort(struct sorter *sorter);
/* *got is false at the end. */
enum status sorter_next(struct sorter *sorter, struct fact *fact, bool *got);
void sorter_close(struct sorter *sorter);

#endif

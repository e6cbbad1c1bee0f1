/* SPDX-License-Identifier: MIT */
/* tables.h - the reports that are nothing but a view of the schema (sites, leaks ...), as sheets. */
#ifndef LWVIEW_TABLES_H
#define LWVIEW_TABLES_H

#include "scope.h"
#include "sheet.h"

/*
 * Fills `sheet` with at most `limit` rows of the report, -1 all; the caller releases it. People do
 * not see the ids by which rows are joined.
 */
enum status table_sheet(struct scope *s, const char *name, bool people, int64_t limit,
                        struct sheet *sheet);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * version.h - the version of the trace format: the field `format` of lw:process, and the key
 * "format" of lwtrace.json.
 *
 * Raised by one when a reader of the old format would misread the new one: a field that changes its
 * meaning or goes.  A new event, field or word does not raise it: old readers skip what they do not
 * know, and show a code without a word by its number.
 *
 *   0   no field `format`; version of the allocator called `version`; fields that said nothing
 *   1   this one
 */
#ifndef LW_TRACE_VERSION_H
#define LW_TRACE_VERSION_H

#define LW_TRACE_FORMAT 1

#endif

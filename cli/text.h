/* SPDX-License-Identifier: MIT */
/* text.h - what may be shown of text that others wrote: file names, programs' names, tools' words. */
#ifndef LW_CLI_TEXT_H
#define LW_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_INVALID 0xfffd /* U+FFFD, REPLACEMENT CHARACTER */

/* The bytes of the UTF-8 character at `at`, which is not the end; *code becomes its number. A byte
 * that begins no character counts as one that is TEXT_INVALID. */
size_t text_character(const char *at, uint32_t *code);

/* C0, DEL and C1: a terminal may take them for commands. */
bool text_is_control(uint32_t code);

/* Makes '?' of each control character and of each byte that is not UTF-8. */
void text_scrub(char *text);

/* Writes `text` as a string of JSON, in quotes; control characters are escaped, bytes that are not
 * UTF-8 are U+FFFD. */
void json_string(FILE *out, const char *text);

#endif

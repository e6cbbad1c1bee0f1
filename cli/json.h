/* SPDX-License-Identifier: MIT */
/* json.h - strings of JSON. */
#ifndef LW_CLI_JSON_H
#define LW_CLI_JSON_H

#include <stdio.h>

/* Writes `text` in quotes; control characters are escaped, bytes that are not UTF-8 are U+FFFD. */
void json_string(FILE *out, const char *text);

#endif

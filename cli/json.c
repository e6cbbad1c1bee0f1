/* SPDX-License-Identifier: MIT */
/* json.c - see json.h. */
#include "json.h"

#include "text.h"

void json_string(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		uint32_t code;
		size_t length = text_character(text, &code);

		if (code == '"' || code == '\\')
			fputc('\\', out);
		if (text_is_control(code) || (code == TEXT_INVALID && length == 1))
			fprintf(out, "\\u%04x", (unsigned)code);
		else
			fwrite(text, 1, length, out);
		text += length;
	}
	fputc('"', out);
}

/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

size_t text_character(const char *at, uint32_t *code)
{
	/* By length: the lead byte's mark, its mask, and the least number that needs so many. */
	static const struct {
		uint8_t mark, mask;
		uint32_t least;
	} forms[] = {
		{0x00, 0x80, 0}, {0xc0, 0xe0, 0x80}, {0xe0, 0xf0, 0x800}, {0xf0, 0xf8, 0x10000}};
	const uint8_t *byte = (const uint8_t *)at;

	for (size_t length = 1; length <= sizeof(forms) / sizeof(*forms); length++) {
		uint32_t number = byte[0] & (uint8_t)~forms[length - 1].mask;
		size_t i = 1;

		if ((byte[0] & forms[length - 1].mask) != forms[length - 1].mark)
			continue;
		for (; i < length && (byte[i] & 0xc0) == 0x80; i++)
			number = number << 6 | (byte[i] & 0x3f);
		if (i < length || number < forms[length - 1].least || number > 0x10ffff ||
		    (number >= 0xd800 && number < 0xe000))
			break;
		*code = number;
		return length;
	}
	*code = TEXT_INVALID;
	return 1;
}

bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void text_scrub(char *text)
{
	char *to = text;

	while (*text) {
		uint32_t code;
		size_t length = text_character(text, &code);

		if (text_is_control(code) || (code == TEXT_INVALID && length == 1)) {
			*to++ = '?';
		} else {
			memmove(to, text, length);
			to += length;
		}
		text += length;
	}
	*to = '\0';
}

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

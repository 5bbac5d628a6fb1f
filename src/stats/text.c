/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - see text.h.
 */
#include "stats/text.h"

#include <string.h>

#include "base/utf8.h"

void
text_put(const struct stats_writer *to, const char *text)
{
	to->write(to->to, text, strlen(text));
}

void
text_number(const struct stats_writer *to, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	to->write(to->to, at, (size_t)(digits + sizeof(digits) - at));
}

static void
put_control(const struct stats_writer *to, unsigned char c, bool controls)
{
	static const char hex[] = "0123456789abcdef";
	char escaped[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c == '\n')
		text_put(to, "\\n");
	else if (controls)
		to->write(to->to, escaped, sizeof(escaped));
	else
		to->write(to->to, (const char *)&c, 1);
}

void
text_string(const struct stats_writer *to, const char *text, bool controls)
{
	text_put(to, "\"");
	while (*text != '\0') {
		const unsigned char *at = (const unsigned char *)text;
		size_t bytes = utf8_bytes(at);

		if (bytes == 0)
			text_put(to, "\xef\xbf\xbd");
		else if (*at < ' ')
			put_control(to, *at, controls);
		else if (*at == '"' || *at == '\\')
			text_put(to, *at == '"' ? "\\\"" : "\\\\");
		else
			to->write(to->to, text, bytes);
		text += bytes == 0 ? 1 : bytes;
	}
	text_put(to, "\"");
}

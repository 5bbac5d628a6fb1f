/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svg.c - see svg.h.
 */
#include "profile/svg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "file/whole_file.h"

#define FONT "font: 12px 'DejaVu Sans', Verdana, sans-serif"

void
svg_begin(struct svg *svg, double width, double height, const char *title,
    const char *description, const char *css)
{
	svg->to = open_memstream(&svg->text, &svg->size);
	if (svg->to == NULL)
		return;
	fprintf(svg->to,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
	    "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n"
	    "<title>%s</title>\n<desc>%s</desc>\n"
	    "<style>\n"
	    "svg { background: #fff; color: #222 }\n"
	    "text { " FONT "; fill: currentColor }\n"
	    ".title { font-size: 15px; font-weight: bold }\n"
	    ".dim { color: #666 }\n"
	    ".grid { color: #ccc; stroke: currentColor; stroke-width: 1 }\n"
	    "@media (prefers-color-scheme: dark) {\n"
	    "svg { background: #1c1c1e; color: #e8e8e8 }\n"
	    ".dim { color: #a0a0a0 } .grid { color: #444 } }\n"
	    "@media print { svg { background: #fff; color: #000 }\n"
	    ".dim { color: #444 } .grid { color: #bbb } }\n"
	    "%s</style>\n"
	    "<text class=\"title\" x=\"10\" y=\"22\">%s</text>\n",
	    width, height, width, height, svg_text(title, 100).text,
	    svg_text(description, 300).text, css, svg_text(title, 100).text);
}

int
svg_end(struct svg *svg, const char *path)
{
	int result;

	if (svg->to != NULL)
		fputs("</svg>\n", svg->to);
	if (svg->to == NULL || fclose(svg->to) != 0)
		result = error_set(ENOMEM, "no memory for %s", path);
	else
		result = whole_file_write(path, svg->text, svg->size);
	free(svg->text);
	return result;
}

/* What stands for the character of so many BYTES at TEXT; NULL: it does itself.
 * No bytes are no character, and U+FFFE and U+FFFF none of XML's. */
static const char *
entity(const unsigned char *text, size_t bytes)
{
	if (bytes == 0 ||
	    (bytes == 3 && memcmp(text, "\xef\xbf", 2) == 0 && text[2] >= 0xbe))
		return "\xef\xbf\xbd";
	switch (*text) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default:
		return *text < ' ' ? "?" : NULL;
	}
}

struct svg_text
svg_text(const char *text, size_t most)
{
	struct svg_text to;
	size_t length = 0;

	for (size_t count = 0; *text != '\0'; count++) {
		const unsigned char *at = (const unsigned char *)text;
		size_t bytes = utf8_bytes(at);
		const char *as = entity(at, bytes);

		if (count == most || length + 12 > sizeof(to.text)) {
			memcpy(to.text + length, "...", 3);
			length += 3;
			break;
		}
		if (as != NULL)
			length += (size_t)sprintf(to.text + length, "%s", as);
		else {
			memcpy(to.text + length, text, bytes);
			length += bytes;
		}
		text += bytes == 0 ? 1 : bytes;
	}
	to.text[length] = '\0';
	return to;
}

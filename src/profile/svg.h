/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svg.h - a picture in SVG while it is written, for print and for dark screens.
 *
 * Owns its bytes until svg_end(). Called by flame.c and curve.c; no locks. Only
 * no memory is an error, which svg_end() tells.
 */
#ifndef PROFILE_SVG_H
#define PROFILE_SVG_H

#include <stddef.h>
#include <stdio.h>

#define SVG_TEXT_MAX 512

struct svg {
	FILE *to; /* NULL: no memory */
	char *text;
	size_t size;
};

/* Begins a picture with this title, and a text of what is in it for those who
 * do not see it; CSS is added to the colours that all pictures share. */
void svg_begin(struct svg *svg, double width, double height, const char *title,
    const char *description, const char *css);

/* Writes to PATH and gives the bytes back. 0, or -1 with a sentence. */
int svg_end(struct svg *svg, const char *path);

/* TEXT with what XML has for itself or does not have replaced, and "..." at its
 * end where more than MOST characters are in it, or than there is room for. */
struct svg_text {
	char text[SVG_TEXT_MAX];
};
struct svg_text svg_text(const char *text, size_t most);

#endif /* PROFILE_SVG_H */

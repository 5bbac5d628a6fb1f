/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.h - a text that names several specs:
 *
 *     TEXT = LINK [">" LINK]...     a chain: the next link when one is full
 *     LINK = SPEC ["|" SPEC]...     alternatives: the first that can be had
 *
 * Spaces around both are left out. A path that has one of them writes it with a
 * backslash (where.c).
 *
 * Owns nothing: parts are words of the text. Called by kind/open.c. Takes no
 * lock, allocates nothing. Fails with EINVAL and a sentence.
 */
#ifndef SPEC_PARTS_H
#define SPEC_PARTS_H

#include "base/word.h"
#include "spec/spec.h"

#define SPEC_PARTS_MAX 16

struct spec_parts {
	unsigned count; /* at least 1 */
	struct word part[SPEC_PARTS_MAX];
	bool is_next_link[SPEC_PARTS_MAX]; /* ">" stands before it */
};

int spec_split(const char *text, struct spec_parts *parts);

/* Part I as a spec; fails as spec_parse() does. */
int spec_parse_part(
    const struct spec_parts *parts, unsigned i, struct spec *spec);

#endif /* SPEC_PARTS_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.h - a text that names several specs:
 *
 *     TEXT = LINK [">" LINK]...     a chain: the next link when one is full
 *     LINK = SPEC ["|" SPEC]...     alternatives: the first that can be had
 *
 * In the place of a SPEC may stand "@NAME", a kind of a file (named_file.h),
 * and means the TEXT that it has there: a whole one where it is a link by
 * itself, one without ">" among alternatives.
 *
 * Spaces around both are left out. A path that has one of them writes it with a
 * backslash (where.c).
 *
 * Owns nothing: parts are words of the text, or of the file. Called by
 * kind/chain.c, the doors, rules and the command. Takes no lock, calls no
 * malloc. Fails with EINVAL and a sentence, and as named_find() does.
 */
#ifndef SPEC_PARTS_H
#define SPEC_PARTS_H

#include "base/word.h"
#include "spec/named_file.h"
#include "spec/spec.h"

#define SPEC_PARTS_MAX 16

struct spec_parts {
	unsigned count; /* at least 1 */
	struct word part[SPEC_PARTS_MAX];
	bool is_next_link[SPEC_PARTS_MAX]; /* ">" stands before it */
	unsigned line[SPEC_PARTS_MAX];     /* of the file; 0: of the text */
	struct named_file *names;
};

/* NAMES is read if the text refers to a name, and holds the parts until it is
 * closed. */
int spec_split(
    struct word text, struct named_file *names, struct spec_parts *parts);

/* Part I as a spec; fails as spec_parse() does. */
int spec_parse_part(
    const struct spec_parts *parts, unsigned i, struct spec *spec);

/* Puts the place of part I in the file before the thread's sentence, where it
 * is from there. */
void spec_part_place(const struct spec_parts *parts, unsigned i);

/* Whether all parts are specs: a typing error is told on every machine, also
 * behind an alternative that would be taken. 0, or as spec_parse() fails. */
int spec_check_parts(const struct spec_parts *parts);

#endif /* SPEC_PARTS_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * named.h - a kind with a name, as a line of a file has it:
 *
 *     kind NAME = TEXT     # a comment
 *
 * Owns nothing: words of the line. Called for the files of named kinds
 * (named_file.h) and by rules, whose files have such lines, too. Takes no lock,
 * allocates nothing. Fails with EINVAL and a sentence, before which the caller
 * puts the place.
 */
#ifndef SPEC_NAMED_H
#define SPEC_NAMED_H

#include "base/word.h"

#define NAMED_WORD "kind"

struct named_kind {
	struct word name;
	struct word text; /* of one or several specs, see parts.h; not read */
};

/* LINE without its comment, which a "#" begins that is the first character or
 * follows a blank, and without blanks at its ends; empty if that is all. */
struct word named_strip(struct word line);

/* Takes from REST what stands before its first blank, and the blanks. */
struct word named_take(struct word *rest);

/* Takes apart LINE, a line as named_strip() gives it whose first word is
 * NAMED_WORD. */
int named_read(struct word line, struct named_kind *kind);

/* Whether a kind may be called so; if not, the sentence. */
int named_check(struct word name);

/* Fails for a name that LINE has, too. */
int named_twice(struct word name, unsigned line);

/* Puts "PATH:LINE: " before the thread's sentence. Returns -1, errno kept. */
int named_place(const char *path, unsigned line);

#endif /* SPEC_NAMED_H */

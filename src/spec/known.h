/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known.h - the words that are valid in one place of a spec, and the sentence
 * for a word that is not one of them.
 *
 * Owns nothing: a list of words is a value that its user fills. Called by the
 * files of spec/. Takes no lock, allocates nothing; failing is what it is for.
 */
#ifndef SPEC_KNOWN_H
#define SPEC_KNOWN_H

#include "base/base.h"
#include "base/word.h"

#define KNOWN_COUNT_MAX 24
struct known {
	const char *words[KNOWN_COUNT_MAX];
	size_t count;
};

void known_add(struct known *known, const char *word);

/* The list of COUNT words. */
struct known known_of(const char *const *words, size_t count);

/* The index of WORD, or -1 without a sentence. */
int known_find(const struct known *known, struct word word);

/* The word to suggest for WORD, or NULL: see spec/nearest.h. */
const char *known_nearest(const struct known *known, struct word word);

/* Fails for WORD, which is none of KNOWN: the sentence calls it an unknown
 * WHAT, lists what is known, and suggests HINT, or if that is empty the nearest
 * word if one is near. Returns -1 with EINVAL. */
int known_fail(const struct known *known, const char *what, struct word word,
    const char *hint);

/* The index of WORD, or -1 and that sentence. */
int known_choose(const struct known *known, const char *what, struct word word);

/* All of them, with commas between. */
#define KNOWN_TEXT_MAX 160
struct known_text {
	char text[KNOWN_TEXT_MAX];
};
struct known_text known_list(const struct known *known);

/* A word as a sentence quotes it: cut, so that the sentence has room for little
 * more than one and the words that are known. */
#define QUOTE_MAX 48
struct quote_text {
	char text[QUOTE_MAX + sizeof("...")];
};
struct quote_text quote(struct word word);

#endif /* SPEC_KNOWN_H */

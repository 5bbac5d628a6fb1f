/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.h - of some words the one that somebody meant who wrote another.
 *
 * Owns nothing: a search is a value, the words live elsewhere. Takes no lock,
 * allocates nothing, cannot fail.
 */
#ifndef SPEC_NEAREST_H
#define SPEC_NEAREST_H

#include "base/word.h"

/* Words that are longer are not compared, as that would take time in proportion
 * to whatever text was passed. */
#define NEAREST_MAX 64

struct nearest {
	struct word word;
	struct word found; /* the nearest so far; of NULL: none is near */
	size_t distance;
};

struct nearest nearest_to(struct word word);

/*
 * Takes ONE if it is nearer than those before, and near at all: if less than
 * half of its letters would have to change. So "popluate" becomes "populate",
 * and "hugepages" becomes nothing: a suggestion out of the blue is worse than
 * none. In words of one or two letters, as "4K", only the case may be wrong. Of
 * two that are equally near the first counts.
 */
void nearest_offer(struct nearest *nearest, struct word one);

#endif /* SPEC_NEAREST_H */

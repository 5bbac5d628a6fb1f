/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.c - see nearest.h.
 */
#include "spec/nearest.h"

#include <stdint.h>

#include "base/base.h"

/* tolower(3) asks the locale of the program. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * The edit distance (optimal string alignment): how many letters have to be
 * changed, added, left out, or exchanged with the next to make WORD into KNOWN,
 * case aside. Of the table whose element (i, j) is the distance between the
 * first i letters of WORD and the first j of KNOWN three rows are kept.
 */
static size_t
distance(struct word word, struct word known)
{
	size_t rows[3][NEAREST_MAX + 1], columns = known.length;
	const char *w = word.text, *k = known.text;

	for (size_t j = 0; j <= columns; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= word.length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			bool same = lower(w[i - 1]) == lower(k[j - 1]);

			row[j] = min_size(min_size(above[j], row[j - 1]) + 1,
			    above[j - 1] + !same);
			if (i > 1 && j > 1 &&
			    lower(w[i - 1]) == lower(k[j - 2]) &&
			    lower(w[i - 2]) == lower(k[j - 1]))
				row[j] = min_size(
				    row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[word.length % 3][columns];
}

struct nearest
nearest_to(struct word word)
{
	return (struct nearest){ word, { NULL, 0 }, SIZE_MAX };
}

/* The lengths' difference is a bound from below: most words of a long list are
 * done with it. */
void
nearest_offer(struct nearest *nearest, struct word one)
{
	size_t length = one.length, mine = nearest->word.length, far;
	size_t least = length > mine ? length - mine : mine - length;

	if (mine > NEAREST_MAX || length > NEAREST_MAX || 2 * least >= length ||
	    least >= nearest->distance)
		return;
	far = distance(nearest->word, one);
	if (far < nearest->distance && far * 2 < length &&
	    (far == 0 || length > 2)) {
		nearest->distance = far;
		nearest->found = one;
	}
}

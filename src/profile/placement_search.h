/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement_search.h - a placement while it is sought. For the files of
 * placement.h.
 */
#ifndef PROFILE_PLACEMENT_SEARCH_H
#define PROFILE_PLACEMENT_SEARCH_H

#include <stdbool.h>

#include "profile/placement.h"

enum order { BY_PEAK, BY_TIGHT, BY_MEAN, BY_VALUE, ORDERS };

struct keyed {
	double key;
	size_t thing;
};

struct search {
	struct placement *placement;
	uint64_t *used; /* bytes, of each memory at each moment */
	int *memory;    /* as in struct placement, of this state */
	double value;
	size_t *order; /* things of value, those to begin with first */
	size_t count;
	struct keyed *keys;
	size_t tightest; /* the moment at which the most is needed */
};

bool search_fits(struct search *search, size_t thing, unsigned memory);
void search_put(struct search *search, size_t thing, unsigned memory);
void search_take(struct search *search, size_t thing);

/* Looks at all placements of the things in order, but for those that cannot be
 * better than *BEST, and keeps what is. Begins with nothing placed; gives up
 * after a while. */
void search_exactly(struct search *search, double *best);

#endif /* PROFILE_PLACEMENT_SEARCH_H */

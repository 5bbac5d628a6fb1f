/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_curve.c - what more or less fast memory would bring. See advise.h.
 *
 * The placement is chosen anew for parts of what the program needs at its peak,
 * up to all of it; several fast memories keep their proportion.
 */
#include <stdio.h>

#include "base/error.h"
#include "profile/curve.h"
#include "profile/place.h"
#include "tool/advise.h"
#include "tool/commands.h"

#define POINTS 49

/* What all units together need at once. */
static double
needed(const struct advice *advice)
{
	double most = 0;

	for (size_t i = 0; i < advice->placement.moments; i++) {
		double need = 0;

		for (size_t j = 0; j < advice->units.count; j++)
			need += (double)advice->units.list[j].need[i];
		most = need > most ? need : most;
	}
	return most;
}

int
advise_write_curve(struct advice *advice)
{
	struct curve_point points[POINTS], here = { 0 };
	const char *program = advice->profile->program;
	char title[256];
	double most;

	if (advice->curve == NULL)
		return 0;
	for (unsigned i = 0; i < advice->fast; i++)
		here.bytes += (double)advice->memories[i].room;
	here.share = advise_share(advice, 1);
	most = needed(advice);
	most = here.bytes > most ? here.bytes : most;
	for (size_t i = 0; i < POINTS; i++) {
		points[i].bytes = most * (double)i / (POINTS - 1);
		points[i].share = i == 0 ?
		    0 :
		    advise_share(advice, points[i].bytes / here.bytes);
		/* More is never worse than less. */
		if (i > 0 && points[i].share < points[i - 1].share)
			points[i].share = points[i - 1].share;
	}
	snprintf(title, sizeof(title), "What fast memory brings%s%s",
	    program != NULL ? ": " : "", program != NULL ? program : "");
	if (curve_write(points, POINTS, here, title, advice->curve) != 0)
		return fail("%s", error_text());
	return 0;
}

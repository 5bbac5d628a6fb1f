/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * curve.h - what more or less fast memory would bring, as a picture in SVG.
 *
 * Owns nothing. Called by the command; no locks. What fails returns -1 with a
 * sentence.
 */
#ifndef PROFILE_CURVE_H
#define PROFILE_CURVE_H

#include <stddef.h>

struct curve_point {
	double bytes; /* of fast memory */
	double share; /* of accesses that it serves, from 0 to 1 */
};

/* POINTS rise by bytes; HERE is what was asked for. */
int curve_write(const struct curve_point *points, size_t count,
    struct curve_point here, const char *title, const char *path);

#endif /* PROFILE_CURVE_H */

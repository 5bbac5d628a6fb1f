/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flame.h - a profile as a flame graph: a picture in SVG, in which a function
 * is as wide as what was asked for below it, and its callers are under it.
 *
 * Owns nothing. Called by the command; no locks. What fails returns -1 with a
 * sentence.
 */
#ifndef PROFILE_FLAME_H
#define PROFILE_FLAME_H

#include "profile/profile.h"

enum flame_by { FLAME_BYTES, FLAME_ACCESSES, FLAME_PEAK, FLAME_COUNT };

/* What a site counts for. */
uint64_t flame_value(const struct profile_site *site, enum flame_by by);

/* Writes the picture to PATH, which has its name when it is whole. */
int flame_write(
    const struct profile *profile, enum flame_by by, const char *path);

#endif /* PROFILE_FLAME_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h - where a site is, for people and for rules.
 *
 * Of a stack the first frames may have one offset: functions that were put in
 * place of calls in the function that follows them, down to the one that has
 * the code. What stands for malloc itself, as C++'s operator new, is left
 * out.
 *
 * Owns nothing; no locks; nothing fails.
 */
#ifndef PROFILE_PLACE_H
#define PROFILE_PLACE_H

#include "profile/profile.h"

#define PLACE_TEXT_MAX 512
struct place_text {
	char text[PLACE_TEXT_MAX];
};

/* The first frame of the site that is the program's; frame_count if there is
 * none. */
size_t place_first(const struct profile_site *site);

/* Behind the last of the frames that have that one's offset. */
size_t place_end(const struct profile_site *site);

/* Of these the one whose line people know the site by: the innermost that is in
 * no header, else the outermost. */
size_t place_known(const struct profile_site *site);

/* FILE:LINE as a rule has it, else MODULE+0xOFFSET, else the function; "?"
 * where nothing is known. */
struct place_text place_of(
    const struct profile *profile, const struct profile_site *site);

/* The function there; "?" where none is known. */
const char *place_function(const struct profile_site *site);

/* BYTES as people read it: "512", "4.0K", "1.5G". */
struct bytes_text {
	char text[16];
};
struct bytes_text bytes_text(double bytes);

#endif /* PROFILE_PLACE_H */

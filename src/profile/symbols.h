/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.h - the functions and lines of a profile's frames, from the debug
 * information and the symbols of its modules.
 *
 * A file that is not the one that was recorded, by its build-id, has nothing to
 * say. Called by the command; no locks. Only no memory is an error.
 */
#ifndef PROFILE_SYMBOLS_H
#define PROFILE_SYMBOLS_H

#include "profile/profile.h"

/* Fills in what is not known yet. A frame whose code was put in place of calls
 * becomes several with its offset, innermost first, one for each function. */
int profile_symbolize(struct profile *profile);

enum profile_file {
	PROFILE_FILE_SAME,
	PROFILE_FILE_GONE, /* or it cannot be told */
	PROFILE_FILE_CHANGED,
};

/* Whether the file of MODULE is the one that was recorded. */
enum profile_file profile_file_of(const struct profile_module *module);

/* For symbols.c: the functions and lines at the COUNT offsets of a file, which
 * rise and are those of return addresses. */
struct profile_place {
	uint32_t module;
	uint64_t offset;
	struct profile_frame *frames; /* what it comes to; by malloc */
	size_t count;
};
int profile_look_up(struct profile *profile, const char *path,
    struct profile_place *places, size_t count);

#endif /* PROFILE_SYMBOLS_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhat_modules.h - where the files of a program were loaded that ran under
 * Valgrind, by what it logs with -v -v -v. dhat writes addresses alone, and
 * without debug information one of them is all that tells a site from others.
 *
 * Modules own their list and texts, allocated by malloc, until
 * dhat_modules_free(). Called by the files that read profiles; no locks. Only
 * no memory is an error, with a sentence.
 */
#ifndef PROFILE_DHAT_MODULES_H
#define PROFILE_DHAT_MODULES_H

#include "profile/profile.h"

struct dhat_module {
	char *path;
	uint64_t bias;       /* what was added to the file's addresses */
	uint64_t begin, end; /* of its code, in the process */
	uint8_t build_id[PROFILE_BUILD_ID_MAX];
	size_t build_id_size;
};

struct dhat_modules {
	struct dhat_module *list;
	size_t count, room;
};

/* Reads a log; those of lines that are no such are passed over. */
int dhat_modules_read(struct dhat_modules *modules, const char *log);
void dhat_modules_free(struct dhat_modules *modules);

/* The module whose code has ADDRESS, which may be said to be in the file PATH:
 * the last of several that were loaded there. NULL: none. */
const struct dhat_module *dhat_module_at(
    const struct dhat_modules *modules, uint64_t address, const char *path);

#endif /* PROFILE_DHAT_MODULES_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * beside.c - see beside.h.
 *
 * A library is beside the libpoolkind that this program runs with, or, where
 * that is the debug library, in the folder above: so both are of one build, as
 * they stand in a build folder and in any that they are installed in. An
 * address in libpoolkind leads to its file, and realpath(3) from a link to
 * where it really is.
 */
#include "tool/beside.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_in(char *path, const char *folder, const char *below, const char *name)
{
	return snprintf(path, PATH_MAX, "%s/%s%s", folder, below, name) <
	    PATH_MAX &&
	    access(path, R_OK) == 0;
}

bool
find_beside(const char *name, char *path, char *folder)
{
	void *function = dlsym(RTLD_DEFAULT, "poolkind_open");
	Dl_info found;

	folder[0] = '\0';
	if (function == NULL || dladdr(function, &found) == 0 ||
	    realpath(found.dli_fname, folder) == NULL) {
		folder[0] = '\0';
		return false;
	}
	*strrchr(folder, '/') = '\0';
	return is_in(path, folder, "", name) ||
	    is_in(path, folder, "../", name);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_life_library.c - a library whose constructor and destructor allocate.
 * NAME says which one it is; ends the process with status 98 when a block of
 * the destructor is not in the pool, since nobody looks at results any more.
 */
#include "shim_check.h"

static char *kept;

static __attribute__((constructor)) void
begin(void)
{
	kept = malloc(5000);
	CHECK(NAME ": the constructor's block is in the pool",
	    in_pool(kept, 5000));
	memset(kept, 'k', 5000);
}

static __attribute__((destructor)) void
end(void)
{
	char *more = malloc(100000), *small = malloc(10);
	bool good = in_pool(more, 100000) && in_pool(small, 10) &&
	    all_bytes(kept, 'k', 5000);

	kept = realloc(kept, 50000);
	CHECK(NAME ": the destructor's blocks are in the pool",
	    good && in_pool(kept, 50000) && all_bytes(kept, 'k', 5000));
	free(kept);
	free(more);
	free(small);
	if (failures != 0)
		_exit(98);
}

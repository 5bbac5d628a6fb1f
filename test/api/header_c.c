/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header alone, as a C program sees it: nothing is included before it.
 * test/api/headers compiles this as C99 and C11 and runs it.
 */
#include <poolkind.h>

int
main(void)
{
	struct poolkind_stats stats;
	poolkind *kind = poolkind_open("dram", 0);
	void *block = poolkind_malloc(kind, 100);

	if (block == NULL || poolkind_usable_size(block) < 100)
		return 1;
	if (poolkind_get_stats(kind, &stats, sizeof(stats)) != 0 ||
	    stats.live < 100)
		return 2;
	poolkind_free(kind, block);
	if (poolkind_version() >> 16 != POOLKIND_VERSION_MAJOR)
		return 3;
	return poolkind_close(kind);
}

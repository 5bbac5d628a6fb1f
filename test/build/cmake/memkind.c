/* SPDX-License-Identifier: BSD-2-Clause */
/* A block of memkind's, for test/build/cmake. */
#include <memkind.h>

int
main(void)
{
	void *block = memkind_malloc(MEMKIND_REGULAR, 100);
	int good = memkind_detect_kind(block) == MEMKIND_REGULAR;

	memkind_free(MEMKIND_REGULAR, block);
	return !good;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_library.c - a library that allocates, for record.sh: built twice, with
 * another name for what allocates, so that one comes to lie where the other
 * was.
 */
#include <stdlib.h>

__attribute__((noinline)) static void *
NAME(size_t size)
{
	void *ptr = malloc(size);

	__asm__ volatile("" : : "r"(ptr) : "memory");
	return ptr;
}

void from_it(void);

void
from_it(void)
{
	for (unsigned i = 0; i < 10; i++)
		free(NAME(10000));
}

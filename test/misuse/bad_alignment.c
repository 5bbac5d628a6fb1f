/* SPDX-License-Identifier: BSD-2-Clause */
/* Alignments are powers of two. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram");
	volatile size_t alignment = 48;
	void *block;

	if (poolkind_aligned_alloc(kind, alignment, 100) != NULL)
		return 4;
	tell("aligned_alloc");
	errno = poolkind_posix_memalign(kind, &block, 4, 100);
	tell("posix_memalign");

	go_on();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A number that no handle can be is none, whatever stands in its low bits,
 * where a handle has the place of its kind: also with a thread that has
 * caches, which are looked for by that. */
#include "misuse.h"

int
main(void)
{
	poolkind *kind = open_or_exit("dram,name=one");
	void *block = poolkind_malloc(kind, 64);
	int wrong = 0;

	for (unsigned long i = 0; i < 0x20000; i += 0x808) {
		/* An address, and what has the highest bit as handles do. */
		poolkind *garbage[] = { (poolkind *)(0x7ffff0000000 | i),
			(poolkind *)(~0ul << 20 | i) };

		for (int j = 0; j < 2; j++) {
			errno = 0;
			wrong += poolkind_malloc(garbage[j], 64) != NULL ||
			    errno != EINVAL;
			poolkind_free(garbage[j], block);
			block = poolkind_malloc(kind, 64);
		}
	}
	printf("%d wrong\n", wrong + (block == NULL));
	errno = 0;
	poolkind_malloc((poolkind *)0x7fffffff, 64);
	tell("malloc");
	poolkind_free(kind, block);

	go_on();
	return 0;
}

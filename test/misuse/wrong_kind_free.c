/* SPDX-License-Identifier: BSD-2-Clause */
/* A block freed as one of another kind goes home. */
#include "misuse.h"

int
main(void)
{
	poolkind *first = open_or_exit("dram,name=first");
	poolkind *second = open_or_exit("dram,name=second");
	void *block = poolkind_malloc(first, 100);
	struct poolkind_stats stats;

	poolkind_free(second, block);
	tell("free");
	poolkind_get_stats(first, &stats, sizeof(stats));
	printf("first holds %zu\n", stats.live);

	go_on();
	return 0;
}

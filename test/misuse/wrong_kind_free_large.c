/* SPDX-License-Identifier: BSD-2-Clause */
/* The same with a block that no cache serves. */
#include "misuse.h"

int
main(void)
{
	poolkind *first = open_or_exit("dram,name=first");
	poolkind *second = open_or_exit("dram,limit=1M,name=second");
	void *block = poolkind_malloc(first, 5000000);
	struct poolkind_stats stats;

	poolkind_free(second, block);
	tell("free");
	poolkind_get_stats(first, &stats, sizeof(stats));
	printf("first holds %zu\n", stats.live);

	go_on();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The handle of a kind that was closed is none, however many were opened since,
 * and never becomes that of another. */
#include "misuse.h"

#define KINDS 5000

int
main(void)
{
	poolkind *stale[KINDS], *kind;
	int closed = 0, served = 0;
	struct poolkind_stats stats;

	for (int i = 0; i < KINDS; i++) {
		stale[i] = open_or_exit("dram");
		poolkind_close(stale[i]);
	}
	kind = open_or_exit("dram,name=living");
	poolkind_free(kind, poolkind_malloc(kind, 100000));
	for (int i = 0; i < KINDS; i++) {
		closed += stale[i] == kind || poolkind_close(stale[i]) != -1 ||
		    errno != EINVAL;
		/* Of these sizes no cache has a block yet. */
		served += poolkind_malloc(stale[i], 100000) != NULL ||
		    poolkind_get_stats(stale[i], &stats, sizeof(stats)) == 0 ||
		    poolkind_set_limit(stale[i], 1) == 0;
	}
	printf("%d closed, %d served\n", closed, served);
	errno = 0;
	poolkind_close(stale[0]);
	tell("close");
	poolkind_name(stale[0]);
	tell("name");
	if (poolkind_malloc(kind, 64) == NULL || poolkind_close(kind) != 0)
		return 4;

	go_on();
	return 0;
}

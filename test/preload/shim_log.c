/* SPDX-License-Identifier: BSD-2-Clause */
/* shim_log.c - one call of each function, with a size that is easy to find. */
#include <malloc.h>
#include <stdlib.h>

int
main(void)
{
	void *p = malloc(4321), *q = NULL;

	p = realloc(p, 4322);
	free(p);
	free(calloc(1, 4323));
	free(memalign(16, 4324));
	free(aligned_alloc(32, 4325));
	free(valloc(4326));
	free(pvalloc(4327));
	if (posix_memalign(&q, 64, 4328) == 0)
		free(q);
	return malloc_usable_size(NULL) != 0;
}

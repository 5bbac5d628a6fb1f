/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool of libvmem's, for test/build/cmake. */
#include <libvmem.h>

int
main(void)
{
	VMEM *pool = vmem_create("/dev/shm", VMEM_MIN_POOL);
	void *block = pool != NULL ? vmem_malloc(pool, 100) : NULL;

	if (block == NULL)
		return 1;
	vmem_delete(pool);
	return 0;
}

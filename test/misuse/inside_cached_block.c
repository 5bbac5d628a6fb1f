/* SPDX-License-Identifier: BSD-2-Clause */
/* A pointer into a block that thread caches serve is not a block: of a large
 * one any, of a small one at least such as no block of its size can have. */
#include "misuse.h"

#include <stdbool.h>
#include <stdint.h>

/* Frees the address DISTANCE behind the begin of a block of SIZE, and returns
 * whether that was told and the block is still its owner's. */
static bool
is_told(poolkind *kind, poolkind *named, size_t size, size_t distance)
{
	char *block = poolkind_malloc(kind, size), *other[64];
	bool told, apart = true;

	poolkind_free(named, block + distance);
	told = errno == EINVAL;
	errno = 0;
	for (int i = 0; i < 64; i++) {
		other[i] = poolkind_malloc(kind, size);
		apart &= (uintptr_t)other[i] - (uintptr_t)block + size >=
		    2 * size;
	}
	for (int i = 0; i < 64; i++)
		poolkind_free(kind, other[i]);
	poolkind_free(kind, block);
	return told && apart && errno == 0;
}

static void
try(poolkind *kind, size_t size, size_t distance)
{
	if (!is_told(kind, kind, size, distance))
		printf("%zu of %zu: taken\n", distance, size);
	if (!is_told(kind, NULL, size, distance))
		printf("%zu of %zu, without kind: taken\n", distance, size);
}

int
main(void)
{
	static const size_t large[] = { 16384, 20480, 28672, 32768, 65536 };
	poolkind *kind = open_or_exit("dram");

	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
		for (size_t distance = 1; distance < large[i]; distance *= 2)
			try(kind, large[i], distance);
		try(kind, large[i], large[i] - 4096);
		try(kind, large[i], large[i] - 1);
	}
	for (size_t size = 16; size <= 4096; size *= 2)
		for (size_t distance = 1; distance < size; distance *= 2)
			try(kind, size, distance);
	for (size_t distance = 1; distance < 16; distance++)
		try(kind, 48, distance);

	go_on();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * info.c - what the C library's functions say of the heap, while this program
 * takes and frees 20 MiB in blocks of SIZE. What they print is shown with the
 * argument "print".
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "shim_check.h"

#define COUNT 320
#define SIZE ((size_t)65536)

void free_sized(void *ptr, size_t size) __attribute__((weak));
void free_aligned_sized(void *ptr, size_t alignment, size_t size)
    __attribute__((weak));

static char *blocks[COUNT];

static void
check_sized(void)
{
	CHECK("C23's functions are there",
	    free_sized != NULL && free_aligned_sized != NULL);
	if (free_sized == NULL || free_aligned_sized == NULL)
		return;
	free_sized(malloc(100), 100);
	free_sized(NULL, 0);
	free_aligned_sized(aligned_alloc(256, 1024), 256, 1024);
	free_aligned_sized(NULL, 64, 64);
	CHECK("and free blocks", true);
}

static void
check_info(void)
{
	struct mallinfo2 before = mallinfo2(), with, after;
	struct mallinfo old;

	for (int i = 0; i < COUNT; i++)
		memset(blocks[i] = malloc(SIZE), 1, SIZE);
	with = mallinfo2();
	old = mallinfo();
	CHECK("mallinfo2 counts blocks in use",
	    with.uordblks >= before.uordblks + COUNT * SIZE &&
		with.uordblks < before.uordblks + 2 * COUNT * SIZE);
	CHECK("and what was taken from the system",
	    with.arena >= with.uordblks &&
		with.arena >= with.uordblks + with.fordblks);
	CHECK("mallinfo says the same",
	    (size_t)old.uordblks >= COUNT * SIZE &&
		(size_t)old.arena >= COUNT * SIZE);
	for (int i = 0; i < COUNT; i++)
		free(blocks[i]);
	after = mallinfo2();
	CHECK("what is freed is not in use",
	    after.uordblks + COUNT * SIZE <= with.uordblks + SIZE);
	malloc_trim(0);
	CHECK("malloc_trim gives back", mallinfo2().arena < with.arena / 2);
	CHECK("and says when there is nothing", malloc_trim(0) == 0);
	for (int i = 0; i < 40; i++)
		blocks[i] = malloc(30000);
	for (int i = 0; i < 40; i++)
		free(blocks[i]);
	CHECK("or something", malloc_trim(0) == 1);
}

static void
check_rest(void)
{
	CHECK("mallopt takes what glibc's takes",
	    mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1 &&
		mallopt(M_ARENA_MAX, 1) == 1 && mallopt(77, 1) == 0);
	CHECK("malloc_info knows no options", malloc_info(1, stdout) == EINVAL);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "print") == 0) {
		memset(blocks[0] = malloc(10 << 20), 1, 10 << 20);
		malloc_stats();
		return malloc_info(0, stdout);
	}
	check_sized();
	check_info();
	check_rest();
	return failures != 0;
}

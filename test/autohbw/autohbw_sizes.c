/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * autohbw_sizes.c - which blocks come from the chosen kind. To be run with
 * AUTO_HBW_SIZE=4K:64K and the kind memkind_hbw.
 */
#include <malloc.h>

#include <autohbw_api.h>

#include "preload_check.h"

#pragma weak enableAutoHBW
#pragma weak disableAutoHBW

static bool
comes_from(memkind_t kind, void *block, size_t size)
{
	bool good = is_of(block, kind, size);

	free(block);
	return good;
}

#define HBW(block, size) comes_from(MEMKIND_HBW, block, size)
#define DRAM(block, size) comes_from(MEMKIND_DEFAULT, block, size)

static void
check_edges(void)
{
	void *p;

	CHECK("below the smallest size", DRAM(malloc(4095), 4095));
	CHECK("the smallest size", HBW(malloc(4096), 4096));
	CHECK("the largest size", HBW(malloc(65536), 65536));
	CHECK("above the largest size", DRAM(malloc(65537), 65537));
	CHECK("no bytes", DRAM(malloc(zero), 1));
	CHECK("calloc's product counts",
	    HBW(calloc(64, 64), 4096) && DRAM(calloc(63, 65), 4095) &&
		DRAM(calloc(4096, 17), 4096 * 17));
	CHECK("aligned blocks",
	    HBW(memalign(64, 5000), 5000) &&
		HBW(aligned_alloc(256, 8192), 8192) &&
		HBW(valloc(4096), 4096) && HBW(pvalloc(1), 4096) &&
		DRAM(memalign(64, 100), 100));
	CHECK("posix_memalign",
	    posix_memalign(&p, 128, 10000) == 0 && HBW(p, 10000));
}

static void
check_realloc(void)
{
	char *p = malloc(100);

	memset(p, 'r', 100);
	p = realloc(p, 10000);
	CHECK("a block that grows into the sizes moves",
	    all_bytes(p, 'r', 100) && is_of(p, MEMKIND_HBW, 10000));
	p = realloc(p, 20000);
	CHECK("one that stays among them stays",
	    all_bytes(p, 0x5a, 10000) && is_of(p, MEMKIND_HBW, 20000));
	p = realloc(p, 1 << 20);
	CHECK("one that grows beyond them leaves",
	    all_bytes(p, 0x5a, 20000) && is_of(p, MEMKIND_DEFAULT, 1 << 20));
	p = realloc(p, 50000);
	CHECK("one that shrinks into them moves",
	    all_bytes(p, 0x5a, 50000) && is_of(p, MEMKIND_HBW, 50000));
	p = realloc(p, 50);
	CHECK("one that shrinks below them leaves",
	    all_bytes(p, 0x5a, 50) && is_of(p, MEMKIND_DEFAULT, 50));
	free(p);
	CHECK("realloc(NULL) is malloc", HBW(realloc(NULL, 5000), 5000));
}

static void
check_switches(void)
{
	char *p = malloc(5000);

	memset(p, 's', 5000);
	disableAutoHBW();
	CHECK("switched off", DRAM(malloc(5000), 5000));
	CHECK("what there is stays",
	    memkind_detect_kind(p) == MEMKIND_HBW && all_bytes(p, 's', 5000));
	free(p);
	enableAutoHBW();
	CHECK("and on again", HBW(malloc(5000), 5000));
}

int
main(void)
{
	check_edges();
	check_realloc();
	if (enableAutoHBW != NULL && disableAutoHBW != NULL)
		check_switches();
	else
		CHECK("the switches are there", false);
	return failures != 0;
}

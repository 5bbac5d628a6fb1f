/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_plain.c - a plain C program with libmemkind, for all the ways to link
 * one: kinds in static initialisers and by name, blocks of several kinds, a
 * kind in the directory that is its argument, and hbwmalloc.
 */
#include <dlfcn.h>
#include <errno.h>
#include <hbwmalloc.h>
#include <memkind.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/shim_check.h"

/* As a program's table of kinds would be: addresses known to the linker. */
static memkind_t *const table[] = { &MEMKIND_DEFAULT, &MEMKIND_REGULAR,
	&MEMKIND_INTERLEAVE, &MEMKIND_HBW, &MEMKIND_HBW_PREFERRED,
	&MEMKIND_DAX_KMEM_ALL, &MEMKIND_HIGHEST_CAPACITY };

#define COUNT (sizeof(table) / sizeof(table[0]))

static memkind_t before_main;
static void *block_before_main;

__attribute__((constructor)) static void
construct(void)
{
	before_main = MEMKIND_REGULAR;
	block_before_main = memkind_malloc(before_main, 100);
}

/* Code that does not know the kinds' addresses takes them from here. */
static void
by_value(void)
{
	int good = 1;

	CHECK("a kind has 8 bytes", sizeof(MEMKIND_HBW) == 8);
	CHECK("a kind is there before main",
	    before_main != NULL && before_main == MEMKIND_REGULAR &&
		memkind_detect_kind(block_before_main) == MEMKIND_REGULAR);
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < i; k++)
			good &= *table[i] != NULL && *table[i] != *table[k];
	CHECK("kinds differ", good);
}

static void
by_name(void)
{
	memkind_t *found = (memkind_t *)dlsym(RTLD_DEFAULT, "MEMKIND_HBW");

	/* A static program has no names. */
	if (found == NULL)
		return;
	CHECK("a kind is found by name", *found == MEMKIND_HBW);
}

static void
blocks(void)
{
	int good = 1;

	for (size_t i = 0; i < COUNT; i++) {
		char *block = memkind_malloc(*table[i], 10000);

		if (block == NULL) {
			good = 0;
			continue;
		}
		memset(block, 7, 10000);
		good &= memkind_detect_kind(block) == *table[i];
		block = memkind_realloc(*table[i], block, 50000);
		good &= block != NULL && all_bytes(block, 7, 10000);
		memkind_free(i % 2 ? *table[i] : NULL, block);
	}
	CHECK("blocks of each kind", good);
}

static void
made(const char *directory)
{
	memkind_t kind = NULL;
	void *block;

	CHECK("a kind in a directory",
	    memkind_create_pmem(directory, 0, &kind) == 0);
	block = memkind_calloc(kind, 10, 1000);
	CHECK("a block of it",
	    block != NULL && all_bytes(block, 0, 10000) &&
		memkind_detect_kind(block) == kind);
	CHECK("its end", memkind_destroy_kind(kind) == 0);
}

/* The library's own code sees the kinds that the program sees. */
static void
hbw(void)
{
	void *block;

	CHECK("high bandwidth memory", hbw_check_available() == 0);
	CHECK("its policy", hbw_set_policy(HBW_POLICY_BIND) == 0);
	block = hbw_malloc(100);
	CHECK("its kind", memkind_detect_kind(block) == MEMKIND_HBW);
	hbw_free(block);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 99;
	by_value();
	by_name();
	blocks();
	made(argv[1]);
	hbw();
	return failures != 0;
}

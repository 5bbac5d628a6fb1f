/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodemask.c - the nodes of a family as a mask, for programs that bind memory
 * of their own.
 *
 * No header has ever declared these four, and yet programs call them. Owns
 * nothing. KIND does not matter and may be NULL.
 */
#include <limits.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/legacy.h"
#include "os/os.h"

#define WORD_BITS (sizeof(long) * CHAR_BIT)

/* The nodes as the kernel has them, of which there is room for MAXNODE. Bits
 * beyond are left out. */
static int
find_mask(enum family family, unsigned long *mask, unsigned long maxnode)
{
	struct placement all;
	int error = nodes_place("node mask", family, SPEC_ALL, &all);

	if (error != 0)
		return error;
	memset(mask, 0, (maxnode + WORD_BITS - 1) / WORD_BITS * sizeof(*mask));
	for (unsigned i = 0; i < SPEC_NODES_MAX && i < maxnode; i++)
		if (bits_test(all.nodes[0], i))
			mask[i / WORD_BITS] |= 1UL << i % WORD_BITS;
	return 0;
}

struct question {
	enum family family;
	unsigned long *mask, maxnode;
	int error;
};

static void
find_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->error = find_mask(asked->family, asked->mask, asked->maxnode);
}

/* A placement is more than some stacks have room for. */
static int
write_mask(enum family family, unsigned long *mask, unsigned long maxnode)
{
	struct question asked = { family, mask, maxnode, 0 };

	os_on_stack(find_on_stack, &asked);
	return asked.error;
}

EXPORT int
memkind_hbw_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode)
{
	(void)kind;
	return write_mask(FAMILY_HBW, nodemask, maxnode);
}

EXPORT int
memkind_regular_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode)
{
	(void)kind;
	return write_mask(FAMILY_CPUS, nodemask, maxnode);
}

EXPORT int
memkind_dax_kmem_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *nodemask, unsigned long maxnode)
{
	(void)kind;
	return write_mask(FAMILY_KMEM, nodemask, maxnode);
}

/* Arenas have no numbers that mean anything to a program: the kind's stands for
 * all that it has. */
EXPORT int
memkind_thread_get_arena(memkind_t kind, unsigned int *arena, size_t flags)
{
	(void)flags;
	*arena = kind == NULL ? 0 : memkind_index(kind);
	return 0;
}

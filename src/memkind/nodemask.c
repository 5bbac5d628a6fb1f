/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodemask.c - the nodes of a family as a mask, for programs that bind memory
 * of their own.
 *
 * No header has ever declared these four, and yet programs call them, with
 * declarations of their own. Owns nothing, and takes the lock of nodes.c. KIND
 * does not matter and may be NULL: the name of the function says which family
 * is meant.
 *
 * They fail as the kinds of that family do, with MEMKIND_ERROR_ENVIRON for a
 * list of nodes in the environment that is not valid; the mask is untouched
 * then.
 */
#include <limits.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/legacy.h"
#include "os/os.h"

#define WORD_BITS (sizeof(long) * CHAR_BIT)

/* The nodes in the form that mbind(2) takes, of which there is room for MAXNODE
 * bits; nodes beyond are left out. All words up to that are written, whatever
 * was in them. */
static int
find_mask(enum family family, unsigned long *mask, unsigned long maxnode)
{
	struct localities all;
	int error = nodes_localities("node mask", family, SPEC_ALL, &all);

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

/* On a stack of the engine's: localities are 13 KiB, and reading the topology
 * may take more. */
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

/* In memkind the number of the arena that serves the calling thread. Here a
 * kind's arenas come and go, and no function takes such a number, so the kind's
 * own stands for all of them: it is another one for each live kind. */
EXPORT int
memkind_thread_get_arena(memkind_t kind, unsigned int *arena, size_t flags)
{
	(void)flags;
	*arena = kind == NULL ? 0 : memkind_index(kind);
	return 0;
}

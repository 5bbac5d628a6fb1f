/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addresses.c - see addresses.h. An entry lies behind the place that its hash
 * says, with no gap between; where one is taken out, those behind it move up.
 */
#include "trace/addresses.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST ((size_t)1 << 12)

static size_t
place_of(const struct addresses *all, uint64_t address)
{
	return (size_t)(address / 16 * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
	    (all->size - 1);
}

static size_t
find(const struct addresses *all, uint64_t address)
{
	size_t at = place_of(all, address);

	while (all->table[at].address != 0 && all->table[at].address != address)
		at = (at + 1) & (all->size - 1);
	return at;
}

static bool
grow(struct addresses *all)
{
	struct addresses to = { .size = all->size == 0 ? SIZE_FIRST :
							 2 * all->size };

	to.table = calloc(to.size, sizeof(*to.table));
	if (to.table == NULL)
		return false;
	to.count = all->count;
	for (size_t i = 0; i < all->size; i++)
		if (all->table[i].address != 0)
			to.table[find(&to, all->table[i].address)] =
			    all->table[i];
	free(all->table);
	*all = to;
	return true;
}

bool
addresses_add(struct addresses *all, uint64_t address, uint32_t block)
{
	if (all->count >= all->size / 2 && !grow(all))
		return false;
	all->table[find(all, address)] = (struct address){ address, block };
	all->count++;
	return true;
}

/* Whether an entry that belongs at HOME may lie at HOLE, when it lies at AT. */
static bool
may_move(const struct addresses *all, size_t home, size_t hole, size_t at)
{
	size_t mask = all->size - 1;

	return ((at - home) & mask) >= ((at - hole) & mask);
}

bool
addresses_take(struct addresses *all, uint64_t address, uint32_t *block)
{
	size_t hole, at;

	if (all->count == 0)
		return false;
	hole = at = find(all, address);
	if (all->table[hole].address == 0)
		return false;
	*block = all->table[hole].block;
	for (;;) {
		at = (at + 1) & (all->size - 1);
		if (all->table[at].address == 0)
			break;
		if (!may_move(
			all, place_of(all, all->table[at].address), hole, at))
			continue;
		all->table[hole] = all->table[at];
		hole = at;
	}
	all->table[hole].address = 0;
	all->count--;
	return true;
}

void
addresses_clear(struct addresses *all)
{
	if (all->table != NULL)
		memset(all->table, 0, all->size * sizeof(*all->table));
	all->count = 0;
}

void
addresses_end(struct addresses *all)
{
	free(all->table);
}

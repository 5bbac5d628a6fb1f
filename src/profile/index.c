/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index.c - see index.h.
 *
 * Open addressing; the table doubles when it is half full.
 */
#include "profile/index.h"

#include <stdlib.h>

struct slot {
	uint64_t hash;
	void *entry; /* NULL: free */
};

struct profile_index {
	struct slot *slots;
	size_t count, room; /* room: a power of two */
};

struct profile_index *
profile_index_new(void)
{
	struct profile_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		return NULL;
	index->room = 64;
	index->slots = calloc(index->room, sizeof(*index->slots));
	if (index->slots != NULL)
		return index;
	free(index);
	return NULL;
}

void
profile_index_free(struct profile_index *index, bool with_entries)
{
	for (size_t i = 0; with_entries && i < index->room; i++)
		free(index->slots[i].entry);
	free(index->slots);
	free(index);
}

void *
profile_index_find(const struct profile_index *index, uint64_t hash,
    bool (*is)(const void *entry, const void *wanted), const void *wanted)
{
	size_t at = hash & (index->room - 1);

	for (; index->slots[at].entry != NULL;
	     at = (at + 1) & (index->room - 1))
		if (index->slots[at].hash == hash &&
		    is(index->slots[at].entry, wanted))
			return index->slots[at].entry;
	return NULL;
}

static void
put(struct slot *slots, size_t room, struct slot slot)
{
	size_t at = slot.hash & (room - 1);

	while (slots[at].entry != NULL)
		at = (at + 1) & (room - 1);
	slots[at] = slot;
}

static int
grow(struct profile_index *index)
{
	size_t room = 2 * index->room;
	struct slot *slots = calloc(room, sizeof(*slots));

	if (slots == NULL)
		return -1;
	for (size_t i = 0; i < index->room; i++)
		if (index->slots[i].entry != NULL)
			put(slots, room, index->slots[i]);
	free(index->slots);
	index->slots = slots;
	index->room = room;
	return 0;
}

int
profile_index_add(struct profile_index *index, uint64_t hash, void *entry)
{
	if (2 * index->count >= index->room && grow(index) != 0)
		return -1;
	put(index->slots, index->room, (struct slot){ hash, entry });
	index->count++;
	return 0;
}

uint64_t
profile_hash(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index.h - a hash table of pointers, for the texts and the sites of a profile.
 *
 * Owns its slots, and what they point to if profile_index_free() is told so.
 * Called by profile.c and the files that write and read profiles, in one
 * thread. Fails where there is no memory, without a sentence.
 */
#ifndef PROFILE_INDEX_H
#define PROFILE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_index;

struct profile_index *profile_index_new(void);
void profile_index_free(struct profile_index *index, bool with_entries);

/* The entry with this hash that IS says is WANTED; NULL: none. */
void *profile_index_find(const struct profile_index *index, uint64_t hash,
    bool (*is)(const void *entry, const void *wanted), const void *wanted);

/* 0, or -1 where there is no memory. */
int profile_index_add(struct profile_index *index, uint64_t hash, void *entry);

/* FNV-1a: HASH, which is PROFILE_HASH to begin with, and what follows. */
#define PROFILE_HASH UINT64_C(0xcbf29ce484222325)
uint64_t profile_hash(uint64_t hash, const void *bytes, size_t size);

#endif /* PROFILE_INDEX_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ld_cache.c - see ld_cache.h.
 *
 * The form is glibc's, in which ldconfig(8) has written since 2.32 without that
 * of before: a head, entries, texts, all offsets from the beginning. Where the
 * names are that entries for certain processors have (glibc-hwcaps) is in an
 * extension. Entries for processors in the way of before 2.33 are passed over.
 */
#include "rules/ld_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "glibc-ld.so.cache1.1"
#define BYTES_MAX ((size_t)64 << 20)

struct head {
	char magic[20];
	uint32_t count, text_bytes, flags, extension, unused[3];
};

struct entry {
	int32_t flags;
	uint32_t name, path, version;
	uint64_t processors; /* 0: any */
};

/* An entry's processors by name: the number of that is in the lower half. */
#define BY_NAME (UINT64_C(1) << 62)

#define EXTENSION_MAGIC UINT32_C(0xeaa42174)
#define SECTION_PROCESSORS 1

struct extension {
	uint32_t magic, count;
};

struct section {
	uint32_t tag, flags, offset, bytes;
};

void
ld_cache_open(struct ld_cache *cache, const char *path)
{
	FILE *file = fopen(path, "re");

	*cache = (struct ld_cache){ NULL, 0 };
	if (file == NULL)
		return;
	cache->content = malloc(BYTES_MAX);
	if (cache->content != NULL)
		cache->bytes = fread(cache->content, 1, BYTES_MAX - 1, file);
	fclose(file);
	if (cache->content != NULL)
		cache->content[cache->bytes] = '\0';
}

void
ld_cache_close(struct ld_cache *cache)
{
	free(cache->content);
	*cache = (struct ld_cache){ NULL, 0 };
}

/* The text at OFFSET; "" where that cannot be. The content ends with NUL. */
static const char *
text_at(const struct ld_cache *cache, uint32_t offset)
{
	return offset < cache->bytes ? cache->content + offset : "";
}

static bool
read_at(const struct ld_cache *cache, size_t offset, void *to, size_t bytes)
{
	if (offset > cache->bytes || bytes > cache->bytes - offset)
		return false;
	memcpy(to, cache->content + offset, bytes);
	return true;
}

/* Where the offsets of the processors' names are. */
static bool
find_processors(
    const struct ld_cache *cache, uint32_t at, struct section *found)
{
	struct extension extension;

	if (!read_at(cache, at, &extension, sizeof(extension)) ||
	    extension.magic != EXTENSION_MAGIC)
		return false;
	for (uint32_t i = 0; i < extension.count; i++)
		if (!read_at(cache, at + sizeof(extension) + i * sizeof(*found),
			found, sizeof(*found)))
			return false;
		else if (found->tag == SECTION_PROCESSORS)
			return true;
	return false;
}

/* The name of the processor that an entry is for, "" for any; NULL where that
 * is said in another way. */
static const char *
processor_of(const struct ld_cache *cache, const struct head *head,
    const struct entry *entry)
{
	uint64_t number = (uint32_t)entry->processors;
	struct section names;
	uint32_t name;

	if (entry->processors == 0)
		return "";
	if ((entry->processors & BY_NAME) == 0 ||
	    !find_processors(cache, head->extension, &names) ||
	    number >= names.bytes / sizeof(name) ||
	    !read_at(cache, names.offset + number * sizeof(name), &name,
		sizeof(name)))
		return NULL;
	return text_at(cache, name);
}

static bool
is_for(const char *entrys, const char *processor)
{
	return entrys != NULL && strcmp(entrys, processor) == 0;
}

const char *
ld_cache_find(const struct ld_cache *cache, const char *name,
    const char *processor, size_t *at)
{
	struct head head;
	struct entry entry;

	if (!read_at(cache, 0, &head, sizeof(head)) ||
	    memcmp(head.magic, MAGIC, sizeof(head.magic)) != 0)
		return NULL;
	while (*at < head.count &&
	    read_at(cache, sizeof(head) + *at * sizeof(entry), &entry,
		sizeof(entry))) {
		++*at;
		if (strcmp(text_at(cache, entry.name), name) == 0 &&
		    is_for(processor_of(cache, &head, &entry), processor))
			return text_at(cache, entry.path);
	}
	return NULL;
}

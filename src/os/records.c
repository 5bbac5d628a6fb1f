/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - memory for the engine's own records.
 *
 * Owns chunks of DRAM, cut into records of power-of-two sizes, and a list of
 * free records a size. Called by source, arena, kind and the shim, under any
 * of their locks; its own lock is the last in the lock order. Only a lack of
 * memory can make it fail.
 *
 * Why not malloc: the engine may stand in its place, and its records must not
 * lie in the memory that they describe, which may be a file, a device or on a
 * node that is full. Why not a mapping for each: a process has 65530 of them
 * (vm.max_map_count), and a record may have 64 bytes.
 *
 * That chunks are never unmapped is a promise (records.h), on which readers
 * without a lock lean: they may look at a record that was freed, and then ask
 * whether what they saw holds. Of a freed record the first word is overwritten
 * at once, as a link, and the rest when it is used again. A size class never
 * takes more memory than its records did at their peak.
 *
 * Sizes are rounded up to a power of two. That wastes up to half of a record,
 * but any freed record of a class serves any request of it, and whoever frees
 * one says how large it was, so none has a header.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/list.h"
#include "os/lock.h"
#include "os/os.h"
#include "os/records.h"

#define CHUNK_BYTES (256 * KIB)
#define LG_SMALLEST 6 /* 64 bytes: the alignment that is promised */
#define LG_LARGEST 15
#define CLASSES (LG_LARGEST - LG_SMALLEST + 1)

struct free_record {
	struct free_record *next;
};

static struct lock lock = LOCK_INIT;
static struct free_record *free_records[CLASSES];
static char *chunk; /* what is left of the newest chunk, all zero */
static size_t chunk_left;
static _Atomic size_t in_use;

static bool
is_large(size_t bytes)
{
	return bytes > (size_t)1 << LG_LARGEST;
}

static unsigned
class_of(size_t bytes)
{
	unsigned class = 0;

	while ((size_t)1 << (class + LG_SMALLEST) < bytes)
		class ++;
	return class;
}

static size_t
class_bytes(unsigned class)
{
	return (size_t)1 << (class + LG_SMALLEST);
}

static void
put(void *record, unsigned class)
{
	struct free_record *freed = record;

	STACK_PUSH(&free_records[class], freed);
}

/* Replaces the chunk; what was left of the old one becomes free records, the
 * largest that fit first. What is left is a multiple of 64 bytes, so nothing of
 * it is lost. On failure the old chunk stays, for smaller records. */
static bool
new_chunk(void)
{
	unsigned class = CLASSES;
	void *fresh;

	if (os_map(CHUNK_BYTES, &fresh) != 0)
		return false;
	while (class -- > 0) {
		while (chunk_left >= class_bytes(class)) {
			put(chunk, class);
			chunk += class_bytes(class);
			chunk_left -= class_bytes(class);
		}
	}
	chunk = fresh;
	chunk_left = CHUNK_BYTES;
	return true;
}

/* A zeroed record of the class: one that was freed, which is zeroed now, or a
 * piece of the chunk, which was never written. NULL without memory. The lock is
 * held. */
static void *
take(unsigned class)
{
	struct free_record *reused;
	char *record;

	if (free_records[class] != NULL) {
		STACK_POP(&free_records[class], reused);
		return memset(reused, 0, class_bytes(class));
	}
	if (chunk_left < class_bytes(class) && !new_chunk())
		return NULL;
	record = chunk;
	chunk += class_bytes(class);
	chunk_left -= class_bytes(class);
	return record;
}

/* Above 32 KiB a record has a mapping of its own, which goes when it is freed:
 * these are tables of a size that seldom comes again. No reader may look at
 * them without a lock. */
static void *
new_large(size_t bytes)
{
	void *pages;

	if (bytes > SIZE_MAX - PAGE_BYTES ||
	    os_map(align_up(bytes, PAGE_BYTES), &pages) != 0)
		return NULL;
	atomic_fetch_add(&in_use, align_up(bytes, PAGE_BYTES));
	return pages;
}

void *
record_new(size_t bytes)
{
	unsigned class;
	void *record;

	if (is_large(bytes))
		return new_large(bytes);
	class = class_of(bytes);
	lock_take(&lock);
	record = take(class);
	lock_give(&lock);
	if (record != NULL)
		atomic_fetch_add(&in_use, class_bytes(class));
	return record;
}

void
record_free(void *record, size_t bytes)
{
	unsigned class;

	if (record == NULL)
		return;
	if (is_large(bytes)) {
		os_unmap(record, align_up(bytes, PAGE_BYTES));
		atomic_fetch_sub(&in_use, align_up(bytes, PAGE_BYTES));
		return;
	}
	class = class_of(bytes);
	lock_take(&lock);
	put(record, class);
	lock_give(&lock);
	atomic_fetch_sub(&in_use, class_bytes(class));
}

size_t
record_bytes_in_use(void)
{
	return atomic_load(&in_use);
}

void
records_prefork(void)
{
	lock_take(&lock);
}

void
records_postfork(void)
{
	lock_give(&lock);
}

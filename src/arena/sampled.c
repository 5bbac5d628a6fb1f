/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sampled.c - see sampled.h.
 *
 * An entry is free, or being written (its address is odd), or has a block. In
 * the child of a fork what another thread was writing stays so, and is lost.
 */
#ifdef HAVE_SDT
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
#endif

#include "arena/sampled.h"

#include "arena/sizeclass.h"
#include "os/os.h"

#ifdef HAVE_SDT
/* By this name the probe finds it. */
static unsigned short otel_memory_free_semaphore
    __attribute__((used, section(".probes")));
#else
#define DTRACE_PROBE3(provider, name, a, b, c) ((void)(a), (void)(b), (void)(c))
#endif

#define ENTRIES ((size_t)1 << 16)
#define NEAR 16 /* entries in which a block may be */
#define WRITING 1

struct entry {
	_Atomic uintptr_t address;
	size_t asked, weight;
	const struct heap *heap;
};

_Atomic uint32_t sampled_live;
static struct entry *_Atomic table;

size_t
sampled_bytes(size_t size)
{
	size_t bytes = align_up(max_size(size, CACHE_SIZE_MAX + 1), PAGE_BYTES);

	return bin_of_usable(bytes) == 0 ? bytes : bytes + PAGE_BYTES;
}

/* NULL: no memory. */
static struct entry *
make_table(void)
{
	struct entry *none = NULL;
	void *memory;

	if (os_map(ENTRIES * sizeof(struct entry), &memory) != 0)
		return NULL;
	if (atomic_compare_exchange_strong(&table, &none, memory))
		return memory;
	os_unmap(memory, ENTRIES * sizeof(struct entry));
	return none;
}

static struct entry *
entry_at(struct entry *entries, const void *ptr, size_t i)
{
	uint64_t hash = (uintptr_t)ptr / PAGE_BYTES *
	    UINT64_C(0x9e3779b97f4a7c15);

	return &entries[((hash >> 40) + i) % ENTRIES];
}

bool
sampled_enter(const struct sampled *block)
{
	uintptr_t address = (uintptr_t)block->ptr, none;
	struct entry *entries = atomic_load(&table);

	if (entries == NULL)
		entries = make_table();
	for (size_t i = 0; entries != NULL && i < NEAR; i++) {
		struct entry *entry = entry_at(entries, block->ptr, i);

		none = 0;
		if (!atomic_compare_exchange_strong(
			&entry->address, &none, address | WRITING))
			continue;
		entry->asked = block->asked;
		entry->weight = block->weight;
		entry->heap = block->heap;
		atomic_store(&entry->address, address);
		atomic_fetch_add(&sampled_live, 1);
		return true;
	}
	return false;
}

static struct entry *
find(const void *ptr)
{
	struct entry *entries = atomic_load(&table);

	for (size_t i = 0; entries != NULL && i < NEAR; i++) {
		struct entry *entry = entry_at(entries, ptr, i);

		if (atomic_load(&entry->address) == (uintptr_t)ptr)
			return entry;
	}
	return NULL;
}

bool
sampled_has(const void *ptr)
{
	return find(ptr) != NULL;
}

static void
take_out(struct entry *entry, uintptr_t address)
{
	size_t asked = entry->asked, weight = entry->weight;

	if (!atomic_compare_exchange_strong(&entry->address, &address, 0))
		return;
	atomic_fetch_sub(&sampled_live, 1);
	DTRACE_PROBE3(otel_memory, free, address, asked, weight);
}

void
sampled_free(const void *ptr)
{
	struct entry *entry = find(ptr);

	if (entry != NULL)
		take_out(entry, (uintptr_t)ptr);
}

void
sampled_free_all(const struct heap *heap)
{
	struct entry *entries = atomic_load(&table);

	for (size_t i = 0; entries != NULL && i < ENTRIES; i++) {
		uintptr_t address = atomic_load(&entries[i].address);

		if (address != 0 && (address & WRITING) == 0 &&
		    entries[i].heap == heap)
			take_out(&entries[i], address);
	}
}

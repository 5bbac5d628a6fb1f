/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * legacy.c - names that old programs may bind to, and that mean nothing here.
 *
 * memkind showed its insides: tables of operations, and the functions in them.
 * No header declared them, and no program is known that calls them; but one
 * that only names them must start: programs are mostly linked with "-z now",
 * and then a single missing name keeps them from it. What has a plain meaning
 * does it, the rest fails without harm.
 *
 * Functions that fail or do nothing are defined without parameters, whatever
 * memkind's had: in the calling conventions of Linux the caller cleans up what
 * it passed, and nobody reads it.
 */
#include <errno.h>
#include <stdlib.h>

#include "memkind/kinds.h"
#include "memkind/legacy.h"

#define LEGACY(type, name, ...) \
	EXPORT type name(__VA_ARGS__); \
	EXPORT type name(__VA_ARGS__)

/* ---- Tables of operations: empty ----------------------------------------- */

/* Variables that a program can bind to, with nothing in them: no header says
 * what memkind had there, so none can be used. */
struct memkind_ops {
	void *none[24];
};

#define TABLE(name) \
	EXPORT extern struct memkind_ops name; \
	struct memkind_ops name \
	    __attribute__((section(".data"))) = { { NULL } };

TABLE(MEMKIND_DAX_KMEM_ALL_OPS)
TABLE(MEMKIND_DAX_KMEM_INTERLEAVE_OPS)
TABLE(MEMKIND_DAX_KMEM_OPS)
TABLE(MEMKIND_DAX_KMEM_PREFERRED_OPS)
TABLE(MEMKIND_DEFAULT_OPS)
TABLE(MEMKIND_FIXED_OPS)
TABLE(MEMKIND_GBTLB_OPS)
TABLE(MEMKIND_HBW_ALL_HUGETLB_OPS)
TABLE(MEMKIND_HBW_ALL_OPS)
TABLE(MEMKIND_HBW_GBTLB_OPS)
TABLE(MEMKIND_HBW_HUGETLB_OPS)
TABLE(MEMKIND_HBW_INTERLEAVE_OPS)
TABLE(MEMKIND_HBW_OPS)
TABLE(MEMKIND_HBW_PREFERRED_GBTLB_OPS)
TABLE(MEMKIND_HBW_PREFERRED_HUGETLB_OPS)
TABLE(MEMKIND_HBW_PREFERRED_OPS)
TABLE(MEMKIND_HIGHEST_BANDWIDTH_LOCAL_OPS)
TABLE(MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED_OPS)
TABLE(MEMKIND_HIGHEST_CAPACITY_LOCAL_OPS)
TABLE(MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED_OPS)
TABLE(MEMKIND_HIGHEST_CAPACITY_OPS)
TABLE(MEMKIND_HIGHEST_CAPACITY_PREFERRED_OPS)
TABLE(MEMKIND_HUGETLB_OPS)
TABLE(MEMKIND_INTERLEAVE_OPS)
TABLE(MEMKIND_LOWEST_LATENCY_LOCAL_OPS)
TABLE(MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED_OPS)
TABLE(MEMKIND_PMEM_OPS)
TABLE(MEMKIND_REGULAR_OPS)

/* ---- Functions that allocate --------------------------------------------- */

/* The functions behind memkind's tables for two sorts of kinds. Any kind may be
 * passed: they are what the public ones do. */
#define ALLOCATES(way) \
	LEGACY(void *, memkind_##way##_malloc, memkind_t kind, size_t size) \
	{ \
		return memkind_malloc(kind, size); \
	} \
	LEGACY(void *, memkind_##way##_calloc, memkind_t kind, size_t num, \
	    size_t size) \
	{ \
		return memkind_calloc(kind, num, size); \
	} \
	LEGACY(int, memkind_##way##_posix_memalign, memkind_t kind, \
	    void **ptr, size_t alignment, size_t size) \
	{ \
		return memkind_posix_memalign(kind, ptr, alignment, size); \
	} \
	LEGACY(void *, memkind_##way##_realloc, memkind_t kind, void *ptr, \
	    size_t size) \
	{ \
		return memkind_realloc(kind, ptr, size); \
	} \
	LEGACY(void, memkind_##way##_free, memkind_t kind, void *ptr) \
	{ \
		memkind_free(kind, ptr); \
	}

ALLOCATES(arena)
ALLOCATES(default)

LEGACY(void *, memkind_arena_realloc_with_kind_detect, void *ptr, size_t size)
{
	return memkind_realloc(NULL, ptr, size);
}

LEGACY(void, memkind_arena_free_with_kind_detect, void *ptr)
{
	memkind_free(NULL, ptr);
}

LEGACY(memkind_t, memkind_arena_detect_kind, void *ptr)
{
	return memkind_detect_kind(ptr);
}

LEGACY(size_t, memkind_default_malloc_usable_size, memkind_t kind, void *ptr)
{
	return memkind_malloc_usable_size(kind, ptr);
}

LEGACY(int, memkind_posix_check_alignment, memkind_t kind, size_t alignment)
{
	(void)kind;
	return is_power_of_two(alignment) && alignment % sizeof(void *) == 0 ?
	    0 :
	    EINVAL;
}

/* ---- Functions that answer ----------------------------------------------- */

#define AVAILABLE(name, own) \
	LEGACY(int, name, memkind_t kind) \
	{ \
		(void)kind; \
		return memkind_check_available(own); \
	}

AVAILABLE(memkind_hbw_check_available, MEMKIND_HBW)
AVAILABLE(memkind_hbw_hugetlb_check_available, MEMKIND_HBW_HUGETLB)
AVAILABLE(memkind_hugetlb_check_available_2mb, MEMKIND_HUGETLB)

LEGACY(int, memkind_hbw_get_mbind_nodemask, memkind_t kind, unsigned long *mask,
    unsigned long maxnode)
{
	return memkind_hbw_all_get_mbind_nodemask(kind, mask, maxnode);
}

LEGACY(int, memkind_bijective_get_arena, memkind_t kind, unsigned int *arena,
    size_t flags)
{
	return memkind_thread_get_arena(kind, arena, flags);
}

/* ---- Functions that do nothing ------------------------------------------- */

/* They set up a kind before its first use, which happens by itself here. */
#define NOTHING_TO_DO(name) \
	LEGACY(void, name, void) \
	{ \
	}

NOTHING_TO_DO(memkind_default_init_once)
NOTHING_TO_DO(memkind_hbw_all_hugetlb_init_once)
NOTHING_TO_DO(memkind_hbw_all_init_once)
NOTHING_TO_DO(memkind_hbw_hugetlb_init_once)
NOTHING_TO_DO(memkind_hbw_init_once)
NOTHING_TO_DO(memkind_hbw_interleave_init_once)
NOTHING_TO_DO(memkind_hbw_preferred_hugetlb_init_once)
NOTHING_TO_DO(memkind_hbw_preferred_init_once)
NOTHING_TO_DO(memkind_hugetlb_init_once)
NOTHING_TO_DO(memkind_interleave_init_once)

/* ---- Functions that fail ------------------------------------------------- */

/* They worked on a kind's arenas and mappings, which are the engine's here. */
#define FAILS(name) \
	LEGACY(int, name, void) \
	{ \
		return MEMKIND_ERROR_OPERATION_FAILED; \
	}

FAILS(memkind_arena_create)
FAILS(memkind_arena_create_map)
FAILS(memkind_arena_destroy)
FAILS(memkind_arena_update_memory_usage_policy)
FAILS(memkind_default_create)
FAILS(memkind_default_destroy)
FAILS(memkind_default_get_mbind_mode)
FAILS(memkind_default_get_mbind_nodemask)
FAILS(memkind_default_get_mmap_flags)
FAILS(memkind_default_mbind)
FAILS(memkind_fixed_create)
FAILS(memkind_fixed_destroy)
FAILS(memkind_hugetlb_get_mmap_flags)
FAILS(memkind_interleave_get_mbind_mode)
FAILS(memkind_nohugepage_madvise)
FAILS(memkind_pmem_create)
FAILS(memkind_pmem_destroy)
FAILS(memkind_pmem_get_mmap_flags)
FAILS(memkind_preferred_get_mbind_mode)
FAILS(memkind_set_arena_map_len)

#define MAPS_NOTHING(name) \
	LEGACY(void *, name, void) \
	{ \
		return (void *)-1; /* MAP_FAILED */ \
	}

MAPS_NOTHING(memkind_default_mmap)
MAPS_NOTHING(memkind_fixed_mmap)
MAPS_NOTHING(memkind_pmem_mmap)

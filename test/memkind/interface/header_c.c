/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind's headers for C, as a program sees them: nothing is included before
 * them. Every number is what programs were compiled with, every function is
 * declared a second time, as programs know it, and some are called.
 * memkind_headers.sh compiles this under each standard, also with the headers
 * in another order (REVERSE), and runs it.
 */
#ifdef REVERSE
#include <autohbw_api.h>
#include <hbwmalloc.h>
#include <memkind_deprecated.h>
#include <memkind_memtier.h>
#else
#include <memkind.h>
#include <memkind_memtier.h>
#include <hbwmalloc.h>
#include <autohbw_api.h>
#endif

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- Numbers ------------------------------------------------------------- */

#define IS(name, value) typedef char is_##name[(name) == (value) ? 1 : -1]

IS(MEMKIND_SUCCESS, 0);
IS(MEMKIND_ERROR_UNAVAILABLE, -1);
IS(MEMKIND_ERROR_MBIND, -2);
IS(MEMKIND_ERROR_MMAP, -3);
IS(MEMKIND_ERROR_MALLOC, -6);
IS(MEMKIND_ERROR_ENVIRON, -12);
IS(MEMKIND_ERROR_INVALID, -13);
IS(MEMKIND_ERROR_TOOMANY, -15);
IS(MEMKIND_ERROR_BADOPS, -17);
IS(MEMKIND_ERROR_HUGETLB, -18);
IS(MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE, -20);
IS(MEMKIND_ERROR_OPERATION_FAILED, -21);
IS(MEMKIND_ERROR_ARENAS_CREATE, -22);
IS(MEMKIND_ERROR_RUNTIME, -255);
IS(MEMKIND_MAX_KIND, 512);
IS(MEMKIND_ERROR_MESSAGE_SIZE, 128);
IS(MEMKIND_PMEM_MIN_SIZE, 16777216);
IS(MEMKIND_MEMTYPE_DEFAULT, 1);
IS(MEMKIND_MEMTYPE_HIGH_BANDWIDTH, 2);
IS(MEMKIND_POLICY_BIND_LOCAL, 0);
IS(MEMKIND_POLICY_BIND_ALL, 1);
IS(MEMKIND_POLICY_PREFERRED_LOCAL, 2);
IS(MEMKIND_POLICY_INTERLEAVE_LOCAL, 3);
IS(MEMKIND_POLICY_INTERLEAVE_ALL, 4);
IS(MEMKIND_POLICY_MAX_VALUE, 5);
IS(MEMKIND_MASK_PAGE_SIZE_2MB, 21);
IS(MEMKIND_MEM_USAGE_POLICY_DEFAULT, 0);
IS(MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE, 1);
IS(MEMKIND_MEM_USAGE_POLICY_MAX_VALUE, 2);
IS(MEMKIND_STAT_TYPE_RESIDENT, 0);
IS(MEMKIND_STAT_TYPE_ACTIVE, 1);
IS(MEMKIND_STAT_TYPE_ALLOCATED, 2);
IS(MEMKIND_STAT_TYPE_MAX_VALUE, 3);
IS(MEMKIND_STAT_PRINT_ALL, 0);
IS(MEMKIND_STAT_PRINT_JSON_FORMAT, 1);
IS(MEMKIND_STAT_PRINT_OMIT_GENERAL, 2);
IS(MEMKIND_STAT_PRINT_OMIT_MERGED_ARENA, 4);
IS(MEMKIND_STAT_PRINT_OMIT_DESTROYED_MERGED_ARENA, 8);
IS(MEMKIND_STAT_PRINT_OMIT_PER_ARENA, 16);
IS(MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_BINS, 32);
IS(MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_LARGE, 64);
IS(MEMKIND_STAT_PRINT_OMIT_MUTEX, 128);
IS(MEMKIND_STAT_PRINT_OMIT_EXTENT, 256);
IS(MEMKIND_PARTITION_DEFAULT, 0);
IS(MEMKIND_PARTITION_HBW, 1);
IS(MEMKIND_PARTITION_HBW_HUGETLB, 2);
IS(MEMKIND_PARTITION_HBW_PREFERRED, 3);
IS(MEMKIND_PARTITION_HBW_PREFERRED_HUGETLB, 4);
IS(MEMKIND_PARTITION_HUGETLB, 5);
IS(MEMKIND_PARTITION_HBW_GBTLB, 6);
IS(MEMKIND_PARTITION_HBW_PREFERRED_GBTLB, 7);
IS(MEMKIND_PARTITION_GBTLB, 8);
IS(MEMKIND_PARTITION_HBW_INTERLEAVE, 9);
IS(MEMKIND_PARTITION_INTERLEAVE, 10);
IS(MEMKIND_PARTITION_REGULAR, 11);
IS(MEMKIND_PARTITION_HBW_ALL, 12);
IS(MEMKIND_PARTITION_HBW_ALL_HUGETLB, 13);
IS(MEMKIND_PARTITION_DAX_KMEM, 14);
IS(MEMKIND_PARTITION_DAX_KMEM_ALL, 15);
IS(MEMKIND_PARTITION_DAX_KMEM_PREFERRED, 16);
IS(MEMKIND_PARTITION_DAX_KMEM_INTERLEAVE, 17);
IS(MEMKIND_PARTITION_HIGHEST_CAPACITY, 18);
IS(MEMKIND_PARTITION_HIGHEST_CAPACITY_PREFERRED, 19);
IS(MEMKIND_PARTITION_HIGHEST_CAPACITY_LOCAL, 20);
IS(MEMKIND_PARTITION_HIGHEST_CAPACITY_LOCAL_PREFERRED, 21);
IS(MEMKIND_PARTITION_LOWEST_LATENCY_LOCAL, 22);
IS(MEMKIND_PARTITION_LOWEST_LATENCY_LOCAL_PREFERRED, 23);
IS(MEMKIND_PARTITION_HIGHEST_BANDWIDTH_LOCAL, 24);
IS(MEMKIND_PARTITION_HIGHEST_BANDWIDTH_LOCAL_PREFERRED, 25);
IS(MEMKIND_NUM_BASE_KIND, 26);
IS(HBW_POLICY_BIND, 1);
IS(HBW_POLICY_PREFERRED, 2);
IS(HBW_POLICY_INTERLEAVE, 3);
IS(HBW_POLICY_BIND_ALL, 4);
IS(HBW_PAGESIZE_4KB, 1);
IS(HBW_PAGESIZE_2MB, 2);
IS(HBW_PAGESIZE_1GB_STRICT, 3);
IS(HBW_PAGESIZE_1GB, 4);
IS(HBW_TOUCH_PAGES, 1);
IS(MEMTIER_POLICY_STATIC_RATIO, 0);
IS(MEMTIER_POLICY_DYNAMIC_THRESHOLD, 1);
IS(MEMTIER_POLICY_MAX_VALUE, 2);

/* ---- Functions ----------------------------------------------------------- */

int memkind_get_version(void);
void memkind_error_message(int err, char *msg, size_t size);
struct memkind_config *memkind_config_new(void);
void memkind_config_delete(struct memkind_config *cfg);
void memkind_config_set_path(struct memkind_config *cfg, const char *pmem_dir);
void memkind_config_set_size(struct memkind_config *cfg, size_t pmem_size);
void memkind_config_set_memory_usage_policy(
    struct memkind_config *cfg, memkind_mem_usage_policy policy);
int memkind_create_kind(enum memkind_memtype_t memtype_flags,
    enum memkind_policy_t policy, enum memkind_bits_t flags, memkind_t *kind);
int memkind_create_pmem(const char *dir, size_t max_size, memkind_t *kind);
int memkind_create_pmem_with_config(
    struct memkind_config *cfg, struct memkind **kind);
int memkind_create_fixed(void *addr, size_t size, memkind_t *kind);
int memkind_destroy_kind(memkind_t kind);
int memkind_check_available(memkind_t kind);
ssize_t memkind_get_capacity(memkind_t kind);
int memkind_check_dax_path(const char *pmem_dir);
void memkind_set_allow_zero_allocs(memkind_t kind, bool allow_zero_allocs);
int memkind_get_kind_by_partition(int partition, memkind_t *kind);
void *memkind_malloc(memkind_t kind, size_t size);
void *memkind_calloc(memkind_t kind, size_t num, size_t size);
int memkind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size);
void *memkind_realloc(memkind_t kind, void *ptr, size_t size);
void memkind_free(memkind_t kind, void *ptr);
size_t memkind_malloc_usable_size(
    memkind_t kind, MEMKIND_MALLOC_USABLE_SIZE_CONST void *ptr);
void *memkind_defrag_reallocate(memkind_t kind, void *ptr);
memkind_t memkind_detect_kind(void *ptr);
int memkind_update_cached_stats(void);
int memkind_get_stat(
    memkind_t kind, enum memkind_stat_type stat, size_t *value);
int memkind_stats_print(void (*write_cb)(void *, const char *), void *cbopaque,
    enum memkind_stat_print_opt opts);
int memkind_set_bg_threads(bool state);
int hbw_check_available(void);
hbw_policy_t hbw_get_policy(void);
int hbw_set_policy(hbw_policy_t mode);
int hbw_verify_memory_region(void *addr, size_t size, int flags);
void *hbw_malloc(size_t size);
void *hbw_calloc(size_t nmemb, size_t size);
void *hbw_realloc(void *ptr, size_t size);
void hbw_free(void *ptr);
size_t hbw_malloc_usable_size(void *ptr);
int hbw_posix_memalign(void **memptr, size_t alignment, size_t size);
int hbw_posix_memalign_psize(
    void **memptr, size_t alignment, size_t size, hbw_pagesize_t pagesize);
struct memtier_builder *memtier_builder_new(enum memtier_policy_t policy);
void memtier_builder_delete(struct memtier_builder *builder);
int memtier_builder_add_tier(
    struct memtier_builder *builder, memkind_t kind, unsigned kind_ratio);
struct memtier_memory *memtier_builder_construct_memtier_memory(
    struct memtier_builder *builder);
void memtier_delete_memtier_memory(struct memtier_memory *memory);
int memtier_ctl_set(
    struct memtier_builder *builder, const char *name, const void *val);
void *memtier_malloc(struct memtier_memory *memory, size_t size);
void *memtier_calloc(struct memtier_memory *memory, size_t num, size_t size);
void *memtier_realloc(struct memtier_memory *memory, void *ptr, size_t size);
int memtier_posix_memalign(struct memtier_memory *memory, void **memptr,
    size_t alignment, size_t size);
size_t memtier_usable_size(void *ptr);
void *memtier_kind_malloc(memkind_t kind, size_t size);
void *memtier_kind_calloc(memkind_t kind, size_t num, size_t size);
void *memtier_kind_realloc(memkind_t kind, void *ptr, size_t size);
int memtier_kind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size);
void memtier_kind_free(memkind_t kind, void *ptr);
size_t memtier_kind_allocated_size(memkind_t kind);
void enableAutoHBW(void);
void disableAutoHBW(void);

#ifdef MEMKIND_DECORATION_ENABLED
static size_t decorated;

void
memkind_malloc_pre(memkind_t *kind, size_t *size)
{
	decorated += *kind != NULL && *size != 0;
}

void
memtier_kind_free_pre(void **ptr)
{
	decorated += *ptr != NULL;
}
#endif

/* ---- Kinds --------------------------------------------------------------- */

static memkind_t *const kinds[] = { &MEMKIND_DEFAULT, &MEMKIND_REGULAR,
	&MEMKIND_INTERLEAVE, &MEMKIND_HUGETLB, &MEMKIND_HIGHEST_CAPACITY,
	&MEMKIND_HIGHEST_CAPACITY_PREFERRED, &MEMKIND_HIGHEST_CAPACITY_LOCAL,
	&MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED,
	&MEMKIND_LOWEST_LATENCY_LOCAL, &MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED,
	&MEMKIND_HIGHEST_BANDWIDTH_LOCAL,
	&MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED, &MEMKIND_HBW,
	&MEMKIND_HBW_ALL, &MEMKIND_HBW_PREFERRED, &MEMKIND_HBW_INTERLEAVE,
	&MEMKIND_HBW_HUGETLB, &MEMKIND_HBW_ALL_HUGETLB,
	&MEMKIND_HBW_PREFERRED_HUGETLB, &MEMKIND_DAX_KMEM,
	&MEMKIND_DAX_KMEM_ALL, &MEMKIND_DAX_KMEM_PREFERRED,
	&MEMKIND_DAX_KMEM_INTERLEAVE, &MEMKIND_GBTLB, &MEMKIND_HBW_GBTLB,
	&MEMKIND_HBW_PREFERRED_GBTLB };

static int
distinct(void)
{
	const size_t count = sizeof(kinds) / sizeof(kinds[0]);
	size_t i, j;

	for (i = 0; i < count; i++) {
		if (*kinds[i] == NULL)
			return 0;
		for (j = 0; j < i; j++)
			if (*kinds[i] == *kinds[j])
				return 0;
	}
	return count == MEMKIND_NUM_BASE_KIND;
}

static int
use_tiers(void)
{
	struct memtier_builder *builder = memtier_builder_new(
	    MEMTIER_POLICY_STATIC_RATIO);
	struct memtier_memory *memory;
	void *block;

	if (memtier_builder_add_tier(builder, MEMKIND_REGULAR, 1) != 0)
		return 0;
	memory = memtier_builder_construct_memtier_memory(builder);
	memtier_builder_delete(builder);
	block = memtier_malloc(memory, 100);
	if (block == NULL || memtier_usable_size(block) < 100 ||
	    memtier_kind_allocated_size(MEMKIND_REGULAR) < 100)
		return 0;
	memtier_free(block);
	memtier_delete_memtier_memory(memory);
	return memtier_kind_allocated_size(MEMKIND_REGULAR) == 0;
}

int
main(void)
{
	char message[MEMKIND_ERROR_MESSAGE_SIZE];
	char *block = (char *)memkind_malloc(MEMKIND_DEFAULT, 100);
	size_t allocated;

	if (!distinct())
		return 1;
	if (block == NULL || memkind_detect_kind(block) != MEMKIND_DEFAULT)
		return 2;
	memset(block, 1, memkind_malloc_usable_size(MEMKIND_DEFAULT, block));
	if (memkind_update_cached_stats() != 0 ||
	    memkind_get_stat(NULL, MEMKIND_STAT_TYPE_ALLOCATED, &allocated) !=
		0 ||
	    allocated < 100)
		return 3;
	memkind_free(NULL, block);
	memkind_error_message(MEMKIND_ERROR_INVALID, message, sizeof(message));
	if (strncmp(message, "<memkind> ", 10) != 0)
		return 4;
	if (hbw_set_policy((hbw_policy_t)0) != EINVAL ||
	    hbw_get_policy() != HBW_POLICY_PREFERRED)
		return 5;
	if (memkind_get_version() != 1014000)
		return 6;
	return use_tiers() ? 0 : 7;
}

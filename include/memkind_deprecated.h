/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_deprecated.h - what memkind 1.14 had and its last commit has not.
 *
 * Included by memkind.h, whose rules hold here. It is kept so that programs of
 * that time compile and start; new ones use the kinds with HUGETLB in their
 * name, and the kinds' own variables instead of their numbers.
 */
#ifndef MEMKIND_DEPRECATED_H
#define MEMKIND_DEPRECATED_H

#include "memkind.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Declares FUNC such that its use is warned of. */
#ifndef MEMKIND_DEPRECATED
#if defined(__GNUC__)
#define MEMKIND_DEPRECATED(func) func __attribute__((__deprecated__))
#elif defined(_MSC_VER)
#define MEMKIND_DEPRECATED(func) __declspec(deprecated) func
#else
#define MEMKIND_DEPRECATED(func) func
#endif
#endif

/* The numbers of the static kinds, for memkind_get_kind_by_partition(). */
enum memkind_base_partition {
	MEMKIND_PARTITION_DEFAULT = 0,
	MEMKIND_PARTITION_HBW = 1,
	MEMKIND_PARTITION_HBW_HUGETLB = 2,
	MEMKIND_PARTITION_HBW_PREFERRED = 3,
	MEMKIND_PARTITION_HBW_PREFERRED_HUGETLB = 4,
	MEMKIND_PARTITION_HUGETLB = 5,
	MEMKIND_PARTITION_HBW_GBTLB = 6,
	MEMKIND_PARTITION_HBW_PREFERRED_GBTLB = 7,
	MEMKIND_PARTITION_GBTLB = 8,
	MEMKIND_PARTITION_HBW_INTERLEAVE = 9,
	MEMKIND_PARTITION_INTERLEAVE = 10,
	MEMKIND_PARTITION_REGULAR = 11,
	MEMKIND_PARTITION_HBW_ALL = 12,
	MEMKIND_PARTITION_HBW_ALL_HUGETLB = 13,
	MEMKIND_PARTITION_DAX_KMEM = 14,
	MEMKIND_PARTITION_DAX_KMEM_ALL = 15,
	MEMKIND_PARTITION_DAX_KMEM_PREFERRED = 16,
	MEMKIND_PARTITION_DAX_KMEM_INTERLEAVE = 17,
	MEMKIND_PARTITION_HIGHEST_CAPACITY = 18,
	MEMKIND_PARTITION_HIGHEST_CAPACITY_PREFERRED = 19,
	MEMKIND_PARTITION_HIGHEST_CAPACITY_LOCAL = 20,
	MEMKIND_PARTITION_HIGHEST_CAPACITY_LOCAL_PREFERRED = 21,
	MEMKIND_PARTITION_LOWEST_LATENCY_LOCAL = 22,
	MEMKIND_PARTITION_LOWEST_LATENCY_LOCAL_PREFERRED = 23,
	MEMKIND_PARTITION_HIGHEST_BANDWIDTH_LOCAL = 24,
	MEMKIND_PARTITION_HIGHEST_BANDWIDTH_LOCAL_PREFERRED = 25,
	/* How many there are. */
	MEMKIND_NUM_BASE_KIND
};

/* Memory in chunks of 1 GiB once; since long the same as the HUGETLB kind of
 * the same name. */
extern memkind_t MEMKIND_GBTLB;
extern memkind_t MEMKIND_HBW_GBTLB;
extern memkind_t MEMKIND_HBW_PREFERRED_GBTLB;

/*
 * Puts the static kind with the number PARTITION into *KIND; it stays the
 * library's.
 *
 * Errors: MEMKIND_ERROR_INVALID (there is no such number).
 */
int MEMKIND_DEPRECATED(
    memkind_get_kind_by_partition(int partition, memkind_t *kind));

#ifdef __cplusplus
}
#endif

#endif /* MEMKIND_DEPRECATED_H */

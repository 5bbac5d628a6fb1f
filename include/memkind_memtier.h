/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_memtier.h - allocate from several kinds in a proportion.
 *
 * The interface of memkind's libmemtier. A builder collects tiers, each a kind
 * with its share, and the settings of a policy; it makes a memory, and the
 * memory chooses the tier of each new block such that the sizes of all live
 * blocks keep the shares. memkind_memtier(3) has the policies.
 *
 * Rules that hold for every function:
 *
 *  - Sizes are bytes. Blocks are blocks of memkind.h: aligned to 16 bytes, a
 *    block that cannot be had is NULL with ENOMEM. No other tier is tried then.
 *  - What is allocated by these functions counts, by its usable size, for its
 *    kind in the whole process, and must be freed by these functions.
 *  - A builder has one user at a time. Every other function may be called by
 *    any thread at any time, except that a memory is deleted when no thread
 *    uses it any more. Its blocks live on.
 *  - A kind outlives the memories it is a tier of.
 */
#ifndef MEMKIND_MEMTIER_H
#define MEMKIND_MEMTIER_H

#include "memkind.h"

#include <stdlib.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Collects what a memory is made of, and a memory. Opaque. */
struct memtier_builder;
struct memtier_memory;

/* How a memory chooses the tier of a block. */
typedef enum memtier_policy_t {
	/* The tier that lacks most of its share, whatever the size. */
	MEMTIER_POLICY_STATIC_RATIO = 0,
	/* By size: small blocks from the first tier, larger ones from the
	 * next. The thresholds move until the shares are right. */
	MEMTIER_POLICY_DYNAMIC_THRESHOLD = 1,
	/* The first number that is not a policy. */
	MEMTIER_POLICY_MAX_VALUE
} memtier_policy_t;

/* ---- Memories ------------------------------------------------------------ */

/* A builder for the policy POLICY, the caller's until memtier_builder_delete().
 * NULL with EINVAL (POLICY is none) or ENOMEM. */
struct memtier_builder *memtier_builder_new(memtier_policy_t policy);

/* Deletes BUILDER; memories that it made live on. NULL is a no-op. */
void memtier_builder_delete(struct memtier_builder *builder);

/*
 * Adds the tier KIND with the share KIND_RATIO, relative to the shares of the
 * other tiers. The order of the tiers is that in which they were added. Gives
 * 0, or -1 and nothing was added: with EINVAL (KIND is not a live kind, or was
 * added before) or ENOMEM.
 */
int memtier_builder_add_tier(
    struct memtier_builder *builder, memkind_t kind, unsigned kind_ratio);

/*
 * A memory of the tiers in BUILDER, the caller's until
 * memtier_delete_memtier_memory(). The builder may make more. From now on a
 * request for 0 bytes of these kinds gives a block that can be freed, as
 * malloc(3) does.
 *
 * NULL with ENOMEM; with EINVAL when there is no tier, and for the policy
 * MEMTIER_POLICY_DYNAMIC_THRESHOLD when there is one tier only, or when the
 * settings contradict each other: min > val, val > max, max above the min of
 * the next threshold, a trigger or degree below 0.
 */
struct memtier_memory *memtier_builder_construct_memtier_memory(
    struct memtier_builder *builder);

/* Deletes MEMORY. Its blocks live on and can be freed. NULL is a no-op. */
void memtier_delete_memtier_memory(struct memtier_memory *memory);

/*
 * Sets one setting of the policy MEMTIER_POLICY_DYNAMIC_THRESHOLD, NAME, to
 * what VAL points to:
 *
 *	policy.dynamic_threshold.check_cnt		unsigned, 20
 *	policy.dynamic_threshold.trigger		float, 0.02
 *	policy.dynamic_threshold.degree			float, 0.15
 *	policy.dynamic_threshold.thresholds[ID].val	size_t, 1024 * (ID + 1)
 *	policy.dynamic_threshold.thresholds[ID].min	size_t, val - 512
 *	policy.dynamic_threshold.thresholds[ID].max	size_t, val + 511
 *
 * A check_cnt of 0 stands for thresholds that never move. The threshold ID lies
 * between the tiers ID and ID + 1, which are there already. Values are checked
 * when the memory is made. Gives 0, or -1 with EINVAL: NAME is not a setting of
 * the builder's policy, or VAL is NULL.
 */
int memtier_ctl_set(
    struct memtier_builder *builder, const char *name, const void *val);

/* ---- Blocks of a memory -------------------------------------------------- */

/* As memkind_malloc(), from the tier that MEMORY chooses. */
void *memtier_malloc(struct memtier_memory *memory, size_t size);

/* As memkind_calloc(), from the tier that MEMORY chooses by the product. */
void *memtier_calloc(struct memtier_memory *memory, size_t num, size_t size);

/* As memkind_realloc(); PTR stays in its kind. PTR NULL is memtier_malloc(). */
void *memtier_realloc(struct memtier_memory *memory, void *ptr, size_t size);

/* As memkind_posix_memalign(), from the tier that MEMORY chooses. */
int memtier_posix_memalign(struct memtier_memory *memory, void **memptr,
    size_t alignment, size_t size);

/* The bytes that may be used at PTR; 0 for NULL. */
size_t memtier_usable_size(void *ptr);

/* ---- Blocks of a kind ---------------------------------------------------- */

/* As the functions of memkind.h with such names; the blocks count. A block of
 * another kind that is reallocated moves into KIND. */
void *memtier_kind_malloc(memkind_t kind, size_t size);
void *memtier_kind_calloc(memkind_t kind, size_t num, size_t size);
void *memtier_kind_realloc(memkind_t kind, void *ptr, size_t size);
int memtier_kind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size);

/* Frees PTR, a block of KIND, or of any kind when KIND is NULL. PTR NULL is a
 * no-op. */
void memtier_kind_free(memkind_t kind, void *ptr);

/* Frees PTR, wherever it was allocated. */
static inline void
memtier_free(void *ptr)
{
	memtier_kind_free(NULL, ptr);
}

/* The usable sizes of all live blocks that these functions allocated from
 * KIND, exact when no thread allocates meanwhile. 0 for what is not a kind. */
size_t memtier_kind_allocated_size(memkind_t kind);

/* ---- Decorators ---------------------------------------------------------- */

/*
 * Functions that a program may define, and that a library built with
 * decorators calls; see memkind.h.
 */
#ifdef MEMKIND_DECORATION_ENABLED
#if defined(__GNUC__)
#define MEMTIER_DECORATOR __attribute__((__weak__))
#else
#define MEMTIER_DECORATOR
#endif
void memtier_kind_malloc_post(
    memkind_t kind, size_t size, void **result) MEMTIER_DECORATOR;
void memtier_kind_calloc_post(
    memkind_t kind, size_t nmemb, size_t size, void **result) MEMTIER_DECORATOR;
void memtier_kind_posix_memalign_post(memkind_t kind, void **memptr,
    size_t alignment, size_t size, int *err) MEMTIER_DECORATOR;
void memtier_kind_realloc_post(
    memkind_t kind, void *ptr, size_t size, void **result) MEMTIER_DECORATOR;
void memtier_kind_free_pre(void **ptr) MEMTIER_DECORATOR;
void memtier_kind_usable_size_post(void **ptr, size_t size) MEMTIER_DECORATOR;
#undef MEMTIER_DECORATOR
#endif

#ifdef __cplusplus
}
#endif

#endif /* MEMKIND_MEMTIER_H */

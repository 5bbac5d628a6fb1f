/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_policy.c - see memtier_policy.h.
 *
 * Its records are blocks of MEMKIND_DEFAULT: a library that stands on memtier
 * may have taken malloc over.
 */
#include "memkind/memtier_policy.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/memtier_account.h"

#define CACHE_LINE 64

struct moving {
	_Atomic size_t value;
	double distance; /* from the wanted proportion, when last looked at */
};

struct calls {
	_Alignas(CACHE_LINE) _Atomic unsigned made;
};

struct memtier_memory {
	/* Since its bucket looked at the shares, for the dynamic policy. */
	struct calls calls[MEMTIER_BUCKETS];
	memtier_policy_t policy;
	struct memtier_dynamic_settings settings;
	atomic_flag moves;
	struct moving *moving;
	size_t count;
	struct memtier_tier tiers[];
};

struct memtier_memory *
memtier_policy_make(memtier_policy_t policy, const struct memtier_tier *tiers,
    size_t count, const struct memtier_dynamic_settings *settings)
{
	size_t moving = align_up(
	    sizeof(struct memtier_memory) + count * sizeof(*tiers), CACHE_LINE);
	struct memtier_memory *memory;
	void *block;

	if (memkind_posix_memalign(MEMKIND_DEFAULT, &block, CACHE_LINE,
		moving + count * sizeof(struct moving)) != 0)
		return NULL;
	memory = block;
	memset(memory, 0, sizeof(*memory));
	memory->policy = policy;
	memory->settings = *settings;
	memory->count = count;
	memory->moving = (struct moving *)((char *)block + moving);
	memcpy(memory->tiers, tiers, count * sizeof(*tiers));
	for (size_t i = 0; i < count; i++) {
		atomic_init(&memory->moving[i].value, tiers[i].threshold.value);
		memory->moving[i].distance = 0;
	}
	return memory;
}

static size_t
allocated(const struct memtier_tier *tier)
{
	return memtier_account_estimate(tier->index);
}

/* ---- A fixed proportion -------------------------------------------------- */

/* The last tier that has less than its share, measured by the first one. */
static memkind_t
choose_lacking(const struct memtier_memory *memory)
{
	const struct memtier_tier *first = &memory->tiers[0];
	double has = memory->count > 1 ? (double)allocated(first) : 0;

	for (size_t i = memory->count - 1; i > 0; i--) {
		const struct memtier_tier *tier = &memory->tiers[i];

		if ((double)allocated(tier) * first->share < has * tier->share)
			return tier->kind;
	}
	return first->kind;
}

/* ---- Moving thresholds --------------------------------------------------- */

static memkind_t
choose_by_size(const struct memtier_memory *memory, size_t size)
{
	size_t i = 0;

	while (i + 1 < memory->count &&
	    size >= atomic_load_explicit(
			&memory->moving[i].value, memory_order_relaxed))
		i++;
	return memory->tiers[i].kind;
}

/* Up, so that the tier before gets more, or down; a step of one at least. */
static void
move(struct moving *moving, const struct memtier_threshold *bounds,
    float degree, bool up)
{
	size_t value = atomic_load(&moving->value);
	double step = (float)value * degree;
	double next;

	if (degree > 0 && step < 1)
		step = 1;
	next = up ? (double)value + step : (double)value - step;
	if (next <= (double)bounds->least)
		value = bounds->least;
	else if (next >= (double)bounds->most)
		value = bounds->most;
	else
		value = (size_t)next;
	atomic_store(&moving->value, value);
}

/* Looks at the tiers I and I + 1: their threshold moves if they are off, and
 * not on their way back by themselves. */
static void
look_at(struct memtier_memory *memory, size_t i)
{
	const struct memtier_tier *tier = &memory->tiers[i];
	struct moving *moving = &memory->moving[i];
	double wanted = (double)tier[1].share / tier[0].share;
	double found = (double)allocated(&tier[1]) / (double)allocated(tier);
	double distance = fabs(found - wanted);
	bool returns = distance < moving->distance;

	moving->distance = distance;
	if (distance >= memory->settings.trigger && !returns)
		move(moving, &tier->threshold, memory->settings.degree,
		    found > wanted);
}

void
memtier_policy_follow(struct memtier_memory *memory)
{
	_Atomic unsigned *made;

	if (memory == NULL ||
	    memory->policy != MEMTIER_POLICY_DYNAMIC_THRESHOLD ||
	    memory->settings.calls == 0)
		return;
	made = &memory->calls[memtier_bucket()].made;
	if (atomic_fetch_add_explicit(made, 1, memory_order_relaxed) + 1 <
	    memory->settings.calls)
		return;
	atomic_store_explicit(made, 0, memory_order_relaxed);
	if (atomic_flag_test_and_set(&memory->moves))
		return;
	for (size_t i = 0; i + 1 < memory->count; i++)
		look_at(memory, i);
	atomic_flag_clear(&memory->moves);
}

memkind_t
memtier_policy_choose(struct memtier_memory *memory, size_t size)
{
	if (memory == NULL)
		return NULL;
	return memory->policy == MEMTIER_POLICY_STATIC_RATIO ?
	    choose_lacking(memory) :
	    choose_by_size(memory, size);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_policy.c - see memtier_policy.h.
 *
 * Owns memories: a record each, a block of MEMKIND_DEFAULT and not of malloc,
 * since a library that stands on memtier, such as libmemtier, may have taken
 * malloc over. Takes no lock, and does not wait.
 *
 * Both policies steer by what the kinds of a memory have at the moment
 * (memtier_account.h): all that was allocated from them by memtier in the whole
 * process, since a kind has one account whatever memories it is a tier of. The
 * figures are estimates: they leave out what the buckets of other threads hold
 * back.
 */
#include "memkind/memtier_policy.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/memtier_account.h"

#define CACHE_LINE 64

/* A threshold. `value` is read by every thread that allocates; `distance` only
 * by the one that moves thresholds, under the flag `moves`. */
struct moving {
	_Atomic size_t value;
	double distance; /* from the wanted proportion, when last looked at */
};

struct calls {
	_Alignas(CACHE_LINE) _Atomic unsigned made;
};

struct memtier_memory {
	/* By bucket, the calls since it looked at the thresholds. */
	struct calls calls[MEMTIER_BUCKETS];
	memtier_policy_t policy;
	struct memtier_dynamic_settings settings;
	atomic_flag moves;
	struct moving *moving;
	size_t count;
	struct memtier_tier tiers[];
};

/* One block for all of it: the record, its tiers, and then the thresholds, at a
 * cache line of their own, as they are written while all else is only read. */
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

/*
 * The last tier that has less than its share, as measured by what the first one
 * has; the first tier if none has. This is memtier's rule, and the order of
 * tiers part of it. Shares are compared by products, not quotients, so that a
 * share of 0 does no harm; as doubles the products do not overflow.
 *
 * That it keeps the proportion: a tier that lacks gets all blocks until it does
 * not, and the first tier gets them only while no other lacks, which raises the
 * measure for all. So each tier is off by about a block at most, and by what
 * the estimates are off. In the beginning all have nothing, and the first tier
 * begins.
 */
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

/*
 * Between each two neighbours I and I + 1 lies the threshold I: smaller blocks
 * come from the tier before. It starts at its value and moves between its
 * bounds. Once in so many allocations, the bytes that both tiers have are
 * compared with their shares. If tier I + 1 has too much of the two, the
 * threshold goes up, so that some of the sizes which went there go to tier I
 * from now on; if too little, down. Bounds of neighbouring thresholds do not
 * overlap (thresholds_fit() in memtier_builder.c), so thresholds stay in order
 * wherever they move, and the first one above SIZE is the right one.
 */
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

/* Moves a threshold by a part of itself, DEGREE, up or down to its bound. One
 * byte at least, as a small part of a small threshold is less, and it would
 * never move; with a degree of 0 it is not meant to. */
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

/*
 * Looks at the tiers I and I + 1. Their threshold moves if they are off by the
 * trigger or more, and are no nearer than they were the last time: a threshold
 * has its effect only as blocks come and go, and moving it again while the
 * proportion is already coming back would overshoot.
 *
 * The divisors may be 0: a tier may have nothing yet, or no share. If both
 * tiers have nothing, the quotient is not a number, every comparison is false,
 * and nothing moves. If only the first has nothing, it is infinite, and the
 * threshold goes up, as it should.
 */
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

/*
 * Counts a call, and every so often (check_cnt) looks at the thresholds. Calls
 * are counted by bucket, as bytes are: a thread alone looks after exactly that
 * many of its calls, and several threads each after as many of their own. When
 * two share a bucket some calls are lost between the addition and the store of
 * 0, which only puts the next look off.
 *
 * A thread that finds the flag up goes on without waiting: another thread is
 * looking just now, and the next look will see what this one would have seen.
 */
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

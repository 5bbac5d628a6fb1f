/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memtier_policy.c - see memtier_policy.h.
 *
 * Owns memories: a record each, a block of MEMKIND_DEFAULT and not of malloc,
 * since a library that stands on memtier, such as libmemtier, may have taken
 * malloc over. And the lock under which thresholds are moved, one for all
 * memories: nobody waits for it but a fork, so that no child finds it taken by
 * a thread that it does not have. Nothing is taken under it.
 */
#include "memkind/memtier_policy.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/memtier_quick.h"
#include "os/lock.h"

#define CACHE_LINE 64

static struct lock moves = LOCK_INIT;

static void
hold(void)
{
	lock_take(&moves);
}

static void
release(void)
{
	lock_give(&moves);
}

/* When the library is loaded, or with the first memory if a constructor of
 * another library makes it. */
static __attribute__((constructor)) void
follow_forks(void)
{
	static _Atomic bool done;

	if (!atomic_exchange(&done, true))
		pthread_atfork(hold, release, release);
}

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

	follow_forks();
	if (memkind_posix_memalign(MEMKIND_DEFAULT, &block, CACHE_LINE,
		moving + count * sizeof(struct memtier_moving)) != 0)
		return NULL;
	memory = block;
	memset(memory, 0, sizeof(*memory));
	memory->policy = policy;
	memory->settings = *settings;
	memory->last = &memory->tiers[count - 1];
	memory->moving = (struct memtier_moving *)((char *)block + moving);
	memcpy(memory->tiers, tiers, count * sizeof(*tiers));
	for (size_t i = 0; i < count; i++) {
		memory->tiers[i].scale = (double)tiers[0].share /
		    tiers[i].share;
		atomic_init(&memory->moving[i].value, tiers[i].threshold.value);
		memory->moving[i].distance = 0;
	}
	return memory;
}

/* ---- Choosing ------------------------------------------------------------ */

/* Whether or not the thread has a cache of it, and the kind is open. */
static size_t
allocated(const struct memtier_tier *tier)
{
	return poolkind_counted_about(atomic_load(&tier->kind->engine));
}

static bool
has(const struct thread *thread, const struct memtier_tier *tier, double *bytes)
{
	(void)thread;
	*bytes = (double)allocated(tier);
	return true;
}

memkind_t
memtier_policy_choose(struct memtier_memory *memory, size_t size)
{
	if (memory == NULL)
		return NULL;
	return memory->policy == MEMTIER_POLICY_STATIC_RATIO ?
	    memtier_lacking(memory, NULL, has)->kind :
	    memtier_by_size(memory, size)->kind;
}

/* A kind is opened at its first block. From then on the quick way finds the
 * caches by the id of its heap, which the kind has as long as it is a tier: it
 * is not destroyed before. */
static void
note_heaps(struct memtier_memory *memory)
{
	struct memtier_tier *tier = memory->tiers;

	do {
		poolkind *engine;

		if (atomic_load_explicit(&tier->heap, memory_order_relaxed) !=
		    0)
			continue;
		engine = atomic_load(&tier->kind->engine);
		if (engine != NULL)
			atomic_store_explicit(&tier->heap, poolkind_id(engine),
			    memory_order_relaxed);
	} while (tier++ != memory->last);
}

/* ---- Moving thresholds --------------------------------------------------- */

/* Moves a threshold by a part of itself, DEGREE, up or down to its bound. One
 * byte at least, as a small part of a small threshold is less, and it would
 * never move; with a degree of 0 it is not meant to. */
static void
move(struct memtier_moving *moving, const struct memtier_threshold *bounds,
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
 * Compares the bytes that the tiers I and I + 1 have with their shares. If I +
 * 1 has too much of the two, their threshold goes up, so that some of the sizes
 * which went there go to tier I from now on; if too little, down. It moves if
 * they are off by the trigger or more, and are no nearer than they were the
 * last time: a threshold has its effect only as blocks come and go, and moving
 * it again while the proportion is already coming back would overshoot.
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
	struct memtier_moving *moving = &memory->moving[i];
	double wanted = (double)tier[1].share / tier[0].share;
	double found = (double)allocated(&tier[1]) / (double)allocated(tier);
	double distance = fabs(found - wanted);
	bool returns = distance < moving->distance;

	moving->distance = distance;
	if (distance >= memory->settings.trigger && !returns)
		move(moving, &tier->threshold, memory->settings.degree,
		    found > wanted);
}

/* Counts a call, and every so often (check_cnt) looks at the thresholds. A
 * thread that finds the lock taken goes on without waiting: another thread is
 * looking just now, and the next look will see what this one would have
 * seen. */
static void
count_call(struct memtier_memory *memory)
{
	_Atomic unsigned *made = memtier_calls_made(memory, thread_self);
	unsigned calls = 1 + atomic_load_explicit(made, memory_order_relaxed);
	bool due = calls >= memory->settings.calls;

	atomic_store_explicit(made, due ? 0 : calls, memory_order_relaxed);
	if (!due || !lock_try(&moves))
		return;
	for (size_t i = 0; &memory->tiers[i] != memory->last; i++)
		look_at(memory, i);
	lock_give(&moves);
}

void
memtier_policy_follow(struct memtier_memory *memory)
{
	if (memory == NULL)
		return;
	note_heaps(memory);
	if (memory->policy == MEMTIER_POLICY_DYNAMIC_THRESHOLD &&
	    memory->settings.calls != 0)
		count_call(memory);
}

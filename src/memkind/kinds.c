/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - see kinds.h.
 *
 * Owns the records of all kinds, and the lock under which kinds are opened,
 * made, destroyed and listed. Blocks are allocated without it: one atomic
 * pointer in the record leads to the engine's kind.
 *
 * Lock order: the lock of nodes.c, then this one, whose holder calls the
 * engine. A thread that forks takes both, in this order, and then the engine's.
 *
 * Opening is all that can fail: for want of memory or of one of the engine's
 * kinds, because the machine does not have the nodes, or because the process
 * may not bind memory to them.
 */
#include "memkind/kinds.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "memkind/lock.h"
#include "memkind/settings.h"
#include "os/os.h"

/* ---- memkind's own ------------------------------------------------------- */

/*
 * What each of memkind's own kinds is: name, family of nodes, scope, policy,
 * and whether its pages are huge. In the order of enum
 * memkind_base_partition, whose numbers old programs pass to
 * memkind_get_kind_by_partition().
 *
 * Where memkind binds an extent to the nodes that are best for the processor on
 * which it happens to be made, a kind of scope LOCAL has a heap for each node
 * with processors, so that a thread gets memory near to where it runs, even
 * after it has moved. The kinds of GBTLB were meant for pages of 1 GiB; they
 * had pages of 2 MiB in every release that defined them, and have them here.
 * Kinds of several equal nodes prefer all of them, where memkind refused some
 * of them with an error.
 */
#define OWN(MACRO) \
	MACRO(DEFAULT, default, ANY, ALL, BIND, false) \
	MACRO(HBW, hbw, HBW, LOCAL, BIND, false) \
	MACRO(HBW_HUGETLB, hbw_hugetlb, HBW, LOCAL, BIND, true) \
	MACRO(HBW_PREFERRED, hbw_preferred, HBW, LOCAL, PREFERRED, false) \
	MACRO(HBW_PREFERRED_HUGETLB, hbw_preferred_hugetlb, HBW, LOCAL, \
	    PREFERRED, true) \
	MACRO(HUGETLB, hugetlb, ANY, ALL, BIND, true) \
	MACRO(HBW_GBTLB, hbw_gbtlb, HBW, LOCAL, BIND, true) \
	MACRO(HBW_PREFERRED_GBTLB, hbw_preferred_gbtlb, HBW, LOCAL, PREFERRED, \
	    true) \
	MACRO(GBTLB, gbtlb, ANY, ALL, BIND, true) \
	MACRO(HBW_INTERLEAVE, hbw_interleave, HBW, ALL, INTERLEAVE, false) \
	MACRO(INTERLEAVE, interleave, ALL, ALL, INTERLEAVE, false) \
	MACRO(REGULAR, regular, CPUS, ALL, BIND, false) \
	MACRO(HBW_ALL, hbw_all, HBW, ALL, BIND, false) \
	MACRO(HBW_ALL_HUGETLB, hbw_all_hugetlb, HBW, ALL, BIND, true) \
	MACRO(DAX_KMEM, dax_kmem, KMEM, LOCAL, BIND, false) \
	MACRO(DAX_KMEM_ALL, dax_kmem_all, KMEM, ALL, BIND, false) \
	MACRO(DAX_KMEM_PREFERRED, dax_kmem_preferred, KMEM, LOCAL, PREFERRED, \
	    false) \
	MACRO(DAX_KMEM_INTERLEAVE, dax_kmem_interleave, KMEM, ALL, INTERLEAVE, \
	    false) \
	MACRO(HIGHEST_CAPACITY, highest_capacity, CAPACITY, ALL, BIND, false) \
	MACRO(HIGHEST_CAPACITY_PREFERRED, highest_capacity_preferred, \
	    CAPACITY, ALL, PREFERRED, false) \
	MACRO(HIGHEST_CAPACITY_LOCAL, highest_capacity_local, CAPACITY, LOCAL, \
	    BIND, false) \
	MACRO(HIGHEST_CAPACITY_LOCAL_PREFERRED, \
	    highest_capacity_local_preferred, CAPACITY, LOCAL, PREFERRED, \
	    false) \
	MACRO(LOWEST_LATENCY_LOCAL, lowest_latency_local, LATENCY, LOCAL, \
	    BIND, false) \
	MACRO(LOWEST_LATENCY_LOCAL_PREFERRED, lowest_latency_local_preferred, \
	    LATENCY, LOCAL, PREFERRED, false) \
	MACRO(HIGHEST_BANDWIDTH_LOCAL, highest_bandwidth_local, BANDWIDTH, \
	    LOCAL, BIND, false) \
	MACRO(HIGHEST_BANDWIDTH_LOCAL_PREFERRED, \
	    highest_bandwidth_local_preferred, BANDWIDTH, LOCAL, PREFERRED, \
	    false)

#define RULE(NAME, name, family, scope, policy, huge) \
	{ "memkind_" #name, FAMILY_##family, SPEC_##scope, SPEC_##policy, \
		huge },
static const struct memkind_rule rules[MEMKIND_OWN] = { OWN(RULE) };

enum {
#define PLACE(NAME, ...) OWN_##NAME,
	OWN(PLACE)
};

struct memkind memkind_own[MEMKIND_OWN] = {
#define RECORD(NAME, ...) { .rule = &rules[OWN_##NAME], .alive = true },
	OWN(RECORD)
};

/*
 * The variables that programs name. A program that is not position independent
 * has a copy of each, made by the dynamic linker before any constructor runs
 * (copy relocation), and may read it in its own static initialisers. So each is
 * a pointer of 8 bytes to a record that is complete as it is linked: no
 * constructor sets anything up. The record does not say whether the machine has
 * such memory, or that anything was opened; both are found out when the kind is
 * first used, which programs cannot tell from having been there all along.
 */
#define NAME(NAME, ...) \
	EXPORT memkind_t MEMKIND_##NAME = &memkind_own[OWN_##NAME];
OWN(NAME)

/* ---- Records ------------------------------------------------------------- */

static struct lock lock = LOCK_INIT;
static struct memkind made[MEMKIND_KINDS_MAX - MEMKIND_OWN];
static size_t made_used; /* records from here on were never used */
static struct memkind *made_free;

/* Before fork(2): from here to release() no other thread opens, makes or
 * destroys a kind, or reads the topology. The thread itself passes its own
 * locks meanwhile: see lock.h. */
static void
hold(void)
{
	nodes_hold();
	lock_take(&lock);
	memkind_forks = true;
}

static void
release(void)
{
	memkind_forks = false;
	lock_give(&lock);
	nodes_release();
}

static void
release_in_child(void)
{
	memkind_forks = false;
	lock_give(&lock);
	nodes_release_in_child();
}

/*
 * Called by a constructor, and by whoever opens or makes a kind, as that may be
 * before ours has run; never under the lock, since pthread_atfork(3) may call
 * malloc, which may come back here under libautohbw or libmemtier.
 *
 * What is registered last runs first before a fork. Ours is registered after
 * the engine's handlers, so it takes these locks before the engine's, as the
 * lock order wants it.
 */
__attribute__((constructor)) void
memkind_follow_forks(void)
{
	static _Atomic bool done;

	if (atomic_exchange(&done, true))
		return;
	poolkind_follow_forks();
	pthread_atfork(hold, release, release_in_child);
}

static bool
is_made(memkind_t kind)
{
	return kind >= made && kind < made + ARRAY_SIZE(made);
}

static bool
is_own(memkind_t kind)
{
	return kind >= memkind_own && kind < memkind_own + MEMKIND_OWN;
}

unsigned
memkind_index(memkind_t kind)
{
	return is_own(kind) ? (unsigned)(kind - memkind_own) :
			      MEMKIND_OWN + (unsigned)(kind - made);
}

/* KIND may be any pointer: it is compared with the two arrays, and followed
 * only if it lies in one of them. (A pointer into the middle of a record is
 * taken for a kind; no function gives one out.) */
bool
memkind_is_alive(memkind_t kind)
{
	return is_own(kind) || (is_made(kind) && atomic_load(&kind->alive));
}

/* Kinds that a program opened with poolkind.h have user data of their own, or
 * none: so what is found there is a kind only if it is one of our records, and
 * if that leads back to ENGINE. */
memkind_t
memkind_of(poolkind *engine)
{
	memkind_t kind = engine == NULL ? NULL : poolkind_user_data(engine);

	return memkind_is_alive(kind) && atomic_load(&kind->engine) == engine ?
	    kind :
	    NULL;
}

memkind_t
memkind_record_take(void)
{
	memkind_t kind = NULL;

	memkind_lock(&lock);
	if (made_free != NULL)
		STACK_POP(&made_free, kind);
	else if (made_used < ARRAY_SIZE(made))
		kind = &made[made_used++];
	memkind_unlock(&lock);
	return kind;
}

void
memkind_record_give(memkind_t kind)
{
	memkind_lock(&lock);
	STACK_PUSH(&made_free, kind);
	memkind_unlock(&lock);
}

/* Under the lock. The pointer to the engine's kind is stored last: a thread
 * that allocates reads nothing but that pointer, and with a block from it
 * memkind_of() must find the way back. */
static void
enliven(memkind_t kind, poolkind *engine)
{
	poolkind_set_user_data(engine, kind);
	atomic_store(&kind->alive, true);
	atomic_store(&kind->engine, engine);
}

void
memkind_enliven(memkind_t kind, poolkind *engine)
{
	memkind_follow_forks();
	memkind_lock(&lock);
	kind->zero_allowed = false;
	memset(&kind->stats, 0, sizeof(kind->stats));
	enliven(kind, engine);
	memkind_unlock(&lock);
}

/* Under the lock, so that memkind_each() either has finished with the kind or
 * does not find it any more. */
bool
memkind_claim(memkind_t kind)
{
	bool claimed;

	memkind_lock(&lock);
	claimed = is_made(kind) && atomic_exchange(&kind->alive, false);
	memkind_unlock(&lock);
	return claimed;
}

/* DO_IT is called under the lock. It may call the engine, and the function that
 * writes a program's statistics, which may not call this library. */
void
memkind_each(void (*do_it)(memkind_t kind, void *with), void *with)
{
	memkind_lock(&lock);
	for (size_t i = 0; i < MEMKIND_OWN + made_used; i++) {
		memkind_t kind = i < MEMKIND_OWN ? &memkind_own[i] :
						   &made[i - MEMKIND_OWN];

		if (atomic_load(&kind->alive) &&
		    atomic_load(&kind->engine) != NULL)
			do_it(kind, with);
	}
	memkind_unlock(&lock);
}

/* ---- Opening ------------------------------------------------------------- */

int
memkind_localities(memkind_t kind, struct localities *localities)
{
	const struct memkind_rule *rule = kind->rule;

	return nodes_localities(
	    rule->name, rule->family, rule->scope, localities);
}

/*
 * Opens what stands behind one of memkind's own kinds, on the nodes of
 * PLACEMENT, or where the process has its memory if that is NULL. Under the
 * lock, which is not wanted again within: nothing here calls malloc.
 *
 * If the process may not choose nodes, as in many containers, opening fails,
 * and memkind's promise for that is NULL with ENOMEM. MEMKIND_FALLBACK=dram
 * asks for ordinary memory instead, in huge pages if the kind has those.
 */
static poolkind *
open_ruled(const struct memkind_rule *rule, const struct localities *localities)
{
	struct spec spec = {
		.source = localities == NULL ? SPEC_DRAM : SPEC_NODES,
		.policy = rule->policy,
		.page = rule->huge ? SPEC_PAGE_HUGE : SPEC_PAGE_BASE,
		.page_bytes = rule->huge ? 2 * MIB : 0,
		.plain_policy = true, /* programs compare it with MPOL_BIND */
	};
	poolkind *engine;

	/* A variable that is not valid makes kinds unavailable, but not
	 * MEMKIND_DEFAULT: libautohbw and libmemtier serve a program's malloc
	 * from it, which must not be left without memory. */
	if (settings_apply(&spec) != 0 && rule != &rules[OWN_DEFAULT])
		return NULL;
	engine = localities == NULL ? poolkind_open_spec(&spec, NULL) :
				      poolkind_open_local(&spec, localities);
	if (engine == NULL && localities != NULL && settings_fallback()) {
		memkind_inform("%s: %s", rule->name, poolkind_errormsg());
		spec.source = SPEC_DRAM;
		spec.policy = SPEC_BIND;
		localities = NULL;
		engine = poolkind_open_spec(&spec, NULL);
	}
	if (engine == NULL)
		memkind_inform("%s: %s", rule->name, poolkind_errormsg());
	else
		memkind_inform("%s: %s in %u localities", rule->name,
		    poolkind_text(engine),
		    localities == NULL ? 1 : localities->count);
	return engine;
}

/*
 * Three steps, since neither of the first two may happen under the lock:
 *
 * 1. MEMKIND_DEFAULT is opened, if this is another kind. Reading the topology
 *    calls malloc, which may be ours; those calls are served by
 *    MEMKIND_DEFAULT (memkind_open()), and find it open, so that the thread
 *    which reads, and holds the lock of nodes.c, opens nothing.
 * 2. The nodes are chosen, under the lock of nodes.c.
 * 3. The kind is opened, under the lock of this file, unless another thread was
 *    quicker: then its kind serves, and our choice of nodes is dropped.
 *
 * A kind that could not be opened is tried again the next time: huge pages may
 * have been set aside since, or a variable set. So every call on it pays for
 * the attempt.
 */
static poolkind *
open_own(memkind_t kind)
{
	bool placed = kind->rule->family != FAMILY_ANY;
	struct localities localities;
	poolkind *engine;

	memkind_follow_forks();
	if (placed && memkind_open(MEMKIND_DEFAULT) == NULL)
		return NULL;
	if (placed && memkind_localities(kind, &localities) != 0)
		return NULL;
	memkind_lock(&lock);
	engine = atomic_load(&kind->engine);
	if (engine == NULL) {
		engine = open_ruled(kind->rule, placed ? &localities : NULL);
		if (engine != NULL)
			enliven(kind, engine);
	}
	memkind_unlock(&lock);
	return engine;
}

struct opening {
	memkind_t kind;
	poolkind *engine;
};

static void
open_on_stack(void *arg)
{
	struct opening *opening = arg;

	opening->engine = open_own(opening->kind);
}

/*
 * The slow way of every function that allocates; the quick one reads
 * kind->engine itself. It runs on a stack of the engine's, as localities and a
 * spec are some 13 KiB, and a thread may have 16 in all.
 *
 * A made kind has its engine from the beginning. One whose engine is NULL is
 * being destroyed, which the program may not do while it uses it; it has no
 * rule to be opened by, so memkind_is_alive() comes first.
 */
poolkind *
memkind_open(memkind_t kind)
{
	poolkind *engine;
	int saved = errno;

	if (!memkind_is_alive(kind)) {
		error_set(
		    EINVAL, "%p is not a kind, or was destroyed", (void *)kind);
		return NULL;
	}
	if (nodes_are_being_read())
		kind = &memkind_own[OWN_DEFAULT];
	engine = atomic_load(&kind->engine);
	if (engine == NULL) {
		struct opening opening = { kind, NULL };

		os_on_stack(open_on_stack, &opening);
		engine = opening.engine;
	}
	errno = engine != NULL ? saved : ENOMEM;
	return engine;
}

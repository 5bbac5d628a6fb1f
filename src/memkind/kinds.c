/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - see kinds.h.
 *
 * Lock order: the lock of nodes.c is never taken under this one, whose holder
 * calls the engine. Over fork both are held, and were taken first.
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

/* In the order of enum memkind_base_partition. */
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

/* Programs take these by copy relocation: 8 bytes each, valid as they are. */
#define NAME(NAME, ...) \
	EXPORT memkind_t MEMKIND_##NAME = &memkind_own[OWN_##NAME];
OWN(NAME)

/* ---- Records ------------------------------------------------------------- */

static struct lock lock = LOCK_INIT;
static struct memkind made[MEMKIND_KINDS_MAX - MEMKIND_OWN];
static size_t made_used; /* from here on none ever was */
static struct memkind *made_free;

_Thread_local bool memkind_forks;

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

/* Before the first kind is opened: pthread_atfork(3) may call malloc, which may
 * be ours, and would find the lock taken. Ours come after the engine's, and so
 * take their locks first. */
__attribute__((constructor)) void
memkind_follow_forks(void)
{
	static _Atomic bool done;

	if (atomic_exchange(&done, true))
		return;
	poolkind_follow_forks();
	pthread_atfork(hold, release, release);
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

bool
memkind_is_alive(memkind_t kind)
{
	return is_own(kind) || (is_made(kind) && atomic_load(&kind->alive));
}

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

/* Under the lock. */
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

bool
memkind_claim(memkind_t kind)
{
	bool claimed;

	memkind_lock(&lock);
	claimed = is_made(kind) && atomic_exchange(&kind->alive, false);
	memkind_unlock(&lock);
	return claimed;
}

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
memkind_place(memkind_t kind, struct placement *placement)
{
	const struct memkind_rule *rule = kind->rule;

	return nodes_place(rule->name, rule->family, rule->scope, placement);
}

/* Under the lock, which nobody needs who comes from within. */
static poolkind *
open_ruled(const struct memkind_rule *rule, const struct placement *placement)
{
	struct spec spec = {
		.source = placement == NULL ? SPEC_DRAM : SPEC_NODES,
		.policy = rule->policy,
		.page = rule->huge ? SPEC_PAGE_2M : SPEC_PAGE_BASE,
	};
	poolkind *engine;

	/* Whatever stands on libmemkind in the place of malloc needs this one:
	 * a wrong setting must not leave the program without memory. */
	if (settings_apply(&spec) != 0 && rule != &rules[OWN_DEFAULT])
		return NULL;
	engine = placement == NULL ? poolkind_open_spec(&spec, NULL) :
				     poolkind_open_placed(&spec, placement);
	if (engine == NULL && placement != NULL && settings_fallback()) {
		memkind_inform("%s: %s", rule->name, poolkind_errormsg());
		spec.source = SPEC_DRAM;
		spec.policy = SPEC_BIND;
		placement = NULL;
		engine = poolkind_open_spec(&spec, NULL);
	}
	if (engine == NULL)
		memkind_inform("%s: %s", rule->name, poolkind_errormsg());
	else
		memkind_inform("%s: %s in %u places", rule->name,
		    poolkind_text(engine),
		    placement == NULL ? 1 : placement->count);
	return engine;
}

static poolkind *
open_own(memkind_t kind)
{
	bool placed = kind->rule->family != FAMILY_ANY;
	struct placement placement;
	poolkind *engine;

	memkind_follow_forks();
	/* First DEFAULT: whoever reads the topology is served by that. */
	if (placed && memkind_open(MEMKIND_DEFAULT) == NULL)
		return NULL;
	if (placed && memkind_place(kind, &placement) != 0)
		return NULL;
	memkind_lock(&lock);
	engine = atomic_load(&kind->engine);
	if (engine == NULL) {
		engine = open_ruled(kind->rule, placed ? &placement : NULL);
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

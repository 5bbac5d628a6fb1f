/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - see kinds.h.
 *
 * Opening must not need what it makes: a kind that reads the machine has
 * libraries loaded, which call malloc. So a thread that opens a kind raises its
 * word heap_inside, and while that is up its requests are served from ordinary
 * memory, which looks at nothing (interpose/inside.h).
 *
 * Several threads that come for the same kind. One opens it. The others wait,
 * if the kind needs nothing but the engine and the kernel, for which they
 * cannot hold anything; so blocks lie where the rules say from the first one
 * on, of whatever thread. But a kind that reads the machine needs the loader's
 * lock and some of libc's, and a thread that wants memory may have one of these
 * in hand: if it waited for the one that opens, the two would wait for each
 * other. It takes the next kind of the rule meanwhile. For the same reason such
 * a kind is not opened by a call out of libc or the loader itself (caller.h),
 * but by the first that comes from elsewhere.
 *
 * A fork. What a kind's state says while it is opened is the number of the
 * process that opens it. In a child of a fork, of whatever sort, no thread
 * does, and the number is not the child's own: whoever comes there begins anew.
 * What the parent's thread had opened by half stays unused in the child.
 */
#include "preload/kinds.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arena/structures.h"
#include "interpose/first_kind.h"
#include "interpose/inside.h"
#include "kind/facade.h"
#include "os/lock.h"
#include "os/os.h"
#include "preload/caller.h"
#include "preload/log.h"

/* States; 0 is a kind that nobody wanted yet, any other a process that opens
 * it. */
#define OPEN UINT32_MAX
#define FAILED (UINT32_MAX - 1)

/* As poolkind_resolved() has it. */
#define BETWEEN_LINKS " > "

static struct known {
	_Atomic uint32_t state;
	_Atomic bool was_full;
	_Atomic unsigned full_links; /* of the first, that was said */
	_Atomic(poolkind *) kind;
} kinds[RULES_KINDS_MAX];

static _Atomic(poolkind *) ordinary;
static _Atomic bool changed;

poolkind *
kinds_known(unsigned number)
{
	return number < RULES_KINDS_MAX ? atomic_load(&kinds[number].kind) :
					  NULL;
}

/* ---- Ordinary memory ----------------------------------------------------- */

poolkind *
kinds_ordinary(void)
{
	static const struct spec spec = { .source = SPEC_DRAM };
	poolkind *kind = atomic_load_explicit(&ordinary, memory_order_acquire);

	if (likely(kind != NULL))
		return kind;
	kind = first_kind(&ordinary, &spec, poolkind_follow_forks);
	poolkind_record(kind);
	return kind;
}

void
kinds_record(void)
{
	poolkind_record(atomic_load(&ordinary));
}

/* ---- Those of the rules -------------------------------------------------- */

static const char *
name_of(const struct rules_table *table, unsigned number)
{
	return rules_text(table, rules_kinds(table)[number].name);
}

static const char *
text_of(const struct rules_table *table, unsigned number)
{
	return rules_text(table, rules_kinds(table)[number].spec);
}

static bool
needs_machine(const struct rules_table *table, unsigned number)
{
	return (rules_kinds(table)[number].flags & RULES_READS_MACHINE) != 0;
}

/* A line; errno is what it was, as that of the thread's malloc. */
static void
say_how_it_went(
    const struct rules_table *table, unsigned number, const poolkind *kind)
{
	const char *name = name_of(table, number);

	if (kind == NULL)
		say_failure(
		    "kind %s (%.200s): %.500s; its blocks come from the next "
		    "kind",
		    name, text_of(table, number), poolkind_errormsg());
	else
		say_more(
		    "kind %s is open: %.700s", name, poolkind_resolved(kind));
}

/* Opens the kind and makes it known, unless a child that shares our memory
 * (vfork(2)) or our parent has taken that over. */
static void
open_here(const struct rules_table *table, unsigned number, uint32_t self)
{
	struct known *known = &kinds[number];
	int saved = errno;
	poolkind *kind;

	heap_inside = true;
	kind = poolkind_open(text_of(table, number), 0);
	poolkind_record(kind);
	say_how_it_went(table, number, kind);
	heap_inside = false;
	atomic_store(&known->kind, kind);
	atomic_compare_exchange_strong(
	    &known->state, &self, kind != NULL ? OPEN : FAILED);
	wake_all(&known->state);
	atomic_store(&changed, true);
	errno = saved;
}

static __attribute__((noinline, cold)) poolkind *
open_known(const struct rules_table *table, unsigned number, const void *caller)
{
	struct known *known = &kinds[number];
	uint32_t self = (uint32_t)os_process(), state;
	bool reads_machine = needs_machine(table, number);

	while ((state = atomic_load(&known->state)) != OPEN) {
		if (state == FAILED ||
		    (reads_machine &&
			(state == self || caller_is_libc(caller))))
			return NULL;
		if (state == self)
			wait_while(&known->state, self);
		else if (atomic_compare_exchange_strong(
			     &known->state, &state, self))
			open_here(table, number, self);
	}
	return atomic_load(&known->kind);
}

poolkind *
kinds_open(const struct rules_table *table, unsigned number, const void *caller)
{
	struct known *known = &kinds[number];
	uint32_t state = atomic_load_explicit(
	    &known->state, memory_order_acquire);

	if (likely(state == OPEN))
		return atomic_load_explicit(&known->kind, memory_order_relaxed);
	return state == FAILED ? NULL : open_known(table, number, caller);
}

void
kinds_note_full(const struct rules_table *table, unsigned number)
{
	if (!atomic_exchange(&kinds[number].was_full, true))
		say_more("kind %s (%.200s) is full: blocks come from the next "
			 "kind",
		    name_of(table, number), text_of(table, number));
}

struct word
kinds_link_text(const poolkind *kind)
{
	const poolkind *next = poolkind_fallback(kind);
	struct word text = word_of(poolkind_resolved(kind));

	if (next != NULL)
		text.length -= strlen(BETWEEN_LINKS) +
		    strlen(poolkind_resolved(next));
	return text;
}

/* Says which links of the kind before HOME were not said to be full, if HOME is
 * one of its links. */
static void
note_links_before(
    const struct rules_table *table, unsigned number, const poolkind *home)
{
	poolkind *first = kinds_known(number), *link = first;
	unsigned place = 0;

	while (link != NULL && link != home)
		link = poolkind_fallback(link);
	if (link == NULL)
		return;
	for (link = first; link != home; link = poolkind_fallback(link)) {
		unsigned said = place++;

		if (atomic_compare_exchange_strong(
			&kinds[number].full_links, &said, place))
			say_more("kind %s: %.*s is full: blocks come from the "
				 "next link, %.*s",
			    name_of(table, number), WORD(kinds_link_text(link)),
			    WORD(kinds_link_text(poolkind_fallback(link))));
	}
}

void
kinds_note_full_links(
    const struct rules_table *table, const poolkind *from, const void *ptr)
{
	poolkind *home;
	size_t usable;

	if (!poolkind_block_of(ptr, &home, &usable) || home == from)
		return;
	for (uint32_t i = 0; i < table->kinds.count; i++)
		note_links_before(table, i, home);
}

bool
kinds_take_change(void)
{
	return unlikely(atomic_load_explicit(&changed, memory_order_relaxed)) &&
	    atomic_exchange(&changed, false);
}

/* Behind the last comes ordinary memory, unless the rules are strict. */
unsigned
kinds_first_heap(const struct rules_table *table, const struct rules_rule *rule)
{
	const uint16_t *step = rules_steps(table) + rule->first_step;

	for (uint32_t i = 0; i < rule->step_count; i++) {
		uint32_t state = atomic_load(&kinds[step[i]].state);

		if (state == OPEN)
			return poolkind_id(atomic_load(&kinds[step[i]].kind));
		if (state != FAILED)
			return NO_HEAP;
	}
	return (table->flags & RULES_STRICT) != 0 ?
	    NO_HEAP :
	    poolkind_id(atomic_load(&ordinary));
}

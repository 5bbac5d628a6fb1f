/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.c - the kinds that there are: records, handles, and the list.
 *
 * Owns the records, what handles lead to (kind_entries), and the list of all
 * kinds with its lock, which comes before all others of the engine but
 * machine.c's. The lock is held while the list is read or changed, and for
 * nothing else.
 *
 * What may fail says so by errno and a sentence. A record is not known to other
 * threads before kind_link(), so one that fails to open is deleted without a
 * lock.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena/heaps.h"
#include "base/error.h"
#include "base/list.h"
#include "kind/kinds.h"
#include "os/lock.h"
#include "os/records.h"

int kinds_process;
struct kind_entry kind_entries[HEAP_IDS];

static struct lock kinds_lock = LOCK_INIT;
static struct kind *kinds;

/* ---- Records ------------------------------------------------------------- */

static int
no_records(void)
{
	return error_set(ENOMEM, "no memory for the records of a kind");
}

/* The next handle with the id of the kind's heap; see kind.h for the form. The
 * count has 51 bits, so at a million kinds a second it lasts for 71 years. */
static poolkind *
new_handle(const struct kind *kind)
{
	static _Atomic uintptr_t counter;
	uintptr_t count = atomic_fetch_add(&counter, 1);

	return (poolkind *)((uintptr_t)1 << 63 | count << HEAP_ID_BITS |
	    kind->heap.id);
}

struct kind *
kind_record(void)
{
	struct kind *kind = record_new(sizeof(*kind));

	if (kind == NULL)
		no_records();
	else if (heap_take_id(&kind->heap) != 0) {
		record_free(kind, sizeof(*kind));
		error_set(ENOMEM,
		    "%d kinds are open, more cannot be: close one first",
		    HEAPS_MAX);
		return NULL;
	}
	if (kind != NULL) {
		kind->handle = new_handle(kind);
		kind_entries[kind->heap.id].kind = kind;
	}
	return kind;
}

static void
free_text(char *text)
{
	if (text != NULL)
		record_free(text, strlen(text) + 1);
}

/* The entry is cleared first: from the release of the id on it may be another
 * thread's. */
void
kind_delete(struct kind *kind)
{
	live_close(&kind->live);
	kind_entries[kind->heap.id].kind = NULL;
	heap_release_id(&kind->heap);
	free_text(kind->name);
	free_text(kind->text);
	free_text(kind->resolved);
	record_free(kind, sizeof(*kind));
}

static char *
copy_of(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = record_new(bytes);

	return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

/* The text of SPEC, and behind it NEXT unless that is NULL. */
static char *
chain_text(const struct spec *spec, const char *next)
{
	static const char between[] = " > ";
	char text[SPEC_TEXT_MAX], *copy;
	size_t length = spec_print(spec, text, sizeof(text));

	if (next == NULL)
		return copy_of(text);
	copy = record_new(length + sizeof(between) + strlen(next));
	if (copy != NULL)
		strcat(strcat(strcpy(copy, text), between), next);
	return copy;
}

int
kind_describe(
    struct kind *kind, const struct spec *spec, const struct kind *next)
{
	static _Atomic unsigned counter;
	char name[SPEC_NAME_MAX];

	if (spec->name[0] == '\0')
		snprintf(name, sizeof(name), "kind%u",
		    atomic_fetch_add(&counter, 1) + 1);
	kind->name = copy_of(spec->name[0] == '\0' ? name : spec->name);
	kind->text = chain_text(spec, next == NULL ? NULL : next->text);
	return kind->name != NULL && kind->text != NULL ? 0 : no_records();
}

int
kind_resolve(
    struct kind *kind, const struct spec *found, const struct kind *next)
{
	struct spec plain = *found;

	if (spec_is_by_attribute(found))
		plain.source = SPEC_NODES;
	plain.scope = SPEC_LOCAL; /* the default, which is not printed */
	plain.all_nodes = false;
	kind->resolved = chain_text(
	    &plain, next == NULL ? NULL : next->resolved);
	return kind->resolved != NULL ? 0 : no_records();
}

/*
 * ---- The list of all kinds -------------------------------------------------
 *
 * Fallbacks. A kind names the kind that is asked when it is full, which must be
 * open by then. So chains have no circle: each kind is younger than the one
 * that it falls back to. And none breaks: a kind counts how many fall back to
 * it (fallen), and is not closed before these are. Therefore allocate.c follows
 * kind->fallback without a lock: it is set before the handle is known, and what
 * it points to outlives the kind.
 *
 * The links of a chain ("hbw > dram") are kinds like others, each of which owns
 * the next one: they are closed with the first.
 */

/* Finds the kind that NAME names, for KIND. Names need not be unique: of
 * several kinds the one opened last is taken, being first in the list. Under
 * the list's lock. */
static int
find_fallback(struct kind *kind, const char *name)
{
	struct kind *other = kinds;

	if (name[0] == '\0')
		return 0;
	while (other != NULL && strcmp(other->name, name) != 0)
		other = other->next;
	if (other == NULL && strcmp(kind->name, name) == 0)
		return error_set(EINVAL,
		    "fallback=%s is the kind itself: a chain must come to an "
		    "end",
		    name);
	if (other == NULL)
		return error_set(ENOENT,
		    "fallback=%s: no kind of that name is open; open it "
		    "first, with name=%s",
		    name, name);
	other->fallen++;
	kind->fallback = other;
	return 0;
}

/* Under one lock: else the fallback could be closed in between. */
int
kind_link(struct kind *kind, const char *fallback, struct kind *next)
{
	int result = 0;

	lock_take(&kinds_lock);
	if (next != NULL) {
		next->fallen++;
		kind->fallback = next;
		kind->owns_fallback = true;
	} else
		result = find_fallback(kind, fallback);
	if (result == 0) {
		LIST_PUSH(&kinds, kind);
		atomic_store_explicit(&kind_entries[kind->heap.id].handle,
		    kind->handle, memory_order_release);
	}
	lock_give(&kinds_lock);
	return result;
}

/* The first link of the chain that another kind falls back to, or NULL. Every
 * link but the first has the one before it. */
static const struct kind *
find_used(const struct kind *kind)
{
	unsigned own = 0;

	while (kind != NULL && kind->fallen == own) {
		kind = kind_next_link(kind);
		own = 1;
	}
	return kind;
}

struct kind *
kind_unlink(const poolkind *handle, const struct kind **used)
{
	struct kind *kind;

	lock_take(&kinds_lock);
	kind = kind_find(handle);
	*used = find_used(kind);
	for (struct kind *link = *used == NULL ? kind : NULL; link != NULL;
	     link = kind_next_link(link)) {
		atomic_store(&kind_entries[link->heap.id].handle, NULL);
		LIST_REMOVE(link);
		if (link->fallback != NULL)
			link->fallback->fallen--;
	}
	lock_give(&kinds_lock);
	return kind;
}

void
kinds_hold(void)
{
	lock_take(&kinds_lock);
}

/* Whether or not a kind has a function, the lock for it may be that of a thread
 * which is gone. */
void
kinds_forked(void)
{
	for (struct kind *kind = kinds; kind != NULL; kind = kind->next) {
		atomic_store(&kind->moving, false);
		kind->on_map = (struct on_map){ .lock = LOCK_INIT };
	}
}

void
kinds_release(void)
{
	lock_give(&kinds_lock);
}

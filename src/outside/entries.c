/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entries.c - see entries.h.
 */
#include "outside/entries.h"

#include <stdarg.h>
#include <stdlib.h>

#include "spec/spec.h"

enum outside_answer
entries_say(char why[OUTSIDE_WHY_MAX], enum outside_answer answer,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, OUTSIDE_WHY_MAX, format, arguments);
	va_end(arguments);
	return answer;
}

enum outside_answer
entries_check(const struct remote *remote, const struct engine *engine,
    char why[OUTSIDE_WHY_MAX])
{
	int owner;

	if (engine->version != LAYOUT_VERSION)
		return entries_say(why, OUTSIDE_UNSURE,
		    "has an engine (%s) of another release, whose records "
		    "have version %u: this command reads version %u",
		    engine->name, engine->version, LAYOUT_VERSION);
	if (!remote_read(remote, (uintptr_t)engine->layout.process, &owner,
		sizeof(owner)))
		return entries_say(
		    why, OUTSIDE_GONE, "%s", remote_gone(remote));
	if (owner == 0)
		return entries_say(why, OUTSIDE_UNSURE, "is about to start");
	if (owner != remote->itself)
		return entries_say(why, OUTSIDE_UNSURE,
		    "has the kinds of process %d, which made it: it is being "
		    "forked, or runs no fork handlers",
		    owner);
	return OUTSIDE_TOLD;
}

static uint64_t
entry_address(const struct engine *engine, uint32_t id)
{
	return (uintptr_t)engine->layout.entries + id * sizeof(struct entry);
}

struct entry *
entries_read(const struct remote *remote, const struct engine *engine)
{
	size_t bytes = engine->layout.entry_count * sizeof(struct entry);
	struct entry *entries = malloc(bytes);

	if (entries == NULL ||
	    remote_read(remote, entry_address(engine, 0), entries, bytes))
		return entries;
	free(entries);
	return NULL;
}

bool
entry_is_open(const struct remote *remote, const struct engine *engine,
    uint32_t id, const struct entry *entry)
{
	struct entry now;

	return remote_read(
		   remote, entry_address(engine, id), &now, sizeof(now)) &&
	    now.handle == entry->handle;
}

bool
entry_heaps(const struct remote *remote, const struct engine *engine,
    const struct entry *entry, const char *record, uint64_t *first,
    uint32_t *count)
{
	const struct layout *at = &engine->layout;
	uint64_t local = word_in(record, at->kind_local);

	*count = 1;
	*first = entry->kind + at->kind_heap;
	if (local == 0)
		return true;
	*first = local + at->local_heap;
	return remote_read(
		   remote, local + at->local_count, count, sizeof(*count)) &&
	    *count <= SPEC_NODES_MAX;
}

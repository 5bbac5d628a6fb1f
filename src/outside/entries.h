/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entries.h - the kinds that are open in another process, by their handles.
 *
 * A kind is believed if its handle is the one that was there before all else of
 * it was read: no handle is given out twice, and it is taken away before
 * anything of the kind is (kind/kinds.c). Owns nothing but the copy that
 * entries_read() makes, which is the caller's to free(3).
 */
#ifndef OUTSIDE_ENTRIES_H
#define OUTSIDE_ENTRIES_H

#include "outside/engine.h"
#include "outside/outside.h"

/* An entry of kind_entries; by its id, from 1 on. */
struct entry {
	uint64_t handle, kind;
};

/* Sets WHY; returns ANSWER. */
enum outside_answer entries_say(char why[OUTSIDE_WHY_MAX],
    enum outside_answer answer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the engine's records can be read and are this process's own. In a
 * child they are the parent's until its fork handlers have run: for ever where
 * it was made without. OUTSIDE_TOLD, or another answer and WHY. */
enum outside_answer entries_check(const struct remote *remote,
    const struct engine *engine, char why[OUTSIDE_WHY_MAX]);

/* All layout.entry_count of them, those that are closed with handle 0. A handle
 * is stored after its record: one that is read is complete. NULL: the process
 * cannot be read any more, or there is no memory. */
struct entry *entries_read(
    const struct remote *remote, const struct engine *engine);

/* Whether the kind is open still. */
bool entry_is_open(const struct remote *remote, const struct engine *engine,
    uint32_t id, const struct entry *entry);

/* Where the heaps of the kind are, one behind the other. RECORD: the kind's,
 * which was read. */
bool entry_heaps(const struct remote *remote, const struct engine *engine,
    const struct entry *entry, const char *record, uint64_t *first,
    uint32_t *count);

#endif /* OUTSIDE_ENTRIES_H */

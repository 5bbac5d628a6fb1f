/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.h - jemalloc's extent hooks on a source.
 *
 * Owns nothing: a hooked source is the record that jemalloc's hooks argument
 * points into, part of an arena's slot (slot.h). Hooks run under jemalloc's
 * locks: they take the source's lock only, and never call malloc.
 */
#ifndef ARENA_HOOKS_H
#define ARENA_HOOKS_H

#include <jemalloc/jemalloc.h>

#include "source/source.h"

struct hooked_source {
	extent_hooks_t hooks;  /* what jemalloc holds a pointer to: first */
	struct source *source; /* NULL: nothing is handed out or taken back */
	bool exact;            /* nothing is taken beyond what a block needs */
};

/* Fills in the hooks. The record must outlive every arena it is given to. */
void hooked_source_init(struct hooked_source *hooked, struct source *source);

/* Whether a source had no room for what the calling thread asked jemalloc for
 * since this was last called. Where jemalloc fails and it had, or was not
 * asked, jemalloc itself has no memory for its records. */
bool hooks_found_no_room(void);

#endif /* ARENA_HOOKS_H */

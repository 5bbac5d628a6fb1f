/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_part.h - the part of a recording that this process writes
 * (rules/recording.h), where POOLKIND_RECORD says that there is one.
 *
 * Owns the mapping, which stays as long as the process, and a page that the
 * kernel wipes in every child, by whatever call that is made: it has the
 * pointer to the part, so that a child finds none and claims one of its own, at
 * the same address. No handler of fork(3) has a share in it. The child begins
 * with nothing: blocks that it has of its parent are the parent's to count.
 *
 * Called inside malloc, by any thread, in signal handlers. Takes no lock: who
 * comes while a thread maps the part records nothing meanwhile. What fails ends
 * the recording of the process, is said in a line and counted in the head.
 */
#ifndef PRELOAD_RECORD_PART_H
#define PRELOAD_RECORD_PART_H

#include "base/base.h"
#include "rules/recording.h"

/* What is wiped in a child. */
struct record_own {
	_Atomic(struct recording_part *) part;
	uint32_t number; /* of the part, plus one */
};

/* NULL: nobody records. Constant after the start. */
extern struct record_own *record_own HIDDEN;
extern struct recording_head *record_head HIDDEN;

/* In place of the part of a process that is not recorded. */
#define RECORD_NONE ((struct recording_part *)1)

static inline bool
record_is_on(void)
{
	return record_own != NULL;
}

/* Once, by one thread, before others record. */
void record_part_start(void);

/* Claims a part for a process that has none; NULL where there is none. */
struct recording_part *record_part_claim(void);

/* This process's part; NULL if it has none. */
static inline struct recording_part *
record_part(void)
{
	struct recording_part *part = atomic_load_explicit(
	    &record_own->part, memory_order_acquire);

	if (unlikely(part == NULL))
		return record_part_claim();
	return likely(part != RECORD_NONE) ? part : NULL;
}

/* The process ends by itself. */
void record_part_end(void);

#endif /* PRELOAD_RECORD_PART_H */

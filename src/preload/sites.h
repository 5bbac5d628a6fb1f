/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites.h - rules that ask where a request comes from: which call of malloc it
 * is, and which functions are on the stack.
 *
 * Owns what it read of the table; constant after sites_start(). Called inside
 * malloc, by any thread, in signal handlers. Takes no lock, allocates nothing
 * after the start, cannot fail: where memory is short it takes longer, and
 * where a stack cannot be followed no rule for functions applies further up.
 *
 * The site of a request is the code that called malloc or a relative. Where
 * that is C++'s operator new of a module that exports it, the site is in its
 * caller.
 *
 * It costs some nanoseconds where rules name sites and none names a function
 * for such a request; a walk of the stack (walk.h) where one does, and for a
 * call of operator new.
 */
#ifndef PRELOAD_SITES_H
#define PRELOAD_SITES_H

#include "rules/table.h"

/* Whether the table has rules about call sites or functions, and they can be
 * followed. To be called once, by the first thread, before others call
 * sites_first(), which answers LIMIT until then. The table is valid and stays
 * for good. */
bool sites_start(const struct rules_table *table);

/* Has stacks followed also where no rule asks for that. The same. */
void sites_start_walking(void);

/* The first rule below LIMIT that has a condition of where (site, function) and
 * applies as a whole (size, thread name, where) to a request of SIZE bytes by
 * the calling thread, whose malloc returns to CALLER; LIMIT if there is none.
 * The function that has CALLER as its return address is on the stack. */
uint32_t sites_first(const void *caller, size_t size, uint32_t limit);

/* The same. *BY_CALLER: CALLER alone decided where, and not the stack. */
uint32_t sites_first_by(
    const void *caller, size_t size, uint32_t limit, bool *by_caller);

/* Writes the return addresses on the stack from the site of a malloc that
 * returns to CALLER on to FRAMES, MAX at the most, and returns how many; CALLER
 * alone where the stack cannot be followed, or before sites_start(). */
unsigned sites_stack(void **frames, unsigned max, const void *caller);

/* The same from FRAME on, which is that of a function that has not returned
 * (__builtin_frame_address(0)), with the trail of the walk (walk.h). */
struct walk_trail;
unsigned sites_stack_noted(void **frames, unsigned max, const void *caller,
    void *frame, struct walk_trail *trail);

#endif /* PRELOAD_SITES_H */

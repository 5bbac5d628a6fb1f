/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - the blocks that were allocated inside of scopes and live still, for
 * poolkind_leave_report(3).
 *
 * Owns a record of each, in pages of its own that stay, and one lock, which is
 * taken around every call here, with nothing else taken under it but while
 * pages are mapped; over a fork by handlers. Blocks in one of the 2 MiB that
 * have a watched one are not freed by the quick path, so that who frees them,
 * and where, is of no matter. Called by heap.c and scope.c. Where memory is
 * short, or WATCHED_MAX blocks are watched, a block is not, and its scope's
 * report says that it is not complete.
 */
#ifndef PRELOAD_WATCH_H
#define PRELOAD_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poolkind.h"

#define WATCHED_MAX ((size_t)1 << 20)

/* The blocks of a thread's scopes, the latest first. */
struct watch_list;

/* Watches a block of SIZE bytes that was allocated from the stack of DEPTH
 * FRAMES, as the latest of the list *OF, which is made for the first one; it
 * stays NULL without memory. */
void watch_add(struct watch_list **of, const void *block, size_t size,
    void *const *frames, unsigned depth);

/* Before a block is freed or resized: takes it out, if it is watched. What
 * comes of a resized one is put in again, as old as it was; or the old block,
 * where the resizing failed. */
struct watched;
struct watched *watch_take(const void *block);
void watch_put(struct watched *watched, const void *block, size_t size);
void watch_drop(struct watched *watched);

/* How many blocks were watched in the list so far: what comes next is younger.
 * And what lives of those from AGE on; false if that is not all. */
uint64_t watch_age(const struct watch_list *list);
bool watch_report(const struct watch_list *list, uint64_t age,
    struct poolkind_scope_report *report);

/* Ends a list, whose blocks are watched no more. NULL: there was none. */
void watch_end(struct watch_list *list);

/* Has every block freed by the slow path from here on, whether it is watched or
 * not: then there is one more in watch_count. Once. */
void watch_all_frees(void);

/* Whether any block is watched, for who may skip what is above then. */
extern _Atomic size_t watch_count __attribute__((visibility("hidden")));

/* Has door.h expect blocks of one heap, as long as none is watched. Once. */
void watch_expect_one(void);

/* Enters the heap ID for addresses around a block (door.h), unless blocks are
 * watched. */
void watch_learn_home(const void *block, unsigned id);

/* Registers the handlers. */
void watch_start(void);

#endif /* PRELOAD_WATCH_H */

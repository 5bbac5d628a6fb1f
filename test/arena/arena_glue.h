/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena_glue.h - a heap on a source of its own, for tests in C++: the engine's
 * headers of this floor are C only. Blocks come and go as kind/ would do it,
 * through the calling thread's cache first.
 */
#ifndef TEST_ARENA_ARENA_GLUE_H
#define TEST_ARENA_ARENA_GLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rig;

/* A heap on the source that TEXT describes; NULL if it cannot be opened.
 * BOUNDED: with the options of a kind that has a size or a limit. */
struct rig *rig_open(const char *text, bool bounded);
void rig_close(struct rig *rig);
struct source *rig_source(struct rig *rig);

void *rig_malloc(struct rig *rig, size_t size);
/* Past the caches. */
void *rig_allocate(struct rig *rig, size_t size, size_t alignment, bool zero);
bool rig_free(struct rig *rig, void *ptr);
bool rig_resize(void *ptr, size_t size);
/* Where the small block at PTR is after that, or NULL. */
void *rig_defragment(void *ptr);
/* Counts up when a heap that was full may have room. */
uint64_t rig_epoch(struct rig *rig);
void rig_drain(struct rig *rig);
void rig_set_limit(struct rig *rig, size_t limit);
bool rig_is_sound(struct rig *rig);

size_t rig_live(struct rig *rig);
size_t rig_cached(struct rig *rig);
uint64_t rig_requests(struct rig *rig);
uint64_t rig_blocks(struct rig *rig);

unsigned rig_id(struct rig *rig);
unsigned rig_arenas(struct rig *rig);
/* The index of jemalloc's arena behind the heap's WHICHth. */
unsigned rig_arena(struct rig *rig, unsigned which);
/* Blocks that came from that one, but for the caches. */
uint64_t rig_arena_requests(struct rig *rig, unsigned which);
/* Bytes in the depot. */
size_t rig_depot(struct rig *rig);
size_t rig_quota_used(struct rig *rig);
size_t rig_quota_max(struct rig *rig);
unsigned rig_caches(struct rig *rig);
/* What the engine keeps of the calling thread. */
const void *rig_thread(void);
/* Ends a sleep of the thread that looks after heaps, as its timer would. */
void rig_wake(void);
/* What the heap's arenas get back goes on to the source at once. */
void rig_keep_nothing(struct rig *rig);
/* Keeps all threads out of the arenas, the caller too, and lets them in. */
void rig_stop_arenas(void);
void rig_let_arenas_go(void);
/* Whether somebody is emptying the heap's caches. */
bool rig_is_locked(struct rig *rig);

/* What is known of the block at PTR: whose, and how large. */
bool block_is_of(struct rig *rig, const void *ptr);
size_t block_usable(const void *ptr);

/* The calling thread stays inside its cache of the heap until it leaves. */
bool rig_enter_cache(struct rig *rig);
void rig_leave_cache(struct rig *rig);

/* fork(2) with every handler around it. */
int rig_fork(void);
/* The same while a thread knocks at the heap's first arena: it has counted
 * itself in, and is about to find that nobody may be there. */
int rig_fork_amid_knock(struct rig *rig);

#endif /* TEST_ARENA_ARENA_GLUE_H */

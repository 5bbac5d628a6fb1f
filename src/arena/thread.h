/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - the life of threads' records and of their caches.
 *
 * A thread gets a record at its first block, and a cache of a heap at its first
 * small block of that heap. Both go when the thread ends, a cache also when its
 * heap is closed. Where there is no memory for one the thread does without, and
 * tries again next time. Called without a lock, but for what says otherwise.
 */
#ifndef ARENA_THREAD_H
#define ARENA_THREAD_H

#include "arena/structures.h"

/* Which threads, caches and heaps exist, and the ids of heaps. */
extern struct lock registry_lock;

/* Makes ready what threads need of libc, which may call malloc for it: when the
 * library is loaded, or with the first heap, if that comes sooner. For who
 * opens the first heap under a lock. */
void threads_start(void);

/* The calling thread's record, made if need be; one without caches where it can
 * have none: no memory for it, or the thread is about to end. */
struct thread *thread_here(void);

/* Whether the calling thread, which frees, has a record or is to get one
 * now. */
bool thread_may_begin(void);

/* The calling thread's cache of HEAP, made if need be; NULL where the thread
 * can have none. */
struct cache *cache_of(struct heap *heap);

/* The same, to allocate from: if the heap stands behind an alias, the thread
 * finds the cache under that name from here on, and what it cached under it
 * before goes home. See heaps.h. */
struct cache *cache_follow(struct heap *heap);

/* Takes the cache out of both lists and frees it. Under registry_lock, while
 * its thread is outside of it for good; its blocks were returned, or vanish
 * with their heap. */
void cache_delete(struct cache *cache);

/* In the child of a fork, alone, with registry_lock and all heaps' locks: the
 * thread that forked finds its caches again; the records of all others are
 * deleted, and what their caches held goes back to the arenas. */
void thread_adopt_caches(void);
void threads_reap_others(void);

#endif /* ARENA_THREAD_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.h - all heaps over fork.
 *
 * heaps_prefork() stops all threads outside of their caches and of the arenas
 * and takes all locks of this folder and of jemalloc; the caller goes on with
 * sources_prefork(). In the child the caches of threads that are gone are
 * emptied, and they are forgotten. Nothing here fails or calls malloc.
 */
#ifndef ARENA_FORK_H
#define ARENA_FORK_H

void heaps_prefork(void);
void heaps_postfork_parent(void);
void heaps_postfork_child(void);

#endif /* ARENA_FORK_H */

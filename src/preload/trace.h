/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - every call of malloc and its relatives, written for the command
 * `poolkind record --trace` (trace/raw.h), where POOLKIND_TRACE says that there
 * is a file for that.
 *
 * Called by recorder.c for each block that comes and goes, by any thread, in
 * signal handlers, before constructors and after destructors. Owns what a
 * thread has of the file, one chunk of it, and a page that the kernel wipes in
 * every child, by whatever call that is made: so a child writes to no chunk of
 * its parent's, but claims chunks of its own. No handler of fork(3) has a share
 * in it. Takes no lock, allocates nothing but a key of pthread_key_create(3) at
 * the start. Nothing fails: an event for which no chunk can be had is counted
 * in the file's head, and so are those behind it.
 */
#ifndef PRELOAD_TRACE_H
#define PRELOAD_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* Looks for a file. Once, by one thread, before others write. Whether there is
 * one. */
bool trace_start(void);

/* A block of SIZE bytes, aligned to ALIGNMENT unless that is 0. */
void trace_block(const void *ptr, size_t size, size_t alignment, bool is_zero);

/* Before a block is freed. */
void trace_free(const void *ptr);

/* Before a block is resized. Then: to NOW, of SIZE bytes, or not at all. */
void trace_resize(const void *ptr);
void trace_resized(const void *now, size_t size);
void trace_not_resized(const void *ptr);

#endif /* PRELOAD_TRACE_H */

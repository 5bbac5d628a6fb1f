/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - asks before memory is taken, so that a lack of it is an error and
 * not the end of a process.
 *
 * Where the kernel has no page left, for the machine or for a memory cgroup, it
 * ends a process. So whatever the engine itself fills with pages of ordinary
 * memory, anonymous or of a tmpfs, it fills in pieces, and before each it asks
 * whether there is room for all that is left. What was taken before the answer
 * was no is the caller's to give back.
 *
 * Called by the other files of source/ under their locks, and in fork handlers.
 * Takes no lock. Where nobody says how much memory there is there is always
 * room.
 */
#ifndef SOURCE_MEMORY_H
#define SOURCE_MEMORY_H

#include <sys/types.h>

#include "base/base.h"

/* How many bytes of LEFT, a number of pages, to take now; 0: there is no room
 * for LEFT. */
size_t memory_next(size_t left);

/* Has TAKE fill a range, as os_populate() does, in such pieces. 0, ENOMEM, or
 * what TAKE answers. */
int memory_fill(
    int (*take)(void *addr, size_t bytes), void *addr, size_t bytes);

/* os_take_space() of a file whose space is memory, in such pieces. */
int memory_take_space(int fd, off_t offset, off_t bytes);

/* os_write_file() to such a file. */
int memory_write_file(int fd, const void *data, size_t bytes, off_t offset);

/* Whether there is no room for BYTES; then sets the sentence, which begins with
 * TEXT, the spec, and ENOMEM. */
bool memory_explain(const char *text, size_t bytes);

#endif /* SOURCE_MEMORY_H */

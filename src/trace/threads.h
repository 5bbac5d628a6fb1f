/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.h - a number for each thread of a trace, 0 at first.
 *
 * Owns a list, allocated by malloc. No locks; what fails is memory.
 */
#ifndef TRACE_THREADS_H
#define TRACE_THREADS_H

#include <stddef.h>
#include <stdint.h>

struct threads {
	uint32_t *number;
	size_t room;
};

/* That of a thread, until the next call. NULL without memory. */
uint32_t *threads_number(struct threads *threads, uint32_t thread);

/* All are 0 again. */
void threads_clear(struct threads *threads);
void threads_end(struct threads *threads);

#endif /* TRACE_THREADS_H */

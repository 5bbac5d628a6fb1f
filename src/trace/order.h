/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.h - what a program's threads wrote (raw.h), process by process, in the
 * order of the numbers.
 *
 * Owns lists, allocated by malloc. No locks. What fails is memory; what is not
 * understood in a chunk ends it, and is counted.
 */
#ifndef TRACE_ORDER_H
#define TRACE_ORDER_H

#include "trace/raw.h"

struct order {
	const uint64_t *file;
	size_t words;                      /* of it */
	const struct trace_chunk **chunks; /* by process */
	size_t chunk_count;
	size_t first, behind; /* those of the process */
	uint64_t low, high;   /* numbers of its events */
	uint64_t count, at;
	uint64_t *places; /* from LOW on */
	uint64_t lost;
};

struct raw_call {
	enum raw_event what;
	unsigned lg_alignment;
	uint32_t thread;
	uint64_t address, size;
};

/* Of BYTES mapped at FILE. -1 without memory. */
int order_begin(struct order *order, const void *file, size_t bytes);
void order_end(struct order *order);

/* The next process that has events: 1; 0 behind the last; -1 without memory. */
int order_next_process(struct order *order);

/* Of a chunk of it: its number and its program. */
const struct trace_chunk *order_chunk(const struct order *order);

/* Its next event, of no thread that begins. False behind the last. */
bool order_next(struct order *order, struct raw_call *call);

#endif /* TRACE_ORDER_H */

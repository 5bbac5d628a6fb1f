/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.h - what a program's threads wrote (raw.h), as one trace (trace.h).
 *
 * Owns nothing when it returns. Called by the command, when nobody writes to
 * the file any more; no locks. What is not understood in a chunk ends it, and
 * is counted with what was lost.
 */
#ifndef TRACE_MERGE_H
#define TRACE_MERGE_H

#include "trace/raw.h"
#include "trace/trace.h"

struct merged_trace {
	uint64_t processes, events;
	uint64_t unknown; /* calls about blocks that the trace does not have */
	uint64_t lost;
};

/* Adds all of the BYTES that the file has, mapped at FILE. -1 without memory,
 * with a sentence. */
int trace_merge(const void *file, size_t bytes, struct trace_writer *writer,
    struct merged_trace *merged);

#endif /* TRACE_MERGE_H */

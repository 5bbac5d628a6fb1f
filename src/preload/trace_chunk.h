/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_chunk.h - where a thread writes its events: its chunk of the file of a
 * trace (trace/raw.h).
 *
 * Owns the chunks of all threads, those of threads that have ended, and the
 * page that the kernel wipes in children: so a child finds that it is none of
 * the file's processes yet. Called by trace.c alone, by any thread, in signal
 * handlers. No lock. Without room or without the file there is no chunk.
 */
#ifndef PRELOAD_TRACE_CHUNK_H
#define PRELOAD_TRACE_CHUNK_H

#include "base/base.h"
#include "trace/raw.h"

#define IN_TLS __attribute__((tls_model("initial-exec"), visibility("hidden")))
#define TRACE_SPARES 256

/* What is wiped in a child. */
struct trace_own {
	_Atomic uint32_t process; /* 0: none was claimed yet */
	_Atomic uint32_t threads;
	_Atomic uint32_t has_failed;
	_Atomic(struct trace_chunk *) spare[TRACE_SPARES];
};

struct trace_here {
	uint32_t process; /* that the rest is of */
	uint32_t thread;
	struct trace_chunk *chunk;
	_Atomic uint32_t used; /* words of it */
	bool is_busy, has_ended;
};

extern struct trace_own *trace_own HIDDEN;
extern struct trace_head *trace_head HIDDEN;
extern _Thread_local struct trace_here trace_here IN_TLS;

/* Finds the file that VALUE leads to. NULL, or what is wrong. *IS_PLACE: VALUE
 * has a process in it. */
const char *trace_chunks_start(const char *value, bool *is_place);

/* Another chunk for the thread, in place of the one it has. False, and it has
 * none. */
bool trace_chunk_next(void);

/* The thread has none any more, and another may have it. */
void trace_chunk_give(void);

/* So many words in the thread's chunk; NULL if it has not as many. */
static ALWAYS_INLINE uint64_t *
trace_claim(unsigned words)
{
	struct trace_chunk *chunk = trace_here.chunk;
	uint32_t at;

	if (unlikely(chunk == NULL ||
		trace_here.process !=
		    atomic_load_explicit(
			&trace_own->process, memory_order_relaxed)))
		return NULL;
	at = atomic_fetch_add_explicit(
	    &trace_here.used, words, memory_order_relaxed);
	return likely(at + words <= TRACE_CHUNK_WORDS) ? &chunk->word[at] :
							 NULL;
}

#endif /* PRELOAD_TRACE_CHUNK_H */

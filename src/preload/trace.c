/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c - see trace.h.
 *
 * A thread has a chunk to itself, so that two counters are all that threads
 * share: that of events, and that of chunks. The chunk of a thread that ends is
 * put aside for the next one.
 *
 * A signal handler that interrupts a thread here, and frees a block, writes an
 * event as well: words are claimed by one atomic addition, so that it gets
 * others than the event that it interrupts. Only where the thread was about to
 * get a chunk its event is lost, or where the thread had the last words of one.
 */
#include "preload/trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/environment.h"
#include "os/os.h"
#include "preload/log.h"
#include "preload/trace_chunk.h"

static pthread_key_t ends;
static bool ends_are_seen;
static _Atomic uint64_t number; /* of the next event; a child goes on */

/* ---- Events -------------------------------------------------------------- */

/* pthread_setspecific(3) may allocate, so it is called when all else is there.
 */
static __attribute__((noinline, cold)) uint64_t *
claim_slowly(unsigned words)
{
	bool is_new = trace_here.process != atomic_load(&trace_own->process) ||
	    trace_here.process == 0;
	uint64_t *to = NULL;
	int saved = errno;

	if (trace_here.is_busy)
		return NULL;
	trace_here.is_busy = true;
	if (trace_chunk_next())
		to = trace_claim(words);
	trace_here.is_busy = false;
	if (to != NULL && is_new && ends_are_seen && !trace_here.has_ended)
		pthread_setspecific(ends, &trace_here);
	errno = saved;
	return to;
}

static void
write_event(
    enum raw_event event, unsigned lg_alignment, const void *ptr, size_t size)
{
	unsigned words = raw_words(event);
	uint64_t *to = trace_claim(words);

	if (unlikely(to == NULL))
		to = claim_slowly(words);
	if (unlikely(to == NULL)) {
		atomic_fetch_add(&trace_head->lost, 1);
		return;
	}
	if (words > 1)
		to[1] = (uintptr_t)ptr;
	if (words > 2)
		to[2] = size;
	__atomic_store_n(to,
	    raw_word(event, lg_alignment,
		atomic_fetch_add_explicit(&number, 1, memory_order_relaxed)),
	    __ATOMIC_RELEASE);
	if (unlikely(trace_here.has_ended))
		trace_chunk_give();
}

/* What comes behind it takes a chunk for each event, and gives it back. */
static void
end_thread(void *unused)
{
	(void)unused;
	trace_here.has_ended = true;
	write_event(RAW_THREAD_ENDS, 0, NULL, 0);
}

void
trace_block(const void *ptr, size_t size, size_t alignment, bool is_zero)
{
	if (alignment != 0)
		write_event(RAW_ALIGNED, (unsigned)__builtin_ctzll(alignment),
		    ptr, size);
	else
		write_event(is_zero ? RAW_CALLOC : RAW_MALLOC, 0, ptr, size);
}

void
trace_free(const void *ptr)
{
	write_event(RAW_FREE, 0, ptr, 0);
}

void
trace_resize(const void *ptr)
{
	write_event(RAW_RESIZE, 0, ptr, 0);
}

void
trace_resized(const void *now, size_t size)
{
	write_event(RAW_RESIZED, 0, now, size);
}

void
trace_not_resized(const void *ptr)
{
	write_event(RAW_NOT_RESIZED, 0, ptr, 0);
}

/* ---- The start ----------------------------------------------------------- */

/* A process that another one has started may have lost the file, and says so as
 * it says other failures. */
bool
trace_start(void)
{
	const char *value = variable(TRACE_VARIABLE), *problem;
	bool is_place;

	if (value == NULL)
		return false;
	problem = trace_chunks_start(value, &is_place);
	if (problem != NULL) {
		log_say(&preload_log, is_place ? SAID_OF_FAILURES : SAID_ALWAYS,
		    LOG_HEAD,
		    TRACE_VARIABLE
		    "=%.40s: %s; the calls of process %d are not "
		    "traced",
		    value, problem, os_process());
		return false;
	}
	ends_are_seen = pthread_key_create(&ends, end_thread) == 0;
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_chunk.c - see trace_chunk.h.
 *
 * A thread maps its next chunk over the one that is full, so that a thread has
 * one mapping for all of its time.
 */
#include "preload/trace_chunk.h"

#include "os/os.h"
#include "preload/inherited.h"

#define NOT_WORTH_KEEPING 256 /* words */

_Static_assert(sizeof(struct trace_own) <= 4096, "it is a page");

struct trace_own *trace_own;
struct trace_head *trace_head;
_Thread_local struct trace_here trace_here;

static struct inherited file;

/* ---- Chunks -------------------------------------------------------------- */

static int
map_chunk(void **address)
{
	off_t place = (off_t)raw_place(
	    atomic_fetch_add(&trace_head->chunks, 1));
	bool is_new = *address == NULL;
	int fd, error = inherited_open(&file, &fd);

	if (error != 0)
		return error;
	error = os_lengthen(fd, place, TRACE_CHUNK_BYTES);
	if (error == 0 && is_new)
		error = os_map(TRACE_CHUNK_BYTES, address);
	if (error == 0)
		error = os_map_file(
		    *address, TRACE_CHUNK_BYTES, fd, place, false);
	inherited_close(&file, fd);
	return error;
}

/* A process that could not get one asks for no more: what is behind a gap is
 * of little use. */
static bool
new_chunk(void)
{
	void *address = trace_here.chunk;
	uint32_t none = 0;
	int error;

	trace_here.chunk = NULL;
	if (atomic_load(&trace_own->has_failed) != 0)
		return false;
	error = map_chunk(&address);
	if (error != 0) {
		atomic_compare_exchange_strong(
		    &trace_head->error, &none, (uint32_t)error);
		atomic_store(&trace_own->has_failed, 1);
		return false;
	}
	trace_here.chunk = address;
	trace_here.chunk->process = trace_here.process;
	trace_here.chunk->pid = (uint32_t)os_process();
	os_read_link("/proc/self/exe", trace_here.chunk->program,
	    sizeof(trace_here.chunk->program));
	__atomic_store_n(
	    &trace_here.chunk->magic, TRACE_CHUNK_MAGIC, __ATOMIC_RELEASE);
	atomic_store(&trace_here.used, 0);
	return true;
}

static bool
take_spare(void)
{
	for (unsigned i = 0; i < TRACE_SPARES; i++) {
		if (atomic_load(&trace_own->spare[i]) == NULL)
			continue;
		trace_here.chunk = atomic_exchange(&trace_own->spare[i], NULL);
		if (trace_here.chunk == NULL)
			continue;
		atomic_store(&trace_here.used, trace_here.chunk->used);
		return true;
	}
	return false;
}

void
trace_chunk_give(void)
{
	struct trace_chunk *chunk = trace_here.chunk, *none;

	trace_here.chunk = NULL;
	if (chunk == NULL)
		return;
	chunk->used = atomic_load(&trace_here.used);
	for (unsigned i = 0; i < TRACE_SPARES &&
	     chunk->used + NOT_WORTH_KEEPING < TRACE_CHUNK_WORDS;
	     i++) {
		none = NULL;
		if (atomic_compare_exchange_strong(
			&trace_own->spare[i], &none, chunk))
			return;
	}
	os_unmap(chunk, TRACE_CHUNK_BYTES);
}

/* ---- Processes and threads ----------------------------------------------- */

/* Two threads of a child may both get here: then a number is nobody's. */
static void
begin_process(void)
{
	uint32_t none = 0,
		 claimed = atomic_fetch_add(&trace_head->processes, 1) + 1;

	atomic_compare_exchange_strong(&trace_own->process, &none, claimed);
}

/* The chunk that the thread has is full, or in a child its parent's: another
 * takes its place. */
bool
trace_chunk_next(void)
{
	uint64_t *to;

	if (atomic_load(&trace_own->process) == 0)
		begin_process();
	if (trace_here.process != atomic_load(&trace_own->process)) {
		trace_here.process = atomic_load(&trace_own->process);
		trace_here.thread = atomic_fetch_add(&trace_own->threads, 1);
	}
	if ((trace_here.chunk != NULL || !take_spare()) && !new_chunk())
		return false;
	to = &trace_here.chunk->word[atomic_fetch_add(&trace_here.used, 1)];
	__atomic_store_n(
	    to, raw_word(RAW_THREAD, 0, trace_here.thread), __ATOMIC_RELEASE);
	return true;
}

/* ---- The start ----------------------------------------------------------- */

static bool
map_head(int fd)
{
	void *address;
	off_t length;

	if (os_length(fd, &length) != 0 || length < (off_t)PAGE_BYTES ||
	    os_map(PAGE_BYTES, &address) != 0)
		return false;
	if (os_map_file(address, PAGE_BYTES, fd, 0, false) == 0)
		trace_head = address;
	if (trace_head != NULL && trace_head->magic == TRACE_HEAD_MAGIC)
		return true;
	os_unmap(address, PAGE_BYTES);
	trace_head = NULL;
	return false;
}

const char *
trace_chunks_start(const char *value, bool *is_place)
{
	const char *problem = inherited_find(&file, value, map_head);
	void *page;

	*is_place = file.place.process != 0;
	if (problem != NULL)
		return problem;
	if (os_map(PAGE_BYTES, &page) != 0 ||
	    os_wipe_in_child(page, PAGE_BYTES) != 0)
		return "the kernel cannot wipe a page in children";
	trace_own = page;
	begin_process();
	return NULL;
}

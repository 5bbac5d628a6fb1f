/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.c - see merge.h. The addresses of a process become numbers of blocks.
 */
#include "trace/merge.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "trace/addresses.h"
#include "trace/order.h"
#include "trace/threads.h"

struct merging {
	struct addresses addresses;
	struct threads resizing; /* a block plus one */
	struct trace_writer *writer;
	uint64_t unknown;
	bool has_failed; /* no memory */
};

/* ---- Calls --------------------------------------------------------------- */

static void
enter(struct merging *merging, uint64_t address, uint32_t block)
{
	if (!addresses_add(&merging->addresses, address, block))
		merging->has_failed = true;
}

/* A block may be here whose free went past malloc, with poolkind_free(), or was
 * lost. */
static void
drop_stale(struct merging *merging, uint64_t address)
{
	uint32_t block;

	if (addresses_take(&merging->addresses, address, &block))
		trace_put_free(merging->writer, block);
}

static uint64_t
size_of(const struct raw_call *call)
{
	return min_size(call->size, TRACE_SIZE_MAX - 1);
}

static void
put_block(struct merging *merging, const struct raw_call *call)
{
	static const enum trace_operation operations[] = {
		[RAW_MALLOC] = TRACE_MALLOC,
		[RAW_CALLOC] = TRACE_CALLOC,
		[RAW_ALIGNED] = TRACE_ALIGNED,
		[RAW_RESIZED] = TRACE_MALLOC,
	};

	drop_stale(merging, call->address);
	enter(merging, call->address,
	    trace_put_block(merging->writer, operations[call->what],
		(unsigned)min_size(call->lg_alignment, 47), size_of(call)));
}

/* One that the trace does not know becomes a new one. */
static void
put_resized(
    struct merging *merging, const struct raw_call *call, uint32_t *resizing)
{
	uint32_t block = *resizing;

	*resizing = 0;
	if (block == 0) {
		put_block(merging, call);
		return;
	}
	drop_stale(merging, call->address);
	trace_put_resized(merging->writer, block - 1, size_of(call));
	enter(merging, call->address, block - 1);
}

static void
put_free(struct merging *merging, const struct raw_call *call)
{
	uint32_t block;

	if (addresses_take(&merging->addresses, call->address, &block))
		trace_put_free(merging->writer, block);
	else
		merging->unknown++;
}

static void
begin_resize(
    struct merging *merging, const struct raw_call *call, uint32_t *resizing)
{
	uint32_t block;

	*resizing = addresses_take(&merging->addresses, call->address, &block) ?
	    block + 1 :
	    0;
}

static void
undo_resize(
    struct merging *merging, const struct raw_call *call, uint32_t *resizing)
{
	if (*resizing != 0)
		enter(merging, call->address, *resizing - 1);
	*resizing = 0;
}

static void
put_call(struct merging *merging, const struct raw_call *call)
{
	uint32_t *resizing = threads_number(&merging->resizing, call->thread);

	if (resizing == NULL) {
		merging->has_failed = true;
		return;
	}
	if (call->what == RAW_RESIZE) {
		begin_resize(merging, call, resizing);
		return;
	}
	if (call->what == RAW_NOT_RESIZED) {
		undo_resize(merging, call, resizing);
		return;
	}
	trace_put_thread(merging->writer, call->thread);
	if (call->what == RAW_THREAD_ENDS)
		trace_put_thread_ends(merging->writer);
	else if (call->what == RAW_RESIZED)
		put_resized(merging, call, resizing);
	else if (call->what == RAW_FREE)
		put_free(merging, call);
	else
		put_block(merging, call);
}

/* ---- Processes ----------------------------------------------------------- */

static void
begin_process(struct merging *merging, const struct trace_chunk *chunk)
{
	char program[TRACE_PROGRAM + 1] = "";

	memcpy(program, chunk->program, TRACE_PROGRAM);
	trace_put_process(merging->writer, chunk->pid, program);
	merging->unknown = 0;
	addresses_clear(&merging->addresses);
	threads_clear(&merging->resizing);
}

static void
merge_process(
    struct merging *merging, struct order *order, struct merged_trace *merged)
{
	struct raw_call call;

	begin_process(merging, order_chunk(order));
	while (!merging->has_failed && order_next(order, &call))
		put_call(merging, &call);
	merged->events += trace_put_events(merging->writer);
	merged->unknown += merging->unknown;
	merged->processes++;
	trace_end_process(merging->writer, merging->unknown);
}

int
trace_merge(const void *file, size_t bytes, struct trace_writer *writer,
    struct merged_trace *merged)
{
	struct merging merging = { .writer = writer };
	const struct trace_head *head = file;
	struct order order;
	int got = order_begin(&order, file, bytes);

	*merged = (struct merged_trace){ .processes = 0 };
	while (got == 0 && !merging.has_failed &&
	    (got = order_next_process(&order)) > 0) {
		merge_process(&merging, &order, merged);
		got = 0;
	}
	merged->lost = atomic_load(&head->lost) + order.lost;
	order_end(&order);
	threads_end(&merging.resizing);
	addresses_end(&merging.addresses);
	return got < 0 || merging.has_failed ?
	    error_set(ENOMEM, "no memory for the trace") :
	    0;
}

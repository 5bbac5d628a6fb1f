/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorder.c - see recorder.h.
 */
#include "preload/recorder.h"

#include "preload/trace.h"

enum recorder recorder;

bool
recorder_wants_kinds(void)
{
	return recorder == RECORDER_SITES && record_head->has_kinds;
}

void
recorder_block(const struct recorded_block *block)
{
	if (recorder == RECORDER_TRACE)
		trace_block(
		    block->ptr, block->size, block->alignment, block->is_zero);
	else
		record_block(block->ptr, block->size, block->caller,
		    block->kind, &block->choice);
}

void
recorder_free(const void *ptr)
{
	if (recorder == RECORDER_TRACE)
		trace_free(ptr);
	else
		record_free(ptr);
}

void
recorder_resize(const void *ptr, struct record_resize *resize)
{
	if (recorder == RECORDER_TRACE)
		trace_resize(ptr);
	else
		record_resize_begin(ptr, resize);
}

void
recorder_resized(
    const struct recorded_block *now, const struct record_resize *resize)
{
	if (recorder == RECORDER_TRACE)
		trace_resized(now->ptr, now->size);
	else
		record_resize_done(now->ptr, now->size, now->caller, now->kind,
		    &now->choice, resize);
}

void
recorder_not_resized(const void *ptr, const struct record_resize *resize)
{
	if (recorder == RECORDER_TRACE)
		trace_not_resized(ptr);
	else
		record_resize_failed(ptr, resize);
}

void
recorder_start(void)
{
	enum recorder found = RECORDER_NONE;

	if (trace_start()) {
		found = RECORDER_TRACE;
	} else {
		record_start();
		if (record_is_on())
			found = RECORDER_SITES;
	}
	__atomic_store_n(&recorder, found, __ATOMIC_RELEASE);
}

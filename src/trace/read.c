/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read.c - the processes and events of a trace. See trace.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/error.h"
#include "trace/blocks.h"
#include "trace/input.h"
#include "trace/trace.h"

struct trace_reader {
	struct input input;
	struct blocks blocks;
	struct trace_totals totals;
	uint32_t thread;
	uint64_t processes, lost;
};

/* ---- The file ------------------------------------------------------------ */

static int
take_magic(struct trace_reader *reader)
{
	for (const char *at = TRACE_MAGIC; *at != '\0'; at++) {
		int has = input_has_byte(&reader->input);

		if (has < 0)
			return -1;
		if (has == 0 ||
		    reader->input.bytes[reader->input.at++] !=
			(unsigned char)*at)
			return error_set(EINVAL,
			    "%s is no file of poolkind record --trace",
			    reader->input.path);
	}
	return 0;
}

struct trace_reader *
trace_open(const char *path)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		error_set(ENOMEM, "no memory to read %s", path);
		return NULL;
	}
	if (input_open(&reader->input, path) == 0 && take_magic(reader) == 0)
		return reader;
	trace_close(reader);
	return NULL;
}

void
trace_close(struct trace_reader *reader)
{
	if (reader == NULL)
		return;
	input_close(&reader->input);
	blocks_end(&reader->blocks);
	free(reader);
}

/* ---- Processes ----------------------------------------------------------- */

/* What was compressed has a checksum behind it, which is looked at when there
 * is no more. */
static int
take_end(struct trace_reader *reader)
{
	uint64_t processes;
	int has;

	if (input_number(&reader->input, &processes) != 0 ||
	    input_number(&reader->input, &reader->lost) != 0)
		return -1;
	if (processes != reader->processes)
		return input_damaged(&reader->input, "a process is not there");
	has = input_has_byte(&reader->input);
	return has <= 0 ?
	    has :
	    input_damaged(&reader->input, "there is more behind its end");
}

int
trace_next_process(struct trace_reader *reader, struct trace_process *process)
{
	int byte = input_byte(&reader->input);

	if (byte == TRACE_LAST)
		return take_end(reader);
	if (byte != TRACE_PROCESS)
		return byte < 0 ?
		    -1 :
		    input_damaged(&reader->input, "no process follows");
	if (input_number(&reader->input, &process->pid) != 0 ||
	    input_text(&reader->input, process->program) != 0)
		return -1;
	blocks_clear(&reader->blocks);
	reader->totals = (struct trace_totals){ 0 };
	reader->thread = 0;
	reader->processes++;
	return 1;
}

const struct trace_totals *
trace_totals(const struct trace_reader *reader)
{
	return &reader->totals;
}

uint64_t
trace_lost(const struct trace_reader *reader)
{
	return reader->lost;
}

/* ---- Events -------------------------------------------------------------- */

static int
take_thread(struct trace_reader *reader, uint64_t thread)
{
	if (thread > reader->totals.threads || thread >= UINT32_MAX - 1)
		return input_damaged(
		    &reader->input, "a thread has no beginning");
	if (thread == reader->totals.threads)
		reader->totals.threads++;
	reader->thread = (uint32_t)thread;
	return 0;
}

/* What it says of itself is held against what it was. */
static int
take_totals(struct trace_reader *reader)
{
	struct trace_totals *totals = &reader->totals, said;

	totals->live_peak = reader->blocks.peak;
	totals->blocks_peak = reader->blocks.count;
	if (input_number(&reader->input, &said.events) != 0 ||
	    input_number(&reader->input, &said.threads) != 0 ||
	    input_number(&reader->input, &said.live_peak) != 0 ||
	    input_number(&reader->input, &said.blocks_peak) != 0 ||
	    input_number(&reader->input, &totals->unknown) != 0)
		return -1;
	return said.events == totals->events &&
		said.threads == totals->threads &&
		said.live_peak == totals->live_peak &&
		said.blocks_peak == totals->blocks_peak ?
	    0 :
	    input_damaged(&reader->input, "events are not there");
}

/* NUMBER: what stands in the event itself. */
static int
take_block(
    struct trace_reader *reader, struct trace_event *event, uint64_t number)
{
	event->size = number;
	event->lg_alignment = 0;
	if (event->operation == TRACE_ALIGNED) {
		if (number > 47)
			return input_damaged(
			    &reader->input, "no block has that alignment");
		event->lg_alignment = (unsigned)number;
		if (input_number(&reader->input, &event->size) != 0)
			return -1;
	}
	if (event->size >= TRACE_SIZE_MAX)
		return input_damaged(&reader->input, "no block has that size");
	event->block = blocks_add(&reader->blocks, event->size);
	return event->block != NO_BLOCK ?
	    0 :
	    error_set(ENOMEM, "no memory to read %s", reader->input.path);
}

static int
take_resized(
    struct trace_reader *reader, struct trace_event *event, uint64_t number)
{
	if (input_number(&reader->input, &event->size) != 0)
		return -1;
	if (event->size >= TRACE_SIZE_MAX)
		return input_damaged(&reader->input, "no block has that size");
	event->block = (uint32_t)number;
	return number < NO_BLOCK &&
		blocks_resize(&reader->blocks, event->block, event->size) ?
	    0 :
	    input_damaged(
		&reader->input, "a block is resized that is not there");
}

static int
take_freed(
    struct trace_reader *reader, struct trace_event *event, uint64_t number)
{
	event->block = (uint32_t)number;
	return number < NO_BLOCK && blocks_drop(&reader->blocks, event->block) ?
	    0 :
	    input_damaged(&reader->input, "a block is freed that is not there");
}

static int
take_call(
    struct trace_reader *reader, struct trace_event *event, uint64_t number)
{
	if (reader->totals.threads == 0)
		return input_damaged(
		    &reader->input, "an event is of no thread");
	event->thread = reader->thread;
	if (event->operation == TRACE_THREAD_ENDS)
		return 0;
	reader->totals.events++;
	if (event->operation == TRACE_REALLOC)
		return take_resized(reader, event, number);
	if (event->operation == TRACE_FREE)
		return take_freed(reader, event, number);
	return take_block(reader, event, number);
}

int
trace_next_event(struct trace_reader *reader, struct trace_event *event)
{
	for (;;) {
		int byte = input_byte(&reader->input);
		uint64_t number;

		if (byte < 0)
			return -1;
		number = (unsigned)byte >> 3 & 15;
		if ((byte & 128) != 0 &&
		    input_rest(&reader->input, 4, &number) != 0)
			return -1;
		event->operation = (enum trace_operation)(byte & 7);
		if (event->operation == TRACE_END)
			return take_totals(reader);
		if (event->operation != TRACE_THREAD)
			return take_call(reader, event, number) == 0 ? 1 : -1;
		if (take_thread(reader, number) != 0)
			return -1;
	}
}

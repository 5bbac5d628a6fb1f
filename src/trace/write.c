/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write.c - a trace, compressed while it is made, in memory: it takes a byte or
 * two for each event. See trace.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"
#include "trace/blocks.h"
#include "trace/threads.h"
#include "trace/trace.h"

#define GZIP (MAX_WBITS + 16)
#define NO_THREAD UINT32_MAX

struct trace_writer {
	z_stream stream;
	bool has_failed;
	unsigned char pending[64 << 10]; /* not compressed yet */
	size_t pending_count;
	unsigned char *bytes;
	size_t size, room;
	struct blocks blocks;
	struct threads threads; /* as in the file, plus one; 0: none yet */
	uint32_t thread;        /* as the caller has it */
	struct trace_totals totals;
	uint64_t processes;
};

/* ---- Bytes --------------------------------------------------------------- */

static bool
has_room(struct trace_writer *writer)
{
	void *bytes = list_grow(writer->bytes, writer->size, &writer->room, 1);

	if (bytes == NULL)
		writer->has_failed = true;
	else
		writer->bytes = bytes;
	return bytes != NULL;
}

static void
compress_pending(struct trace_writer *writer, int how)
{
	int result = Z_OK;

	writer->stream.next_in = writer->pending;
	writer->stream.avail_in = (unsigned)writer->pending_count;
	do {
		size_t room;

		if (writer->has_failed || !has_room(writer))
			break;
		room = min_size(writer->room - writer->size, UINT32_MAX);
		writer->stream.next_out = writer->bytes + writer->size;
		writer->stream.avail_out = (unsigned)room;
		result = deflate(&writer->stream, how);
		writer->size += room - writer->stream.avail_out;
	} while (result == Z_OK && writer->stream.avail_out == 0);
	writer->pending_count = 0;
}

static void
put_byte(struct trace_writer *writer, unsigned byte)
{
	if (writer->pending_count == sizeof(writer->pending))
		compress_pending(writer, Z_NO_FLUSH);
	writer->pending[writer->pending_count++] = (unsigned char)byte;
}

static void
put_number(struct trace_writer *writer, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		put_byte(writer, (unsigned)(number & 127) | 128);
	put_byte(writer, (unsigned)number);
}

static void
put_bytes(struct trace_writer *writer, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_byte(writer, (unsigned char)bytes[i]);
}

static void
put_event(struct trace_writer *writer, enum trace_operation operation,
    uint64_t number)
{
	unsigned low = (unsigned)operation | (unsigned)(number & 15) << 3;

	put_byte(writer, number < 16 ? low : low | 128);
	if (number >= 16)
		put_number(writer, number >> 4);
}

/* ---- Processes and threads ----------------------------------------------- */

struct trace_writer *
trace_writer_new(void)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	if (deflateInit2(&writer->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP, 9,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		free(writer);
		return NULL;
	}
	put_bytes(writer, TRACE_MAGIC, strlen(TRACE_MAGIC));
	return writer;
}

void
trace_writer_free(struct trace_writer *writer)
{
	if (writer == NULL)
		return;
	deflateEnd(&writer->stream);
	blocks_end(&writer->blocks);
	threads_end(&writer->threads);
	free(writer->bytes);
	free(writer);
}

void
trace_put_process(
    struct trace_writer *writer, uint64_t pid, const char *program)
{
	size_t length = strnlen(program, TRACE_TEXT_MAX - 1);

	put_byte(writer, TRACE_PROCESS);
	put_number(writer, pid);
	put_number(writer, length);
	put_bytes(writer, program, length);
	blocks_clear(&writer->blocks);
	threads_clear(&writer->threads);
	writer->totals = (struct trace_totals){ 0 };
	writer->thread = NO_THREAD;
	writer->processes++;
}

void
trace_put_thread(struct trace_writer *writer, uint32_t thread)
{
	uint32_t *number;

	if (writer->thread == thread)
		return;
	number = threads_number(&writer->threads, thread);
	if (number == NULL) {
		writer->has_failed = true;
		return;
	}
	writer->thread = thread;
	if (*number == 0)
		*number = (uint32_t)++writer->totals.threads;
	put_event(writer, TRACE_THREAD, *number - 1);
}

void
trace_put_thread_ends(struct trace_writer *writer)
{
	put_event(writer, TRACE_THREAD_ENDS, 0);
}

/* ---- Blocks -------------------------------------------------------------- */

static void
count_call(struct trace_writer *writer)
{
	writer->totals.events++;
	writer->totals.live_peak = writer->blocks.peak;
	writer->totals.blocks_peak = writer->blocks.count;
}

uint32_t
trace_put_block(struct trace_writer *writer, enum trace_operation operation,
    unsigned lg_alignment, uint64_t size)
{
	uint32_t block = blocks_add(&writer->blocks, size);

	if (block == NO_BLOCK) {
		writer->has_failed = true;
		return 0;
	}
	if (operation == TRACE_ALIGNED) {
		put_event(writer, operation, lg_alignment);
		put_number(writer, size);
	} else {
		put_event(writer, operation, size);
	}
	count_call(writer);
	return block;
}

void
trace_put_resized(struct trace_writer *writer, uint32_t block, uint64_t size)
{
	if (!blocks_resize(&writer->blocks, block, size)) {
		writer->has_failed = true;
		return;
	}
	put_event(writer, TRACE_REALLOC, block);
	put_number(writer, size);
	count_call(writer);
}

void
trace_put_free(struct trace_writer *writer, uint32_t block)
{
	if (!blocks_drop(&writer->blocks, block)) {
		writer->has_failed = true;
		return;
	}
	put_event(writer, TRACE_FREE, block);
	count_call(writer);
}

uint64_t
trace_put_events(const struct trace_writer *writer)
{
	return writer->totals.events;
}

/* ---- Ends ---------------------------------------------------------------- */

void
trace_end_process(struct trace_writer *writer, uint64_t unknown)
{
	put_event(writer, TRACE_END, 0);
	put_number(writer, writer->totals.events);
	put_number(writer, writer->totals.threads);
	put_number(writer, writer->totals.live_peak);
	put_number(writer, writer->totals.blocks_peak);
	put_number(writer, unknown);
}

int
trace_writer_end(struct trace_writer *writer, uint64_t lost, const char **bytes,
    size_t *size)
{
	put_byte(writer, TRACE_LAST);
	put_number(writer, writer->processes);
	put_number(writer, lost);
	compress_pending(writer, Z_FINISH);
	*bytes = (const char *)writer->bytes;
	*size = writer->size;
	return writer->has_failed ?
	    error_set(ENOMEM, "no memory for the trace") :
	    0;
}

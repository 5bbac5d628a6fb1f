/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_file.c - see raw_file.h. */
#include "raw_file.h"

#include <stdlib.h>
#include <string.h>

#include "trace/merge.h"

#define CHUNKS_MAX 8

struct raw_file {
	char *bytes;
	size_t size;
	size_t used[CHUNKS_MAX];
	struct trace_writer *writer;
};

static struct trace_chunk *
chunk_of(struct raw_file *file, unsigned chunk)
{
	return (void *)(file->bytes + raw_place(chunk));
}

struct raw_file *
raw_file_new(unsigned chunks)
{
	struct raw_file *file = calloc(1, sizeof(*file));
	struct trace_head *head;

	if (file == NULL || chunks > CHUNKS_MAX)
		abort();
	file->size = raw_place(chunks);
	file->bytes = aligned_alloc(PAGE_BYTES, file->size);
	file->writer = trace_writer_new();
	if (file->bytes == NULL || file->writer == NULL)
		abort();
	memset(file->bytes, 0, file->size);
	head = (void *)file->bytes;
	head->magic = TRACE_HEAD_MAGIC;
	head->chunks = chunks;
	return file;
}

void
raw_file_free(struct raw_file *file)
{
	trace_writer_free(file->writer);
	free(file->bytes);
	free(file);
}

void
raw_file_chunk(struct raw_file *file, unsigned chunk, uint32_t process,
    uint32_t pid, const char *program)
{
	struct trace_chunk *to = chunk_of(file, chunk);

	to->magic = TRACE_CHUNK_MAGIC;
	to->process = process;
	to->pid = pid;
	strncpy(to->program, program, TRACE_PROGRAM - 1);
}

void
raw_file_lost(struct raw_file *file, uint64_t events)
{
	((struct trace_head *)(void *)file->bytes)->lost = events;
}

void
raw_file_word(struct raw_file *file, unsigned chunk, uint64_t word)
{
	if (file->used[chunk] < TRACE_CHUNK_WORDS)
		chunk_of(file, chunk)->word[file->used[chunk]++] = word;
}

static void
put(struct raw_file *file, unsigned chunk, uint64_t first, uint64_t address,
    uint64_t size)
{
	unsigned words = raw_words(raw_event(first));

	raw_file_word(file, chunk, first);
	if (words > 1)
		raw_file_word(file, chunk, address);
	if (words > 2)
		raw_file_word(file, chunk, size);
}

void
raw_file_thread(struct raw_file *file, unsigned chunk, uint32_t thread)
{
	put(file, chunk, raw_word(RAW_THREAD, 0, thread), 0, 0);
}

void
raw_file_malloc(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size)
{
	put(file, chunk, raw_word(RAW_MALLOC, 0, number), address, size);
}

void
raw_file_calloc(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size)
{
	put(file, chunk, raw_word(RAW_CALLOC, 0, number), address, size);
}

void
raw_file_aligned(struct raw_file *file, unsigned chunk, uint64_t number,
    unsigned lg_alignment, uint64_t address, uint64_t size)
{
	put(file, chunk, raw_word(RAW_ALIGNED, lg_alignment, number), address,
	    size);
}

void
raw_file_resize(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address)
{
	put(file, chunk, raw_word(RAW_RESIZE, 0, number), address, 0);
}

void
raw_file_resized(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size)
{
	put(file, chunk, raw_word(RAW_RESIZED, 0, number), address, size);
}

void
raw_file_not_resized(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address)
{
	put(file, chunk, raw_word(RAW_NOT_RESIZED, 0, number), address, 0);
}

void
raw_file_freed(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address)
{
	put(file, chunk, raw_word(RAW_FREE, 0, number), address, 0);
}

void
raw_file_thread_ends(struct raw_file *file, unsigned chunk, uint64_t number)
{
	put(file, chunk, raw_word(RAW_THREAD_ENDS, 0, number), 0, 0);
}

int
raw_file_merge(struct raw_file *file, struct raw_merged *to)
{
	struct merged_trace merged;

	if (trace_merge(file->bytes, file->size, file->writer, &merged) != 0)
		return -1;
	*to = (struct raw_merged){ .processes = merged.processes,
		.events = merged.events,
		.unknown = merged.unknown,
		.lost = merged.lost };
	return trace_writer_end(
	    file->writer, merged.lost, &to->bytes, &to->size);
}

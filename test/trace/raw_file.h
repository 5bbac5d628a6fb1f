/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw_file.h - what threads would write of their calls (trace/raw.h), made by a
 * test, for C++, which cannot include the form itself.
 *
 * CHUNK is a number from 0 on; NUMBER that of the event.
 */
#ifndef TEST_TRACE_RAW_FILE_H
#define TEST_TRACE_RAW_FILE_H

#include <stddef.h>
#include <stdint.h>

struct raw_file;

struct raw_file *raw_file_new(unsigned chunks);
void raw_file_free(struct raw_file *file);
void raw_file_chunk(struct raw_file *file, unsigned chunk, uint32_t process,
    uint32_t pid, const char *program);
void raw_file_lost(struct raw_file *file, uint64_t events);

void raw_file_thread(struct raw_file *file, unsigned chunk, uint32_t thread);
void raw_file_malloc(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size);
void raw_file_calloc(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size);
void raw_file_aligned(struct raw_file *file, unsigned chunk, uint64_t number,
    unsigned lg_alignment, uint64_t address, uint64_t size);
void raw_file_resize(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address);
void raw_file_resized(struct raw_file *file, unsigned chunk, uint64_t number,
    uint64_t address, uint64_t size);
void raw_file_not_resized(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address);
void raw_file_freed(
    struct raw_file *file, unsigned chunk, uint64_t number, uint64_t address);
void raw_file_thread_ends(
    struct raw_file *file, unsigned chunk, uint64_t number);

/* Any word, behind those that a chunk has. */
void raw_file_word(struct raw_file *file, unsigned chunk, uint64_t word);

/* The bytes of the trace that it becomes, until raw_file_free(). */
struct raw_merged {
	const char *bytes;
	size_t size;
	uint64_t processes, events, unknown, lost;
};
int raw_file_merge(struct raw_file *file, struct raw_merged *merged);

#endif /* TEST_TRACE_RAW_FILE_H */

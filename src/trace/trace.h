/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - the file of `poolkind record --trace`: every call of malloc and its
 * relatives of a program, process by process, in their order.
 *
 * The form. A stream that gzip(1) compresses: TRACE_MAGIC, sections, each of
 * which begins with a byte, and nothing behind the last. Numbers are of 7 bits
 * a byte, the lowest first; the highest bit says that more follow. A text is
 * its length and its bytes.
 *
 *   'P'  a process: its number at the time, its program, and its events, up to
 *        TRACE_END; then what they came to: how many events that are calls, how
 *        many threads, the most bytes and the most blocks that lived at once,
 *        and how many calls were left out, as the trace knows no such block
 *   'E'  the end: how many processes there were, and how many calls were lost
 *
 * An event has its operation in the three lowest bits of its first byte. The
 * other five and the bytes that follow, if the highest says so, are a number:
 *
 *   malloc, calloc   the size that was asked for
 *   aligned          the binary logarithm of the alignment; then the size
 *   realloc          the number of the block; then the size
 *   free             the number of the block
 *   thread           which one the events behind it are of; the first time that
 *                    one is named it has the next number, from 0 on
 *   thread ends      0
 *   end              0
 *
 * A block has the number that was given back last, or where there is none the
 * next, from 0 on; one that is resized keeps it. The first event of a process
 * says its thread.
 *
 * Owns nothing. Called by the command, by one thread; no locks. Nothing that is
 * read is believed without a look. What fails returns -1 with a sentence.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "pktrace1"
#define TRACE_PROCESS 'P'
#define TRACE_LAST 'E'
#define TRACE_TEXT_MAX 4096
#define TRACE_SIZE_MAX ((uint64_t)1 << 48)

enum trace_operation {
	TRACE_END,
	TRACE_MALLOC,
	TRACE_CALLOC,
	TRACE_ALIGNED,
	TRACE_REALLOC,
	TRACE_FREE,
	TRACE_THREAD,
	TRACE_THREAD_ENDS,
};

/* What the events of a process came to. */
struct trace_totals {
	uint64_t events, threads;
	uint64_t live_peak, blocks_peak;
	uint64_t unknown;
};

/* ---- Reading: read.c ----------------------------------------------------- */

struct trace_reader;

struct trace_process {
	uint64_t pid;
	char program[TRACE_TEXT_MAX];
};

/* OPERATION is neither TRACE_THREAD nor TRACE_END. */
struct trace_event {
	enum trace_operation operation;
	unsigned lg_alignment;
	uint32_t thread, block;
	uint64_t size;
};

/* NULL: it cannot be read, or is no trace. */
struct trace_reader *trace_open(const char *path);
void trace_close(struct trace_reader *reader);

/* The next process: 1; 0 at the end, of which all is right. What was not read
 * of the one before has to be. */
int trace_next_process(
    struct trace_reader *reader, struct trace_process *process);

/* Its next event: 1; 0 behind the last. */
int trace_next_event(struct trace_reader *reader, struct trace_event *event);

/* Of the process that ended last; calls that were lost, behind the end. */
const struct trace_totals *trace_totals(const struct trace_reader *reader);
uint64_t trace_lost(const struct trace_reader *reader);

/* ---- Writing: write.c ---------------------------------------------------- */

struct trace_writer;

/* NULL without memory. What goes wrong later is told at the end. */
struct trace_writer *trace_writer_new(void);
void trace_writer_free(struct trace_writer *writer);

void trace_put_process(
    struct trace_writer *writer, uint64_t pid, const char *program);

/* The calls of a thread, which has any number below 1 << 24. BLOCK is the
 * number that the first of them returned. */
void trace_put_thread(struct trace_writer *writer, uint32_t thread);
uint32_t trace_put_block(struct trace_writer *writer,
    enum trace_operation operation, unsigned lg_alignment, uint64_t size);
void trace_put_resized(
    struct trace_writer *writer, uint32_t block, uint64_t size);
void trace_put_free(struct trace_writer *writer, uint32_t block);
void trace_put_thread_ends(struct trace_writer *writer);

/* The process ends; UNKNOWN calls were left out. */
void trace_end_process(struct trace_writer *writer, uint64_t unknown);

/* The whole file, which is the writer's. -1 without memory. */
int trace_writer_end(struct trace_writer *writer, uint64_t lost,
    const char **bytes, size_t *size);

/* What was put so far. */
uint64_t trace_put_events(const struct trace_writer *writer);

#endif /* TRACE_TRACE_H */

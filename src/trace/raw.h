/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw.h - what libpoolkind-malloc writes of a program's calls of malloc, and
 * the command `poolkind record --trace` reads: the form of a file that both
 * have mapped.
 *
 * The command makes the file, without a name, and the program inherits its
 * descriptor, whose number is in POOLKIND_TRACE. The first page is the head.
 * Behind it lie chunks, at multiples of TRACE_CHUNK_BYTES, which threads claim
 * by counting up in the head, and whose space they take before they map them:
 * the file is as long as that, and a full disk is an answer, not SIGBUS. A
 * chunk is of one process, and of one thread at a time.
 *
 * Nothing is locked. A chunk is filled from its beginning with events, of one
 * to three words, the first of which is written last and is never 0: so a
 * reader takes what is there up to the first 0, however the process has ended.
 * It believes no number without a look, as the program may write anywhere.
 *
 * Events of a process have sequence numbers, one for each. A block is numbered
 * after it was made and before it is given back, so that at each number an
 * address is of one block at the most. A block that is resized is gone from the
 * number of RAW_RESIZE on, and is there again, wherever, from that of
 * RAW_RESIZED or RAW_NOT_RESIZED on, which is the next of the same thread.
 *
 * Owns nothing; all values are of this machine's byte order.
 */
#ifndef TRACE_RAW_H
#define TRACE_RAW_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/base.h"

#define TRACE_VARIABLE "POOLKIND_TRACE"                /* "FD,PID" */
#define TRACE_HEAD_MAGIC UINT64_C(0x3164686374646b70)  /* "pkdtchd1" */
#define TRACE_CHUNK_MAGIC UINT64_C(0x316b6e6374646b70) /* "pkdtcnk1" */
#define TRACE_CHUNK_BYTES (256 * KIB)
#define TRACE_PROGRAM 232

struct trace_head {
	uint64_t magic;
	_Atomic uint64_t chunks;    /* claimed */
	_Atomic uint32_t processes; /* claimed */
	_Atomic uint32_t error;     /* why the first chunk could not be had */
	_Atomic uint64_t lost;      /* events for which there was no chunk */
};

struct trace_chunk {
	uint64_t magic;   /* once the following are set */
	uint32_t process; /* as the head counts them, from 1 on */
	uint32_t pid;
	uint32_t used, unused; /* words, while no thread has the chunk */
	char program[TRACE_PROGRAM];
	uint64_t word[];
};

#define TRACE_CHUNK_WORDS \
	((TRACE_CHUNK_BYTES - sizeof(struct trace_chunk)) / sizeof(uint64_t))

/* The first word of an event; what the others are. */
enum raw_event {
	RAW_MALLOC = 1, /* address, size */
	RAW_CALLOC,
	RAW_ALIGNED,
	RAW_RESIZED,
	RAW_RESIZE, /* address */
	RAW_NOT_RESIZED,
	RAW_FREE,
	RAW_THREAD_ENDS,
	RAW_THREAD, /* whose events follow, in the place of the number; none */
	RAW_EVENTS
};

static inline uint64_t
raw_word(enum raw_event event, unsigned lg_alignment, uint64_t number)
{
	return number << 10 | (uint64_t)lg_alignment << 4 | event;
}

static inline enum raw_event
raw_event(uint64_t word)
{
	return (enum raw_event)(word & 15);
}

static inline unsigned
raw_lg_alignment(uint64_t word)
{
	return word >> 4 & 63;
}

static inline uint64_t
raw_number(uint64_t word)
{
	return word >> 10;
}

static inline unsigned
raw_words(enum raw_event event)
{
	if (event <= RAW_RESIZED)
		return 3;
	return event <= RAW_FREE ? 2 : 1;
}

/* Where the chunk NUMBER lies in the file. */
static inline uint64_t
raw_place(uint64_t number)
{
	return (number + 1) * TRACE_CHUNK_BYTES;
}

_Static_assert(sizeof(struct trace_head) <= 4096, "the head is a page");
_Static_assert(sizeof(struct trace_chunk) == 256, "words are aligned");

#endif /* TRACE_RAW_H */

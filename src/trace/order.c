/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.c - see order.h.
 *
 * The events of a process have numbers without gaps, but for a few that were
 * not written when it was killed. So they are ordered by a table from numbers
 * to places in the file: chunks are read once, and the table from its beginning
 * to its end. A process may still be writing, if the user does not wait for it:
 * so an event is copied before it is looked at, and looked at once more.
 */
#include "trace/order.h"

#include <stdlib.h>

#include "base/grow.h"

/* A place is a word of the file and a thread; 0: there is no event. */
#define THREAD_BITS 24
#define THREADS_MAX (1U << THREAD_BITS)

/* ---- Chunks -------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct trace_chunk *x = *(const struct trace_chunk *const *)a;
	const struct trace_chunk *y = *(const struct trace_chunk *const *)b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool
find_chunks(struct order *order, size_t bytes)
{
	const struct trace_head *head = (const void *)order->file;
	uint64_t claimed = atomic_load(&head->chunks);
	size_t room = 0;

	for (uint64_t i = 0;
	     i < claimed && raw_place(i) + TRACE_CHUNK_BYTES <= bytes; i++) {
		const struct trace_chunk *chunk =
		    (const void *)((const char *)order->file + raw_place(i));
		void *grown;

		if (chunk->magic != TRACE_CHUNK_MAGIC)
			continue;
		grown = list_grow(
		    order->chunks, order->chunk_count, &room, sizeof(chunk));
		if (grown == NULL)
			return false;
		order->chunks = grown;
		order->chunks[order->chunk_count++] = chunk;
	}
	if (order->chunk_count > 0)
		qsort(order->chunks, order->chunk_count, sizeof(*order->chunks),
		    compare);
	return true;
}

/* ---- Order --------------------------------------------------------------- */

static void
measure(struct order *order, const uint64_t *at, uint32_t thread)
{
	uint64_t number = raw_number(*at);

	(void)thread;
	order->low = number < order->low ? number : order->low;
	order->high = number > order->high ? number : order->high;
	order->count++;
}

static void
place(struct order *order, const uint64_t *at, uint32_t thread)
{
	uint64_t number = raw_number(*at);

	if (number >= order->low && number <= order->high)
		order->places[number - order->low] =
		    (uint64_t)(at - order->file) << THREAD_BITS | thread;
}

/* Calls VISIT for each event of a chunk that has a number. */
static void
each_event(struct order *order, const struct trace_chunk *chunk,
    void (*visit)(struct order *order, const uint64_t *at, uint32_t thread))
{
	uint32_t thread = 0;
	size_t at = 0, words;

	for (; at < TRACE_CHUNK_WORDS && chunk->word[at] != 0; at += words) {
		enum raw_event event = raw_event(chunk->word[at]);
		uint64_t number = raw_number(chunk->word[at]);

		words = raw_words(event);
		if (event == 0 || event >= RAW_EVENTS ||
		    at + words > TRACE_CHUNK_WORDS ||
		    (event == RAW_THREAD && number >= THREADS_MAX) ||
		    (words > 1 && chunk->word[at + 1] == 0)) {
			order->lost += visit == place;
			return;
		}
		if (event == RAW_THREAD)
			thread = (uint32_t)number;
		else
			visit(order, &chunk->word[at], thread);
	}
}

/* ---- Processes ----------------------------------------------------------- */

/* Numbers that lie so far apart are not what a process writes. */
static bool
is_dense(const struct order *order)
{
	return order->high - order->low <= 2 * order->count + 65536;
}

static void
visit_chunks(struct order *order,
    void (*visit)(struct order *order, const uint64_t *at, uint32_t thread))
{
	for (size_t i = order->first; i < order->behind; i++)
		each_event(order, order->chunks[i], visit);
}

/* Whether the chunks from BEHIND on are a process that has events. */
static bool
measure_process(struct order *order)
{
	uint32_t process = order->chunks[order->behind]->process;

	order->first = order->behind;
	while (order->behind < order->chunk_count &&
	    order->chunks[order->behind]->process == process)
		order->behind++;
	order->low = UINT64_MAX;
	order->high = order->count = order->at = 0;
	visit_chunks(order, measure);
	if (order->count == 0 || is_dense(order))
		return order->count > 0;
	order->lost += order->count;
	return false;
}

int
order_next_process(struct order *order)
{
	free(order->places);
	order->places = NULL;
	do
		if (order->behind >= order->chunk_count)
			return 0;
	while (!measure_process(order));
	order->places = calloc(
	    order->high - order->low + 1, sizeof(*order->places));
	if (order->places == NULL)
		return -1;
	visit_chunks(order, place);
	return 1;
}

const struct trace_chunk *
order_chunk(const struct order *order)
{
	return order->chunks[order->first];
}

/* Whether it is one, and an address in it is one. */
static bool
copy_call(const struct order *order, uint64_t place, struct raw_call *call)
{
	const uint64_t *at = order->file + (place >> THREAD_BITS);
	uint64_t first = *at;
	unsigned words = raw_words(raw_event(first));

	*call = (struct raw_call){ .what = raw_event(first),
		.lg_alignment = raw_lg_alignment(first),
		.thread = (uint32_t)(place & (THREADS_MAX - 1)) };
	if (call->what == 0 || call->what >= RAW_THREAD ||
	    (place >> THREAD_BITS) + words > order->words)
		return false;
	call->address = words > 1 ? at[1] : 0;
	call->size = words > 2 ? at[2] : 0;
	return words == 1 || call->address != 0;
}

bool
order_next(struct order *order, struct raw_call *call)
{
	while (order->at <= order->high - order->low) {
		uint64_t place = order->places[order->at++];

		if (place != 0 && copy_call(order, place, call))
			return true;
	}
	return false;
}

/* ---- Begin and end ------------------------------------------------------- */

int
order_begin(struct order *order, const void *file, size_t bytes)
{
	*order = (struct order){ .file = file,
		.words = bytes / sizeof(uint64_t) };
	return find_chunks(order, bytes) ? 0 : -1;
}

void
order_end(struct order *order)
{
	free(order->places);
	free(order->chunks);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.c - see kind.h.
 *
 * What of a kind changes while it is read makes a reading void, and the kind is
 * read again.
 */
#include "outside/kind.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "os/os.h"
#include "outside/entries.h"
#include "outside/heap.h"

/* So many times it is hoped that no block moves meanwhile, so often at all, and
 * so long between two tries once the first few were in vain; and none begins so
 * long after the first, as a process may have made its lists as long as it
 * likes. */
#define TRIES_STILL 8
#define TRIES_MAX 200
#define UNSURE_MAX 4
#define PAUSE_NS 500000
#define READING_MS 2000

#define TEXT_MAX ((size_t)1 << 20)
#define SEGMENTS_MAX (1 << 16)

struct reader {
	const struct remote *remote;
	const struct engine *engine;
	const struct residence *residence; /* or NULL */
	struct mets mets;
	size_t on_node[SPEC_NODES_MAX];
	bool on_node_known;
};

/* ---- Its sources --------------------------------------------------------- */

static bool
add_segments(struct reader *reader, uint64_t segment)
{
	const struct layout_source *at = &reader->engine->source;
	char record[ENGINE_RECORD];

	for (unsigned i = 0; segment != 0; i++) {
		if (i == SEGMENTS_MAX ||
		    !remote_read(
			reader->remote, segment, record, at->segment_bytes))
			return false;
		if (!residence_add(reader->residence,
			word_in(record, at->segment_base),
			word_in(record, at->segment_length), reader->on_node))
			reader->on_node_known = false;
		segment = word_in(record, at->segment_next);
	}
	return true;
}

/* As source_stats() does, and add_heap() in kind/stats.c. */
static bool
add_source(struct reader *reader, uint64_t source, uint64_t *value)
{
	const struct layout_source *at = &reader->engine->source;
	char record[ENGINE_RECORD], spec[ENGINE_RECORD];
	char account[ENGINE_RECORD];
	uint64_t size;

	if (!remote_read(reader->remote, source, record, at->source_bytes) ||
	    !remote_read(reader->remote, word_in(record, at->source_spec), spec,
		at->spec_bytes) ||
	    !remote_read(reader->remote, word_in(record, at->source_account),
		account, at->account_bytes))
		return false;
	size = word_in(spec, at->spec_size);
	if (size == 0 || spec[at->spec_grow])
		size = STATS_NONE;
	else
		size = max_size(size, word_in(record, at->source_size));
	value[STATS_SIZE] = size;
	value[STATS_COMMITTED] += word_in(record, at->source_committed);
	value[STATS_PEAK] = word_in(account, at->account_peak);
	value[STATS_LIMIT] = word_in(account, at->account_limit);
	if (value[STATS_LIMIT] == 0)
		value[STATS_LIMIT] = STATS_NONE;
	return reader->residence == NULL || record[at->source_refused] ||
	    add_segments(reader, word_in(record, at->source_first));
}

/* ---- Its heaps ----------------------------------------------------------- */

static enum reading
add_heap(struct reader *reader, uint64_t heap, uint64_t *value)
{
	struct heap_numbers numbers;
	enum reading reading = heap_read(
	    reader->remote, reader->engine, heap, &reader->mets, &numbers);
	uint64_t source;

	if (reading == READ_AGAIN ||
	    !remote_read(reader->remote,
		heap + reader->engine->arena.heap_source, &source,
		sizeof(source)) ||
	    !add_source(reader, source, value))
		return READ_AGAIN;
	value[STATS_LIVE] += numbers.live;
	value[STATS_CACHED] += numbers.cached;
	value[STATS_ACTIVE] += numbers.active;
	value[STATS_ALLOCATIONS] += numbers.requests;
	value[STATS_FREES] += numbers.requests - numbers.blocks;
	return reading;
}

/* RECORD: that of the kind. */
static enum reading
add_heaps(struct reader *reader, const struct entry *entry, const char *record,
    uint64_t *value)
{
	enum reading all = READ, one;
	uint64_t heap;
	uint32_t count;

	if (!entry_heaps(
		reader->remote, reader->engine, entry, record, &heap, &count))
		return READ_AGAIN;
	for (uint32_t i = 0; i < count; i++) {
		one = add_heap(reader,
		    heap + (uint64_t)i * reader->engine->arena.heap_bytes,
		    value);
		if (one == READ_AGAIN)
			return one;
		all = max_size(all, one);
	}
	return all;
}

/* ---- The kind ------------------------------------------------------------ */

static void
free_kind(struct stats_kind *kind)
{
	if (kind == NULL)
		return;
	free((char *)kind->name);
	free((char *)kind->text);
	free((size_t *)kind->on_node);
	free(kind);
}

void
kinds_free(struct stats_kind *first)
{
	while (first != NULL) {
		struct stats_kind *next = first->next;

		free_kind(first);
		first = next;
	}
}

/* Without residence nothing is known of nodes. */
static bool
keep_nodes(struct reader *reader, struct stats_kind *kind)
{
	size_t *copy;

	kind->value[STATS_RESIDENT] = STATS_NONE;
	if (reader->residence == NULL || !reader->on_node_known)
		return true;
	copy = malloc(sizeof(reader->on_node));
	if (copy == NULL)
		return false;
	kind->on_node = memcpy(copy, reader->on_node, sizeof(reader->on_node));
	kind->value[STATS_RESIDENT] = 0;
	for (unsigned i = 0; i < SPEC_NODES_MAX; i++)
		if (copy[i] != 0) {
			kind->value[STATS_RESIDENT] += copy[i];
			kind->nodes = i + 1;
		}
	return true;
}

/* One try. */
static enum reading
read_once(
    struct reader *reader, const struct entry *entry, struct stats_kind *kind)
{
	const struct layout *at = &reader->engine->layout;
	const struct remote *remote = reader->remote;
	char record[ENGINE_RECORD];
	enum reading reading;

	memset(reader->on_node, 0, sizeof(reader->on_node));
	reader->on_node_known = true;
	if (!remote_read(remote, entry->kind, record, at->kind_bytes) ||
	    word_in(record, at->kind_handle) != entry->handle)
		return READ_AGAIN;
	kind->number = LAYOUT_NUMBER(entry->handle);
	kind->value[STATS_FAILURES] = word_in(record, at->kind_failures);
	kind->value[STATS_SPILLS] = word_in(record, at->kind_spills);
	kind->value[STATS_RETURNS] = word_in(record, at->kind_returns);
	kind->name = remote_string(
	    remote, word_in(record, at->kind_name), TEXT_MAX);
	kind->text = remote_string(
	    remote, word_in(record, at->kind_text), TEXT_MAX);
	reading = add_heaps(reader, entry, record, kind->value);
	return reading != READ_AGAIN && kind->name != NULL &&
		kind->text != NULL && keep_nodes(reader, kind) ?
	    reading :
	    READ_AGAIN;
}

static void
pause_between(unsigned tries)
{
	struct timespec pause = { 0, PAUSE_NS };

	if (tries >= TRIES_STILL)
		nanosleep(&pause, NULL);
}

/* The kind, by at most so many TRIES, or NULL; then *CLOSED says whether it was
 * closed meanwhile. */
static struct stats_kind *
read_kind(struct reader *reader, uint32_t id, const struct entry *entry,
    unsigned tries, bool *closed)
{
	uint64_t end = os_now_ms() + READING_MS;

	for (unsigned i = 0; i < tries && os_now_ms() < end; i++) {
		struct stats_kind *kind = calloc(1, sizeof(*kind));
		enum reading reading = kind == NULL ?
		    READ_AGAIN :
		    read_once(reader, entry, kind);

		*closed = !entry_is_open(
		    reader->remote, reader->engine, id, entry);
		if (!*closed &&
		    (reading == READ ||
			(reading == READ_MOVED && i + 1 >= TRIES_STILL)))
			return kind;
		free_kind(kind);
		if (*closed || !remote_lives(reader->remote))
			return NULL;
		pause_between(i);
	}
	return NULL;
}

/* Where many kinds are being changed for good, as the process was stopped, not
 * all of them are tried so often. */
static bool
read_entries(struct reader *reader, const struct entry *entries,
    struct stats_kind ***end, unsigned *unsure)
{
	for (uint32_t id = 1; id < reader->engine->layout.entry_count; id++) {
		bool closed = false;

		if (entries[id].handle == 0)
			continue;
		**end = read_kind(reader, id, &entries[id],
		    *unsure < UNSURE_MAX ? TRIES_MAX : TRIES_STILL, &closed);
		if (**end != NULL)
			*end = &(**end)->next;
		else if (!remote_lives(reader->remote))
			return false;
		else if (!closed)
			++*unsure;
	}
	return true;
}

bool
kinds_read(const struct remote *remote, const struct engine *engine,
    const struct residence *residence, struct stats_kind ***end,
    unsigned *unsure)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	struct entry *entries = entries_read(remote, engine);
	bool read = false;

	if (reader != NULL && entries != NULL) {
		reader->remote = remote;
		reader->engine = engine;
		reader->residence = residence;
		read = read_entries(reader, entries, end, unsure);
		free(reader->mets.met);
	}
	free(entries);
	free(reader);
	return read;
}

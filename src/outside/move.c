/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c - see outside.h: pages of a kind of another process that go to other
 * nodes.
 *
 * The kernel moves them by address (move_pages(2)), so an address must be the
 * kind's still. Before each piece the kind's handle is read once more, through
 * the address space that was opened: a kind that was closed, a process that
 * ended or called exec(2) loses no page to this. Between that look and the call
 * one may go; then pages of the same process that have come to lie there move,
 * whose contents and addresses stay what they are.
 *
 * Only what is in memory is gone through: kinds keep address space of
 * terabytes. Owns what it reads while it moves. One thread; no locks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/page.h"
#include "outside/entries.h"
#include "outside/residence.h"

/* What moves between two looks at the kind; a transparent huge page is whole in
 * it. And what goes to one of several nodes before the next has its turn. */
#define PIECE (2 * MIB)

#define KINDS_TOLD_MAX 160

/* One kind, while it is looked for and moved. */
struct mover {
	struct outside_move *move;
	struct remote remote;
	struct residence residence;
	enum outside_answer answer;
	char *why;

	/* What was found: the first one that the word names. */
	struct engine engine;
	struct entry entry;
	uint32_t id;
	unsigned engines, named, numbered;
	char known[KINDS_TOLD_MAX];   /* the names of all */
	char numbers[KINDS_TOLD_MAX]; /* of those of that name */

	uint64_t began;
};

/* A source of the kind, as it was read. */
struct place {
	uint64_t first; /* segment */
	size_t page;    /* of a huge page that moves whole, or 0 */
	uint64_t nodes[SPEC_NODES_MAX / 64];
};

static bool
give_up(struct mover *m, enum outside_answer answer, const char *why)
{
	m->answer = entries_say(m->why, answer, "%s", why);
	return false;
}

static bool
gone(struct mover *m)
{
	return give_up(m, OUTSIDE_GONE, remote_gone(&m->remote));
}

/* ---- The kind that is meant ---------------------------------------------- */

/* Appends to a list, of which what has no room is left out: "..." */
static void
list_word(char list[KINDS_TOLD_MAX], const char *word)
{
	size_t length = strlen(list);
	size_t room = KINDS_TOLD_MAX - sizeof(", ...");

	if (length + strlen(word) + 2 <= room)
		snprintf(list + length, KINDS_TOLD_MAX - length, "%s%s",
		    length == 0 ? "" : ", ", word);
	else if (length < 3 || strcmp(list + length - 3, "...") != 0)
		strcat(list, length == 0 ? "..." : ", ...");
}

static void
take(struct mover *m, const struct engine *engine, uint32_t id,
    const struct entry *entry, const char *name)
{
	m->engine = *engine;
	m->id = id;
	m->entry = *entry;
	snprintf(m->move->name, sizeof(m->move->name), "%s", name);
}

/* A name goes before a number, as kinds may be named so. */
static void
consider(struct mover *m, const struct engine *engine, uint32_t id,
    const struct entry *entry, const char *name)
{
	char number[24];
	bool is_number;

	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)LAYOUT_NUMBER(entry->handle));
	is_number = strcmp(m->move->kind, number) == 0;
	list_word(m->known, name);
	if (strcmp(m->move->kind, name) == 0) {
		list_word(m->numbers, number);
		if (m->named++ == 0)
			take(m, engine, id, entry, name);
	} else if (is_number && m->numbered++ == 0 && m->named == 0) {
		take(m, engine, id, entry, name);
	}
}

/* Of a kind that is closed meanwhile nothing is said. */
static void
look_at(struct mover *m, const struct engine *engine, uint32_t id,
    const struct entry *entry)
{
	char record[ENGINE_RECORD], *name;

	if (!remote_read(
		&m->remote, entry->kind, record, engine->layout.kind_bytes))
		return;
	name = remote_string(&m->remote,
	    word_in(record, engine->layout.kind_name), SPEC_NAME_MAX + 1);
	if (name != NULL && entry_is_open(&m->remote, engine, id, entry))
		consider(m, engine, id, entry, name);
	free(name);
}

static bool
search_engine(void *to, const struct engine *engine)
{
	struct mover *m = to;
	struct entry *entries;

	m->engines++;
	m->answer = entries_check(&m->remote, engine, m->why);
	if (m->answer != OUTSIDE_TOLD)
		return false;
	entries = entries_read(&m->remote, engine);
	if (entries == NULL)
		return gone(m);
	for (uint32_t id = 1; id < engine->layout.entry_count; id++)
		if (entries[id].handle != 0)
			look_at(m, engine, id, &entries[id]);
	free(entries);
	return true;
}

static bool
find_kind(struct mover *m)
{
	m->answer = OUTSIDE_TOLD;
	if (!engines_find(&m->remote, search_engine, m))
		return give_up(
		    m, OUTSIDE_REFUSED, "what it has mapped cannot be read");
	if (m->answer != OUTSIDE_TOLD)
		return false;
	if (!remote_lives(&m->remote))
		return gone(m);
	if (m->engines == 0)
		return give_up(m, OUTSIDE_NOTHING, OUTSIDE_NO_ENGINE);
	m->answer = OUTSIDE_NOTHING;
	if (m->named > 1 || (m->named == 0 && m->numbered > 1))
		entries_say(m->why, m->answer, "has %u kinds \"%s\"%s%s",
		    m->named > 1 ? m->named : m->numbered, m->move->kind,
		    m->named > 1 ? ": say which by its number: " : "",
		    m->numbers);
	else if (m->named + m->numbered == 0)
		entries_say(m->why, m->answer, "has no kind \"%.64s\"; %s%s",
		    m->move->kind,
		    m->known[0] == '\0' ? "none is open" : "it has: ",
		    m->known);
	else
		m->answer = OUTSIDE_TOLD;
	return m->answer == OUTSIDE_TOLD;
}

/* ---- Its pages ----------------------------------------------------------- */

static bool
refused(struct mover *m, int error)
{
	if (error == ESRCH)
		return gone(m);
	if (error == EACCES)
		return give_up(m, OUTSIDE_REFUSED,
		    "may not use all of these nodes (its cpuset)");
	if (error == ENODEV)
		return give_up(
		    m, OUTSIDE_REFUSED, "one of the nodes does not exist");
	if (os_is_refused(error))
		return give_up(m, OUTSIDE_REFUSED,
		    "its pages may not be moved: the kernel refuses "
		    "move_pages(2)");
	m->answer = entries_say(m->why, OUTSIDE_REFUSED,
	    "its pages cannot be moved: %s", strerror(error));
	return false;
}

/* A look that is in vain: the kind was closed, or the process is gone. */
static bool
is_there(struct mover *m)
{
	if (entry_is_open(&m->remote, &m->engine, m->id, &m->entry))
		return true;
	return remote_lives(&m->remote) ?
	    give_up(m, OUTSIDE_NOTHING, "has closed the kind meanwhile") :
	    gone(m);
}

static bool
move_range(
    struct mover *m, const struct place *place, uint64_t from, uint64_t until)
{
	size_t piece = max_size(PIECE, place->page);
	int error;

	for (uint64_t end; from < until; from = end) {
		end = min_size(align_down(from, piece) + piece, until);
		if (!is_there(m))
			return false;
		error = os_move_pages(m->remote.process,
		    (void *)(uintptr_t)from, end - from, place->page, piece,
		    place->nodes, SPEC_NODES_MAX, &m->move->moved);
		if (error != 0)
			return refused(m, error);
		os_keep_rate(m->began, m->move->moved.moved, m->move->rate);
	}
	return true;
}

static bool
move_source(struct mover *m, const struct place *place)
{
	const struct layout_source *at = &m->engine.source;
	char record[ENGINE_RECORD];
	uint64_t segment = place->first, base, from, until;

	while (segment != 0) {
		size_t mapping = 0;

		if (!remote_read(
			&m->remote, segment, record, at->segment_bytes))
			return !is_there(m) ? false : gone(m);
		base = word_in(record, at->segment_base);
		while (residence_next(&m->residence, &mapping, base,
		    base + word_in(record, at->segment_length), &from, &until))
			if (!move_range(m, place, from, until))
				return false;
		segment = word_in(record, at->segment_next);
	}
	return true;
}

/* ---- Where they may go --------------------------------------------------- */

/* NULL: its pages can be moved; else what it is. As source_not_movable(). */
static const char *
not_movable(const struct mover *m, const char *source, const char *spec)
{
	const struct layout_source *at = &m->engine.source;
	uint64_t segment = word_in(source, at->source_first), file_system;
	uint32_t kind;
	bool on_nodes = false;

	memcpy(&kind, spec + at->spec_source, sizeof(kind));
	if (source[at->source_refused])
		return "was refused to it, which is a child";
	if (kind == SPEC_REGION)
		return "is a region, which is its owner's to move";
	if (kind == SPEC_DAX)
		return "is the memory of a device, which has no other place";
	if (kind != SPEC_FILE)
		return NULL;
	if (segment != 0 &&
	    remote_read(&m->remote, segment + at->segment_file_system,
		&file_system, sizeof(file_system)))
		remote_read(&m->remote, file_system + at->file_system_on_nodes,
		    &on_nodes, sizeof(on_nodes));
	return on_nodes ?
	    NULL :
	    "is a file, and only those in a tmpfs or a hugetlbfs have pages "
	    "that go to nodes";
}

static size_t
huge_page(const struct mover *m, const char *source, const char *spec)
{
	uint64_t granule = word_in(source, m->engine.source.source_granule);
	uint32_t page;

	memcpy(&page, spec + m->engine.source.spec_page, sizeof(page));
	return page != SPEC_PAGE_HUGE &&
		(granule == m->engine.arena.page || page == SPEC_PAGE_THP) ?
	    0 :
	    granule;
}

/* Of the heap at ADDRESS. */
static bool
read_place(struct mover *m, uint64_t address, struct place *place)
{
	const struct layout_source *at = &m->engine.source;
	char source[ENGINE_RECORD], spec[ENGINE_RECORD];
	const char *what;
	uint64_t record;

	if (!remote_read(&m->remote, address + m->engine.arena.heap_source,
		&record, sizeof(record)) ||
	    !remote_read(&m->remote, record, source, at->source_bytes) ||
	    !remote_read(&m->remote, word_in(source, at->source_spec), spec,
		at->spec_bytes))
		return !is_there(m) ? false : gone(m);
	what = not_movable(m, source, spec);
	if (!is_there(m))
		return false;
	if (what != NULL) {
		m->answer = entries_say(m->why, OUTSIDE_REFUSED,
		    "its kind \"%s\" %s", m->move->name, what);
		return false;
	}
	place->first = word_in(source, at->source_first);
	place->page = huge_page(m, source, spec);
	memcpy(place->nodes,
	    m->move->nodes != NULL ? (const char *)m->move->nodes :
				     spec + at->spec_nodes,
	    sizeof(place->nodes));
	if (bits_find(place->nodes, 0, SPEC_NODES_MAX, true) == SPEC_NODES_MAX)
		return give_up(m, OUTSIDE_NOTHING,
		    "the text of its kind names no nodes, so it has no home");
	for (size_t i = 0; i < SPEC_NODES_MAX / 64; i++)
		m->move->to[i] |= place->nodes[i];
	return true;
}

static bool
move_heaps(struct mover *m)
{
	char record[ENGINE_RECORD];
	struct place place;
	uint64_t heap;
	uint32_t count;

	if (!remote_read(&m->remote, m->entry.kind, record,
		m->engine.layout.kind_bytes) ||
	    !entry_heaps(
		&m->remote, &m->engine, &m->entry, record, &heap, &count))
		return !is_there(m) ? false : gone(m);
	for (uint32_t i = 0; i < count; i++)
		if (!read_place(m,
			heap + (uint64_t)i * m->engine.arena.heap_bytes,
			&place) ||
		    !move_source(m, &place))
			return false;
	return true;
}

/* ---- All of it ----------------------------------------------------------- */

static void
move_process(struct mover *m)
{
	if (!find_kind(m))
		return;
	if (!residence_read(&m->remote, &m->residence))
		give_up(m, OUTSIDE_REFUSED,
		    "where its pages are cannot be read (/proc/PID/numa_maps)");
	else
		move_heaps(m);
	residence_free(&m->residence);
}

enum outside_answer
outside_move(struct outside_move *move, char why[OUTSIDE_WHY_MAX])
{
	struct mover *m = calloc(1, sizeof(*m));
	enum outside_answer answer;
	int error;

	if (m == NULL)
		return entries_say(why, OUTSIDE_UNSURE, "no memory to read it");
	m->move = move;
	m->why = why;
	m->began = os_now_ns();
	error = remote_open(&m->remote, move->process);
	if (error == ESRCH) {
		gone(m);
	} else if (error != 0) {
		m->answer = OUTSIDE_REFUSED;
		remote_explain(&m->remote, error, why, OUTSIDE_WHY_MAX);
	} else {
		move_process(m);
	}
	remote_close(&m->remote);
	answer = m->answer;
	free(m);
	return answer;
}

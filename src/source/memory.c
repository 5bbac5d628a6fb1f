/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c - asks before memory is taken. See memory.h.
 *
 * Owns what the last answer allows: so many bytes may be taken before the next
 * question, for some time, by whatever thread. So small spans do not ask each
 * time, and a piece of a large one asks always.
 *
 * All threads and processes of a cgroup that ask at the same moment get the
 * same answer, and none of them knows of the others. So each takes only a 64th
 * of the room at a time: the nearer the end, the smaller the steps and the
 * fresher the answers. Up to 64 of them can start at once, and all fit. What
 * they may take at the very end, where a step cannot be smaller, is kept out of
 * every answer (MARGIN), as are the tables that the kernel needs for the pages.
 *
 * That makes a killed process unlikely, not impossible: another process that
 * does not ask may take the room between the answer and the touch. But a
 * request of our own that is known not to fit is never begun.
 *
 * The grant has two words that are written one after the other, and no lock. A
 * thread that sees the size of one grant and the time of another takes no more
 * than a grant allows, if perhaps a moment later than it does.
 */
#include "source/memory.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/cut.h"
#include "base/error.h"
#include "os/os.h"

#define PIECE_PART 64
#define PIECE_MIN (64 * KIB)
#define PIECE_MAX (64 * MIB)
#define MARGIN (1 * MIB)
/* From here on all is counted. */
#define ENOUGH (128 * MIB)
#define GRANT_MS 100

static _Atomic size_t granted;
static _Atomic uint64_t granted_at;

/* Takes all of BYTES out of what the last answer allows; false if that is less,
 * or too old. Nothing is taken in part: the caller then asks again, for all
 * that it wants. */
static bool
take_of_grant(size_t bytes)
{
	size_t left = atomic_load(&granted);

	if (left < bytes || os_now_ms() - atomic_load(&granted_at) >= GRANT_MS)
		return false;
	while (!atomic_compare_exchange_weak(&granted, &left, left - bytes))
		if (left < bytes)
			return false;
	return true;
}

/* Notes that BYTES may be taken from now on, and takes up to LEFT of them;
 * returns how many. What others had left of the answer before is forgotten. */
static size_t
grant(size_t bytes, size_t left)
{
	size_t piece = min_size(bytes, left);

	atomic_store(&granted, bytes - piece);
	atomic_store(&granted_at, os_now_ms());
	return piece;
}

/* os_memory_room() without the margin. */
static int
ask(size_t bytes, struct os_memory_room *room)
{
	int error = os_memory_room(bytes + MARGIN, room);

	if (error == 0)
		room->bytes -= min_size(room->bytes, MARGIN);
	return error;
}

/*
 * See memory.h. Asks whether all that is LEFT fits, since a span that fits in
 * part is of no use, and grants one step. Asks for at least ENOUGH:
 * os_memory_room() stops counting when it has found as much, and where little
 * is left it is to count all, page cache and swap included. Where nobody says
 * how much there is, steps are PIECE_MAX.
 */
size_t
memory_next(size_t left)
{
	struct os_memory_room room;
	size_t piece;

	if (take_of_grant(left))
		return left;
	if (ask(max_size(left, ENOUGH), &room) != 0)
		return grant(PIECE_MAX, left);
	if (room.bytes < left)
		return 0;
	piece = align_down(room.bytes / PIECE_PART, PIECE_MIN);
	piece = min_size(max_size(piece, PIECE_MIN), PIECE_MAX);
	return grant(piece, left);
}

int
memory_fill(int (*take)(void *addr, size_t bytes), void *addr, size_t bytes)
{
	char *at = addr;
	int error = 0;

	for (size_t piece; bytes != 0 && error == 0;
	     at += piece, bytes -= piece) {
		piece = memory_next(bytes);
		error = piece == 0 ? ENOMEM : take(at, piece);
	}
	return error;
}

int
memory_take_space(int fd, off_t offset, off_t bytes)
{
	int error = 0;

	for (off_t piece; bytes != 0 && error == 0;
	     offset += piece, bytes -= piece) {
		piece = (off_t)memory_next((size_t)bytes);
		error = piece == 0 ? ENOMEM : os_take_space(fd, offset, piece);
	}
	return error;
}

int
memory_write_file(int fd, const void *data, size_t bytes, off_t offset)
{
	const char *from = data;
	int error = 0;

	for (size_t piece; bytes != 0 && error == 0;
	     from += piece, offset += (off_t)piece, bytes -= piece) {
		piece = memory_next(bytes);
		error = piece == 0 ? ENOMEM :
				     os_write_file(fd, from, piece, offset);
	}
	return error;
}

bool
memory_explain(const char *text, size_t bytes)
{
	struct os_memory_room room;
	bool cgroup;

	if (ask(bytes, &room) != 0 || room.bytes >= bytes)
		return false;
	cgroup = room.cgroup[0] != '\0';
	error_set(ENOMEM,
	    "\"%s\" takes %zu bytes of memory at once, and %s%s%s %llu to "
	    "spare",
	    cut(text, 70).text, bytes,
	    cgroup ? "the cgroup \"" : "this machine", room.cgroup,
	    cgroup ? "\" has" : " has", (unsigned long long)room.bytes);
	return true;
}

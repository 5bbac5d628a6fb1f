/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outside.h - the kinds of another process, read from outside, and moved.
 *
 * Nothing runs in that process, and nothing is changed in it but, by
 * outside_move(), on which nodes pages are: its memory is read by
 * /proc/PID/mem, and where its pages are by /proc/PID/numa_maps. What is
 * read is believed only where ARCHITECTURE.md ("Seen from outside") says why
 * that is right; otherwise there is a line in place of numbers.
 *
 * For the command alone: it calls malloc and libc as any program does. Owns
 * what it returns until outside_free(). One thread; no locks.
 */
#ifndef OUTSIDE_OUTSIDE_H
#define OUTSIDE_OUTSIDE_H

#include "os/os.h"
#include "spec/spec.h"
#include "stats/numbers.h"

enum outside_answer {
	OUTSIDE_TOLD,
	OUTSIDE_NOTHING, /* no engine is in the process */
	OUTSIDE_GONE,    /* there is no such process, or none any more */
	OUTSIDE_REFUSED, /* the kernel does not let it be read */
	OUTSIDE_UNSURE,  /* what could be read may be wrong */
};

#define OUTSIDE_WHY_MAX 256
#define OUTSIDE_NO_ENGINE \
	"has no kinds: neither libpoolkind nor libvmmalloc is in it"

/*
 * Appends what is known of the process to the list that ends at **END, and
 * moves *END on: a record for each engine that is in it, mostly one. Where the
 * answer is not OUTSIDE_TOLD nothing is appended, and WHY says in a line what
 * is the matter; where it is, WHY is "" or says which kinds are missing.
 * RESIDENCE: also where its pages are, which takes the kernel
 * time for all pages that the process has.
 */
enum outside_answer outside_read(int process, bool residence,
    struct stats_process ***end, char why[OUTSIDE_WHY_MAX]);

void outside_free(struct stats_process *first);

struct outside_move {
	int process;
	const char *kind;      /* its name, or its number */
	const uint64_t *nodes; /* NULL: those that its own text says */
	size_t rate;           /* bytes a second; 0: as fast as it goes */

	/* What came of it. */
	char name[SPEC_NAME_MAX + 1];
	uint64_t to[SPEC_NODES_MAX / 64];
	struct os_moved moved;
};

/*
 * Moves the pages that a kind of the process has to other nodes, as
 * os_move_pages() does. Where later ones come from is the process's own to say
 * (mbind(2)), and does not change. OUTSIDE_TOLD, also where pages stayed; else
 * WHY says in a line what is the matter. What was moved by then stays moved.
 */
enum outside_answer outside_move(
    struct outside_move *move, char why[OUTSIDE_WHY_MAX]);

#endif /* OUTSIDE_OUTSIDE_H */

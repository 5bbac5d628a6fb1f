/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outside.h - the kinds of another process, read from outside.
 *
 * Nothing runs in that process and nothing is changed in it: its memory is read
 * by /proc/PID/mem, and where its pages are by /proc/PID/numa_maps. What is
 * read is believed only where ARCHITECTURE.md ("Seen from outside") says why
 * that is right; otherwise there is a line in place of numbers.
 *
 * For the command alone: it calls malloc and libc as any program does. Owns
 * what it returns until outside_free(). One thread; no locks.
 */
#ifndef OUTSIDE_OUTSIDE_H
#define OUTSIDE_OUTSIDE_H

#include "stats/numbers.h"

enum outside_answer {
	OUTSIDE_TOLD,
	OUTSIDE_NOTHING, /* no engine is in the process */
	OUTSIDE_GONE,    /* there is no such process, or none any more */
	OUTSIDE_REFUSED, /* the kernel does not let it be read */
	OUTSIDE_UNSURE,  /* what could be read may be wrong */
};

#define OUTSIDE_WHY_MAX 256

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

#endif /* OUTSIDE_OUTSIDE_H */

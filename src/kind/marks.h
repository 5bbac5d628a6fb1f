/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * marks.h - from how much use on a kind leaves blocks to its fallback.
 *
 * Between high= and full a kind has room that large blocks are to leave to
 * small ones. Once that much of it is used blocks of spill-from= and more come
 * from the next kind, until less than low= is. What a thread's cache has ready
 * is handed out all the same: nothing here stands on a quick path.
 *
 * Owns what was seen of the use so far, in each kind. Called by kind/allocate.c
 * on the slow path, without a lock, by any number of threads at once: what two
 * of them do at the same moment can be off by one look. Cannot fail.
 */
#ifndef KIND_MARKS_H
#define KIND_MARKS_H

#include <stdatomic.h>

#include "base/base.h"
#include "poolkind.h"

struct kind;
struct spec;

struct marks {
	unsigned high, low;        /* percent; 0: the kind has none */
	size_t from;               /* the smallest block that they are for */
	_Atomic bool above;        /* high was met, and low not yet since */
	_Atomic uint64_t returns;  /* how often low was */
	_Atomic size_t least;      /* use since caches were emptied: marks.c */
	_Atomic uint64_t epoch;    /* of the heaps, when they were */
	_Atomic unsigned pause;    /* looks from one emptying to the next */
	_Atomic unsigned wait;     /* of these, how many are left */
	_Atomic size_t around;     /* what there is for the kind: marks.c */
	_Atomic size_t around_use; /* use when that was read */
	_Atomic unsigned around_old; /* looks since then */
};

/* The program's function that is asked before NULL, and before the next kind
 * is; written and read under full.c's lock. */
struct on_full {
	_Atomic bool given;
	int (*call)(
	    void *arg, struct poolkind *kind, size_t size, unsigned asked);
	void *arg;
};

void marks_set(struct marks *marks, const struct spec *spec);

/* The kind has other nodes now: what they have is read when it is next needed.
 */
void marks_forget_around(struct marks *marks);

/* Whether so much of the kind is used that blocks go to the next. */
bool marks_met(struct kind *kind);

/* A block of SIZE bytes for which marks_met() said no was refused. */
void marks_refused(struct kind *kind, size_t size);

#endif /* KIND_MARKS_H */

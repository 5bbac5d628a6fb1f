/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.h - the records of kinds and the list of all, for open.c and fork.c.
 *
 * A kind is made by the first two functions and made known by kind_link(), then
 * hidden by kind_unlink() and deleted. What fails says so by errno and a
 * sentence.
 */
#ifndef KIND_KINDS_H
#define KIND_KINDS_H

#include "kind/kind.h"

/*
 * A record with an id and a handle. The id is that of a heap that is not open
 * yet: the handle contains it, and sources are told the handle when they are
 * opened. The entry of the id names the record from here on, for
 * kind_of_heap(), but no handle leads there before kind_link(). NULL with
 * ENOMEM: no memory, or HEAPS_MAX ids are in use.
 */
struct kind *kind_record(void);

/*
 * Name and text of the kind, copied since the spec is the caller's. The text is
 * that of the spec as it was given: the nodes or the device that the machine
 * names for it are not in it, so opening the text once more asks the machine
 * once more. It goes on with that of NEXT, the next link of a chain, unless
 * that is NULL. What was copied before a failure kind_delete() frees.
 */
int kind_describe(
    struct kind *kind, const struct spec *spec, const struct kind *next);

/* What the text came to: the text of FOUND, in which nodes or a device are
 * named, going on with that of NEXT. */
int kind_resolve(
    struct kind *kind, const struct spec *found, const struct kind *next);

/* Has the kind fall back to NEXT, which it owns from here on, or if that is
 * NULL to the kind that is named FALLBACK, unless that is empty; and makes the
 * handle lead to the kind. The last step: once the handle is stored every
 * thread that has it can use the kind. ENOENT: no kind of that name is open. */
int kind_link(struct kind *kind, const char *fallback, struct kind *next);

/* Takes the kind of HANDLE and the links of its chain out of the list, unless
 * others fall back to one of them: then *USED is that one. NULL if there is no
 * such kind. The handles lead nowhere from here on, so of two threads that
 * close the same kind one is told that it is not open. */
struct kind *kind_unlink(const poolkind *handle, const struct kind **used);

/* The next link of the kind's chain, or NULL. */
static inline struct kind *
kind_next_link(const struct kind *kind)
{
	return kind->owns_fallback ? kind->fallback : NULL;
}

/* The process whose kinds these are: set when the library is loaded, and in the
 * child of a fork when the kinds are its own. Read from other processes. */
extern int kinds_process;

/* Frees the record and the id, which the next kind may have. */
void kind_delete(struct kind *kind);

/* The lock of the list: around a fork, and while a kind is not to be closed. */
void kinds_hold(void);
void kinds_release(void);

/* In the child of a fork, in between: the threads that moved pages of a kind or
 * told of its memory are not there any more. */
void kinds_forked(void);

#endif /* KIND_KINDS_H */

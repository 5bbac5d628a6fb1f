/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held.c - kinds, and how many objects hold them.
 *
 * A kind that was opened here is closed when nothing holds it any more: its
 * object, its buffers, or an array that lies in it. One that another kind falls
 * back to cannot be closed before that; it stays in the list with no reference
 * and is tried again when another is closed. The list has each kind once.
 */
#include "module.h"

#include <errno.h>

static struct held *all;

/* A record with one reference. */
struct held *
held_new(poolkind *kind, bool is_ours)
{
	struct held *held = PyMem_RawMalloc(sizeof(*held));

	if (held == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	*held = (struct held){ all, kind, 1, is_ours };
	all = held;
	return held;
}

/* A new reference to KIND, which may be of somebody else's. */
struct held *
held_get(poolkind *kind)
{
	for (struct held *held = all; held != NULL; held = held->next)
		if (held->kind == kind) {
			held->references++;
			return held;
		}
	return held_new(kind, false);
}

static void
unlink_held(struct held *held)
{
	struct held **link = &all;

	while (*link != held)
		link = &(*link)->next;
	*link = held->next;
}

/* Whether the kind is closed now. */
static bool
is_gone(struct held *held)
{
	if (held->is_ours && poolkind_close(held->kind) != 0 && errno == EBUSY)
		return false;
	unlink_held(held);
	PyMem_RawFree(held);
	return true;
}

/* Those that could not be closed before; each that is may free another. */
static void
close_the_rest(void)
{
	struct held *held = all;

	while (held != NULL) {
		struct held *next = held->next;

		if (held->references == 0 && is_gone(held))
			next = all;
		held = next;
	}
}

/* Gives a reference back; no exception. */
void
held_put(struct held *held)
{
	if (--held->references == 0 && is_gone(held))
		close_the_rest();
}

/* The same for who can be told that the kind cannot be closed: then the
 * reference stays, and the exception says why. */
int
held_close(struct held *held)
{
	int error = 0;

	if (held->references > 1 || !held->is_ours) {
		held_put(held);
		return 0;
	}
	/* Nobody finds it while it is closed without the GIL. */
	unlink_held(held);
	Py_BEGIN_ALLOW_THREADS
	if (poolkind_close(held->kind) != 0)
		error = errno;
	Py_END_ALLOW_THREADS
	if (error != 0) {
		held->next = all;
		all = held;
		raise_error(error);
		return -1;
	}
	PyMem_RawFree(held);
	close_the_rest();
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain.c - see chain.h.
 *
 * One text is to do on every machine: of alternatives the first is taken that
 * the machine has, and a link of which it has none is left out, as if it were
 * full. What a machine does not have is what fails with ENODEV, or with ENOSYS
 * where the library that could find it is not installed. All else is an error:
 * a directory that is not there is a mistake, not another machine.
 *
 * Owns nothing, takes no lock. Called on a stack of the engine's. What was
 * opened before a failure is closed.
 */
#include "kind/chain.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "kind/kinds.h"
#include "kind/life.h"
#include "spec/parts.h"

/* Whether all parts are specs: a typing error is told on every machine, also
 * behind an alternative that would be taken. */
static bool
are_specs(const struct spec_parts *parts)
{
	bool in_last_link = true;
	struct spec spec;

	for (unsigned i = parts->count; i-- > 0;) {
		if (spec_parse_part(parts, i, &spec) != 0)
			return false;
		if (!in_last_link && spec.fallback[0] != '\0') {
			error_set(EINVAL,
			    "fallback=%s before a \">\": what follows is the "
			    "fallback",
			    spec.fallback);
			return false;
		}
		in_last_link &= !parts->is_next_link[i];
	}
	return true;
}

static bool
is_missing(int error)
{
	return error == ENODEV || error == ENOSYS;
}

/* Opens the first of parts FROM to END - 1 that the machine has, before NEXT.
 * NULL with the error of the last that was tried. */
static poolkind *
open_link(const struct spec_parts *parts, unsigned from, unsigned end,
    struct kind *next)
{
	poolkind *opened = NULL;
	struct spec spec;

	for (unsigned i = from; i < end && opened == NULL; i++) {
		if (i > from && !is_missing(errno))
			break;
		if (spec_parse_part(parts, i, &spec) == 0)
			opened = kind_new(&spec, NULL, NULL, next);
	}
	return opened;
}

/* Where its first link begins. */
static unsigned
link_begin(const struct spec_parts *parts, unsigned i)
{
	while (i > 0 && !parts->is_next_link[i])
		i--;
	return i;
}

static int
nothing_here(const char *text)
{
	char why[ERROR_TEXT_MAX];
	int error = errno;

	strcpy(why, error_text());
	return error_set(
	    error, "this machine has nothing of \"%.80s\"; %s", text, why);
}

/* Another thread that opened a kind with the name of one of these links for a
 * fallback keeps them. */
static void
undo(poolkind *opened)
{
	int error = errno;
	const struct kind *used;
	struct kind *kind;

	if (opened != NULL) {
		kind = kind_unlink(opened, &used);
		if (used == NULL)
			kind_end(kind);
	}
	errno = error;
}

/* The last link first, as each falls back to the one behind it. */
static poolkind *
open_links(const struct spec_parts *parts, const char *text)
{
	poolkind *opened = NULL, *before;
	unsigned from, end = parts->count;

	do {
		from = link_begin(parts, end - 1);
		before = open_link(parts, from, end,
		    opened == NULL ? NULL : kind_find(opened));
		if (before == NULL && !is_missing(errno)) {
			undo(opened);
			return NULL;
		}
		opened = before != NULL ? before : opened;
		end = from;
	} while (end > 0);
	if (opened == NULL)
		nothing_here(text);
	return opened;
}

poolkind *
chain_open(const char *text)
{
	struct spec_parts parts;
	struct spec spec;

	if (spec_split(text, &parts) != 0)
		return NULL;
	if (parts.count > 1)
		return are_specs(&parts) ? open_links(&parts, text) : NULL;
	return spec_parse(text, &spec) == 0 ?
	    kind_new(&spec, NULL, NULL, NULL) :
	    NULL;
}

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
 * A name ("@fast") is looked up in the file that a variable names, or in that
 * of the machine. Neither is read for a text without a name.
 *
 * Owns nothing, takes no lock. Called on a stack of the engine's. What was
 * opened before a failure is closed.
 */
#include "kind/chain.h"

#include <errno.h>
#include <string.h>

#include "base/cut.h"
#include "base/environment.h"
#include "base/error.h"
#include "kind/kinds.h"
#include "kind/life.h"
#include "spec/parts.h"

static bool
is_missing(int error)
{
	return error == ENODEV || error == ENOSYS;
}

/* Where all links that followed are missing here there is nowhere to go, and
 * marks are none: the text says so. */
static void
drop_marks(struct spec *spec, const struct kind *next)
{
	if (next == NULL && spec->fallback[0] == '\0') {
		spec->high = spec->low = 0;
		spec->spill_from = 0;
	}
}

static poolkind *
open_part(const struct spec_parts *parts, unsigned i, struct kind *next)
{
	poolkind *opened;
	struct spec spec;

	if (spec_parse_part(parts, i, &spec) != 0)
		return NULL;
	drop_marks(&spec, next);
	opened = kind_new(&spec, NULL, NULL, next);
	if (opened == NULL)
		spec_part_place(parts, i);
	return opened;
}

/* Opens the first of parts FROM to END - 1 that the machine has, before NEXT.
 * NULL with the error of the last that was tried. */
static poolkind *
open_link(const struct spec_parts *parts, unsigned from, unsigned end,
    struct kind *next)
{
	poolkind *opened = NULL;

	for (unsigned i = from; i < end && opened == NULL; i++) {
		if (i > from && !is_missing(errno))
			break;
		opened = open_part(parts, i, next);
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
	return error_set(error, "this machine has nothing of \"%s\"; %s",
	    cut(text, 80).text, why);
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
	if (opened == NULL && parts->count > 1)
		nothing_here(text);
	return opened;
}

/* A text of one spec, which may be longer than parts are. */
static poolkind *
open_spec(const char *text)
{
	struct spec spec;

	return spec_parse(text, &spec) == 0 && spec_check_last(&spec) == 0 ?
	    kind_new(&spec, NULL, NULL, NULL) :
	    NULL;
}

static poolkind *
open_parts(const struct spec_parts *parts, const char *text)
{
	if (parts->count == 1 && parts->line[0] == 0)
		return open_spec(text);
	return spec_check_parts(parts) == 0 ? open_links(parts, text) : NULL;
}

poolkind *
chain_open(const char *text)
{
	struct named_file names = { .given = variable(NAMED_VARIABLE) };
	struct spec_parts parts;
	poolkind *opened = NULL;

	if (spec_split(word_of(text), &names, &parts) == 0)
		opened = open_parts(&parts, text);
	named_close(&names);
	return opened;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_place.c - whether a text says where pages are to be moved, and no more.
 *
 * Owns nothing, takes no lock. A spec and two texts are large: called on a
 * stack of the engine's (os_on_stack()), or by the command. Fails with EINVAL
 * and a sentence.
 */
#include <errno.h>
#include <string.h>

#include "base/cut.h"
#include "base/error.h"
#include "spec/spec.h"

/* Which policy pages are under is the kind's own. */
int
spec_check_place(const struct spec *spec, const char *text)
{
	struct spec plain = { .source = spec->source,
		.tier = spec->tier,
		.scope = spec->scope,
		.all_nodes = spec->all_nodes };
	char said[SPEC_TEXT_MAX], place[SPEC_TEXT_MAX];

	if (!spec_has_nodes(spec))
		return error_set(EINVAL,
		    "\"%s\" names no nodes that pages could be moved to: write "
		    "nodes:N, a memory attribute such as capacity, or home",
		    cut(text, 80).text);
	memcpy(plain.nodes, spec->nodes, sizeof(plain.nodes));
	spec_print(spec, said, sizeof(said));
	spec_print(&plain, place, sizeof(place));
	if (strcmp(said, place) != 0)
		return error_set(EINVAL,
		    "\"%s\" says more than where pages are moved to: leave the "
		    "options away, as the kind keeps its own",
		    cut(text, 80).text);
	return 0;
}

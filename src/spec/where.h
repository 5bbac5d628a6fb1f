/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * where.h - the part of a spec behind the colon: nodes, a tier, a
 * directory, a device.
 *
 * Owns nothing. Called by the parser and the printer through the table of
 * sources, which names one of these for each source. Parsing fails with EINVAL,
 * or ENAMETOOLONG for a path that no system call would take, and a sentence.
 */
#ifndef SPEC_WHERE_H
#define SPEC_WHERE_H

#include "base/word.h"
#include "spec/spec.h"
#include "spec/writer.h"

struct spec_where {
	const char *form; /* how it is written, for people; "": not at all */
	/* Takes it from *AT, where it begins. */
	int (*parse)(const char **at, struct spec *spec);
	void (*print)(struct writer *to, const struct spec *spec);
};

extern const struct spec_where spec_where_nothing, spec_where_nodes,
    spec_where_tier, spec_where_directory, spec_where_device;

/* VALUE as the number of one node; the sentence names it behind WHAT. */
int parse_node(const char *what, struct word value, unsigned *node);

/* The set NODES, of SPEC_NODES_MAX bits, as ranges: 0-3,5. */
void write_nodes(struct writer *to, const uint64_t *nodes);

#endif /* SPEC_WHERE_H */

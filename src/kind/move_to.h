/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move_to.h - where the pages of a kind are to go, as text, as nodes.
 *
 * Owns the record of the nodes until move_to_free(). Takes the machine's lock
 * where a memory attribute is named (machine.h). Fails with errno and a
 * sentence.
 */
#ifndef KIND_MOVE_TO_H
#define KIND_MOVE_TO_H

#include "kind/kind.h"

/* The nodes for each heap of the kind; NODES NULL: where its own spec says. */
struct move_to {
	unsigned heaps;
	uint64_t (*nodes)[SPEC_NODES_MAX / 64];
};

int move_to_find(const struct kind *kind, const char *text, struct move_to *to);
void move_to_free(struct move_to *to);

/* The nodes of the machine, or of NODES, for a sentence. */
struct nodes_text {
	char text[60];
};
struct nodes_text nodes_text(const uint64_t *nodes);

#endif /* KIND_MOVE_TO_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_index.h - which rules may be about a line of a file, or a function:
 * thousands of rules are held against millions of names.
 *
 * Owns its entries until place_index_end(). Called by the command; no locks.
 */
#ifndef RULES_PLACE_INDEX_H
#define RULES_PLACE_INDEX_H

#include "rules/rules.h"

/* A file by its name without folders, or a function by its last component
 * without template arguments. */
struct place_key {
	struct word name;
	uint64_t line; /* 0: a function */
	uint32_t rule;
};

struct place_index {
	struct place_key *lines, *functions;
	size_t line_count, function_count;
	bool has_mangled; /* a function is named by its symbol */
};

/* -1 with a sentence where there is no memory. */
int place_index_begin(struct place_index *index, const struct rules *rules);
void place_index_end(struct place_index *index);

/* The first of those with this name and line, and how many they are. */
const struct place_key *place_index_line(const struct place_index *index,
    struct word name, uint64_t line, size_t *count);
const struct place_key *place_index_function(
    const struct place_index *index, struct word name, size_t *count);

/* Whether any rule is about a line of a file with that name. */
bool place_index_has_file(const struct place_index *index, struct word name);

#endif /* RULES_PLACE_INDEX_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * modules.h - the programs and libraries that rules are about, and the ranges
 * of return addresses in them that belong to rules.
 *
 * struct modules owns its records, allocated by malloc, until modules_end().
 * Called by the command, which has one thread; no locks. -1 with a sentence
 * where there is no memory.
 */
#ifndef RULES_MODULES_H
#define RULES_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/table.h"

struct rules_file {
	char *path; /* NULL: not found, or not looked for */
	char *real; /* the same as realpath(3) has it; NULL: it has none */
	char *name; /* without folders, as the dynamic linker knows it */
	uint8_t build_id[RULES_BUILD_ID_MAX];
	uint32_t build_id_bytes;
	bool has_debug; /* information, as far as it was looked for */
	struct rules_range *ranges;
	size_t range_count, range_room;
};

struct modules {
	struct rules_file *list;
	size_t count, room;
};

/* A module more, without ranges; NULL where there is no memory. */
struct rules_file *modules_add(
    struct modules *modules, const char *path, const char *name);

/* Return addresses from LOW to HIGH of FILE belong to RULE. */
int modules_add_range(
    struct rules_file *file, uint64_t low, uint64_t high, uint32_t rule);

/* Brings the ranges of each module into order, those of one rule that touch
 * made one. */
void modules_sort(struct modules *modules);

void modules_end(struct modules *modules);

#endif /* RULES_MODULES_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h - what a module's tables for exceptions (.eh_frame) have of one
 * function.
 *
 * Owns nothing: an entry leads into the tables, which stay as long as their
 * module. Allocates nothing, takes no lock. All of an entry is in the module's
 * segments, or it is none.
 */
#ifndef PRELOAD_ENTRY_H
#define PRELOAD_ENTRY_H

#include "preload/bytes.h"
#include "preload/module.h"

/* What a function's entry (FDE) and the one that it shares with others (CIE)
 * say. */
struct entry {
	struct bytes common, own; /* instructions */
	uint64_t code_unit;
	int64_t data_unit;
	uintptr_t low, length; /* of the function */
	uint8_t encoding;
	bool has_augmentation, is_signal;
};

/* The entry of the function that PC is in; false if there is none that is
 * understood. */
bool entry_find(const struct module *module, uintptr_t pc, struct entry *entry);

#endif /* PRELOAD_ENTRY_H */

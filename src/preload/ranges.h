/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.h - which rules of the table name a return address.
 *
 * Owns an index of the table's ranges, written by ranges_start() and constant
 * from then on. Called inside malloc, by any thread, in signal handlers. Takes
 * no lock, allocates nothing after the start.
 */
#ifndef PRELOAD_RANGES_H
#define PRELOAD_RANGES_H

#include "preload/module.h"
#include "rules/table.h"

/* Reads the table, which is valid and stays for good. False where it has no
 * range, and where there is no memory for the index. */
bool ranges_start(const struct rules_table *table);

/* Calls VISIT with the number of each rule that names the return address, in no
 * order, and with some more than once. */
void ranges_each(const struct module *module, uintptr_t address,
    void (*visit)(void *to, uint32_t rule), void *to);

#endif /* PRELOAD_RANGES_H */

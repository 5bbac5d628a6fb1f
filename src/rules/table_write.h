/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_write.h - rules become a table.
 *
 * Owns nothing: the bytes are the caller's, to be given back by free(3). Called
 * by the command; no locks.
 */
#ifndef RULES_TABLE_WRITE_H
#define RULES_TABLE_WRITE_H

#include "rules/modules.h"
#include "rules/rules.h"

/* FLAGS are those of enum rules_flag. Modules without ranges are left out. NULL
 * with a sentence: no memory (ENOMEM), or more than 4 GiB (EFBIG). */
struct rules_table *rules_table_write(const struct rules *rules,
    const struct modules *modules, uint32_t flags, uint64_t sites_from);

#endif /* RULES_TABLE_WRITE_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.h - the kinds that blocks come from: those of the rules, and one of
 * ordinary memory for what they do not serve.
 *
 * A kind is opened by the first request that is to come from it, and never
 * closed. Owns the handles. Takes no lock of its own: kinds.c says how threads
 * that want the same kind at once get along.
 */
#ifndef PRELOAD_KINDS_H
#define PRELOAD_KINDS_H

#include <stdbool.h>

#include "base/word.h"
#include "poolkind.h"
#include "rules/table.h"

/* The kind NUMBER of the table, opened if need be, for a request of CALLER.
 * NULL: it cannot be had, or not just now. */
poolkind *kinds_open(
    const struct rules_table *table, unsigned number, const void *caller);

/* The same without opening it. */
poolkind *kinds_known(unsigned number);

/* Ordinary memory; NULL where there is none, or while the thread opens it. */
poolkind *kinds_ordinary(void);

/* Has the blocks of ordinary memory recorded (kind/facade.h), as those of every
 * other kind are from its opening on. Once there is a recorder. */
void kinds_record(void);

/* Says, once, that a block came from another kind, as this one is full. */
void kinds_note_full(const struct rules_table *table, unsigned number);

/* The same of the links of a chain. The block PTR was asked of the kind FROM, a
 * chain or a link of one. Looks at the block: for RULES_VERBOSE alone. */
void kinds_note_full_links(
    const struct rules_table *table, const poolkind *from, const void *ptr);

/* The text of the kind without those of the kinds that it falls back to. */
struct word kinds_link_text(const poolkind *kind);

/* Whether a kind was opened, or could not be, since this was asked last: then
 * another heap may be the first of a rule. */
bool kinds_take_change(void);

/* The heap of the kind that the rule's blocks come from first, NO_HEAP as long
 * as that is not open. */
unsigned kinds_first_heap(
    const struct rules_table *table, const struct rules_rule *rule);

#endif /* PRELOAD_KINDS_H */

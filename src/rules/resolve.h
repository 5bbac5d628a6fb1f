/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.h - what rules name, found in the programs and libraries that will
 * run.
 *
 * Owns nothing but what it adds to its caller's records. Called by the command;
 * no locks. What is not found is told as a warning (struct rules); -1 with a
 * sentence, and the line of the rule, where that could not be looked for.
 */
#ifndef RULES_RESOLVE_H
#define RULES_RESOLVE_H

#include "rules/places.h"

/* Whether any rule is about a site or a function. */
bool resolve_is_needed(const struct rules *rules);

/* Finds the ranges of all rules in MODULES, those of programs that will run. */
int resolve(
    struct rules *rules, struct modules *modules, struct findings *findings);

#endif /* RULES_RESOLVE_H */

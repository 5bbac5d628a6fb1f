/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * offsets.h - rules about calls that are given by module and offset.
 */
#ifndef RULES_OFFSETS_H
#define RULES_OFFSETS_H

#include "rules/modules.h"
#include "rules/rules.h"

/* Adds the ranges of those rules, and the modules that are not among MODULES.
 * An offset that no call returns to is told as a warning. -1 with a sentence
 * where there is no memory. */
int offsets_find(struct rules *rules, struct modules *modules);

#endif /* RULES_OFFSETS_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.h - a line of rules that is a rule: conditions, "->", kinds.
 *
 * Owns nothing. Called by parse.c. No locks; fails as rules.h says.
 */
#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include "rules/line.h"

int parse_rule(struct line *line);

#endif /* RULES_PARSE_H */

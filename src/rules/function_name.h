/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * function_name.h - whether a function is the one that somebody named.
 *
 * Owns nothing but the texts it returns, which are given back by free(3).
 * Called by the command; no locks. What cannot be demangled is compared as it
 * is.
 */
#ifndef RULES_FUNCTION_NAME_H
#define RULES_FUNCTION_NAME_H

#include "base/word.h"

/*
 * Whether NAME, as a program's source has it, ends with the components ASKED:
 * "init" and "Solver::init" both stand for "app::Solver::init". Where ASKED has
 * no template arguments all instances are meant.
 */
bool function_name_is(const char *name, const char *asked);

/* The last component of NAME, without template arguments: equal for all names
 * that function_name_is() may find alike. */
struct word function_name_key(const char *name);

/* How many components NAME has, and what of it is behind the first; of the last
 * all. */
size_t function_name_components(const char *name);
const char *function_name_behind_first(const char *name);

/* Takes the arguments, the return type and what compilers add from DEMANGLED,
 * in place. Returns where the name begins. */
char *function_name_bare(char *demangled);

/* The name of a symbol as the source has it: demangled, without a compiler's
 * suffix. NULL where there is no memory. */
char *function_name_of_symbol(const char *symbol);

#endif /* RULES_FUNCTION_NAME_H */

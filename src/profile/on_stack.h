/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * on_stack.h - what a rule for a function names, and on how many stacks it is.
 *
 * Owns its counts until on_stack_counts_free(). Called by the command; no
 * locks. Only no memory is an error.
 */
#ifndef PROFILE_ON_STACK_H
#define PROFILE_ON_STACK_H

#include "profile/profile.h"

/* A function by its name, or a call by the offset that it returns to. */
struct on_stack {
	const char *function; /* NULL: by offset */
	uint32_t module;      /* PROFILE_NO_MODULE, too: nothing is known */
	uint64_t offset;
};

enum on_stack_by { ON_STACK_BY_NAME, ON_STACK_BY_OFFSET };

struct on_stack on_stack_of(
    const struct profile_frame *frame, enum on_stack_by by);

static inline bool
on_stack_is_known(const struct on_stack *one)
{
	return one->function != NULL || one->module != PROFILE_NO_MODULE;
}

bool on_stack_is_same(const struct on_stack *one, const struct on_stack *other);

/* Whether a rule that names ONE is for blocks of SITE. */
bool on_stack_is_on(
    const struct on_stack *one, const struct profile_site *site);

/* Counts of stacks. */
struct on_stack_counts;
struct on_stack_counts *on_stack_counts_new(void);
void on_stack_counts_free(struct on_stack_counts *counts);

/* Counts all that is on the stack of SITE, once. -1: no memory. */
int on_stack_count(
    struct on_stack_counts *counts, const struct profile_site *site);

/* On how many of the stacks that were counted ONE is. */
size_t on_stack_stacks(
    const struct on_stack_counts *counts, const struct on_stack *one);

#endif /* PROFILE_ON_STACK_H */

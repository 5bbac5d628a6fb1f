/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_glue.h - what C++ cannot include of src/preload, which has atomics of
 * C: bounds, and the words that dlclose() says.
 */
#ifndef TEST_PRELOAD_SITES_GLUE_H
#define TEST_PRELOAD_SITES_GLUE_H

#ifdef __cplusplus
extern "C" {
#endif

extern const unsigned glue_rules_max, glue_words, glue_walk_max;
void glue_closing(void);
void glue_closed(void);

/* The stack from the function on that returns to CALLER. *HELD: the trail of
 * the call before leads from here, as far as it says. */
unsigned glue_stack_noted(
    void **frames, unsigned max, const void *caller, int *held);

#ifdef __cplusplus
}
#endif

#endif /* TEST_PRELOAD_SITES_GLUE_H */

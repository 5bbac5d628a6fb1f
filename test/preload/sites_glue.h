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

#ifdef __cplusplus
}
#endif

#endif /* TEST_PRELOAD_SITES_GLUE_H */

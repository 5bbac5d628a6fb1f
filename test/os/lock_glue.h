/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock_glue.h - the locks of os/lock.h for tests in C++, to which C's atomic
 * types are foreign.
 */
#ifndef TEST_OS_LOCK_GLUE_H
#define TEST_OS_LOCK_GLUE_H

#include <stdbool.h>
#include <stdint.h>

/* One lock, one word and one thing to be done once. */
void the_lock_take(void);
bool the_lock_try(void);
void the_lock_give(void);

void the_word_set(uint32_t value);
void the_word_wake(void);
void the_word_wait_while(uint32_t value);
bool the_word_wait_while_for(uint32_t value, uint64_t milliseconds);
void the_word_wait_until_zero(void);

void the_once_do(void (*what)(void));

#endif /* TEST_OS_LOCK_GLUE_H */

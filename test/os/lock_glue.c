/* SPDX-License-Identifier: BSD-2-Clause */
/* lock_glue.c - see lock_glue.h. */
#include "lock_glue.h"

#include "os/lock.h"

static struct lock lock = LOCK_INIT;
static _Atomic uint32_t word;
static struct once once = ONCE_INIT;

void
the_lock_take(void)
{
	lock_take(&lock);
}

bool
the_lock_try(void)
{
	return lock_try(&lock);
}

void
the_lock_give(void)
{
	lock_give(&lock);
}

void
the_word_set(uint32_t value)
{
	atomic_store(&word, value);
}

void
the_word_wake(void)
{
	wake_all(&word);
}

void
the_word_wait_while(uint32_t value)
{
	wait_while(&word, value);
}

bool
the_word_wait_while_for(uint32_t value, uint64_t milliseconds)
{
	return wait_while_for(&word, value, milliseconds);
}

void
the_word_wait_until_zero(void)
{
	wait_until_zero(&word);
}

void
the_once_do(void (*what)(void))
{
	once_do(&once, what);
}

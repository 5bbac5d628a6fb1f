/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_stack.h - where the stack begins that a thread was started with.
 *
 * Owns nothing. Called by walk.c, inside malloc, by any thread, in signal
 * handlers. Takes no lock, allocates nothing.
 *
 * libc knows, but pthread_getattr_np(3) takes a lock and allocates. So the two
 * words are looked for which libc keeps in the thread's descriptor: the lowest
 * address of the memory that the thread was given, and its size. Where in the
 * descriptor they are is libc's matter; what they say is known from outside,
 * as the memory ends a little above the descriptor, which lies in it. Nothing
 * else in a descriptor is an address below and behind it a number that leads
 * there. A libc that keeps something else has no such pair, and then no stack
 * counts as a thread's own.
 */
#ifndef PRELOAD_OWN_STACK_H
#define PRELOAD_OWN_STACK_H

#include "base/base.h"

/* Sanitizers keep programs from words that no variable has; this reads where
 * functions return to, and in what libc has of a thread. */
#define READS_STACK \
	__attribute__((no_sanitize("address"), no_sanitize("thread")))

/* The lowest address of the stack of the thread whose descriptor SELF is, which
 * is the caller, and not the process's first; UINTPTR_MAX if it is not found.
 */
uintptr_t own_stack_from(uintptr_t self);

#endif /* PRELOAD_OWN_STACK_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caller.h - who asks for memory: whether it is the C library or its loader.
 *
 * These may hold a lock of theirs while they do, that of the loader, of
 * setlocale(3) or of atexit(3), and opening a library needs it. Owns where the
 * two lie, which is found once, when no other thread looks. Takes no lock but
 * the loader's, in caller_start(). Fails at nothing: what is not found counts
 * as somebody else.
 */
#ifndef PRELOAD_CALLER_H
#define PRELOAD_CALLER_H

#include <stdbool.h>

void caller_start(void);
bool caller_is_libc(const void *address);

#endif /* PRELOAD_CALLER_H */

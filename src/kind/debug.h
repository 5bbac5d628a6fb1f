/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * debug.h - what the debug library does for a block that comes or goes. In the
 * other library these do nothing, and cost nothing.
 */
#ifndef KIND_DEBUG_H
#define KIND_DEBUG_H

#include "kind/kind.h"

/* As the size of a block that is freed: the caller does not say it. More than
 * any block has. */
#define SIZE_UNKNOWN SIZE_MAX

#ifdef POOLKIND_DEBUG

/* A block goes out, for a program that asked for ASKED bytes. It is entered
 * under the kind that it is of, which is another than the one asked where that
 * is full and falls back. Unless its bytes are ZERO it is filled: all that may
 * be used, not just what was asked for. */
void debug_enter(void *ptr, size_t asked, bool zero);

/* A block comes back as one of HANDLE's kind, or of any if that is NULL. False,
 * and reported: it must not be freed, being no block, or none that the program
 * holds. A wrong kind or size is reported, and the block freed: it can be. */
bool debug_take(const poolkind *handle, void *ptr, size_t size);

#else

static inline void
debug_enter(void *ptr, size_t asked, bool zero)
{
	(void)ptr, (void)asked, (void)zero;
}

static inline bool
debug_take(const poolkind *handle, void *ptr, size_t size)
{
	(void)handle, (void)ptr, (void)size;
	return true;
}

#endif

#endif /* KIND_DEBUG_H */

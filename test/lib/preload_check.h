/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * preload_check.h - results, and the kinds of blocks, for programs that run
 * under libautohbw or libmemtier.
 */
#ifndef PRELOAD_CHECK_H
#define PRELOAD_CHECK_H

#include <memkind.h>

#include "shim_check.h"

/* Sizes that no compiler may reason about. */
static volatile size_t zero __attribute__((unused));
static volatile size_t one __attribute__((unused)) = 1;
static volatile size_t largest __attribute__((unused)) = SIZE_MAX;

/* Whether P is a block of the library's. */
static inline bool
is_ours(void *p)
{
	return p != NULL && memkind_detect_kind(p) != NULL;
}

/* Whether P is a block of KIND with SIZE bytes that can be written. */
static inline bool
is_of(void *p, memkind_t kind, size_t size)
{
	if (p == NULL || memkind_detect_kind(p) != kind)
		return false;
	memset(p, 0x5a, size);
	return true;
}

#endif /* PRELOAD_CHECK_H */

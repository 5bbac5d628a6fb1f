/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aligned.h - whether a block lies where it should.
 *
 * A compiler takes what a header promises (alloc_align) for granted, and a test
 * that asks `block % 4096 == 0` of what aligned_alloc() returned is not even
 * compiled. Here it does not know where the pointer is from.
 */
#ifndef TEST_LIB_ALIGNED_H
#define TEST_LIB_ALIGNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool
is_aligned_to(const void *ptr, size_t alignment)
{
	__asm__("" : "+r"(ptr));
	return (uintptr_t)ptr % alignment == 0;
}

#endif /* TEST_LIB_ALIGNED_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_stack.c - see own_stack.h.
 */
#include "preload/own_stack.h"

#include "base/page.h"
#include "os/os.h"

#define WORD sizeof(uintptr_t)

#define DESCRIPTOR_MAX (4 * KIB) /* glibc's has 2.3 */

/* What there may be from where the descriptor begins: it, and on AArch64 TLS.
 */
#define ABOVE_MAX (64 * KIB)

/* Whether the BYTES from FROM on end where the memory ends in which SELF lies.
 * A key's number and a pointer to there have the sum as well: hence the bound
 * of BYTES. */
static bool
is_stack(uintptr_t self, uintptr_t from, uintptr_t bytes)
{
	return from < self && bytes > self - from && bytes <= self / 2 &&
	    bytes - (self - from) <= ABOVE_MAX;
}

/* The pair comes before the descriptor's end, and so nothing behind it is read,
 * where there is one. */
READS_STACK uintptr_t
own_stack_from(uintptr_t self)
{
	uintptr_t at, from = *(const volatile uintptr_t *)self, bytes;

	for (at = self + WORD; at < self + DESCRIPTOR_MAX; at += WORD) {
		if (is_aligned(at, system_page()) &&
		    !os_is_readable((const void *)at))
			break;
		bytes = *(const volatile uintptr_t *)at;
		if (is_stack(self, from, bytes))
			return from;
		from = bytes;
	}
	return UINTPTR_MAX;
}

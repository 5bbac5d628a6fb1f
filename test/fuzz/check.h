/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - what the harnesses for libFuzzer hold to be true.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
check(bool holds)
{
	if (!holds)
		abort();
}

/* One line, and not empty. */
static inline void
check_sentence(const char *sentence)
{
	check(*sentence != '\0');
	for (; *sentence != '\0'; sentence++)
		check((unsigned char)*sentence >= ' ');
}

#endif /* FUZZ_CHECK_H */

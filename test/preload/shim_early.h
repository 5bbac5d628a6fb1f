/* SPDX-License-Identifier: BSD-2-Clause */
/* shim_early.h - the blocks that shim_early_library.c allocates. */
#ifndef SHIM_EARLY_H
#define SHIM_EARLY_H

#include "shim_check.h"

#define EARLY_LARGEST ((size_t)64 << 20)
#define EARLY_COPIES 5
#define EARLY_BLOCKS 200

struct early {
	char *block;
	size_t size;
};

extern struct early early[EARLY_BLOCKS];
extern int early_count;

#endif /* SHIM_EARLY_H */

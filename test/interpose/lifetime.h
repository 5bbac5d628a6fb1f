/* SPDX-License-Identifier: BSD-2-Clause */
/* lifetime.h - what lifetime_library.c has for lifetime.c. */
#ifndef LIFETIME_H
#define LIFETIME_H

#include "preload_check.h"

#define EARLY_BLOCKS 96

/* Four blocks of each power of two, full of 'e'. */
extern struct early {
	char *block;
	size_t size;
} early[EARLY_BLOCKS];

/* Ends the thread that allocates since the first constructor. */
void early_join(void);

#endif /* LIFETIME_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * addresses.h - which block of a trace is at an address, while the addresses of
 * a process become numbers.
 *
 * Owns a table, allocated by malloc. No locks; what fails is memory.
 */
#ifndef TRACE_ADDRESSES_H
#define TRACE_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {
	uint64_t address; /* 0: no entry */
	uint32_t block;
};

struct addresses {
	struct address *table;
	size_t size, count; /* a power of two, of which half is used at most */
};

/* Enters an address that is not there. False without memory. */
bool addresses_add(struct addresses *all, uint64_t address, uint32_t block);

/* Takes it out. False if it is not there. */
bool addresses_take(struct addresses *all, uint64_t address, uint32_t *block);

void addresses_clear(struct addresses *all);
void addresses_end(struct addresses *all);

#endif /* TRACE_ADDRESSES_H */

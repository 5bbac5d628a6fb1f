/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.h - memory for the engine's own records.
 *
 * Owns DRAM pages that come from os_map() and are never given back: a record
 * that is freed serves the next one of its size class (powers of two from 64
 * bytes up; above 32 KiB, pages that are unmapped when freed). So a pointer
 * that is read after its record was freed still points at a record, and a
 * reader without a lock may look before it validates.
 *
 * Called by source, arena, kind and the shim; also under any engine lock, in
 * extent hooks and in fork handlers: its lock is the last in the lock order.
 * Never calls malloc.
 */
#ifndef OS_RECORDS_H
#define OS_RECORDS_H

#include "base/base.h"

/* BYTES of zeroed memory aligned to 64, or NULL when the system has none. */
void *record_new(size_t bytes);

/* Frees a record of BYTES bytes; NULL is allowed. */
void record_free(void *record, size_t bytes);

/* Bytes that records hold, for statistics and leak tests. */
size_t record_bytes_in_use(void);

/* To be called around fork, as the last lock taken and the first given up. */
void records_prefork(void);
void records_postfork(void);

#endif /* OS_RECORDS_H */

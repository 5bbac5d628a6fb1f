/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facade.h - what the files of vmem/ share: the log, and what the environment
 * asks for.
 *
 * Both are set up when the library is loaded, and do not change afterwards, but
 * for the file of the log.
 */
#ifndef VMEM_FACADE_H
#define VMEM_FACADE_H

#include "libvmem.h"
#include "support/conf.h"
#include "support/log.h"

extern struct log_file vmem_log;

/* What JE_VMEM_MALLOC_CONF and PMEM_MMAP_HINT say, once read. */
struct vmem_settings {
	struct conf conf;
	uintptr_t hint; /* lowest address of pools in directories */
};
const struct vmem_settings *vmem_settings(void);

/* Opens VMEM_LOG_FILE, if it is named and not open; 0 or an error number. Under
 * the registry's lock, unless no other thread can be there yet. */
int vmem_log_open(void);

/* Level 1 tells of the start and of errors, 2 of pools, 3 of every call. */
#define TRACE(at, ...) LOG_FILE_TRACE(&vmem_log, at, __VA_ARGS__)

#endif /* VMEM_FACADE_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - the program or library in which an address lies.
 *
 * Owns nothing that changes after module_start(): a struct module is what the
 * dynamic linker says at that moment, and is asked for anew each time. Called
 * inside malloc, by any thread, in signal handlers. Allocates nothing.
 *
 * No lock is taken, the dynamic linker's least of all. Who holds that calls
 * malloc, closes libraries, or waits for a thread that is in malloc; so does a
 * program in a function that dl_iterate_phdr(3) calls, with locks of its own.
 * _dl_find_object() is made for this place: it reads without a lock, in signal
 * handlers as well. Where libc is older than 2.35 and has it not, the modules
 * are those that the process starts with, which stay, and a library that is
 * opened later has no call sites.
 *
 * An answer holds as long as the module is loaded. That is the program's duty
 * for every function that has not returned yet, and so for all return addresses
 * on the calling thread's stack.
 */
#ifndef PRELOAD_MODULE_H
#define PRELOAD_MODULE_H

#include <elf.h>
#include <link.h>

#include "base/base.h"

struct module {
	uintptr_t base; /* what addresses in its symbol table count from */
	const char *name;
	const ElfW(Phdr) * segments;
	unsigned segment_count;
};

/* To be called once, when the process starts, before any other function here.
 */
void module_start(void);

/* The module that has code or data at ADDRESS; false if none does, or if its
 * headers are not where they are to be. */
bool module_find(uintptr_t address, struct module *module);

/* Whether the module has BYTES at ADDRESS that can be read. */
bool module_has(const struct module *module, uintptr_t address, size_t bytes);

/* Its first segment of a type; NULL. */
const ElfW(Phdr) * module_segment(const struct module *module, uint32_t type);

/* Its build-id, and how many bytes that has; 0: it has none. */
size_t module_build_id(const struct module *module, const uint8_t **id);

/* Its functions that other modules may call, by name. */
struct module_symbols {
	const struct module *module;
	const ElfW(Sym) * symbols;
	const char *names;
	size_t name_bytes;
	const uint32_t *header; /* buckets, first symbol, words below, shift */
	const ElfW(Addr) * bloom;
	const uint32_t *buckets, *chains;
};

/* False if it has none. The module has to stay where it is. */
bool module_read_symbols(
    const struct module *module, struct module_symbols *symbols);

/* Whether ADDRESS is in the function NAME, of which HASH is module_hash(). */
uint32_t module_hash(const char *name);
bool module_is_in(const struct module_symbols *symbols, const char *name,
    uint32_t hash, uintptr_t address);

#endif /* PRELOAD_MODULE_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_facts.h - what the kernel says about this process, for leak tests.
 *
 * Read from /proc without malloc, so that reading changes nothing.
 */
#ifndef TEST_LIB_ENGINE_FACTS_H
#define TEST_LIB_ENGINE_FACTS_H

#include <cstddef>

namespace engine {

struct Facts {
	size_t mappings;    /* lines of /proc/self/maps */
	size_t address;     /* VmSize, bytes */
	size_t resident;    /* RssAnon, bytes: file pages left out */
	size_t descriptors; /* entries of /proc/self/fd */
	size_t threads;     /* entries of /proc/self/task */
};

Facts facts();

/* Whether the page at ADDR is mapped. */
bool is_mapped(const void *addr);

} // namespace engine

#endif /* TEST_LIB_ENGINE_FACTS_H */

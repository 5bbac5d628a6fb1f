/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ld_cache.h - /etc/ld.so.cache: where ldconfig(8) found libraries.
 *
 * Owns its content until ld_cache_close(). Called by the command; no locks. A
 * cache that is not there, or in a form that is not known, has nothing in it.
 */
#ifndef RULES_LD_CACHE_H
#define RULES_LD_CACHE_H

#include <stddef.h>

struct ld_cache {
	char *content;
	size_t bytes;
};

void ld_cache_open(struct ld_cache *cache, const char *path);
void ld_cache_close(struct ld_cache *cache);

/* The path of number *AT or later that is there for NAME on PROCESSOR, one of
 * the names below glibc-hwcaps, or "" for any; *AT is then behind it. NULL: no
 * other. Start with *AT 0. */
const char *ld_cache_find(const struct ld_cache *cache, const char *name,
    const char *processor, size_t *at);

#endif /* RULES_LD_CACHE_H */

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.h - requests that jemalloc's ordinary path cannot serve.
 *
 * Three kinds: one from before the pool exists, one of a thread whose jemalloc
 * state is gone already (it allocates in its last destructors), and one that
 * jemalloc has answered with NULL. Owns nothing but two numbers of each thread.
 * Called by entry.c in slow paths. Takes no lock itself; jemalloc and the
 * source do.
 */
#ifndef VMMALLOC_REQUEST_H
#define VMMALLOC_REQUEST_H

#include "vmmalloc/heap.h"

#include "base/base.h"

struct request {
	size_t size;
	size_t alignment; /* a power of two */
	bool zero;
};

/* Bytes of the block that would serve it; 0 when it is too large for any. */
size_t request_bytes(const struct request *request);

/*
 * Serves the request from ordinary memory; there is no pool yet. Such a block
 * is a large one to jemalloc, however small the request: the fast path of free
 * knows small ones only, and would mix them with the pool's in the thread's
 * cache. NULL with ENOMEM when memory is used up.
 */
void *request_early(const struct request *request);

/* Serves the request from the least used arena, past all thread caches. NULL
 * when the pool has no room; errno is left alone. */
void *request_unbound(tsd_t *tsd, const struct request *request);

/*
 * Serves a request that failed, after all that is free has been gathered: this
 * thread's cache and the dirty pages of all arenas. NULL with ENOMEM when the
 * pool has no room for it; at once, when nothing came back since this thread
 * found that out. Success leaves errno as SAVED_ERRNO.
 */
void *request_again(tsd_t *tsd, const struct request *request, int saved_errno);

#endif /* VMMALLOC_REQUEST_H */

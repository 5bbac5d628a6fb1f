/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - see start.h.
 *
 * Owns jemalloc's options and whether it is ready.
 *
 * jemalloc sees only arenas that the engine makes: it has no thread caches and
 * no automatic arenas but one, for its own metadata. It reads no environment
 * and no file, prints nothing, and ends no process. There is one build of it,
 * for libpoolkind and for libvmmalloc.
 */
#include "arena/internals.h"

#include "arena/sizeclass.h"
#include "arena/start.h"
#include "arena/tsd.h"
#include "os/lock.h"

/*
 * Some of these are what the engine's correctness rests on:
 *
 *  retain:false  With retained extents jemalloc keeps those of different arenas
 *      apart only by flags that a real release undoes, and arenas of one kind
 *      could not give room to each other. Without, extents of different arenas
 *      never merge, the hook that gives back always accepts, and the source's
 *      page map coalesces.
 *  lg_extent_max_active_fit:63  A free extent is used whole or split, however
 *      much larger than the request it is: nothing lies idle for its size.
 *  cache_oblivious:false  A large block begins with its extent, at a page: on
 *      that the page bin index and lookups rely.
 *  muzzy_decay_ms:0  Extents go from dirty to the source, without a state in
 *      between.
 *  trust_madvise:true  What madvise does to pages is not tried out: the trial
 *      ends the process where there is no memory.
 */
const char *pkje_malloc_conf =
    "narenas:1,tcache:false,retain:false,cache_oblivious:false,"
    "oversize_threshold:0,muzzy_decay_ms:0,lg_extent_max_active_fit:63,"
    "trust_madvise:true,percpu_arena:disabled,background_thread:false,"
    "abort:false,abort_conf:false,junk:false,zero_realloc:free";

static struct once started = ONCE_INIT;

/* Any entry of the public interface makes jemalloc ready, if there is memory;
 * one that got half the way never is. */
static void
start(void)
{
	size_t size = 0;

	tsd_start();
	if (malloc_init_state == malloc_init_uninitialized)
		pkje_mallctl("version", NULL, &size, NULL, 0);
	tsd_started();
	sizeclass_start();
}

bool
start_jemalloc(void)
{
	bool done = atomic_load_explicit(&started.done, memory_order_acquire);

	if (likely(done))
		return true;
	lock_take(&started.lock);
	if (!started.done)
		start();
	done = malloc_initialized();
	atomic_store_explicit(&started.done, done, memory_order_release);
	lock_give(&started.lock);
	return done;
}

/* ---- Fork --------------------------------------------------------------- */

void
start_hold(void)
{
	lock_take(&started.lock);
	if (started.done)
		tsd_enter();
}

void
start_release(void)
{
	if (started.done)
		tsd_leave();
	lock_give(&started.lock);
}

/* As in jemalloc's tsd.c, which forgets it over fork: threads that are about to
 * get their record stand in this list, with memory of their own stacks. */
struct tsd_init_head_s {
	ql_head(tsd_init_block_t) blocks;
	malloc_mutex_t lock;
};

/* Before the first heap nothing has made jemalloc ready. */
void
start_prefork(void)
{
	if (!started.done)
		return;
	jemalloc_prefork();
	malloc_mutex_prefork(TSDN_NULL, &tsd_init_head.lock);
}

void
start_postfork_parent(void)
{
	if (!started.done)
		return;
	malloc_mutex_postfork_parent(TSDN_NULL, &tsd_init_head.lock);
	jemalloc_postfork_parent();
}

/* jemalloc makes its mutexes anew in the child; ThreadSanitizer would take them
 * for locked still. */
void
start_postfork_child(void)
{
	if (!started.done)
		return;
	ql_new(&tsd_init_head.blocks);
#if defined(__SANITIZE_THREAD__)
	start_postfork_parent();
#else
	malloc_mutex_postfork_child(TSDN_NULL, &tsd_init_head.lock);
	jemalloc_postfork_child();
#endif
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c - vmem_set_funcs(), and what pools have by it. See state.h and
 * libvmem.h.
 *
 * In vmem's own library functions had an effect only if they were set before
 * the first pool, and could not be taken back. Here they hold for each pool
 * whose first block is asked for from now on, and NULL restores the default, as
 * the manual says.
 */
#include "vmem/state.h"

#include <errno.h>

#include "vmem/facade.h"
#include "vmem/message.h"

/* Both set, or both NULL. */
struct functions {
	void *(*malloc_func)(size_t size);
	void (*free_func)(void *ptr);
};
static struct functions current;

/* malloc_func without free_func, or the other way round, is neither: what one
 * gave could not be given back to the other. realloc_func and strdup_func have
 * no use; vmem never called them either. The print function is read by every
 * line that is written, without a lock. */
EXPORT void
vmem_set_funcs(void *(*malloc_func)(size_t size), void (*free_func)(void *ptr),
    void *(*realloc_func)(void *ptr, size_t size),
    char *(*strdup_func)(const char *s), void (*print_func)(const char *s))
{
	bool both = malloc_func != NULL && free_func != NULL;

	TRACE(3, " ");
	(void)realloc_func;
	(void)strdup_func;
	registry_hold();
	current.malloc_func = both ? malloc_func : NULL;
	current.free_func = both ? free_func : NULL;
	registry_release();
	atomic_store(&vmem_log.print, print_func);
}

/*
 * Gives the pool its state, from the program's malloc_func. That is called
 * without the lock, as the program may do in it what it likes, even wait for a
 * thread that needs the lock. So two threads can get a state each for one pool;
 * the second one finds that it was too late and frees its own.
 *
 * free_func is stored with the state: what malloc_func gave has to go back to
 * its partner, also when the program has set other functions since.
 */
static bool
provide(struct pool *pool, const struct functions *functions)
{
	char *state = functions->malloc_func(POOL_STATE_BYTES);

	if (state == NULL)
		return false;
	registry_hold();
	if (pool->state == NULL) {
		pool->state = state;
		pool->state_free = functions->free_func;
		state = NULL;
	}
	registry_release();
	if (state != NULL)
		functions->free_func(state);
	return true;
}

/*
 * The first use of a pool, or a use that the table did not answer.
 *
 * The state is made here and not in vmem_create(), because programs count on
 * it: with a malloc_func that always returns NULL, creating a pool must
 * succeed, and the first vmem_malloc() must fail with ENOMEM. A pool enters the
 * table only when it has its state, so whatever the table finds is complete.
 * Without functions set there is no state, and nothing to wait for. Both
 * functions are read under one hold of the lock, so that they are of one call
 * of vmem_set_funcs().
 *
 * The lock is given up in between, for malloc_func. The pool stays, since the
 * program may not delete it while this call uses it.
 */
poolkind *
state_use(const VMEM *handle)
{
	poolkind *kind = registry_look_up(handle);
	struct functions functions;
	struct pool *pool;
	bool has_state;

	if (kind != NULL)
		return kind;
	registry_hold();
	functions = current;
	pool = registry_find(handle);
	has_state = pool != NULL && pool->state != NULL;
	registry_release();
	if (pool == NULL) {
		message_no_pool(handle);
		return NULL;
	}
	if (!has_state && functions.malloc_func != NULL &&
	    !provide(pool, &functions)) {
		errno = ENOMEM;
		return NULL;
	}
	registry_hold();
	kind = atomic_load(&pool->kind);
	registry_enter(pool);
	registry_release();
	return kind;
}

char *
state_borrow(struct pool *pool)
{
	if (pool->state == NULL || pool->state_is_lent)
		return NULL;
	pool->state_is_lent = true;
	return pool->state;
}

void
state_return(struct pool *pool)
{
	pool->state_is_lent = false;
}

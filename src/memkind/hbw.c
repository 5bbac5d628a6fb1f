/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hbw.c - high-bandwidth memory without naming a kind. See hbwmalloc.h.
 *
 * Owns the policy, which the first call that needs one fixes, and the kinds
 * chosen by it, one for each size of pages. Takes no lock.
 *
 * hbwmalloc.h promises that the policy holds for the whole process and does not
 * change once a block was given out: so whoever sets it first wins, and who
 * allocates first sets the default. That is one compare and swap. The chosen
 * kinds follow from the policy and from what the machine has, so several
 * threads that choose at once choose the same and may overwrite each other.
 */
#include <errno.h>

#include "hbwmalloc.h"
#include "memkind/kinds.h"
#include "os/os.h"

/* The policy in force; NOTHING as long as it can still be chosen. */
#define NOTHING 0
static _Atomic int policy = NOTHING;
static _Atomic(memkind_t) chosen[2]; /* by pages: base, huge */

/* ---- Policy and kinds ---------------------------------------------------- */

/* hbwmalloc.h knows one error only, whatever the reason is. */
EXPORT int
hbw_check_available(void)
{
	return memkind_check_available(MEMKIND_HBW) == 0 ? 0 : ENODEV;
}

EXPORT hbw_policy_t
hbw_get_policy(void)
{
	int now = atomic_load(&policy);

	return now == NOTHING ? HBW_POLICY_PREFERRED : (hbw_policy_t)now;
}

/* To set the policy that is in force is success at any time: libraries of one
 * program each set what they need, and often want the same. */
EXPORT int
hbw_set_policy(hbw_policy_t mode)
{
	int before = NOTHING;

	if (mode < HBW_POLICY_BIND || mode > HBW_POLICY_BIND_ALL)
		return EINVAL;
	return atomic_compare_exchange_strong(&policy, &before, (int)mode) ||
		before == (int)mode ?
	    0 :
	    EPERM;
}

/* Fixes the policy if nobody has. NULL where the policy has no such pages:
 * there is no interleaving kind in huge ones. Where the machine has no
 * high-bandwidth memory, the default policy is served from ordinary memory; the
 * others get their kinds, of which each block is NULL. */
static memkind_t
kind_by_policy(bool huge)
{
	hbw_set_policy(HBW_POLICY_PREFERRED);
	switch (hbw_get_policy()) {
	case HBW_POLICY_BIND:
		return huge ? MEMKIND_HBW_HUGETLB : MEMKIND_HBW;
	case HBW_POLICY_BIND_ALL:
		return huge ? MEMKIND_HBW_ALL_HUGETLB : MEMKIND_HBW_ALL;
	case HBW_POLICY_INTERLEAVE:
		return huge ? NULL : MEMKIND_HBW_INTERLEAVE;
	default:
		break;
	}
	if (hbw_check_available() != 0)
		return huge ? MEMKIND_HUGETLB : MEMKIND_DEFAULT;
	return huge ? MEMKIND_HBW_PREFERRED_HUGETLB : MEMKIND_HBW_PREFERRED;
}

/* Chooses for the rest of the process; whether there is high-bandwidth memory
 * is not asked again. A thread that is just reading the topology calls malloc,
 * which may lead here under somebody's own malloc: it is given MEMKIND_DEFAULT
 * and chooses nothing, since asking would wait for itself (nodes.c). */
static memkind_t
choose(bool huge)
{
	memkind_t kind;

	if (nodes_are_being_read())
		return MEMKIND_DEFAULT;
	kind = kind_by_policy(huge);
	atomic_store(&chosen[huge], kind);
	return kind;
}

static inline memkind_t
kind_of(bool huge)
{
	memkind_t kind = atomic_load_explicit(
	    &chosen[huge], memory_order_relaxed);

	return likely(kind != NULL) ? kind : choose(huge);
}

/* ---- Blocks -------------------------------------------------------------- */

EXPORT void *
hbw_malloc(size_t size)
{
	return memkind_malloc(kind_of(false), size);
}

EXPORT void *
hbw_calloc(size_t nmemb, size_t size)
{
	return memkind_calloc(kind_of(false), nmemb, size);
}

/* The block moves to the kind of the policy if it was of another. One in huge
 * pages would leave these, so hbwmalloc.h says that it is not for such. */
EXPORT void *
hbw_realloc(void *ptr, size_t size)
{
	return memkind_realloc(kind_of(false), ptr, size);
}

EXPORT void
hbw_free(void *ptr)
{
	memkind_free(NULL, ptr);
}

EXPORT size_t
hbw_malloc_usable_size(void *ptr)
{
	return poolkind_usable_size(ptr);
}

EXPORT int
hbw_posix_memalign(void **memptr, size_t alignment, size_t size)
{
	return memkind_posix_memalign(kind_of(false), memptr, alignment, size);
}

/* Both of memkind's sizes of 1 GiB were served in pages of 2 MiB, and are here.
 * STRICT promised a size in whole pages, so that is still checked. memkind used
 * other values of PAGESIZE as an index of an array. */
EXPORT int
hbw_posix_memalign_psize(
    void **memptr, size_t alignment, size_t size, hbw_pagesize_t pagesize)
{
	memkind_t kind;

	if (pagesize < HBW_PAGESIZE_4KB || pagesize > HBW_PAGESIZE_1GB ||
	    (pagesize == HBW_PAGESIZE_1GB_STRICT && size % GIB != 0))
		return EINVAL;
	kind = kind_of(pagesize != HBW_PAGESIZE_4KB);
	return kind == NULL ?
	    EINVAL :
	    memkind_posix_memalign(kind, memptr, alignment, size);
}

/* ---- Where memory lies --------------------------------------------------- */

/*
 * So that each page has memory, on the node that its policy says, before its
 * place is asked for. Reading alone would have the kernel map the page of
 * zeroes, which is on no such node; so the first byte of the region in each
 * page is written to: a compare-and-swap writes what it has read, unless
 * another thread has written, and then that has touched the page.
 */
static void
touch(char *addr, size_t size)
{
	size_t step;

	for (size_t at = 0; at < size; at += step) {
		char byte = __atomic_load_n(&addr[at], __ATOMIC_RELAXED);

		__atomic_compare_exchange_n(&addr[at], &byte, byte, false,
		    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		step = PAGE_BYTES - (uintptr_t)&addr[at] % PAGE_BYTES;
	}
}

/* How many bytes of the pages lie on nodes of high-bandwidth memory. Only
 * move_pages(2) can fail, which is EFAULT for the caller; a machine without
 * high-bandwidth memory has none of the bytes there. Runs on a stack of the
 * engine's: the counts and the localities are 21 KiB. */
static int
count_hbw(void *from, size_t bytes, size_t *found)
{
	static const char name[] = "hbw_verify_memory_region";
	size_t bytes_on[SPEC_NODES_MAX] = { 0 };
	struct localities all;
	int error;

	*found = 0;
	error = os_count_on_nodes(from, bytes, bytes_on, SPEC_NODES_MAX);
	if (error != 0 ||
	    nodes_localities(name, FAMILY_HBW, SPEC_ALL, &all) != 0)
		return error;
	for (unsigned i = 0; i < SPEC_NODES_MAX; i++)
		if (bits_test(all.nodes[0], i))
			*found += bytes_on[i];
	return 0;
}

struct question {
	void *from;
	size_t bytes, found;
	int error;
};

static void
count_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->error = count_hbw(asked->from, asked->bytes, &asked->found);
}

/* Memory has a place by whole pages, so those that the region touches are
 * looked at in full. A page without memory is on no node, hence -1. */
EXPORT int
hbw_verify_memory_region(void *addr, size_t size, int flags)
{
	char *from = (char *)align_down((uintptr_t)addr, PAGE_BYTES);
	char *end = (char *)align_up((uintptr_t)addr + size, PAGE_BYTES);
	struct question asked = { from, (size_t)(end - from), 0, 0 };

	if (addr == NULL || size == 0 || end < from ||
	    size > (size_t)(end - from) || (flags & ~HBW_TOUCH_PAGES) != 0)
		return EINVAL;
	if (flags & HBW_TOUCH_PAGES)
		touch(addr, size);
	os_on_stack(count_on_stack, &asked);
	if (asked.error != 0)
		return EFAULT;
	return asked.found == asked.bytes ? 0 : -1;
}

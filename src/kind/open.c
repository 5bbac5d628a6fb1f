/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c - opening and closing a kind: the interface. See poolkind.h.
 *
 * Owns nothing. What takes much stack is called on one of the engine's
 * (os_on_stack()). Fails with errno and a sentence, and leaves nothing behind.
 * Takes no lock but that of the list (kinds.c), for a moment, so several
 * threads can open and close kinds at once.
 */
#include <errno.h>

#include "arena/thread.h"
#include "base/annotate.h"
#include "base/error.h"
#include "base/page.h"
#include "kind/chain.h"
#include "kind/facade.h"
#include "kind/kinds.h"
#include "kind/life.h"
#include "source/source.h"

/*
 * What is to be opened, and the kind that comes of it. The four functions below
 * are called by os_on_stack(), on a stack of the engine's: a spec and its text
 * take 13 KiB, a localities 13, loading the topology more than either, and a
 * thread may have 16 KiB in all. Each leaves opening->kind NULL on failure.
 */
struct opening {
	const char *text; /* a spec, or options */
	void *region;
	size_t size;
	const struct spec *spec;
	const struct localities *localities;
	poolkind *kind;
};

static void
open_spec(void *arg)
{
	struct opening *opening = arg;
	int saved = errno;

	annotate_enter();
	opening->kind = kind_new(
	    opening->spec, opening->region, opening->localities, NULL);
	annotate_leave();
	if (opening->kind != NULL)
		errno = saved;
}

/* The kind's text names the nodes of all its localities; which threads have
 * which of them no text can say. */
static void
open_local_spec(void *arg)
{
	struct opening *opening = arg;
	struct spec everywhere = *opening->spec;

	localities_unite(opening->localities, everywhere.nodes);
	opening->spec = &everywhere;
	open_spec(opening);
}

static void
open_text(void *arg)
{
	struct opening *opening = arg;
	int saved = errno;

	annotate_enter();
	opening->kind = chain_open(opening->text);
	annotate_leave();
	if (opening->kind != NULL)
		errno = saved;
}

static void
open_region(void *arg)
{
	struct opening *opening = arg;
	struct spec spec = { .source = SPEC_REGION, .size = opening->size };

	opening->region = whole_pages(opening->region, &spec.size);
	if (spec_parse_options(opening->text, &spec) != 0 ||
	    spec_check_last(&spec) != 0)
		return;
	opening->spec = &spec;
	open_spec(opening);
}

static poolkind *
kind_open(void (*way)(void *opening), struct opening *opening)
{
	os_on_stack(way, opening);
	return opening->kind;
}

EXPORT poolkind *
poolkind_open_spec(const struct spec *spec, void *region)
{
	return kind_open(
	    open_spec, &(struct opening){ .spec = spec, .region = region });
}

EXPORT poolkind *
poolkind_open_local(
    const struct spec *spec, const struct localities *localities)
{
	return kind_open(open_local_spec,
	    &(struct opening){ .spec = spec, .localities = localities });
}

/* What the program opens itself, holding no lock. If the kind has a thread look
 * after it, the caller has a record from here on: so its end is seen where it
 * is the process's first thread, though it allocates nothing
 * (arena/background.h). */
static poolkind *
open_for_program(void (*way)(void *opening), struct opening *opening)
{
	poolkind *handle = kind_open(way, opening);

	for (struct kind *kind = kind_find(handle); kind != NULL;
	     kind = kind->fallback)
		if (kind_heap(kind, 0)->background)
			thread_here();
	return handle;
}

static bool
flags_are_valid(unsigned flags)
{
	if (flags == 0)
		return true;
	error_set(EINVAL, "flags are 0x%x: none is defined, pass 0", flags);
	return false;
}

EXPORT poolkind *
poolkind_open(const char *text, unsigned flags)
{
	if (!flags_are_valid(flags))
		return NULL;
	if (text != NULL)
		return open_for_program(
		    open_text, &(struct opening){ .text = text });
	error_set(EINVAL,
	    "the kind's text is NULL: pass a spec such "
	    "as \"dram\" or \"file:/mnt/pmem,size=8G\"");
	return NULL;
}

/* Checks what concerns the engine here, before any option is read. Whether the
 * memory is mapped is not asked: the caller promises it, and could unmap it at
 * any time. A region is one segment, hence the upper bound. */
EXPORT poolkind *
poolkind_open_region(
    void *addr, size_t size, const char *options, unsigned flags)
{
	if (!flags_are_valid(flags))
		return NULL;
	if (addr == NULL) {
		error_set(EINVAL,
		    "the address of the region is NULL: a region is memory "
		    "that the program has mapped");
		return NULL;
	}
	if (!is_aligned((uintptr_t)addr | size, system_page())) {
		error_set(EINVAL,
		    "a region of %zu bytes at %p: both must be "
		    "multiples of the page size %zu",
		    size, addr, system_page());
		return NULL;
	}
	if (size < POOLKIND_REGION_MIN || size > SOURCE_SEGMENT_MAX ||
	    (uintptr_t)addr + size < (uintptr_t)addr) {
		error_set(EINVAL,
		    "a region of %zu bytes: it must have from "
		    "%zu to %zu bytes",
		    size, POOLKIND_REGION_MIN, SOURCE_SEGMENT_MAX);
		return NULL;
	}
	return open_for_program(open_region,
	    &(struct opening){ .text = options, .region = addr, .size = size });
}

/* The blocks are not looked at: heap_close() resets the arenas, source_close()
 * unmaps the pages. A second close of the same handle, or one of a handle that
 * never was, is a misuse and reported; the record is not touched then. */
EXPORT int
poolkind_close(poolkind *handle)
{
	const struct kind *used;
	struct kind *kind;
	int saved = errno;

	if (handle == NULL)
		return 0;
	kind = kind_unlink(handle, &used);
	if (kind == NULL)
		return misuse("%p is not an open kind", (void *)handle);
	if (used != NULL)
		return error_set(EBUSY,
		    "kind \"%s\" is the fallback of %u open kinds: close "
		    "these first",
		    used->name, used->fallen - (used != kind));
	annotate_enter();
	kind_end(kind);
	annotate_leave();
	errno = saved;
	return 0;
}

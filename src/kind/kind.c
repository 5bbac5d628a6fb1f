/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.c - the life of a kind, and what can be asked of it. See poolkind.h.
 *
 * Owns the kinds' records. Takes no lock of its own: heaps and sources keep
 * lists of themselves.
 */
#include "kind/kind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena/cache.h"
#include "base/annotate.h"
#include "base/error.h"
#include "kind/facade.h"
#include "os/records.h"
#include "spec/spec.h"

static char *
copy_of(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = record_new(bytes);

	return copy == NULL ? NULL : memcpy(copy, text, bytes);
}

/* Frees the record. Its magic goes first: it tells a stale handle. */
static void
kind_delete(poolkind *kind)
{
	kind->magic = 0;
	if (kind->name != NULL)
		record_free(kind->name, strlen(kind->name) + 1);
	if (kind->text != NULL)
		record_free(kind->text, strlen(kind->text) + 1);
	record_free(kind, sizeof(*kind));
}

/* Name and text of the kind. */
static int
kind_describe(poolkind *kind, const struct spec *spec)
{
	static _Atomic unsigned counter;
	char text[SPEC_TEXT_MAX];

	if (spec->name[0] != '\0')
		kind->name = copy_of(spec->name);
	else {
		snprintf(text, sizeof(text), "kind%u",
		    atomic_fetch_add(&counter, 1) + 1);
		kind->name = copy_of(text);
	}
	spec_print(spec, text, sizeof(text));
	kind->text = copy_of(text);
	return kind->name == NULL || kind->text == NULL ? ENOMEM : 0;
}

/* Reserved files, regions and devices have their pages whatever becomes of
 * them. */
static bool
is_there(const struct spec *spec)
{
	return spec->reserve || spec->source == SPEC_REGION ||
	    spec->source == SPEC_DEVICE;
}

/* A kind that is bounded, by a size or a limit, must meet free space of all its
 * arenas in one place. */
static bool
is_bounded(const struct spec *spec)
{
	return (spec->size != 0 && !spec->grow) || spec->limit != 0;
}

static struct heap_options
heap_options_of(const struct spec *spec)
{
	bool at_once = is_bounded(spec) || is_there(spec);

	return (struct heap_options){
		.fixed = spec->size != 0 && !spec->grow,
		.arenas = spec->arenas != 0 ? spec->arenas : HEAP_ARENAS_MAX,
		.cached = spec->cached != 0 ? spec->cached : CACHE_SIZE_MAX,
		.decay_given = spec->decay_given || at_once,
		.decay_ms = spec->decay_given ? spec->decay_ms : 0,
	};
}

static poolkind *
kind_open(const struct spec *spec, void *region)
{
	const struct heap_options options = heap_options_of(spec);
	poolkind *kind = record_new(sizeof(*kind));
	struct source *source;

	fork_handlers_install();
	if (kind == NULL || kind_describe(kind, spec) != 0) {
		error_set(ENOMEM, "no memory for the records of a kind");
		goto no_kind;
	}
	source = source_open(spec, region, kind);
	if (source == NULL)
		goto no_kind;
	if (is_bounded(spec) && !is_there(spec))
		source_keep_idle(source);
	if (heap_open(&kind->heap, source, &options) != 0) {
		error_set(ENOMEM,
		    "%d kinds are open, more cannot be: close "
		    "one first",
		    HEAPS_MAX);
		goto no_heap;
	}
	kind->magic = KIND_MAGIC;
	return kind;

no_heap:
	source_close(source);
no_kind:
	if (kind != NULL)
		kind_delete(kind);
	return NULL;
}

EXPORT poolkind *
poolkind_open_spec(const struct spec *spec, void *region)
{
	poolkind *kind;

	annotate_enter();
	kind = kind_open(spec, region);
	annotate_leave();
	return kind;
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
	struct spec spec;

	if (!flags_are_valid(flags))
		return NULL;
	if (text == NULL) {
		error_set(EINVAL,
		    "the kind's text is NULL: pass a spec such "
		    "as \"dram\" or \"file:/mnt/pmem,size=8G\"");
		return NULL;
	}
	if (spec_parse(text, &spec) != 0)
		return NULL;
	return poolkind_open_spec(&spec, NULL);
}

EXPORT poolkind *
poolkind_open_region(
    void *addr, size_t size, const char *options, unsigned flags)
{
	struct spec spec = { .source = SPEC_REGION };

	if (!flags_are_valid(flags))
		return NULL;
	if (addr == NULL || !is_aligned((uintptr_t)addr, PAGE_BYTES) ||
	    !is_aligned(size, PAGE_BYTES)) {
		error_set(EINVAL,
		    "a region of %zu bytes at %p: both must be "
		    "multiples of the page size %zu",
		    size, addr, PAGE_BYTES);
		return NULL;
	}
	if (size < POOLKIND_REGION_MIN || size > SOURCE_STRETCH_MAX ||
	    (uintptr_t)addr + size < (uintptr_t)addr) {
		error_set(EINVAL,
		    "a region of %zu bytes: it must have from "
		    "%zu to %zu bytes",
		    size, POOLKIND_REGION_MIN, SOURCE_STRETCH_MAX);
		return NULL;
	}
	spec.size = size;
	if (spec_parse_options(options, &spec) != 0)
		return NULL;
	return poolkind_open_spec(&spec, addr);
}

EXPORT int
poolkind_close(poolkind *kind)
{
	if (kind == NULL)
		return 0;
	if (kind->magic != KIND_MAGIC)
		return error_set(EINVAL, "%p is no open kind", (void *)kind);
	int saved = errno;
	annotate_enter();
	heap_close(&kind->heap);
	source_close(kind->heap.source);
	kind_delete(kind);
	annotate_leave();
	errno = saved;
	return 0;
}

EXPORT const char *
poolkind_name(const poolkind *kind)
{
	return kind->name;
}

EXPORT const char *
poolkind_text(const poolkind *kind)
{
	return kind->text;
}

EXPORT void
poolkind_set_user_data(poolkind *kind, void *data)
{
	atomic_store(&kind->user_data, data);
}

EXPORT void *
poolkind_user_data(const poolkind *kind)
{
	return atomic_load(&kind->user_data);
}

/* ---- Limit, trim, check, statistics -------------------------------------- */

EXPORT int
poolkind_set_limit(poolkind *kind, size_t limit)
{
	int saved = errno;
	struct source_stats stats;

	annotate_enter();
	source_set_limit(kind->heap.source, limit);
	heap_limit_changed(&kind->heap, limit);
	source_stats(kind->heap.source, &stats, false);
	if (limit != 0 && stats.committed > limit)
		poolkind_trim(kind);
	annotate_leave();
	errno = saved;
	return 0;
}

EXPORT int
poolkind_trim(poolkind *kind)
{
	int saved = errno;

	annotate_enter();
	heap_drain(&kind->heap);
	source_trim(kind->heap.source);
	annotate_leave();
	errno = saved;
	return 0;
}

EXPORT int
poolkind_check(poolkind *kind)
{
	int saved = errno, result;

	annotate_enter();
	result = source_check(kind->heap.source);
	if (result == 0 && !heap_is_sound(&kind->heap))
		result = error_set(EIO,
		    "kind \"%s\": its arenas do not hold "
		    "what was handed out to them",
		    kind->name);
	annotate_leave();
	if (result == 0)
		errno = saved;
	return result;
}

EXPORT int
poolkind_get_stats(
    poolkind *kind, struct poolkind_stats *stats, size_t stats_size)
{
	struct poolkind_stats all = { 0 };
	struct source_stats source;
	struct heap_stats heap;
	int saved = errno;

	if (stats == NULL || stats_size == 0)
		return error_set(EINVAL,
		    "statistics need a place of %zu bytes, "
		    "got %zu at %p",
		    sizeof(all), stats_size, (void *)stats);
	annotate_enter();
	heap_stats(&kind->heap, &heap);
	source_stats(kind->heap.source, &source, true);
	annotate_leave();
	all = (struct poolkind_stats){
		.live = heap.live,
		.cached = heap.cached,
		.committed = source.committed,
		.peak = source.peak,
		.resident = source.resident,
		.limit = source.limit,
		.size = source.size,
		.allocations = heap.requests,
		.frees = heap.requests - heap.blocks,
	};
	memset(stats, 0, stats_size);
	memcpy(stats, &all, min_size(stats_size, sizeof(all)));
	errno = saved;
	return 0;
}

EXPORT void *
poolkind_base(const poolkind *kind)
{
	return source_base(kind->heap.source);
}

EXPORT void
poolkind_print(poolkind *kind, unsigned omit,
    void (*write)(void *to, const char *text), void *to)
{
	annotate_enter();
	heap_print(&kind->heap, omit, write, to);
	annotate_leave();
}

EXPORT poolkind *
poolkind_of(const void *address)
{
	return source_owner_of(address);
}

EXPORT const char *
poolkind_errormsg(void)
{
	return error_text();
}

EXPORT unsigned
poolkind_version(void)
{
	return POOLKIND_VERSION_MAJOR << 16 | POOLKIND_VERSION_MINOR << 8 |
	    POOLKIND_VERSION_PATCH;
}

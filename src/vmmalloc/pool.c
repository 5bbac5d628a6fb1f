/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - the memory that the process's heap lies in. See pool.h.
 */
#include "vmmalloc/pool.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arena/cache.h"
#include "base/error.h"
#include "os/os.h"
#include "vmmalloc/fork.h"
#include "vmmalloc/log.h"

/* Between the pool and what it falls back to, in VMMALLOC_KIND. */
#define NEXT ';'

unsigned pool_id = NO_HEAP;
poolkind *pool;
struct spec pool_spec;

/* ---- Before the pool ----------------------------------------------------- */

static _Atomic(poolkind *) early;

/* The kind may be asked for by a thread that is just opening it:
 * pthread_atfork() may allocate. That request is refused. */
static __attribute__((noinline, cold)) poolkind *
open_early(void)
{
	static _Thread_local bool opening
	    __attribute__((tls_model("initial-exec")));
	struct spec spec = { .source = SPEC_DRAM, .arenas = 1 };
	poolkind *fresh, *other = NULL;

	if (opening)
		return NULL;
	opening = true;
	fork_open();
	fresh = poolkind_open_spec(&spec, NULL);
	opening = false;
	if (fresh == NULL)
		return NULL;
	if (atomic_compare_exchange_strong(&early, &other, fresh))
		return fresh;
	poolkind_close(fresh);
	return other;
}

poolkind *
pool_early(void)
{
	return atomic_load_explicit(&early, memory_order_acquire);
}

poolkind *
pool_or_early(void)
{
	poolkind *kind = pool;

	if (likely(kind != NULL))
		return kind;
	kind = pool_early();
	return kind != NULL ? kind : open_early();
}

/* ---- Directory and size -------------------------------------------------- */

/*
 * A pool takes its space as it is used, but one that could never be had in
 * full is refused at the start: users count on hearing of it then.
 */
static int
check_room(const char *directory, uint64_t bytes)
{
	uint64_t room;
	int fd, errnum;

	errnum = os_open_unlinked(directory, &fd);
	if (errnum != 0)
		return errnum;
	errnum = os_set_length(fd, (off_t)bytes);
	if (errnum == 0)
		errnum = os_free_space(fd, &room);
	if (errnum == 0 && room < bytes)
		errnum = ENOSPC;
	os_close(fd);
	return errnum;
}

/* The spec of VMMALLOC_POOL_DIR and VMMALLOC_POOL_SIZE. */
static int
spec_of_directory(const struct settings *settings, struct spec *spec)
{
	uint64_t bytes;

	if (settings->size > INT64_MAX - PAGE_BYTES)
		return EFBIG;
	bytes = align_up(settings->size, PAGE_BYTES);
	if (strlen(settings->directory) >= sizeof(spec->path))
		return ENAMETOOLONG;
	spec->source = SPEC_FILE;
	spec->trust = true;
	spec->size = bytes;
	strcpy(spec->path, settings->directory);
	return check_room(spec->path, bytes);
}

/* ---- A kind as text ------------------------------------------------------ */

static void
check_kind(const struct spec *spec, const char *text)
{
	if (spec_is_by_attribute(spec) ||
	    (spec->source == SPEC_DAX && spec->dax != SPEC_DAX_PATH))
		log_fatal("VMMALLOC_KIND: \"%.100s\" is not for a whole heap: "
			  "dram, nodes:LIST, file:DIRECTORY and dax:PATH are",
		    text);
	if (spec->fallback[0] != '\0')
		log_fatal("VMMALLOC_KIND: fallback=%s: a whole heap has no "
			  "other kind beside it; write KIND;KIND",
		    spec->fallback);
	if (spec->fork_given && spec->fork == SPEC_FORK_REFUSE)
		log_fatal("VMMALLOC_KIND: fork=refuse leaves a child without "
			  "its heap; shared or copy would do");
}

/* Over fork VMMALLOC_FORK decides; what a kind says itself holds as long as the
 * variable is not set. */
static void
apply_fork(const struct settings *settings, struct spec *spec)
{
	static const enum spec_fork meaning[] = {
		[FORK_SHARED] = SPEC_FORK_SHARED,
		[FORK_PRIVATE] = SPEC_FORK_PRIVATE,
		[FORK_COPY] = SPEC_FORK_COPY,
		[FORK_COPY_OR_PRIVATE] = SPEC_FORK_COPY_OR_PRIVATE,
	};

	if (settings->fork_given || !spec->fork_given)
		spec->fork = meaning[settings->fork];
	spec->keep_file = spec->fork != SPEC_FORK_SHARED;
	/* A device is mapped as what it is by both sides of a fork. */
	if (spec->source == SPEC_DAX && spec->fork != SPEC_FORK_SHARED)
		log_fatal("VMMALLOC_KIND: a device is shared with the child of "
			  "a fork, which a whole heap is only with "
			  "VMMALLOC_FORK=0");
}

static poolkind *
open_spec(const struct settings *settings, struct spec *spec)
{
	apply_fork(settings, spec);
	spec->reserve |= settings->reserve && spec->size != 0;
	return poolkind_open_spec(spec, NULL);
}

/* Opens the kind of the text up to LENGTH, behind which the fallback of that
 * name is open already. NULL if it cannot be had. */
static poolkind *
open_kind(const struct settings *settings, const char *text, size_t length,
    const char *fallback)
{
	static char one[SPEC_TEXT_MAX]; /* not on a small stack */
	struct spec *spec = &pool_spec;

	if (length >= sizeof(one))
		log_fatal("VMMALLOC_KIND: the text is too long");
	memcpy(one, text, length);
	one[length] = '\0';
	if (spec_parse(one, spec) != 0)
		log_fatal("VMMALLOC_KIND: %s", error_text());
	check_kind(spec, one);
	strcpy(spec->fallback, fallback);
	return open_spec(settings, spec);
}

/* Opens the kinds of VMMALLOC_KIND, the last first, each of which the one in
 * front of it falls back to. */
static poolkind *
open_kinds(const struct settings *settings)
{
	const char *text = settings->kind, *end = text + strlen(text);
	const char *fallback = "";
	poolkind *kind;

	for (;;) {
		const char *start = memrchr(text, NEXT, (size_t)(end - text));
		const char *from = start == NULL ? text : start + 1;

		kind = open_kind(
		    settings, from, (size_t)(end - from), fallback);
		if (kind == NULL || start == NULL)
			return kind;
		end = start;
		fallback = poolkind_name(kind);
	}
}

static poolkind *
open_directory(const struct settings *settings)
{
	int errnum = spec_of_directory(settings, &pool_spec);

	errno = errnum;
	return errnum == 0 ? open_spec(settings, &pool_spec) : NULL;
}

/* Ordinary memory, as much as the pool would have had. */
static poolkind *
open_fallback(const struct settings *settings)
{
	uint64_t most = settings->size;

	if (settings->kind != NULL && !pool_spec.grow)
		most = pool_spec.size;
	if (settings->kind != NULL && pool_spec.limit != 0)
		most = pool_spec.limit;
	LOG_TRACE(1, "ordinary memory takes the place of the pool");
	pool_spec = (struct spec){ .source = SPEC_DRAM, .limit = most };
	return open_spec(settings, &pool_spec);
}

void
pool_open(const struct settings *settings)
{
	poolkind *kind = settings->kind != NULL ? open_kinds(settings) :
						  open_directory(settings);

	if (kind == NULL && settings->fallback)
		kind = open_fallback(settings);
	if (kind == NULL && settings->kind != NULL)
		log_fatal("VMMALLOC_KIND: %s", error_text());
	if (kind == NULL)
		log_fatal("vmem pool creation failed: %s", error_name(errno));
	pool = kind;
	pool_id = poolkind_id(kind);
}

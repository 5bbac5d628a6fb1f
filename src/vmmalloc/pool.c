/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - the memory that the process's heap lies in. See pool.h.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "os/os.h"
#include "vmmalloc/log.h"
#include "vmmalloc/pool.h"

struct source *pool_source;
struct spec pool_spec;

static _Noreturn void
creation_failed(int errnum)
{
	log_fatal("vmem pool creation failed: %s", error_name(errnum));
}

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
	spec->size = bytes;
	strcpy(spec->path, settings->directory);
	return check_room(spec->path, bytes);
}

static void
spec_of_kind(const struct settings *settings, struct spec *spec)
{
	if (spec_parse(settings->kind, spec) != 0)
		log_fatal("VMMALLOC_KIND: %s", error_text());
	if (spec_is_rank(spec) || spec->source == SPEC_DAX)
		log_fatal("VMMALLOC_KIND: \"%.100s\" is not for a whole heap: "
			  "dram, nodes:LIST and file:DIRECTORY are",
		    settings->kind);
	if (spec->fallback[0] != '\0')
		log_fatal("VMMALLOC_KIND: fallback=%s: a whole heap has no "
			  "other kind beside it",
		    spec->fallback);
	if (spec->fork == SPEC_FORK_REFUSE)
		log_fatal("VMMALLOC_KIND: fork=refuse leaves a child without "
			  "its heap; shared or copy would do");
}

/* Over fork VMMALLOC_FORK decides; a kind that says copy itself keeps that
 * as long as the variable is not set. */
static void
apply_fork(const struct settings *settings, struct spec *spec)
{
	static const enum spec_fork meaning[] = {
		[FORK_SHARED] = SPEC_FORK_SHARED,
		[FORK_PRIVATE] = SPEC_FORK_PRIVATE,
		[FORK_COPY] = SPEC_FORK_COPY,
		[FORK_COPY_OR_PRIVATE] = SPEC_FORK_COPY_OR_PRIVATE,
	};

	if (settings->fork_given || spec->fork != SPEC_FORK_COPY)
		spec->fork = meaning[settings->fork];
}

void
pool_open(const struct settings *settings)
{
	int errnum;

	if (settings->kind != NULL) {
		spec_of_kind(settings, &pool_spec);
	} else {
		errnum = spec_of_directory(settings, &pool_spec);
		if (errnum != 0)
			creation_failed(errnum);
	}
	apply_fork(settings, &pool_spec);
	pool_spec.reserve |= settings->reserve;
	pool_spec.keep_file = pool_spec.fork != SPEC_FORK_SHARED;
	pool_source = source_open(&pool_spec, NULL, &pool_spec, NULL);
	if (pool_source == NULL) {
		errnum = errno;
		if (settings->kind != NULL)
			log_fatal("VMMALLOC_KIND: %s", error_text());
		creation_failed(errnum);
	}
	if (pool_spec.limit != 0)
		source_set_limit(pool_source, pool_spec.limit);
}

size_t
pool_end(void)
{
	if (pool_spec.limit != 0)
		return pool_spec.limit;
	return pool_spec.grow ? 0 : pool_spec.size;
}

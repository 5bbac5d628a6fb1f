/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - the memory that the process's heap lies in. See pool.h.
 *
 * The pool is described in one of two ways: by a directory and a size, which is
 * vmem's interface, or by VMMALLOC_KIND, the text of one or several kinds.
 * Either becomes a spec, which the engine opens like any other. What cannot be
 * had ends the process by a line, unless VMMALLOC_FALLBACK puts ordinary memory
 * in its place.
 *
 * All of it runs once, in the constructor. That is ahead of all code that could
 * start a thread, but for earlier constructors of a static program: what is
 * read of the pool elsewhere is published at the very end. Takes no lock of its
 * own.
 */
#include "vmmalloc/pool.h"

#include <errno.h>
#include <string.h>

#include "arena/cache.h"
#include "base/cut.h"
#include "base/error.h"
#include "base/word.h"
#include "os/os.h"
#include "spec/hint.h"
#include "spec/known.h"
#include "spec/parts.h"
#include "spec/ranks.h"
#include "spec/writer.h"
#include "vmmalloc/log.h"

/* Between the pool and what it falls back to, in VMMALLOC_KIND. */
#define NEXT ';'

_Atomic unsigned pool_id = NO_HEAP;
_Atomic(poolkind *) pool;
struct spec pool_spec;
char pool_missing[512];

/* ---- Directory and size -------------------------------------------------- */

/*
 * Whether the directory can hold a pool of BYTES. vmem took the whole space of
 * the pool at the start, so its users learn of a wrong directory, a size beyond
 * RLIMIT_FSIZE and a full disk when the program starts, by the error number in
 * the line. Here space is taken as the pool grows; a size that could never be
 * had in full is still refused at the start. A file is made for the test and
 * given up again: its length is set, which costs no space, and the file system
 * is asked what it has free, which goes to *ROOM. Others may take that space
 * later.
 */
static int
check_room(const char *directory, uint64_t bytes, uint64_t *room)
{
	int fd, errnum;

	errnum = os_open_unlinked(directory, &fd);
	if (errnum != 0)
		return errnum;
	errnum = os_set_length(fd, (off_t)bytes);
	if (errnum == 0)
		errnum = os_free_space(fd, room);
	if (errnum == 0 && *room < bytes)
		errnum = ENOSPC;
	os_close(fd);
	return errnum;
}

/* The spec of VMMALLOC_POOL_DIR and VMMALLOC_POOL_SIZE; 0, or the error number
 * that the line is to name. A size that rounding up would wrap around is too
 * large for any file. File systems that may lose space which they gave (btrfs)
 * are taken on trust, as by vmem; VMMALLOC_KIND refuses them without trust=yes,
 * since who writes a kind can write that as well. */
static int
spec_of_directory(
    const struct settings *settings, struct spec *spec, uint64_t *room)
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
	return check_room(spec->path, bytes, room);
}

/* ---- A kind as text ------------------------------------------------------ */

/* Of one kind of the variable, with the texts of names that it refers to. */
static struct spec_parts parts; /* not on a small stack */
static struct named_file names;

#define FOR_A_HEAP "dram, nodes:LIST, file:DIRECTORY and dax:PATH"

/* Ends the process with the thread's sentence, which is about part I: the line
 * of the file that has it comes first. */
static _Noreturn void
wrong_part(unsigned i)
{
	spec_part_place(&parts, i);
	log_fatal("VMMALLOC_KIND: %s", error_text());
}

/*
 * Ends the process where a kind that can be opened cannot be a whole heap:
 *
 *  - Memory attributes, weights and devices to be found need
 *    libpoolkind-topology with hwloc, which cannot be loaded before libc is
 *    initialised (machine.c).
 *  - fallback= names another open kind, and there is none in this process: the
 *    kinds of one text, with semicolons between them, fall back in that order.
 *  - With fork=refuse a child would have no heap, and could not even call
 *    exec(3) safely.
 */
static void
check_kind(const struct spec *spec, unsigned i)
{
	if (spec_reads_machine(spec)) {
		error_set(EINVAL,
		    "\"%s\" is not for a whole heap: " FOR_A_HEAP " are",
		    quote(parts.part[i]).text);
		wrong_part(i);
	}
	if (spec->fallback[0] != '\0')
		log_fatal("VMMALLOC_KIND: fallback=%s: a whole heap has no "
			  "other kind beside it; write KIND;KIND",
		    spec->fallback);
	if (spec->fork_given && spec->fork == SPEC_FORK_REFUSE)
		log_fatal("VMMALLOC_KIND: fork=refuse leaves a child without "
			  "its heap; shared or copy would do");
}

/*
 * What a fork does to the pool: VMMALLOC_FORK decides, and where it is not set
 * what the kind says itself, and else copy on write, vmem's default. fork.c
 * tells of each value.
 *
 * With 1 to 3 a fork may have to map the file again, for which the descriptor
 * is kept; with 0 that never happens. A device cannot be mapped as private, and
 * a copy of it has nowhere to go: with it 0 is the only choice, and since it
 * leaves the parent unprotected the user has to write it.
 */
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
	if (spec->source == SPEC_DAX && spec->fork != SPEC_FORK_SHARED)
		log_fatal("VMMALLOC_KIND: a device is shared with the child of "
			  "a fork, which a whole heap is only with "
			  "VMMALLOC_FORK=0");
}

/* What other variables say of the spec. VMMALLOC_RESERVE is of no meaning for a
 * kind without a size. The engine would look for ranks in libc's environment,
 * which is not there yet. */
static void
complete(const struct settings *settings, struct spec *spec)
{
	apply_fork(settings, spec);
	spec->reserve |= settings->reserve && spec->size != 0;
	if (!spec->limit_share)
		return;
	spec->ranks = ranks_here(settings->environment);
	if (spec->ranks == 0)
		log_fatal("VMMALLOC_KIND: %s", error_text());
}

/* Alternatives are refused: they are for memory that some machines have, which
 * an attribute names, and attributes are not for a whole heap. */
static void
split_kind(struct word word)
{
	if (spec_split(word, &names, &parts) != 0)
		log_fatal("VMMALLOC_KIND: %s", error_text());
	for (unsigned i = 1; i < parts.count; i++) {
		if (parts.is_next_link[i])
			continue;
		error_set(EINVAL,
		    "\"%s\" is an alternative to \"%s\", and a whole heap "
		    "has none: write one of " FOR_A_HEAP,
		    quote(parts.part[i]).text, quote(parts.part[i - 1]).text);
		wrong_part(i);
	}
}

/* Says of a source that is none which ones a whole heap may have: most of
 * those that the engine's sentence lists, and what it may suggest, would be
 * refused next. */
static void
name_sources(struct word part)
{
	static const char *const sources[] = { "dram", "nodes", "file", "dax" };
	struct known known = known_of(sources, ARRAY_SIZE(sources));
	char text[SPEC_TEXT_MAX];
	struct hint hint;

	memcpy(text, part.text, part.length);
	text[part.length] = '\0';
	hint = hint_source(text);
	if (known_find(&known, word_until(hint.text, ":,")) < 0)
		hint.text[0] = '\0';
	known_fail(&known, "source", word_until(text, ":,"), hint.text);
}

/* Reads a part into pool_spec. One that is not understood ends the process,
 * whatever VMMALLOC_FALLBACK says: it is a mistake of the user's. */
static void
read_part(const struct settings *settings, unsigned i)
{
	if (spec_parse_part(&parts, i, &pool_spec) != 0) {
		if (pool_spec.source != SPEC_SOURCE_COUNT)
			log_fatal("VMMALLOC_KIND: %s", error_text());
		name_sources(parts.part[i]);
		wrong_part(i);
	}
	check_kind(&pool_spec, i);
	complete(settings, &pool_spec);
}

/* What a kind may have at most; 0 for one without a bound. */
static uint64_t
bound_of(const struct spec *spec)
{
	if (spec->grow || spec->size == 0)
		return spec->limit;
	return spec->limit != 0 ? min_size(spec->limit, spec->size) :
				  spec->size;
}

/* Adds what the part may have to SUM; false if that has no bound, or, being a
 * part of what there is, is not known yet. */
static bool
add_bound(uint64_t *sum)
{
	uint64_t bound = bound_of(&pool_spec);

	return bound != 0 && !__builtin_add_overflow(*sum, bound, sum);
}

/* Reads all kinds of VMMALLOC_KIND, so that a mistake in any of them is found
 * before one is opened, and answers what they may have together. */
static uint64_t
read_kinds(const struct settings *settings)
{
	struct word rest = word_of(settings->kind), word;
	bool bounded = true;
	uint64_t sum = 0;

	while (word_next(&rest, NEXT, &word)) {
		split_kind(word);
		for (unsigned i = 0; i < parts.count; i++) {
			read_part(settings, i);
			bounded &= add_bound(&sum);
		}
	}
	return bounded ? sum : 0;
}

/* The kind, and those that it falls back to. */
static void
close_kinds(poolkind *kind)
{
	while (kind != NULL) {
		poolkind *next = poolkind_fallback(kind);

		poolkind_close(kind);
		kind = next;
	}
}

/* Opens the parts of one kind before NEXT, the last first, as each falls back
 * to the one behind it. NULL if one of them cannot be had, and none, nor NEXT,
 * is open then. */
static poolkind *
open_parts(const struct settings *settings, poolkind *next)
{
	for (unsigned i = parts.count; i-- > 0;) {
		poolkind *kind;

		read_part(settings, i);
		if (next != NULL)
			strcpy(pool_spec.fallback, poolkind_name(next));
		kind = poolkind_open_spec(&pool_spec, NULL);
		if (kind == NULL) {
			spec_part_place(&parts, i);
			close_kinds(next);
			return NULL;
		}
		next = kind;
	}
	return next;
}

/* Opens the kinds of VMMALLOC_KIND, from the last to the first. The first is
 * the pool. */
static poolkind *
open_kinds(const struct settings *settings)
{
	struct word left = word_of(settings->kind);
	poolkind *kind = NULL;

	for (;;) {
		const char *before = memrchr(left.text, NEXT, left.length);
		const char *end = left.text + left.length;
		const char *from = before == NULL ? left.text : before + 1;

		split_kind((struct word){ from, (size_t)(end - from) });
		kind = open_parts(settings, kind);
		if (kind == NULL || before == NULL)
			return kind;
		left.length = (size_t)(before - left.text);
	}
}

/* ---- Either -------------------------------------------------------------- */

/* A size as a variable would have it, of mebibytes where it is that large. */
struct size_text {
	char text[32];
};

static struct size_text
size_text(uint64_t size)
{
	struct size_text text = { "" };
	struct writer to = { text.text, sizeof(text.text) - 1, 0 };

	write_size(&to, (size_t)(size > GIB ? align_down(size, MIB) : size));
	return text;
}

/* What a file system without files of its own answers (proc) is ENOENT, which
 * would be said of a directory that is missing, too. */
static bool
is_directory(const char *path)
{
	uint64_t bytes;

	return os_file_system_size(path, &bytes) == 0;
}

/* Describes a directory that can have no pool: the variables at fault, and what
 * is known of the cause. That is what the file system had free, the engine's
 * sentence, or only the error number, which is left out where a line before has
 * named it. */
static void
describe_directory(struct writer *to, const struct settings *settings,
    int errnum, uint64_t room, bool is_named)
{
	bool is_full = errnum == ENOSPC && room != UINT64_MAX;

	write_text(to, "VMMALLOC_POOL_DIR=");
	write_text(to, cut(settings->directory, CUT_MAX).text);
	if (is_full) {
		write_text(to, " has ");
		write_text(to, size_text(room).text);
		write_text(to, " free");
	}
	write_text(to, ", VMMALLOC_POOL_SIZE=");
	write_text(to, size_text(settings->size).text);
	if (is_full) {
		write_text(to, " is asked for");
	} else if (error_text()[0] != '\0') {
		write_text(to, ": ");
		write_text(to, error_text());
	} else if (errnum == ENOENT && is_directory(settings->directory)) {
		write_text(to,
		    ": the directory exists, but its file system does not let "
		    "anybody make files in it");
	} else if (!is_named) {
		write_text(to, ": ");
		write_text(to, error_name(errnum));
	}
}

/* Ends the process. The first line is vmem's, which programs compare, and names
 * the reason by the text of errno; the others are for people. */
static _Noreturn void
no_directory(const struct settings *settings, int errnum, uint64_t room)
{
	char text[sizeof(pool_missing)] = "";
	struct writer to = { text, sizeof(text) - 1, 0 };

	describe_directory(&to, settings, errnum, room, true);
	log_fatal("vmem pool creation failed: %s\n  %s\n"
		  "  VMMALLOC_FALLBACK=dram would have the program run, in "
		  "ordinary memory",
	    error_name(errnum), text);
}

/* Keeps for the report why there is ordinary memory in place of the pool. */
static void
keep_reason(const struct settings *settings, int errnum, uint64_t room)
{
	struct writer to = { pool_missing, sizeof(pool_missing) - 1, 0 };

	if (settings->kind != NULL) {
		write_text(&to, "VMMALLOC_KIND: ");
		write_text(&to, error_text());
	} else {
		describe_directory(&to, settings, errnum, room, false);
	}
}

/* NULL with errno, for the line that vmem's users know. */
static poolkind *
open_directory(const struct settings *settings, uint64_t *room)
{
	int errnum = spec_of_directory(settings, &pool_spec, room);

	errno = errnum;
	if (errnum != 0)
		return NULL;
	complete(settings, &pool_spec);
	return poolkind_open_spec(&pool_spec, NULL);
}

/* Opens ordinary memory in place of a pool that cannot be had, because
 * VMMALLOC_FALLBACK=dram asks for it: in a sandbox that forbids files, say. Its
 * limit is MOST, what the pool could have had, so that the program takes no
 * more of the machine than it was given; 0 for a pool without a bound. What
 * fork does to ordinary memory is copy on write, whatever VMMALLOC_FORK says.
 */
static poolkind *
open_fallback(const struct settings *settings, uint64_t most)
{
	LOG_TRACE(1, "ordinary memory takes the place of the pool");
	pool_spec = (struct spec){ .source = SPEC_DRAM, .limit = most };
	complete(settings, &pool_spec);
	return poolkind_open_spec(&pool_spec, NULL);
}

/* The line of a kind has the engine's sentence. With pool_id set, the next
 * malloc() finds its way to the thread's cache. */
void
pool_open(const struct settings *settings)
{
	bool as_text = settings->kind != NULL;
	uint64_t room = UINT64_MAX, most;
	poolkind *kind;
	int errnum;

	names.given = settings->config;
	most = as_text ? read_kinds(settings) : settings->size;
	kind = as_text ? open_kinds(settings) : open_directory(settings, &room);
	errnum = errno;
	named_close(&names);
	if (kind == NULL && settings->fallback) {
		keep_reason(settings, errnum, room);
		kind = open_fallback(settings, most);
	}
	if (kind == NULL && as_text)
		log_fatal("VMMALLOC_KIND: %s", error_text());
	if (kind == NULL)
		no_directory(settings, errnum, room);
	atomic_store_explicit(&pool, kind, memory_order_release);
	atomic_store_explicit(
	    &pool_id, poolkind_id(kind), memory_order_relaxed);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tiers.c - from settings to a memory with its tiers. See tiers.h.
 *
 * Runs in the constructor alone, with heap_inside up, so what is allocated on
 * the way comes from MEMKIND_DEFAULT. It uses memtier's public interface, as a
 * program would: builder, tiers, settings by name, memory. Whatever fails there
 * ends the process with a line that quotes the tier as the user wrote it.
 */
#include "memtier/tiers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/base.h"
#include "base/error.h"
#include "memtier/log.h"

/* ---- Kinds --------------------------------------------------------------- */

static _Noreturn void
cannot_have(const struct settings_tier *tier, int error, const char *reason)
{
	char why[MEMKIND_ERROR_MESSAGE_SIZE];

	memkind_error_message(error, why, sizeof(why));
	log_fatal("MEMKIND_MEM_TIERS: \"%.*s\" cannot be had: %s%s%s",
	    WORD(tier->text), why, reason == NULL ? "" : ": ",
	    reason == NULL ? "" : reason);
}

/*
 * A kind in a file. PATH has room, as all of MEMKIND_MEM_TIERS has at most 1023
 * characters. A directory without DAX is no mistake: the file system decides
 * what the memory is, and tmpfs or a disk will do; it is only mentioned. errno
 * has the reason of a failure in memkind_create_pmem(), if the system gave one.
 */
static memkind_t
make_file(const struct settings_tier *tier)
{
	char path[PATH_MAX];
	memkind_t kind;
	int error;

	snprintf(path, sizeof(path), "%.*s", WORD(tier->path));
	if (memtier_log.level >= 1 && memkind_check_dax_path(path) != 0)
		log_info("%s is not a directory with DAX", path);
	errno = 0;
	error = memkind_create_pmem(path, tier->limit, &kind);
	if (error != 0)
		cannot_have(tier, error, errno == 0 ? NULL : error_name(errno));
	return kind;
}

/* The engine's kinds, in the order of the tiers, for interpose/info.c. */
static poolkind *kinds[SETTINGS_TIERS_MAX];
static unsigned kind_count;

poolkind *
tiers_kind(unsigned number)
{
	return number < kind_count ? kinds[number] : NULL;
}

/* Makes the tier's kind, and takes and frees a first block of it: whatever
 * opening the kind has to read or to load is read and loaded now, before there
 * are other threads that would have to wait for it. */
static memkind_t
make_kind(const struct settings_tier *tier)
{
	memkind_t kind = MEMKIND_DEFAULT;
	void *block;
	int error;

	if (word_is(tier->kind, "FS_DAX"))
		kind = make_file(tier);
	else if (word_is(tier->kind, "KMEM_DAX"))
		kind = MEMKIND_DAX_KMEM;
	error = memkind_check_available(kind);
	if (error != 0)
		cannot_have(tier, error, NULL);
	block = memkind_malloc(kind, 1);
	if (block == NULL)
		cannot_have(tier, MEMKIND_ERROR_MALLOC, NULL);
	kinds[kind_count++] = poolkind_of(block);
	memkind_free(kind, block);
	return kind;
}

/* ---- The memory ---------------------------------------------------------- */

/* Each value that was given, by the name that memtier has for it; the others
 * stay as the builder made them. */
static void
set_threshold(struct memtier_builder *builder, unsigned number,
    const struct settings_threshold *threshold)
{
	static const char *const words[VALUES] = { "val", "min", "max" };
	char name[64];

	for (size_t i = 0; i < VALUES; i++) {
		if (threshold->given[i].text == NULL)
			continue;
		snprintf(name, sizeof(name),
		    "policy.dynamic_threshold.thresholds[%u].%s", number,
		    words[i]);
		if (memtier_ctl_set(builder, name, &threshold->bytes[i]) != 0)
			log_fatal("no memory for thresholds");
		log_debug("%s is %zu", name, threshold->bytes[i]);
	}
}

/* The builder refuses a kind that it has: two tiers of DRAM or of KMEM_DAX are
 * one kind, while each file is a kind of its own. */
static void
add_tier(struct memtier_builder *builder, const struct settings_tier *tier)
{
	memkind_t kind = make_kind(tier);

	if (memtier_builder_add_tier(builder, kind, (unsigned)tier->ratio) != 0)
		log_fatal("MEMKIND_MEM_TIERS: \"%.*s\" is the second tier of "
			  "its kind; write one",
		    WORD(tier->text));
	log_debug("tier %.*s", WORD(tier->text));
}

/* Tiers before thresholds, which are named by the tiers between which they lie.
 * A memory cannot be made if thresholds contradict each other: all else was
 * checked when the settings were read. */
struct memtier_memory *
tiers_make(const struct settings *settings)
{
	struct memtier_builder *builder = memtier_builder_new(settings->policy);
	struct memtier_memory *memory;

	if (builder == NULL)
		log_fatal("no memory for tiers");
	for (unsigned i = 0; i < settings->tier_count; i++)
		add_tier(builder, &settings->tiers[i]);
	for (unsigned i = 0; i < settings->threshold_count; i++)
		set_threshold(builder, i, &settings->thresholds[i]);
	memory = memtier_builder_construct_memtier_memory(builder);
	if (memory == NULL)
		log_fatal("MEMKIND_MEM_THRESHOLDS: %s",
		    "each needs MIN_VAL <= INIT_VAL <= MAX_VAL, and MAX_VAL "
		    "up to the MIN_VAL of the next; in the Nth, INIT_VAL is "
		    "N * 1024, MIN_VAL 512 less and MAX_VAL 511 more where "
		    "they are not given");
	memtier_builder_delete(builder);
	return memory;
}

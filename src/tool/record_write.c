/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_write.c - what was recorded, as a profile: sites get the names of
 * their functions, and the file is written. See recorded.h.
 *
 * Owns the profile while it is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/profile.h"
#include "profile/symbols.h"
#include "tool/commands.h"
#include "tool/recorded.h"

struct writing {
	const struct run *run;
	const struct merge *merge;
	const struct merged_moments *moments;
	struct profile *profile;
	uint32_t *module; /* numbers of the merge's in the profile */
};

/* ---- Names --------------------------------------------------------------- */

static bool
enter_modules(struct writing *to)
{
	const struct merge *merge = to->merge;

	to->module = calloc(merge->module_count + 1, sizeof(*to->module));
	if (to->module == NULL)
		return false;
	for (size_t i = 0; i < merge->module_count; i++) {
		const struct merged_module *module = &merge->modules[i];

		to->module[i] = profile_module(to->profile, module->path,
		    module->build_id, module->build_id_bytes);
		if (to->module[i] == PROFILE_NO_MODULE)
			return false;
	}
	return true;
}

static void
tell_changes(const struct profile *profile)
{
	for (size_t i = 0; i < profile->module_count; i++)
		if (profile_file_of(&profile->modules[i]) ==
		    PROFILE_FILE_CHANGED)
			fail("warning: %s is another file than when it ran: "
			     "its functions are not known",
			    profile->modules[i].path);
}

static struct profile_frame
frame_of(const struct writing *to, const struct merged_frame *from)
{
	return (struct profile_frame){
		.module = from->module == MERGED_NO_MODULE ?
		    PROFILE_NO_MODULE :
		    to->module[from->module],
		.offset = from->offset,
	};
}

/* ---- Sites --------------------------------------------------------------- */

/* The kind as the rules call it. */
static const char *
kind_of(const struct writing *to, const struct merged_site *site)
{
	const struct rules *rules = &to->run->rules;

	return site->kind == 0 || site->kind > rules->kind_count ?
	    NULL :
	    rules->kinds[site->kind - 1].name;
}

static void
count_sizes(const struct merged_site *from, struct profile_site *to)
{
	for (unsigned c = 0; c < RECORDING_SIZES; c++) {
		struct profile_size *size = &to->size[c];

		size->blocks = (uint64_t)(from->size[c].blocks + .5);
		size->bytes = (uint64_t)(from->size[c].bytes + .5);
		size->peak = from->size[c].peak;
		size->accesses = from->size[c].accesses;
		to->blocks += size->blocks;
		to->bytes += size->bytes;
		to->accesses += size->accesses;
	}
}

/* Where no module is known two sites may be one to the profile. */
static bool
write_site(struct writing *to, size_t number)
{
	const struct merged_site *from = &to->merge->sites[number];
	struct profile_frame frames[RECORDING_STACK];
	struct profile_site *site;

	for (unsigned i = 0; i < from->frame_count; i++)
		frames[i] = frame_of(to, &from->frames[i]);
	site = profile_site(
	    to->profile, frames, from->frame_count, kind_of(to, from));
	if (site == NULL)
		return false;
	count_sizes(from, site);
	site->peak += from->peak;
	site->lifetime += (uint64_t)(from->lifetime_ms * NS_OF_MS);
	site->threads += from->threads;
	for (size_t i = 0; i < to->moments->count; i++) {
		size_t at = i * to->merge->site_count + number;

		site->live[i] += to->moments->live[at];
		site->one[i] += to->moments->one[at];
	}
	return true;
}

static bool
write_sites(struct writing *to)
{
	for (size_t i = 0; i < to->merge->site_count; i++)
		if (!write_site(to, i))
			return false;
	return true;
}

/* ---- The whole ----------------------------------------------------------- */

/* "program argument ...", cut where it gets long. */
static void
write_command(struct profile *profile, char **argv)
{
	char text[256];
	size_t at = 0;

	text[0] = '\0';
	for (; *argv != NULL && at < sizeof(text) - 1; argv++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
		    at == 0 ? "" : " ", *argv);
	profile->program = profile_text(profile, text);
}

static void
write_times(struct writing *to)
{
	const struct merge *merge = to->merge;
	struct profile *profile = to->profile;
	struct timespec now;
	uint64_t ago = recording_now_ns() - merge->start_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	profile->start = (uint64_t)now.tv_sec * 1000 * NS_OF_MS +
	    (uint64_t)now.tv_nsec - ago;
	profile->duration = merge->end_ns - merge->start_ns;
	profile->processes = merge->process_count;
	for (size_t i = 0; i < to->moments->count; i++)
		profile->snapshot_time[i] = to->moments->ns[i] -
		    merge->start_ns;
}

static bool
fill(struct writing *to)
{
	struct profile *profile = to->profile;
	bool done;

	if (profile == NULL ||
	    profile_set_snapshots(profile, to->moments->count) != 0)
		return false;
	write_command(profile, to->run->argv);
	profile->sampler = profile_text(profile, sampler_name(to->run));
	profile->access_unit = profile_text(profile, sampler_unit(to->run));
	write_times(to);
	done = enter_modules(to) && write_sites(to) &&
	    profile_symbolize(profile) == 0;
	free(to->module);
	return done;
}

static int
fill_and_write(struct writing *to)
{
	if (!fill(to))
		return fail("no memory for what was recorded");
	tell_changes(to->profile);
	if (profile_write(to->profile, to->run->output) != 0)
		return fail("%s", error_text());
	return 0;
}

/* A moment less than a profile may have: the peak is one more. */
int
record_write(const struct run *run, struct merge *merge)
{
	struct merged_moments moments = { .ns = NULL };
	struct writing to = { .run = run, .merge = merge, .moments = &moments };
	int status;

	if (merge_peaks(merge) &&
	    merge_moments(merge, PROFILE_SNAPSHOTS - 1, &moments)) {
		to.profile = profile_new();
		status = fill_and_write(&to);
		profile_free(to.profile);
	} else {
		status = fail("no memory for what was recorded");
	}
	free(moments.ns);
	free(moments.live);
	free(moments.one);
	return status;
}

const char *
record_lacks(void)
{
	return NULL;
}

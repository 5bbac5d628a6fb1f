/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.c - several processes of one run become one profile. See profile.h.
 *
 * Each process has snapshots at its own moments. The merged profile has those
 * of both, at which the other process has what it had at its last snapshot
 * before: so bytes that lived at the same time are added, and no others.
 */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"

/* The moments of both, and for each the snapshot of each profile that was the
 * last by then: -1: none yet. */
struct moments {
	uint64_t *time;
	ptrdiff_t *ours, *theirs;
	size_t count;
};

static void
end(struct moments *moments)
{
	free(moments->time);
	free(moments->ours);
	free(moments->theirs);
}

static int
begin(struct moments *moments, size_t room)
{
	moments->count = 0;
	moments->time = calloc(room + 1, sizeof(*moments->time));
	moments->ours = calloc(room + 1, sizeof(*moments->ours));
	moments->theirs = calloc(room + 1, sizeof(*moments->theirs));
	if (moments->time != NULL && moments->ours != NULL &&
	    moments->theirs != NULL)
		return 0;
	end(moments);
	return error_set(ENOMEM, "no memory to merge profiles");
}

/* Both are in order; DELAY is what their start was behind ours. */
static void
join(struct moments *moments, const struct profile *ours,
    const struct profile *theirs, int64_t delay)
{
	size_t i = 0, j = 0;

	while (i < ours->snapshots || j < theirs->snapshots) {
		uint64_t a = UINT64_MAX, b = UINT64_MAX, now;

		if (i < ours->snapshots)
			a = ours->snapshot_time[i];
		if (j < theirs->snapshots)
			b = theirs->snapshot_time[j] + (uint64_t)delay;
		now = a < b ? a : b;
		i += a == now;
		j += b == now;
		moments->time[moments->count] = now;
		moments->ours[moments->count] = (ptrdiff_t)i - 1;
		moments->theirs[moments->count++] = (ptrdiff_t)j - 1;
	}
}

/* The last snapshot of a process that has ended does not live on. */
static void
end_theirs(struct moments *moments, const struct profile *profile,
    uint64_t ended, ptrdiff_t *which)
{
	for (size_t i = 0; i < moments->count; i++)
		if (moments->time[i] > ended &&
		    which[i] == (ptrdiff_t)profile->snapshots - 1)
			which[i] = -1;
}

/* Gives every site of OURS the moments of both, with its own bytes. */
static int
stretch(struct profile *ours, struct moments *moments)
{
	struct profile_site *old = calloc(ours->site_count + 1, sizeof(*old));

	if (old == NULL)
		return error_set(ENOMEM, "no memory to merge profiles");
	for (size_t i = 0; i < ours->site_count; i++) {
		old[i] = *ours->sites[i];
		ours->sites[i]->live = ours->sites[i]->one = NULL;
	}
	free(ours->snapshot_time);
	ours->snapshot_time = NULL;
	int result = profile_set_snapshots(ours, moments->count);

	for (size_t i = 0; i < ours->site_count; i++) {
		struct profile_site *site = ours->sites[i];

		for (size_t j = 0; result == 0 && j < moments->count; j++) {
			ptrdiff_t at = moments->ours[j];

			if (at < 0)
				continue;
			site->live[j] = old[i].live[at];
			site->one[j] = profile_of_one(
			    ours, &old[i], (size_t)at);
		}
		free(old[i].live);
		free(old[i].one);
	}
	if (result == 0)
		memcpy(ours->snapshot_time, moments->time,
		    moments->count * sizeof(*moments->time));
	free(old);
	return result;
}

static void
add(struct profile_site *to, const struct profile *profile,
    const struct profile_site *from, const struct moments *moments)
{
	to->blocks += from->blocks;
	to->bytes += from->bytes;
	to->peak += from->peak;
	to->lifetime += from->lifetime;
	to->threads += from->threads;
	to->accesses += from->accesses;
	for (size_t i = 0; i < PROFILE_SIZES; i++) {
		to->size[i].blocks += from->size[i].blocks;
		to->size[i].bytes += from->size[i].bytes;
		to->size[i].peak += from->size[i].peak;
		to->size[i].accesses += from->size[i].accesses;
	}
	for (size_t i = 0; i < moments->count; i++)
		if (moments->theirs[i] >= 0) {
			size_t at = (size_t)moments->theirs[i];

			to->live[i] += from->live[at];
			to->one[i] = max_size(
			    to->one[i], profile_of_one(profile, from, at));
		}
}

/* SITE of FROM as INTO has it. */
static struct profile_site *
find_site(struct profile *into, const struct profile *from,
    const struct profile_site *site, const uint32_t *modules)
{
	struct profile_frame *frames = calloc(
	    site->frame_count + 1, sizeof(*frames));
	struct profile_site *found;

	if (frames == NULL) {
		error_set(ENOMEM, "no memory to merge profiles");
		return NULL;
	}
	for (size_t i = 0; i < site->frame_count; i++) {
		frames[i] = site->frames[i];
		if (frames[i].module < from->module_count)
			frames[i].module = modules[frames[i].module];
	}
	found = profile_site(into, frames, site->frame_count, site->kind);
	free(frames);
	return found;
}

static int
add_sites(struct profile *into, const struct profile *from,
    const struct moments *moments)
{
	uint32_t *modules = calloc(from->module_count + 1, sizeof(*modules));
	int result = modules == NULL ?
	    error_set(ENOMEM, "no memory to merge profiles") :
	    0;

	for (size_t i = 0; i < from->module_count && result == 0; i++) {
		const struct profile_module *module = &from->modules[i];

		modules[i] = profile_module(into, module->path,
		    module->build_id, module->build_id_size);
		if (modules[i] == PROFILE_NO_MODULE)
			result = -1;
	}
	for (size_t i = 0; i < from->site_count && result == 0; i++) {
		const struct profile_site *site = from->sites[i];
		struct profile_site *to = find_site(into, from, site, modules);

		if (to == NULL)
			result = -1;
		else
			add(to, from, site, moments);
	}
	free(modules);
	return result;
}

/* What is said of the whole: the first process's words, and the time from the
 * first start to the last end. DELAY as in join(). */
static int
add_head(struct profile *into, const struct profile *from, int64_t delay)
{
	uint64_t end = from->duration + (uint64_t)delay;

	into->processes += from->processes;
	if (end > into->duration)
		into->duration = end;
	if (into->start == 0)
		into->start = from->start;
	if (into->program == NULL)
		into->program = profile_text(into, from->program);
	into->sampler = profile_text(into, from->sampler);
	into->access_unit = profile_text(into, from->access_unit);
	return into->sampler == NULL || into->access_unit == NULL ? -1 : 0;
}

/* The earlier start is 0 of both; times of OURS may move. */
static int64_t
align_starts(struct profile *ours, const struct profile *theirs)
{
	uint64_t shift;

	if (ours->start == 0 || theirs->start == 0)
		return 0;
	if (theirs->start >= ours->start)
		return (int64_t)(theirs->start - ours->start);
	shift = ours->start - theirs->start;
	for (size_t i = 0; i < ours->snapshots; i++)
		ours->snapshot_time[i] += shift;
	ours->duration += shift;
	ours->start = theirs->start;
	return 0;
}

/* Leaves every second snapshot, and the one at which the most lived. */
static void
thin(struct profile *profile)
{
	size_t peak = profile_peak_snapshot(profile), kept = 0;

	for (size_t i = 0; i < profile->snapshots; i++) {
		if (i % 2 != 0 && i != peak)
			continue;
		profile->snapshot_time[kept] = profile->snapshot_time[i];
		for (size_t j = 0; j < profile->site_count; j++) {
			struct profile_site *site = profile->sites[j];

			site->live[kept] = site->live[i];
			site->one[kept] = site->one[i];
		}
		kept++;
	}
	profile->snapshots = kept;
}

int
profile_merge(struct profile *into, const struct profile *from)
{
	int64_t delay = align_starts(into, from);
	uint64_t ours_ended = into->duration;
	struct moments moments;
	int result;

	if (begin(&moments, into->snapshots + from->snapshots) != 0)
		return -1;
	join(&moments, into, from, delay);
	end_theirs(&moments, into, ours_ended, moments.ours);
	end_theirs(
	    &moments, from, from->duration + (uint64_t)delay, moments.theirs);
	result = stretch(into, &moments);
	if (result == 0)
		result = add_sites(into, from, &moments);
	if (result == 0)
		result = add_head(into, from, delay);
	while (result == 0 && into->snapshots > PROFILE_SNAPSHOTS)
		thin(into);
	end(&moments);
	return result;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profile.c - see profile.h.
 */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "profile/index.h"

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory for the profile");
}

struct profile *
profile_new(void)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (profile != NULL) {
		profile->texts = profile_index_new();
		profile->stacks = profile_index_new();
	}
	if (profile == NULL || profile->texts == NULL ||
	    profile->stacks == NULL) {
		profile_free(profile);
		no_memory();
		return NULL;
	}
	profile->sampler = PROFILE_NO_SAMPLER;
	profile->access_unit = "count";
	return profile;
}

static void
free_site(struct profile_site *site)
{
	if (site == NULL)
		return;
	free(site->frames);
	free(site->live);
	free(site->one);
	free(site);
}

void
profile_free(struct profile *profile)
{
	if (profile == NULL)
		return;
	for (size_t i = 0; i < profile->site_count; i++)
		free_site(profile->sites[i]);
	if (profile->texts != NULL)
		profile_index_free(profile->texts, true);
	if (profile->stacks != NULL)
		profile_index_free(profile->stacks, false);
	free(profile->sites);
	free(profile->modules);
	free(profile->snapshot_time);
	free(profile);
}

static void *
grow(void *list, size_t count, size_t *room, size_t bytes)
{
	list = list_grow(list, count, room, bytes);
	if (list == NULL)
		no_memory();
	return list;
}

/* ---- Texts and modules --------------------------------------------------- */

static bool
is_text(const void *entry, const void *text)
{
	return strcmp(entry, text) == 0;
}

const char *
profile_text(struct profile *profile, const char *text)
{
	uint64_t hash;
	char *copy;

	if (text == NULL)
		return NULL;
	hash = profile_hash(PROFILE_HASH, text, strlen(text));
	copy = profile_index_find(profile->texts, hash, is_text, text);
	if (copy != NULL)
		return copy;
	copy = strdup(text);
	if (copy == NULL ||
	    profile_index_add(profile->texts, hash, copy) != 0) {
		free(copy);
		no_memory();
		return NULL;
	}
	return copy;
}

/* Files of one build-id are the same, wherever they lie. */
static bool
is_module(const struct profile_module *module, const char *path,
    const void *build_id, size_t size)
{
	return module->build_id_size == size &&
	    memcmp(module->build_id, build_id, size) == 0 &&
	    (size != 0 || strcmp(module->path, path) == 0);
}

uint32_t
profile_module(struct profile *profile, const char *path, const void *build_id,
    size_t build_id_size)
{
	size_t size = build_id_size < PROFILE_BUILD_ID_MAX ?
	    build_id_size :
	    PROFILE_BUILD_ID_MAX;
	struct profile_module *list, module = { .build_id_size = size };

	if (size != 0)
		memcpy(module.build_id, build_id, size);
	for (size_t i = 0; i < profile->module_count; i++)
		if (is_module(
			&profile->modules[i], path, module.build_id, size))
			return (uint32_t)i;
	module.path = profile_text(profile, path);
	list = grow(profile->modules, profile->module_count,
	    &profile->module_room, sizeof(*list));
	if (list == NULL || module.path == NULL)
		return PROFILE_NO_MODULE;
	profile->modules = list;
	list[profile->module_count] = module;
	return (uint32_t)profile->module_count++;
}

/* ---- Sites --------------------------------------------------------------- */

/* A frame without a module is where its texts say, which are one of each. */
static bool
is_frame(const struct profile_frame *a, const struct profile_frame *b)
{
	if (a->module != b->module || a->offset != b->offset)
		return false;
	return a->module != PROFILE_NO_MODULE ||
	    (a->function == b->function && a->file == b->file &&
		a->line == b->line);
}

static bool
is_site(const void *entry, const void *wanted)
{
	const struct profile_site *a = entry, *b = wanted;

	if (a->frame_count != b->frame_count || a->kind != b->kind)
		return false;
	for (size_t i = 0; i < a->frame_count; i++)
		if (!is_frame(&a->frames[i], &b->frames[i]))
			return false;
	return true;
}

static uint64_t
hash_of(const struct profile_site *site)
{
	uint64_t hash = profile_hash(
	    PROFILE_HASH, &site->kind, sizeof(site->kind));

	for (size_t i = 0; i < site->frame_count; i++) {
		const struct profile_frame *frame = &site->frames[i];

		hash = profile_hash(
		    hash, &frame->module, sizeof(frame->module));
		hash = profile_hash(
		    hash, &frame->offset, sizeof(frame->offset));
		if (frame->module != PROFILE_NO_MODULE)
			continue;
		hash = profile_hash(
		    hash, &frame->function, sizeof(frame->function));
		hash = profile_hash(hash, &frame->line, sizeof(frame->line));
	}
	return hash;
}

/* A site with the profile's own texts, which is not in the profile yet. */
static struct profile_site *
make_site(struct profile *profile, const struct profile_frame *frames,
    size_t count, const char *kind)
{
	struct profile_site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return NULL;
	site->kind = profile_text(profile, kind);
	site->frame_count = count;
	site->frames = calloc(count + 1, sizeof(*frames));
	site->live = calloc(profile->snapshots + 1, sizeof(*site->live));
	site->one = calloc(profile->snapshots + 1, sizeof(*site->one));
	if (site->frames == NULL || site->live == NULL || site->one == NULL ||
	    (kind != NULL && site->kind == NULL)) {
		free_site(site);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		struct profile_frame *frame = &site->frames[i];

		*frame = frames[i];
		frame->function = profile_text(profile, frame->function);
		frame->file = profile_text(profile, frame->file);
	}
	return site;
}

struct profile_site *
profile_site(struct profile *profile, const struct profile_frame *frames,
    size_t count, const char *kind)
{
	struct profile_site *site = make_site(profile, frames, count, kind);
	struct profile_site *known, **list;
	uint64_t hash;

	if (site == NULL) {
		no_memory();
		return NULL;
	}
	hash = hash_of(site);
	known = profile_index_find(profile->stacks, hash, is_site, site);
	if (known != NULL) {
		free_site(site);
		return known;
	}
	list = grow(profile->sites, profile->site_count, &profile->site_room,
	    sizeof(*list));
	if (list != NULL)
		profile->sites = list;
	if (list == NULL ||
	    profile_index_add(profile->stacks, hash, site) != 0) {
		free_site(site);
		no_memory();
		return NULL;
	}
	list[profile->site_count++] = site;
	return site;
}

unsigned
profile_size_class(uint64_t size)
{
	unsigned class = size == 0 ?
	    0 :
	    63 - (unsigned)__builtin_clzll((unsigned long long)size);

	return class < PROFILE_SIZES ? class : PROFILE_SIZES - 1;
}

/* ---- Snapshots ----------------------------------------------------------- */

int
profile_set_snapshots(struct profile *profile, size_t count)
{
	free(profile->snapshot_time);
	profile->snapshot_time = calloc(
	    count + 1, sizeof(*profile->snapshot_time));
	if (profile->snapshot_time == NULL)
		return no_memory();
	profile->snapshots = count;
	for (size_t i = 0; i < profile->site_count; i++) {
		struct profile_site *site = profile->sites[i];

		free(site->live);
		free(site->one);
		site->live = calloc(count + 1, sizeof(*site->live));
		site->one = calloc(count + 1, sizeof(*site->one));
		if (site->live == NULL || site->one == NULL)
			return no_memory();
	}
	return 0;
}

uint64_t
profile_live(const struct profile *profile, size_t snapshot)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < profile->site_count; i++)
		bytes += profile->sites[i]->live[snapshot];
	return bytes;
}

size_t
profile_peak_snapshot(const struct profile *profile)
{
	size_t peak = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < profile->snapshots; i++) {
		uint64_t bytes = profile_live(profile, i);

		if (bytes > most) {
			most = bytes;
			peak = i;
		}
	}
	return peak;
}

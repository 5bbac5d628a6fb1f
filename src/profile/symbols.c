/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.c - see symbols.h.
 *
 * Every offset is looked up once, however many stacks it is in: they are
 * collected, put in order, and asked for module by module.
 */
#include "profile/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rules/elf_file.h"

struct places {
	struct profile_place *list;
	size_t count;
};

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory for names of functions");
}

enum profile_file
profile_file_of(const struct profile_module *module)
{
	enum profile_file result = PROFILE_FILE_GONE;
	struct elf_file elf;

	if (module->path[0] == '/' && module->build_id_size > 0 &&
	    elf_file_read(module->path, &elf) == 0) {
		bool is_same = elf.build_id_bytes == module->build_id_size &&
		    memcmp(elf.build_id, module->build_id,
			module->build_id_size) == 0;

		result = is_same ? PROFILE_FILE_SAME : PROFILE_FILE_CHANGED;
		elf_file_end(&elf);
	}
	return result;
}

/* ---- Places -------------------------------------------------------------- */

static int
by_offset(const void *a, const void *b)
{
	const struct profile_place *x = a, *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool
is_open(const struct profile_frame *frame)
{
	return frame->module != PROFILE_NO_MODULE && frame->function == NULL &&
	    frame->file == NULL;
}

static int
collect(const struct profile *profile, struct places *places)
{
	size_t most = 0, kept = 0;

	for (size_t i = 0; i < profile->site_count; i++)
		most += profile->sites[i]->frame_count;
	places->list = calloc(most + 1, sizeof(*places->list));
	if (places->list == NULL)
		return no_memory();
	for (size_t i = 0; i < profile->site_count; i++)
		for (size_t j = 0; j < profile->sites[i]->frame_count; j++) {
			const struct profile_frame *frame = &profile->sites[i]
								 ->frames[j];

			if (is_open(frame))
				places->list[places->count++] =
				    (struct profile_place){ frame->module,
					    frame->offset, NULL, 0 };
		}
	qsort(places->list, places->count, sizeof(*places->list), by_offset);
	for (size_t i = 0; i < places->count; i++)
		if (kept == 0 ||
		    by_offset(&places->list[kept - 1], &places->list[i]) != 0)
			places->list[kept++] = places->list[i];
	places->count = kept;
	return 0;
}

static int
look_up(struct profile *profile, const struct places *places)
{
	size_t first = 0, end;

	for (; first < places->count; first = end) {
		uint32_t number = places->list[first].module;
		const struct profile_module *module = &profile->modules[number];

		for (end = first;
		     end < places->count && places->list[end].module == number;
		     end++)
			;
		if (profile_file_of(module) == PROFILE_FILE_SAME &&
		    profile_look_up(profile, module->path, &places->list[first],
			end - first) != 0)
			return -1;
	}
	return 0;
}

/* ---- Stacks -------------------------------------------------------------- */

static const struct profile_place *
find(const struct places *places, const struct profile_frame *frame)
{
	struct profile_place wanted = { frame->module, frame->offset, NULL, 0 };
	const struct profile_place *found = NULL;

	if (is_open(frame))
		found = bsearch(&wanted, places->list, places->count,
		    sizeof(wanted), by_offset);
	return found != NULL && found->count > 0 ? found : NULL;
}

static int
fill(struct profile_site *site, const struct places *places)
{
	struct profile_frame *frames;
	size_t count = 0;

	for (size_t i = 0; i < site->frame_count; i++) {
		const struct profile_place *place = find(
		    places, &site->frames[i]);

		count += place != NULL ? place->count : 1;
	}
	frames = calloc(count + 1, sizeof(*frames));
	if (frames == NULL)
		return no_memory();
	count = 0;
	for (size_t i = 0; i < site->frame_count; i++) {
		const struct profile_place *place = find(
		    places, &site->frames[i]);

		if (place == NULL) {
			frames[count++] = site->frames[i];
			continue;
		}
		memcpy(&frames[count], place->frames,
		    place->count * sizeof(*frames));
		count += place->count;
	}
	free(site->frames);
	site->frames = frames;
	site->frame_count = count;
	return 0;
}

int
profile_symbolize(struct profile *profile)
{
	struct places places = { .count = 0 };
	int result = collect(profile, &places);

	if (result == 0)
		result = look_up(profile, &places);
	for (size_t i = 0; i < profile->site_count && result == 0; i++)
		result = fill(profile->sites[i], &places);
	for (size_t i = 0; i < places.count; i++)
		free(places.list[i].frames);
	free(places.list);
	return result;
}

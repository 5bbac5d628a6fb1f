/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhat.c - a profile from a file of Valgrind's dhat. See input.h.
 *
 * dhat counts every byte that the program read and wrote, by the place that
 * allocated the block, and knows what lived at two moments: when the most did,
 * and at the end. Time is in instructions there; here they stand for
 * nanoseconds.
 *
 * Of the peak of a site dhat knows what it was up to the program's peak; behind
 * that it is at least what lived at the end, and one block, and the average.
 *
 * A site may have had its peak at neither moment. For these there is a third,
 * between the other two: such sites have their peak then, the others what lived
 * of them on the average, by the lifetimes of their blocks. All together is not
 * more than the program's peak: where it would be, it is made less in
 * proportion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"
#include "profile/dhat_modules.h"
#include "profile/input.h"
#include "profile/json_read.h"
#include "rules/function_name.h"

#define FRAME_TEXT_MAX 2048
#define STACK_MAX 256
#define VERSION 2

enum moment { AT_PEAK, BETWEEN, AT_END, MOMENTS };

/* One of dhat's program points, as its letters have it. */
struct point {
	uint64_t bytes, blocks, lifetime, peak, at_peak, at_end, read, written;
	struct profile_frame frames[STACK_MAX];
	size_t frame_count;
};

struct dhat {
	const char *path;
	const struct dhat_modules *modules; /* NULL: not known */
	struct json json;
	struct profile *profile;
	uint64_t version, peak_time, end_time;
	bool has_accesses;
	const char *points; /* where they begin; NULL: none */
	struct profile_frame *frames;
	size_t frame_count, frame_room;
};

/* ---- Frames -------------------------------------------------------------- */

/* Takes "FILE:LINE", or "in PATH", from between the brackets at the end. */
static char *
take_place(char *text)
{
	size_t length = strlen(text);
	char *open = strrchr(text, '(');

	if (open == NULL || open == text || open[-1] != ' ' ||
	    text[length - 1] != ')')
		return NULL;
	text[length - 1] = '\0';
	open[-1] = '\0';
	return open + 1;
}

/* Where the frame is in its module, if that is known. Of a call dhat has its
 * last byte. What stands for malloc is Valgrind's, and in no module. */
static void
find_module(struct dhat *dhat, struct profile_frame *frame, const char *path)
{
	const struct dhat_module *module = dhat->modules == NULL ?
	    NULL :
	    dhat_module_at(dhat->modules, frame->offset, path);

	if (module == NULL || strstr(module->path, "/vgpreload_") != NULL)
		return;
	frame->module = profile_module(dhat->profile, module->path,
	    module->build_id, module->build_id_size);
	frame->offset += 1 - module->bias;
}

/* "ADDRESS: FUNCTION (FILE:LINE)", or with "(in PATH)"; a function that is not
 * known is "???", and, where its module is not known either, is called by where
 * it is. */
static void
parse_frame(struct dhat *dhat, char *text, struct profile_frame *frame)
{
	char *name, *place, *line;
	bool is_line;

	*frame = (struct profile_frame){ .module = PROFILE_NO_MODULE };
	frame->offset = strtoull(text, &name, 16);
	name += strspn(name, ": ");
	place = take_place(name);
	line = place != NULL ? strrchr(place, ':') : NULL;
	is_line = line != NULL && strncmp(place, "in ", 3) != 0;
	find_module(dhat, frame,
	    place != NULL && !is_line ? place + strlen("in ") : NULL);
	if (is_line) {
		*line = '\0';
		frame->line = (unsigned)strtoul(line + 1, NULL, 10);
		frame->file = profile_text(dhat->profile, place);
	}
	if (strcmp(name, "???") != 0)
		frame->function = profile_text(
		    dhat->profile, function_name_bare(name));
	else if (place != NULL && frame->module == PROFILE_NO_MODULE)
		frame->function = profile_text(dhat->profile, place);
}

static void
add_frame(struct dhat *dhat)
{
	char text[FRAME_TEXT_MAX];

	struct profile_frame *frames = list_grow(dhat->frames,
	    dhat->frame_count, &dhat->frame_room, sizeof(*frames));

	if (frames == NULL) {
		dhat->json.failed = true;
		return;
	}
	dhat->frames = frames;
	json_text(&dhat->json, text, sizeof(text));
	parse_frame(dhat, text, &dhat->frames[dhat->frame_count++]);
}

static void
read_frames(struct dhat *dhat)
{
	json_open(&dhat->json, '[');
	while (json_element(&dhat->json))
		add_frame(dhat);
}

static void
read_stack(struct dhat *dhat, struct point *point)
{
	struct json *json = &dhat->json;

	point->frame_count = 0;
	json_open(json, '[');
	while (json_element(json)) {
		uint64_t number = json_number(json);

		if (number >= dhat->frame_count)
			json->failed = true;
		else if (point->frame_count < STACK_MAX)
			point->frames[point->frame_count++] =
			    dhat->frames[number];
	}
}

/* ---- Points -------------------------------------------------------------- */

static void
read_point(struct dhat *dhat, struct point *point)
{
	const struct {
		const char *key;
		uint64_t *value;
	} members[] = {
		{ "tb", &point->bytes },
		{ "tbk", &point->blocks },
		{ "tl", &point->lifetime },
		{ "mb", &point->peak },
		{ "gb", &point->at_peak },
		{ "eb", &point->at_end },
		{ "rb", &point->read },
		{ "wb", &point->written },
	};
	char key[JSON_KEY_MAX];

	memset(point, 0, offsetof(struct point, frames));
	point->frame_count = 0;
	json_open(&dhat->json, '{');
	while (json_member(&dhat->json, key)) {
		uint64_t *value = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(members); i++)
			if (strcmp(key, members[i].key) == 0)
				value = members[i].value;
		if (value != NULL)
			*value = json_number(&dhat->json);
		else if (strcmp(key, "fs") == 0)
			read_stack(dhat, point);
		else
			json_skip(&dhat->json);
	}
}

/* Bytes that lived of it on the average over the run. */
static uint64_t
average_live(const struct dhat *dhat, const struct point *point)
{
	double size, live;

	if (point->blocks == 0 || dhat->end_time == 0)
		return 0;
	size = (double)point->bytes / (double)point->blocks;
	live = size * (double)point->lifetime / (double)dhat->end_time;
	return live < (double)point->bytes ? (uint64_t)live : point->bytes;
}

/* At most as much as the site ever allocated. */
static uint64_t
peak_of(const struct dhat *dhat, const struct point *point)
{
	uint64_t peak = point->peak;

	peak = max_size(peak, max_size(point->at_peak, point->at_end));
	peak = max_size(peak, average_live(dhat, point));
	if (point->blocks > 0)
		peak = max_size(peak, point->bytes / point->blocks);
	return peak;
}

static int
add_point(struct dhat *dhat, const struct point *point)
{
	uint64_t peak = peak_of(dhat, point);
	struct profile_site *site = profile_site(
	    dhat->profile, point->frames, point->frame_count, NULL);
	struct profile_size *size;
	bool is_peak;

	if (site == NULL)
		return -1;
	site->blocks += point->blocks;
	site->bytes += point->bytes;
	site->peak += peak;
	site->lifetime += point->lifetime;
	site->accesses += point->read + point->written;
	site->live[AT_PEAK] += point->at_peak;
	site->live[AT_END] += point->at_end;
	is_peak = point->at_peak >= peak || point->at_end >= peak;
	site->live[BETWEEN] += is_peak ? average_live(dhat, point) : peak;
	size = &site->size[profile_size_class(
	    point->blocks == 0 ? 0 : point->bytes / point->blocks)];
	size->blocks += point->blocks;
	size->bytes += point->bytes;
	size->peak += peak;
	size->accesses += point->read + point->written;
	return 0;
}

static int
read_points(struct dhat *dhat)
{
	struct point point;

	json_open(&dhat->json, '[');
	while (json_element(&dhat->json)) {
		read_point(dhat, &point);
		if (!dhat->json.failed && add_point(dhat, &point) != 0)
			return -1;
	}
	return 0;
}

/* ---- The whole ----------------------------------------------------------- */

static void
settle_between(struct profile *profile)
{
	uint64_t most = profile_live(profile, AT_PEAK);
	uint64_t live = profile_live(profile, BETWEEN);

	for (size_t i = 0; live > most && i < profile->site_count; i++) {
		uint64_t *bytes = &profile->sites[i]->live[BETWEEN];

		*bytes = (uint64_t)((double)*bytes * (double)most /
		    (double)live);
	}
}

static void
read_member(struct dhat *dhat, const char *key)
{
	struct json *json = &dhat->json;
	char text[FRAME_TEXT_MAX];

	if (strcmp(key, "dhatFileVersion") == 0)
		dhat->version = json_number(json);
	else if (strcmp(key, "tg") == 0)
		dhat->peak_time = json_number(json);
	else if (strcmp(key, "te") == 0)
		dhat->end_time = json_number(json);
	else if (strcmp(key, "ftbl") == 0)
		read_frames(dhat);
	else if (strcmp(key, "cmd") == 0) {
		json_text(json, text, sizeof(text));
		dhat->profile->program = profile_text(dhat->profile, text);
	} else {
		if (strcmp(key, "pps") == 0)
			dhat->points = json->at;
		dhat->has_accesses |= strcmp(key, "bkacc") == 0 &&
		    strncmp(json->at, "true", 4) == 0;
		json_skip(json);
	}
}

/* The table of frames stands behind the points that refer to it. */
static int
read_all(struct dhat *dhat)
{
	struct profile *profile = dhat->profile;
	char key[JSON_KEY_MAX];

	json_open(&dhat->json, '{');
	while (json_member(&dhat->json, key))
		read_member(dhat, key);
	if (dhat->json.failed)
		return error_set(EINVAL,
		    "%s is cut short or damaged: no JSON as dhat writes it",
		    dhat->path);
	if (dhat->version != VERSION || dhat->points == NULL)
		return error_set(EINVAL,
		    "%s is JSON, but no file of Valgrind's dhat (version %d)",
		    dhat->path, VERSION);
	if (profile_set_snapshots(profile, MOMENTS) != 0)
		return -1;
	profile->snapshot_time[AT_PEAK] = dhat->peak_time;
	profile->snapshot_time[BETWEEN] = dhat->peak_time + 1;
	profile->snapshot_time[AT_END] = dhat->end_time > dhat->peak_time + 1 ?
	    dhat->end_time :
	    dhat->peak_time + 2;
	profile->duration = dhat->end_time;
	profile->processes = 1;
	profile->sampler = dhat->has_accesses ? "dhat" : PROFILE_NO_SAMPLER;
	profile->access_unit = "bytes";
	dhat->json = (struct json){ .at = dhat->points };
	if (read_points(dhat) != 0)
		return -1;
	settle_between(profile);
	return dhat->json.failed ?
	    error_set(
		EINVAL, "%s is damaged: a frame is not there", dhat->path) :
	    0;
}

struct profile *
dhat_parse(
    const char *path, const char *content, const struct dhat_modules *modules)
{
	struct dhat dhat = {
		.path = path, .modules = modules, .json = { .at = content }
	};

	dhat.profile = profile_new();
	if (dhat.profile != NULL && read_all(&dhat) != 0) {
		profile_free(dhat.profile);
		dhat.profile = NULL;
	}
	free(dhat.frames);
	return dhat.profile;
}

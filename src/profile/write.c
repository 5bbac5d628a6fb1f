/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write.c - a profile as a file of pprof. See profile.h.
 *
 * Messages of protocol buffers that stand one behind the other are one message,
 * with the fields of all. So each sample is packed alone, as a profile with
 * nothing else in it, and none takes memory but one: what is collected are
 * texts, functions and locations, each with its number, which stand last.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/base.h"
#include "base/error.h"
#include "file/whole_file.h"
#include "profile/index.h"
#include "profile/pprof.h"
#include "profile/pprof.pb-c.h"
#include "profile/profile.h"

#define LABELS_MAX 2
#define COMMENTS_MAX 3

/* What is known by a number. */
struct numbered {
	struct numbered *next;
	uint64_t number;
	const char *text; /* also the name of a function */
	char *copy;       /* of the text; NULL: it is the profile's */
	const char *file;
	struct profile_frame frame; /* of a location */
};

struct list {
	struct profile_index *index;
	struct numbered *first, **last;
	uint64_t count;
};

struct output {
	const struct profile *profile;
	gzFile to;
	int error;         /* 0, or why no more is written */
	uint64_t *moments; /* of the snapshots: each is later than the last */
	struct list texts, functions, locations;
	uint8_t *packed;
	size_t room;
};

/* ---- Numbers ------------------------------------------------------------- */

static bool
list_begin(struct list *list)
{
	*list = (struct list){ .index = profile_index_new() };
	list->last = &list->first;
	return list->index != NULL;
}

static void
list_end(struct list *list)
{
	for (struct numbered *at = list->first; at != NULL; at = at->next)
		free(at->copy);
	if (list->index != NULL)
		profile_index_free(list->index, true);
}

/* The number of WANTED, which is entered where it is new; numbers begin with
 * FIRST. */
static uint64_t
number_of(struct output *output, struct list *list, uint64_t hash,
    bool (*is)(const void *entry, const void *wanted),
    const struct numbered *wanted, uint64_t first)
{
	struct numbered *entry = profile_index_find(
	    list->index, hash, is, wanted);

	if (entry != NULL)
		return entry->number;
	entry = malloc(sizeof(*entry));
	if (entry == NULL || profile_index_add(list->index, hash, entry) != 0) {
		free(entry);
		output->error = ENOMEM;
		return first;
	}
	*entry = *wanted;
	entry->next = NULL;
	entry->number = first + list->count++;
	*list->last = entry;
	list->last = &entry->next;
	return entry->number;
}

static bool
is_text(const void *entry, const void *wanted)
{
	const struct numbered *a = entry, *b = wanted;

	return strcmp(a->text, b->text) == 0;
}

/* The first text of the table is "". A text may be its caller's alone. */
static int64_t
text_number(struct output *output, const char *text)
{
	struct numbered wanted = { .text = text != NULL ? text : "" };
	uint64_t hash = profile_hash(
	    PROFILE_HASH, wanted.text, strlen(wanted.text));
	const struct numbered *known = profile_index_find(
	    output->texts.index, hash, is_text, &wanted);

	if (known != NULL)
		return (int64_t)known->number;
	wanted.text = wanted.copy = strdup(wanted.text);
	if (wanted.copy == NULL) {
		output->error = ENOMEM;
		return 0;
	}
	return (int64_t)number_of(
	    output, &output->texts, hash, is_text, &wanted, 0);
}

/* Texts of a profile are the same if their addresses are. */
static bool
is_function(const void *entry, const void *wanted)
{
	const struct numbered *a = entry, *b = wanted;

	return a->text == b->text && a->file == b->file;
}

static uint64_t
function_number(struct output *output, const struct profile_frame *frame)
{
	struct numbered wanted = { .text = frame->function,
		.file = frame->file };
	uint64_t hash = profile_hash(
	    PROFILE_HASH, &wanted.text, sizeof(wanted.text));

	return number_of(output, &output->functions,
	    profile_hash(hash, &wanted.file, sizeof(wanted.file)), is_function,
	    &wanted, 1);
}

static bool
is_location(const void *entry, const void *wanted)
{
	const struct profile_frame *a = &((const struct numbered *)entry)
					     ->frame;
	const struct profile_frame *b = &((const struct numbered *)wanted)
					     ->frame;

	return a->module == b->module && a->offset == b->offset &&
	    a->function == b->function && a->file == b->file &&
	    a->line == b->line;
}

static uint64_t
location_number(struct output *output, const struct profile_frame *frame)
{
	struct numbered wanted = { .frame = *frame };
	uint64_t hash = profile_hash(
	    PROFILE_HASH, &frame->module, sizeof(frame->module));

	hash = profile_hash(hash, &frame->offset, sizeof(frame->offset));
	hash = profile_hash(hash, &frame->function, sizeof(frame->function));
	hash = profile_hash(hash, &frame->line, sizeof(frame->line));
	return number_of(
	    output, &output->locations, hash, is_location, &wanted, 1);
}

/* ---- Samples ------------------------------------------------------------- */

/* Packs MESSAGE, a part of the profile, behind what was written. */
static void
put(struct output *output, const Pprof__Profile *message)
{
	size_t size = pprof__profile__get_packed_size(message);

	if (output->error != 0 || size == 0)
		return;
	if (size > output->room) {
		uint8_t *more = realloc(output->packed, 2 * size);

		if (more == NULL) {
			output->error = ENOMEM;
			return;
		}
		output->packed = more;
		output->room = 2 * size;
	}
	pprof__profile__pack(message, output->packed);
	if (gzwrite(output->to, output->packed, (unsigned)size) <= 0)
		output->error = errno != 0 ? errno : EIO;
}

struct sample {
	Pprof__Sample message;
	Pprof__Label labels[LABELS_MAX], *label_list[LABELS_MAX];
	int64_t values[PPROF_TYPE_COUNT];
};

/* KEY with the NUMBER of UNIT, or with the text TEXT. */
static void
add_label(struct output *output, struct sample *sample, const char *key,
    const char *text, uint64_t number, const char *unit)
{
	size_t at = sample->message.n_label++;
	Pprof__Label *label = &sample->labels[at];

	pprof__label__init(label);
	sample->label_list[at] = label;
	sample->message.label = sample->label_list;
	label->key = text_number(output, key);
	if (text != NULL)
		label->str = text_number(output, text);
	else {
		label->num = (int64_t)number;
		label->num_unit = text_number(output, unit);
	}
}

static void
begin_sample(struct output *output, struct sample *sample,
    const struct profile_site *site, uint64_t *locations)
{
	memset(sample->values, 0, sizeof(sample->values));
	pprof__sample__init(&sample->message);
	sample->message.location_id = locations;
	sample->message.n_location_id = site->frame_count;
	sample->message.value = sample->values;
	sample->message.n_value = PPROF_TYPE_COUNT;
	if (site->kind != NULL)
		add_label(output, sample, PPROF_KIND, site->kind, 0, NULL);
}

static void
put_sample(struct output *output, struct sample *sample)
{
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Sample *list = &sample->message;

	profile.n_sample = 1;
	profile.sample = &list;
	put(output, &profile);
}

static void
put_site(struct output *output, const struct profile_site *site,
    uint64_t *locations, size_t peak)
{
	struct sample sample;

	begin_sample(output, &sample, site, locations);
	sample.values[PPROF_BLOCKS] = (int64_t)site->blocks;
	sample.values[PPROF_BYTES] = (int64_t)site->bytes;
	sample.values[PPROF_PEAK] = (int64_t)site->peak;
	if (output->profile->snapshots > 0)
		sample.values[PPROF_IN_USE] = (int64_t)site->live[peak];
	sample.values[PPROF_LIFETIME] = (int64_t)site->lifetime;
	sample.values[PPROF_THREADS] = (int64_t)site->threads;
	sample.values[PPROF_ACCESSES] = (int64_t)site->accesses;
	put_sample(output, &sample);
}

static void
put_sizes(
    struct output *output, const struct profile_site *site, uint64_t *locations)
{
	for (unsigned i = 0; i < PROFILE_SIZES; i++) {
		const struct profile_size *size = &site->size[i];
		struct sample sample;

		if (size->blocks == 0 && size->bytes == 0 && size->peak == 0 &&
		    size->accesses == 0)
			continue;
		begin_sample(output, &sample, site, locations);
		add_label(output, &sample, PPROF_SIZE, NULL, (uint64_t)1 << i,
		    "bytes");
		sample.values[PPROF_SIZE_BLOCKS] = (int64_t)size->blocks;
		sample.values[PPROF_SIZE_BYTES] = (int64_t)size->bytes;
		sample.values[PPROF_SIZE_PEAK] = (int64_t)size->peak;
		sample.values[PPROF_SIZE_ACCESSES] = (int64_t)size->accesses;
		put_sample(output, &sample);
	}
}

static void
put_snapshots(
    struct output *output, const struct profile_site *site, uint64_t *locations)
{
	const struct profile *profile = output->profile;

	for (size_t i = 0; i < profile->snapshots; i++) {
		struct sample sample;

		if (site->live[i] == 0)
			continue;
		begin_sample(output, &sample, site, locations);
		add_label(output, &sample, PPROF_MOMENT, NULL,
		    output->moments[i], "nanoseconds");
		sample.values[PPROF_LIVE] = (int64_t)site->live[i];
		sample.values[PPROF_ONE] = (int64_t)profile_of_one(
		    profile, site, i);
		put_sample(output, &sample);
	}
}

static void
put_sites(struct output *output)
{
	const struct profile *profile = output->profile;
	size_t peak = profile_peak_snapshot(profile);

	for (size_t i = 0; i < profile->site_count && output->error == 0; i++) {
		const struct profile_site *site = profile->sites[i];
		uint64_t *locations = calloc(
		    site->frame_count + 1, sizeof(*locations));

		if (locations == NULL) {
			output->error = ENOMEM;
			return;
		}
		for (size_t j = 0; j < site->frame_count; j++)
			locations[j] = location_number(
			    output, &site->frames[j]);
		put_site(output, site, locations, peak);
		put_sizes(output, site, locations);
		put_snapshots(output, site, locations);
		free(locations);
	}
}

/* ---- What samples refer to ----------------------------------------------- */

static void
put_types(struct output *output)
{
	static const struct {
		const char *name, *unit;
	} types[] = {
#define PPROF_ROW(code, name, unit) { name, unit },
		PPROF_TYPES(PPROF_ROW)
#undef PPROF_ROW
	};

	for (unsigned i = 0; i < PPROF_TYPE_COUNT; i++) {
		Pprof__Profile profile = PPROF__PROFILE__INIT;
		Pprof__ValueType type = PPROF__VALUE_TYPE__INIT, *list = &type;

		type.type = text_number(output, types[i].name);
		type.unit = text_number(output,
		    types[i].unit != NULL ? types[i].unit :
					    output->profile->access_unit);
		profile.n_sample_type = 1;
		profile.sample_type = &list;
		put(output, &profile);
	}
}

static void
put_modules(struct output *output)
{
	const struct profile *from = output->profile;

	for (size_t i = 0; i < from->module_count; i++) {
		const struct profile_module *module = &from->modules[i];
		Pprof__Profile profile = PPROF__PROFILE__INIT;
		Pprof__Mapping mapping = PPROF__MAPPING__INIT, *list = &mapping;
		char build_id[2 * PROFILE_BUILD_ID_MAX + 1] = "";

		for (size_t j = 0; j < module->build_id_size; j++)
			snprintf(
			    build_id + 2 * j, 3, "%02x", module->build_id[j]);
		mapping.id = i + 1;
		mapping.memory_start = (i + 1) * PPROF_MODULE_BYTES;
		mapping.memory_limit = (i + 2) * PPROF_MODULE_BYTES;
		mapping.filename = text_number(output, module->path);
		mapping.build_id = text_number(output, build_id);
		mapping.has_functions = true;
		mapping.has_filenames = true;
		mapping.has_line_numbers = true;
		profile.n_mapping = 1;
		profile.mapping = &list;
		put(output, &profile);
	}
}

static void
put_location(struct output *output, const struct numbered *entry)
{
	const struct profile_frame *frame = &entry->frame;
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Location location = PPROF__LOCATION__INIT, *list = &location;
	Pprof__Line line = PPROF__LINE__INIT, *lines = &line;

	location.id = entry->number;
	location.address = frame->offset;
	if (frame->module != PROFILE_NO_MODULE) {
		location.mapping_id = frame->module + 1;
		location.address += location.mapping_id * PPROF_MODULE_BYTES;
	}
	if (frame->function != NULL || frame->file != NULL) {
		line.function_id = function_number(output, frame);
		line.line = frame->line;
		location.n_line = 1;
		location.line = &lines;
	}
	profile.n_location = 1;
	profile.location = &list;
	put(output, &profile);
}

static void
put_function(struct output *output, const struct numbered *entry)
{
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Function function = PPROF__FUNCTION__INIT, *list = &function;

	function.id = entry->number;
	function.name = text_number(output, entry->text);
	function.system_name = function.name;
	function.filename = text_number(output, entry->file);
	profile.n_function = 1;
	profile.function = &list;
	put(output, &profile);
}

static int64_t
comment(struct output *output, const char *before, const char *text)
{
	char *line;
	int64_t number;

	if (asprintf(&line, "%s%s", before, text) < 0) {
		output->error = ENOMEM;
		return 0;
	}
	number = text_number(output, line);
	free(line);
	return number;
}

static void
put_head(struct output *output)
{
	const struct profile *from = output->profile;
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	char processes[24];
	int64_t comments[COMMENTS_MAX];

	snprintf(processes, sizeof(processes), "%" PRIu64, from->processes);
	comments[profile.n_comment++] = comment(
	    output, PPROF_SAMPLER, from->sampler);
	comments[profile.n_comment++] = comment(
	    output, PPROF_PROCESSES, processes);
	if (from->program != NULL)
		comments[profile.n_comment++] = comment(
		    output, PPROF_PROGRAM, from->program);
	profile.comment = comments;
	profile.time_nanos = (int64_t)from->start;
	profile.duration_nanos = (int64_t)from->duration;
	profile.default_sample_type = text_number(output, "alloc_space");
	put(output, &profile);
}

static void
put_text(struct output *output, const char *text)
{
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	char *list = (char *)(uintptr_t)text;

	profile.n_string_table = 1;
	profile.string_table = &list;
	put(output, &profile);
}

/* Each part may have numbers in it that later parts explain. */
static void
put_all(struct output *output)
{
	text_number(output, "");
	put_types(output);
	put_head(output);
	put_modules(output);
	put_sites(output);
	for (struct numbered *at = output->locations.first; at != NULL;
	     at = at->next)
		put_location(output, at);
	for (struct numbered *at = output->functions.first; at != NULL;
	     at = at->next)
		put_function(output, at);
	for (struct numbered *at = output->texts.first; at != NULL;
	     at = at->next)
		put_text(output, at->text);
}

/* ---- The file ------------------------------------------------------------ */

/* gzclose(3) closes what gzdopen(3) got, and the file is to be synchronised
 * then. */
static int
compress_to(struct output *output, int fd)
{
	int copy = dup(fd), status;

	if (copy < 0)
		return errno;
	output->to = gzdopen(copy, "wb");
	if (output->to == NULL) {
		close(copy);
		return ENOMEM;
	}
	errno = 0;
	put_all(output);
	errno = 0;
	status = gzclose(output->to);
	if (status != Z_OK && output->error == 0)
		output->error = errno != 0 ? errno : EIO;
	return output->error;
}

/* A clock may be too coarse to tell snapshots apart, which their moments do in
 * the file. */
static bool
find_moments(struct output *output)
{
	const struct profile *profile = output->profile;
	uint64_t last = 0;

	output->moments = calloc(
	    profile->snapshots + 1, sizeof(*output->moments));
	for (size_t i = 0; output->moments != NULL && i < profile->snapshots;
	     i++) {
		uint64_t moment = profile->snapshot_time[i];

		if (i > 0 && moment <= last)
			moment = last + 1;
		output->moments[i] = last = moment;
	}
	return output->moments != NULL;
}

int
profile_write(const struct profile *profile, const char *path)
{
	struct output output = { .profile = profile };
	struct whole_file file;
	int result = -1;

	if (whole_file_begin(&file, path) != 0)
		return -1;
	if (find_moments(&output) && list_begin(&output.texts) &&
	    list_begin(&output.functions) && list_begin(&output.locations))
		result = whole_file_end(&file, compress_to(&output, file.fd));
	else
		result = whole_file_end(&file, ENOMEM);
	list_end(&output.texts);
	list_end(&output.functions);
	list_end(&output.locations);
	free(output.packed);
	free(output.moments);
	return result;
}

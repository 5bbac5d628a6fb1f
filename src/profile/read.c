/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read.c - a profile from a file of pprof. See input.h.
 *
 * The file is believed nothing: what is no message is refused, and so is a
 * number that leads out of a table. Types of samples that are not known are
 * left out, so that profiles of memory by other programs are read, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/word.h"
#include "profile/index.h"
#include "profile/input.h"
#include "profile/pprof.h"
#include "profile/pprof.pb-c.h"

/* Of a file: more than any has, and few enough for each site to have a number
 * at each. */
#define SNAPSHOTS_MAX ((size_t)16 * PROFILE_SNAPSHOTS)

struct reading {
	const char *path;
	const Pprof__Profile *from;
	struct profile *profile;
	int column[PPROF_TYPE_COUNT]; /* of a sample's values; -1: none */
	struct profile_frame *frames; /* of the locations in their order */
	uint32_t *modules;            /* of the mappings in theirs */
	struct profile_frame *stack;  /* of a sample */
	size_t stack_room;
};

static int
damaged(const struct reading *reading, const char *what)
{
	return error_set(EINVAL, "%s is damaged: %s", reading->path, what);
}

static int
no_memory(const struct reading *reading)
{
	return error_set(ENOMEM, "no memory to read %s", reading->path);
}

/* ---- Tables -------------------------------------------------------------- */

/* NULL for "", and for what is not in the table, which check_texts() refuses.
 */
static const char *
text_of(const struct reading *reading, int64_t number)
{
	const char *text;

	if (number <= 0 || (size_t)number >= reading->from->n_string_table)
		return NULL;
	text = reading->from->string_table[number];
	return *text == '\0' ? NULL : text;
}

static bool
is_text(const struct reading *reading, int64_t number)
{
	return number >= 0 && (size_t)number < reading->from->n_string_table;
}

/* Whatever refers to a text refers to one that is there. */
static int
check_texts(const struct reading *reading)
{
	const Pprof__Profile *from = reading->from;
	bool good = from->n_string_table > 0;

	for (size_t i = 0; i < from->n_sample_type; i++)
		good = good && is_text(reading, from->sample_type[i]->type) &&
		    is_text(reading, from->sample_type[i]->unit);
	for (size_t i = 0; i < from->n_mapping; i++)
		good = good && is_text(reading, from->mapping[i]->filename) &&
		    is_text(reading, from->mapping[i]->build_id);
	for (size_t i = 0; i < from->n_function; i++)
		good = good && is_text(reading, from->function[i]->name) &&
		    is_text(reading, from->function[i]->filename);
	for (size_t i = 0; i < from->n_comment; i++)
		good = good && is_text(reading, from->comment[i]);
	return good ? 0 : damaged(reading, "a text is not there");
}

/* The id is the first field of the entries of all three tables, which are in
 * its order: as writers have them, or put so, since a file may have millions in
 * any. */
static int
by_id(const void *a, const void *b)
{
	const Pprof__Function *one = *(const void *const *)a;
	const Pprof__Function *other = *(const void *const *)b;

	return (one->id > other->id) - (one->id < other->id);
}

/* That of an empty table is NULL, which qsort(3) may not be given. */
static void
sort(void *table, size_t count)
{
	if (count != 0)
		qsort(table, count, sizeof(void *), by_id);
}

static void
sort_tables(Pprof__Profile *from)
{
	sort(from->mapping, from->n_mapping);
	sort(from->function, from->n_function);
	sort(from->location, from->n_location);
}

/* The number in a table of COUNT entries; -1: none has this id. */
static ptrdiff_t
find_id(const void *const *table, size_t count, uint64_t wanted)
{
	const Pprof__Function key = { .id = wanted }, *const sought = &key;
	const void *const *found = count == 0 ?
	    NULL :
	    bsearch(&sought, table, count, sizeof(*table), by_id);

	return found == NULL ? -1 : found - table;
}
_Static_assert(offsetof(Pprof__Function, id) == offsetof(Pprof__Location, id) &&
	offsetof(Pprof__Function, id) == offsetof(Pprof__Mapping, id),
    "the ids of all three are read as one's");

/* ---- Modules and frames -------------------------------------------------- */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static size_t
read_build_id(const char *text, uint8_t *bytes)
{
	size_t size = 0;

	for (; text != NULL && size < PROFILE_BUILD_ID_MAX; size++, text += 2) {
		if (digit(text[0]) < 0 || digit(text[1]) < 0)
			break;
		bytes[size] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	}
	return size;
}

static int
read_modules(struct reading *reading)
{
	const Pprof__Profile *from = reading->from;

	reading->modules = calloc(
	    from->n_mapping + 1, sizeof(*reading->modules));
	if (reading->modules == NULL)
		return no_memory(reading);
	for (size_t i = 0; i < from->n_mapping; i++) {
		const Pprof__Mapping *mapping = from->mapping[i];
		const char *path = text_of(reading, mapping->filename);
		uint8_t build_id[PROFILE_BUILD_ID_MAX];
		size_t size = read_build_id(
		    text_of(reading, mapping->build_id), build_id);

		reading->modules[i] = profile_module(
		    reading->profile, path != NULL ? path : "", build_id, size);
		if (reading->modules[i] == PROFILE_NO_MODULE)
			return -1;
	}
	return 0;
}

static int
read_frame(const struct reading *reading, const Pprof__Location *location,
    struct profile_frame *frame)
{
	const Pprof__Profile *from = reading->from;
	ptrdiff_t at = find_id((const void *const *)from->mapping,
	    from->n_mapping, location->mapping_id);

	*frame = (struct profile_frame){ .module = PROFILE_NO_MODULE,
		.offset = location->address };
	if (location->mapping_id != 0 && at < 0)
		return damaged(reading, "a module is not there");
	if (at >= 0) {
		const Pprof__Mapping *mapping = from->mapping[at];

		frame->module = reading->modules[at];
		frame->offset += mapping->file_offset - mapping->memory_start;
	}
	if (location->n_line == 0)
		return 0;
	at = find_id((const void *const *)from->function, from->n_function,
	    location->line[0]->function_id);
	if (at < 0)
		return damaged(reading, "a function is not there");
	frame->function = text_of(reading, from->function[at]->name);
	frame->file = text_of(reading, from->function[at]->filename);
	if (location->line[0]->line > 0)
		frame->line = (unsigned)location->line[0]->line;
	return 0;
}

static int
read_frames(struct reading *reading)
{
	const Pprof__Profile *from = reading->from;

	reading->frames = calloc(
	    from->n_location + 1, sizeof(*reading->frames));
	if (reading->frames == NULL)
		return no_memory(reading);
	for (size_t i = 0; i < from->n_location; i++)
		if (read_frame(
			reading, from->location[i], &reading->frames[i]) != 0)
			return -1;
	return 0;
}

/* ---- Samples ------------------------------------------------------------- */

static int
find_columns(struct reading *reading)
{
	static const char *const names[] = {
#define PPROF_ROW(code, name, unit) name,
		PPROF_TYPES(PPROF_ROW)
#undef PPROF_ROW
	};
	const Pprof__Profile *from = reading->from;

	for (unsigned i = 0; i < PPROF_TYPE_COUNT; i++) {
		reading->column[i] = -1;
		for (size_t j = 0; j < from->n_sample_type; j++) {
			const char *name = text_of(
			    reading, from->sample_type[j]->type);

			if (name != NULL && strcmp(name, names[i]) == 0)
				reading->column[i] = (int)j;
		}
	}
	if (reading->column[PPROF_BYTES] >= 0)
		return 0;
	return error_set(EINVAL,
	    "%s is no profile of memory: it has no samples of \"alloc_space\"",
	    reading->path);
}

/* The value of a type; 0 where the file has none. Never negative. */
static uint64_t
value(const struct reading *reading, const Pprof__Sample *sample,
    enum pprof_type type)
{
	int column = reading->column[type];

	if (column < 0 || sample->value[column] < 0)
		return 0;
	return (uint64_t)sample->value[column];
}

static const Pprof__Label *
find_label(
    const struct reading *reading, const Pprof__Sample *sample, const char *key)
{
	for (size_t i = 0; i < sample->n_label; i++) {
		const char *text = text_of(reading, sample->label[i]->key);

		if (text != NULL && strcmp(text, key) == 0)
			return sample->label[i];
	}
	return NULL;
}

static struct profile_site *
find_site(struct reading *reading, const Pprof__Sample *sample)
{
	const Pprof__Label *kind = find_label(reading, sample, PPROF_KIND);
	const Pprof__Profile *from = reading->from;

	if (sample->n_location_id > reading->stack_room) {
		struct profile_frame *more = reallocarray(reading->stack,
		    sample->n_location_id, sizeof(*reading->stack));

		if (more == NULL) {
			no_memory(reading);
			return NULL;
		}
		reading->stack = more;
		reading->stack_room = sample->n_location_id;
	}
	for (size_t i = 0; i < sample->n_location_id; i++) {
		ptrdiff_t at = find_id((const void *const *)from->location,
		    from->n_location, sample->location_id[i]);

		if (at < 0) {
			damaged(reading, "a place is not there");
			return NULL;
		}
		reading->stack[i] = reading->frames[at];
	}
	return profile_site(reading->profile, reading->stack,
	    sample->n_location_id,
	    kind != NULL ? text_of(reading, kind->str) : NULL);
}

static void
add_plain(const struct reading *reading, const Pprof__Sample *sample,
    struct profile_site *site)
{
	site->blocks += value(reading, sample, PPROF_BLOCKS);
	site->bytes += value(reading, sample, PPROF_BYTES);
	site->peak += value(reading, sample, PPROF_PEAK);
	site->lifetime += value(reading, sample, PPROF_LIFETIME);
	site->threads += value(reading, sample, PPROF_THREADS);
	site->accesses += value(reading, sample, PPROF_ACCESSES);
}

static void
add_size(const struct reading *reading, const Pprof__Sample *sample,
    struct profile_size *size)
{
	size->blocks += value(reading, sample, PPROF_SIZE_BLOCKS);
	size->bytes += value(reading, sample, PPROF_SIZE_BYTES);
	size->peak += value(reading, sample, PPROF_SIZE_PEAK);
	size->accesses += value(reading, sample, PPROF_SIZE_ACCESSES);
}

static void
add_live(const struct reading *reading, const Pprof__Sample *sample,
    uint64_t moment, struct profile_site *site)
{
	const struct profile *profile = reading->profile;
	size_t low = 0, high = profile->snapshots;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (profile->snapshot_time[middle] < moment)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == profile->snapshots)
		return;
	site->live[low] += value(reading, sample, PPROF_LIVE);
	site->one[low] += value(reading, sample,
	    reading->column[PPROF_ONE] < 0 ? PPROF_LIVE : PPROF_ONE);
}

/* A label decides which class of sizes or which snapshot a sample is about. A
 * profile of another program has sizes beside its plain values. */
static int
read_sample(struct reading *reading, const Pprof__Sample *sample)
{
	const Pprof__Label *size = find_label(reading, sample, PPROF_SIZE);
	const Pprof__Label *moment = find_label(reading, sample, PPROF_MOMENT);
	struct profile_site *site;

	if (sample->n_value != reading->from->n_sample_type)
		return damaged(
		    reading, "a sample has not a value of each type");
	site = find_site(reading, sample);
	if (site == NULL)
		return -1;
	add_plain(reading, sample, site);
	if (moment != NULL)
		add_live(reading, sample, (uint64_t)moment->num, site);
	else if (size != NULL && size->num >= 0)
		add_size(reading, sample,
		    &site->size[profile_size_class((uint64_t)size->num)]);
	return 0;
}

/* ---- Snapshots ----------------------------------------------------------- */

static int
by_time(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The moments of all labels, each once. */
static int
read_moments(struct reading *reading)
{
	const Pprof__Profile *from = reading->from;
	uint64_t *moments = calloc(from->n_sample + 1, sizeof(*moments));
	size_t count = 0, kept = 0;
	int result;

	if (moments == NULL)
		return no_memory(reading);
	for (size_t i = 0; i < from->n_sample; i++) {
		const Pprof__Label *label = find_label(
		    reading, from->sample[i], PPROF_MOMENT);

		if (label != NULL)
			moments[count++] = (uint64_t)label->num;
	}
	qsort(moments, count, sizeof(*moments), by_time);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || moments[kept - 1] != moments[i])
			moments[kept++] = moments[i];
	result = kept <= SNAPSHOTS_MAX ?
	    profile_set_snapshots(reading->profile, kept) :
	    damaged(reading, "it has too many snapshots");
	if (result == 0)
		memcpy(reading->profile->snapshot_time, moments,
		    kept * sizeof(*moments));
	free(moments);
	return result;
}

/* ---- The whole ----------------------------------------------------------- */

static const char *
behind(const char *text, const char *before)
{
	size_t length = strlen(before);

	return text != NULL && strncmp(text, before, length) == 0 ?
	    text + length :
	    NULL;
}

static void
read_comment(struct profile *profile, const char *text)
{
	const char *program = behind(text, PPROF_PROGRAM);
	const char *sampler = behind(text, PPROF_SAMPLER);
	const char *processes = behind(text, PPROF_PROCESSES);

	if (program != NULL)
		profile->program = profile_text(profile, program);
	if (sampler != NULL)
		profile->sampler = profile_text(profile, sampler);
	if (processes != NULL)
		profile->processes = strtoull(processes, NULL, 10);
}

static void
read_head(struct reading *reading)
{
	const Pprof__Profile *from = reading->from;
	struct profile *profile = reading->profile;
	int accesses = reading->column[PPROF_ACCESSES];

	profile->processes = 1;
	if (from->time_nanos > 0)
		profile->start = (uint64_t)from->time_nanos;
	if (from->duration_nanos > 0)
		profile->duration = (uint64_t)from->duration_nanos;
	for (size_t i = 0; i < from->n_comment; i++)
		read_comment(profile, text_of(reading, from->comment[i]));
	if (accesses >= 0)
		profile->access_unit = profile_text(profile,
		    text_of(reading, from->sample_type[accesses]->unit));
	if (profile->access_unit == NULL)
		profile->access_unit = "count";
}

static int
read_all(struct reading *reading)
{
	const Pprof__Profile *from = reading->from;

	if (from->n_sample_type == 0)
		return error_set(EINVAL, "%s is no profile", reading->path);
	if (check_texts(reading) != 0 || find_columns(reading) != 0 ||
	    read_modules(reading) != 0 || read_frames(reading) != 0 ||
	    read_moments(reading) != 0)
		return -1;
	read_head(reading);
	for (size_t i = 0; i < from->n_sample; i++)
		if (read_sample(reading, from->sample[i]) != 0)
			return -1;
	return 0;
}

struct profile *
pprof_parse(const char *path, const char *content, size_t size)
{
	Pprof__Profile *from = pprof__profile__unpack(
	    NULL, size, (const uint8_t *)content);
	struct reading reading = { .path = path, .from = from };

	if (from == NULL) {
		error_set(EINVAL, "%s is no profile, or damaged", path);
		return NULL;
	}
	sort_tables(from);
	reading.profile = profile_new();
	if (reading.profile != NULL && read_all(&reading) != 0) {
		profile_free(reading.profile);
		reading.profile = NULL;
	}
	free(reading.frames);
	free(reading.modules);
	free(reading.stack);
	pprof__profile__free_unpacked(from, NULL);
	return reading.profile;
}

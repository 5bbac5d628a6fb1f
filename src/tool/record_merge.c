/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_merge.c - what several processes have written, brought together: sites
 * of the same stack are one, whatever addresses their modules had. See
 * recorded.h.
 *
 * Nothing in a part is believed: the program that wrote it may have written
 * anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tool/recorded.h"

/* One part on its way into the merge. */
struct adding {
	struct merge *merge;
	const struct process *process;
	struct recording_part *part;
	uint32_t module[RECORDING_MODULES]; /* the merge's numbers */
	uint32_t *site;                     /* the same; NONE: unused */
	size_t sites;
	double blocks_by[RECORDING_SIZES], bytes_by[RECORDING_SIZES];
	double blocks_factor[RECORDING_SIZES], bytes_factor[RECORDING_SIZES];
	uint64_t end_ns;
};

#define NONE UINT32_MAX

/* ---- Modules ------------------------------------------------------------- */

static bool
is_module(const struct merged_module *known,
    const struct recording_module *module, size_t id_bytes)
{
	if (known->build_id_bytes != id_bytes)
		return false;
	return id_bytes != 0 ?
	    memcmp(known->build_id, module->build_id, id_bytes) == 0 :
	    strcmp(known->path, module->path) == 0;
}

static bool
add_module(struct adding *adding, unsigned number)
{
	struct recording_module *module = &adding->part->module[number];
	size_t id_bytes = min_size(module->build_id_bytes, RULES_BUILD_ID_MAX);
	struct merge *merge = adding->merge;
	struct merged_module *to;

	adding->module[number] = MERGED_NO_MODULE;
	if (atomic_load(&module->ready) == 0)
		return true;
	module->path[RECORDING_PATH - 1] = '\0';
	for (size_t i = 0; i < merge->module_count; i++)
		if (is_module(&merge->modules[i], module, id_bytes)) {
			adding->module[number] = (uint32_t)i;
			return true;
		}
	if (!list_has_room(&merge->modules, merge->module_count,
		&merge->module_room, sizeof(*to)))
		return false;
	to = &merge->modules[merge->module_count];
	*to = (struct merged_module){ .path = strdup(module->path),
		.build_id_bytes = id_bytes };
	if (to->path == NULL)
		return false;
	memcpy(to->build_id, module->build_id, id_bytes);
	adding->module[number] = (uint32_t)merge->module_count++;
	return true;
}

static bool
add_modules(struct adding *adding)
{
	size_t count = atomic_load(&adding->part->modules);

	for (unsigned i = 0; i < min_size(count, RECORDING_MODULES); i++)
		if (!add_module(adding, i))
			return false;
	return true;
}

/* ---- Sites --------------------------------------------------------------- */

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t
hash_of(const struct merged_frame *frames, unsigned count, unsigned kind)
{
	uint64_t hash = mix(kind, count);

	for (unsigned i = 0; i < count; i++)
		hash = mix(mix(hash, frames[i].module), frames[i].offset);
	return hash;
}

static bool
enter_in_index(struct merge *merge, uint32_t number)
{
	uint64_t at = merge->sites[number].hash;

	while (merge->index[at % merge->index_size] != 0)
		at++;
	merge->index[at % merge->index_size] = number + 1;
	return true;
}

/* Twice as many places as sites, and more. */
static bool
index_has_room(struct merge *merge)
{
	if (2 * merge->site_count + 2 < merge->index_size)
		return true;
	free(merge->index);
	merge->index_size = merge->index_size == 0 ? 1024 :
						     4 * merge->index_size;
	merge->index = calloc(merge->index_size, sizeof(*merge->index));
	if (merge->index == NULL)
		return false;
	for (size_t i = 0; i < merge->site_count; i++)
		enter_in_index(merge, (uint32_t)i);
	return true;
}

static bool
is_site(const struct merged_site *site, uint64_t hash,
    const struct merged_frame *frames, unsigned count, unsigned kind)
{
	if (site->hash != hash || site->frame_count != count ||
	    site->kind != kind)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (site->frames[i].module != frames[i].module ||
		    site->frames[i].offset != frames[i].offset)
			return false;
	return true;
}

static uint32_t
add_site(struct merge *merge, uint64_t hash, const struct merged_frame *frames,
    unsigned count, uint16_t kind)
{
	struct merged_site *site;

	if (!list_has_room(&merge->sites, merge->site_count, &merge->site_room,
		sizeof(*site)) ||
	    !index_has_room(merge))
		return NONE;
	site = &merge->sites[merge->site_count];
	*site = (struct merged_site){
		.hash = hash,
		.frames = calloc(count + 1, sizeof(*frames)),
		.frame_count = count,
		.kind = kind,
	};
	if (site->frames == NULL)
		return NONE;
	memcpy(site->frames, frames, count * sizeof(*frames));
	enter_in_index(merge, (uint32_t)merge->site_count);
	return (uint32_t)merge->site_count++;
}

static uint32_t
find_site(struct merge *merge, const struct merged_frame *frames,
    unsigned count, uint16_t kind)
{
	uint64_t hash = hash_of(frames, count, kind), at = hash;

	for (; merge->index_size != 0; at++) {
		uint32_t number = merge->index[at % merge->index_size];

		if (number == 0)
			break;
		if (is_site(
			&merge->sites[number - 1], hash, frames, count, kind))
			return number - 1;
	}
	return add_site(merge, hash, frames, count, kind);
}

static struct merged_frame
frame_of(const struct adding *adding, size_t at)
{
	uint64_t address = adding->part->frame[at];
	uint16_t module = adding->part->frame_module[at];

	if (module >= RECORDING_MODULES ||
	    adding->module[module] == MERGED_NO_MODULE)
		return (struct merged_frame){ MERGED_NO_MODULE, address };
	return (struct merged_frame){ adding->module[module],
		address - adding->part->module[module].base };
}

/* The merge's number for a site of the part. */
static bool
match_site(struct adding *adding, uint32_t number)
{
	const struct recording_site *site = &adding->part->site[number];
	struct merged_frame frames[RECORDING_STACK];
	unsigned count = site->frame_count;

	if (count > RECORDING_STACK || site->first_frame > RECORDING_FRAMES ||
	    count > RECORDING_FRAMES - site->first_frame)
		count = 0;
	for (unsigned i = 0; i < count; i++)
		frames[i] = frame_of(adding, site->first_frame + i);
	adding->site[number] = find_site(
	    adding->merge, frames, count, site->kind);
	return adding->site[number] != NONE;
}

static bool
is_used(const struct recording_site *site)
{
	for (unsigned i = 0; i < RECORDING_SIZES; i++)
		if (atomic_load(&site->size[i].blocks) != 0)
			return true;
	return false;
}

/* ---- What was counted ---------------------------------------------------- */

static double
blocks_in(const struct recording_size *size)
{
	return (double)atomic_load(&size->blocks) / RECORDING_ONE;
}

static void
add_thread(const struct recording_thread *thread, double *blocks, double *bytes)
{
	for (unsigned c = 0; c < RECORDING_SIZES; c++) {
		blocks[c] += (double)atomic_load(&thread->blocks[c]);
		bytes[c] += (double)atomic_load(&thread->bytes[c]);
	}
}

/* What came out of a bin, of which the chosen blocks tell what was asked for.
 * Where none was chosen they pass for as large as their bin's. A process that a
 * signal has ended may not have told of the last ones. */
static void
add_bin(const struct recording_bin *bin, bool has_ended, double *blocks,
    double *bytes)
{
	double all = (double)atomic_load(&bin->blocks), chosen = 0;
	uint64_t size = atomic_load(&bin->size);
	unsigned class = recording_size_class(size);

	for (unsigned i = 0; i < RECORDING_BIN_SIZES; i++)
		chosen += (double)atomic_load(&bin->chosen[i].blocks);
	if (chosen == 0) {
		blocks[class] += all;
		bytes[class] += all * (double)size;
		return;
	}
	if (!has_ended && all < chosen / RECORDING_ONE)
		all = chosen / RECORDING_ONE;
	for (unsigned i = 0; i < RECORDING_BIN_SIZES && i <= class; i++) {
		blocks[class - i] += all / chosen *
		    (double)atomic_load(&bin->chosen[i].blocks);
		bytes[class - i] += all / chosen *
		    (double)atomic_load(&bin->chosen[i].bytes);
	}
}

/* Sites of small blocks say how many there were by a sample, bins and threads
 * exactly: so each class of sizes has a factor that brings the sites to the
 * truth. A record that no thread has had is not looked at: each that is read
 * becomes a page. */
static void
find_factors(struct adding *adding)
{
	const struct recording_part *part = adding->part;
	double blocks[RECORDING_SIZES] = { 0 }, bytes[RECORDING_SIZES] = { 0 };

	for (size_t i = 0;
	     i < min_size(atomic_load(&part->threads), RECORDING_THREADS); i++)
		add_thread(&part->thread[i], blocks, bytes);
	add_thread(&part->thread[RECORDING_THREADS], blocks, bytes);
	for (unsigned i = 0; i < RECORDING_BINS; i++)
		add_bin(&part->bin[i], atomic_load(&part->end_ns) != 0, blocks,
		    bytes);
	for (size_t i = 0; i < adding->sites; i++)
		for (unsigned c = 0; c < RECORDING_SIZES; c++) {
			const struct recording_size
			    *size = &adding->part->site[i].size[c];

			adding->blocks_by[c] += blocks_in(size);
			adding->bytes_by[c] += (double)atomic_load(
			    &size->bytes);
		}
	for (unsigned c = 0; c < RECORDING_SIZES; c++) {
		bool is_found = adding->bytes_by[c] > 0;

		adding->blocks_factor[c] = is_found ?
		    blocks[c] / adding->blocks_by[c] :
		    1;
		adding->bytes_factor[c] = is_found ?
		    bytes[c] / adding->bytes_by[c] :
		    1;
		/* What is left for the site of those that were not chosen. */
		adding->blocks_by[c] = is_found ? 0 : blocks[c];
		adding->bytes_by[c] = is_found ? 0 : bytes[c];
	}
}

/* Of a process that ended in the nanosecond in which it began, as of one that
 * lived for one: so that no span ends before those that begin with it. */
static bool
add_span(struct adding *adding, uint32_t site, uint32_t class, uint64_t bytes)
{
	struct merge *merge = adding->merge;
	uint64_t start = adding->process->start_ns;

	if (bytes == 0)
		return true;
	if (!list_has_room(&merge->spans, merge->span_count, &merge->span_room,
		sizeof(*merge->spans)))
		return false;
	merge->spans[merge->span_count++] = (struct merged_span){ site, class,
		start, max_size(adding->end_ns, start + 1), bytes };
	return true;
}

static unsigned
threads_of(const struct recording_site *site)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(site->threads); i++)
		count += (unsigned)__builtin_popcountll(
		    atomic_load(&site->threads[i]));
	return count;
}

static bool
add_counts(struct adding *adding, uint32_t number)
{
	struct recording_site *from = &adding->part->site[number];
	uint32_t site = adding->site[number];
	struct merged_site *to = &adding->merge->sites[site];

	to->threads += threads_of(from);
	to->lifetime_ms += (double)atomic_load(&from->lifetime);
	for (unsigned c = 0; c < RECORDING_SIZES; c++) {
		const struct recording_size *size = &from->size[c];
		double bytes = (double)atomic_load(&size->bytes);

		to->size[c].blocks += blocks_in(size) *
		    adding->blocks_factor[c];
		to->size[c].bytes += bytes * adding->bytes_factor[c];
		to->size[c].accesses += atomic_load(&size->accesses);
		if (!add_span(adding, site, c, atomic_load(&size->peak)))
			return false;
	}
	return add_span(
	    adding, site, RECORDING_SIZES, atomic_load(&from->peak));
}

static bool
add_sites(struct adding *adding)
{
	for (uint32_t i = 0; i < adding->sites; i++) {
		adding->site[i] = NONE;
		if (!is_used(&adding->part->site[i]))
			continue;
		if (!match_site(adding, i) || !add_counts(adding, i))
			return false;
	}
	return true;
}

/* Blocks of sizes of which none was chosen are at no site. */
static bool
add_unsampled(struct adding *adding)
{
	struct merged_site *site;
	uint32_t number = NONE;

	for (unsigned c = 0; c < RECORDING_SIZES; c++) {
		if (adding->blocks_by[c] == 0)
			continue;
		if (number == NONE)
			number = find_site(adding->merge, NULL, 0, 0);
		if (number == NONE)
			return false;
		site = &adding->merge->sites[number];
		site->size[c].blocks += adding->blocks_by[c];
		site->size[c].bytes += adding->bytes_by[c];
	}
	return true;
}

/* A block that was never freed lived up to the end. */
static void
add_lifetime(void *to, struct recording_block *block)
{
	struct adding *adding = to;
	uint64_t all = (adding->end_ns - adding->process->start_ns) / 1000;
	uint32_t site = block->site, weight = block->weight;

	if (site >= adding->sites || adding->site[site] == NONE ||
	    block->born > all)
		return;
	adding->merge->sites[adding->site[site]]
	    .lifetime_ms += (double)(all - block->born) / 1000 * weight /
	    RECORDING_ONE;
}

/* ---- Moments ------------------------------------------------------------- */

static bool
add_live(struct merge *merge, uint32_t site, uint64_t bytes)
{
	if (!list_has_room(&merge->lives, merge->live_count, &merge->live_room,
		sizeof(*merge->lives)))
		return false;
	merge->lives[merge->live_count++] = (struct merged_live){ site, bytes };
	return true;
}

/* ROW: live bytes by site, NULL for none at all. */
static bool
add_moment(
    struct adding *adding, uint64_t ns, const uint64_t *row, size_t sites)
{
	struct merge *merge = adding->merge;
	struct merged_moment moment = { .ns = ns,
		.process = (uint32_t)merge->process_count,
		.first = merge->live_count };

	for (size_t i = 0; row != NULL && i < min_size(sites, adding->sites);
	     i++) {
		if (row[i] == 0 || adding->site[i] == NONE)
			continue;
		if (!add_live(merge, adding->site[i], row[i]))
			return false;
		moment.total += row[i];
	}
	moment.count = merge->live_count - moment.first;
	if (!list_has_room(&merge->moments, merge->moment_count,
		&merge->moment_room, sizeof(moment)))
		return false;
	merge->moments[merge->moment_count++] = moment;
	return true;
}

static bool
add_snapshot(struct adding *adding, const struct recording_snapshot *snapshot)
{
	if (snapshot->row >= RECORDING_ROWS ||
	    snapshot->sites > RECORDING_SITES)
		return true;
	return add_moment(adding, snapshot->ns,
	    adding->part->row[snapshot->row], snapshot->sites);
}

/* What lived at the end, and that nothing does from there on. */
static bool
add_last(struct adding *adding)
{
	uint64_t *row = calloc(adding->sites, sizeof(*row));
	bool done;

	if (row == NULL)
		return false;
	for (size_t i = 0; i < adding->sites; i++)
		row[i] = atomic_load(&adding->part->site[i].live);
	done = add_moment(adding, adding->end_ns, row, adding->sites) &&
	    add_moment(adding, adding->end_ns + 1, NULL, 0);
	free(row);
	return done;
}

/* The more processes there are, the fewer moments of each are kept. */
static bool
add_moments(struct adding *adding)
{
	struct recording_part *part = adding->part;
	const struct recording_snapshots
	    *list = &part->snapshots[atomic_load(&part->snapshot_choice) & 1];
	size_t count = min_size(list->count, RECORDING_SNAPSHOTS);
	size_t step = 1 + adding->merge->process_count / 16;
	size_t most = max_size(RECORDING_SNAPSHOTS / step, 8);

	step = (count + most - 1) / most;
	for (size_t i = 0; i < count; i += max_size(step, 1))
		if (!add_snapshot(adding, &list->list[i]))
			return false;
	if (atomic_load(&part->peak_live) != 0 &&
	    !add_snapshot(
		adding, &part->peak_at[atomic_load(&part->peak_choice) & 1]))
		return false;
	return add_last(adding);
}

/* ---- All of it ----------------------------------------------------------- */

/* When the process ended, as it says itself, or as was seen. Destructors of
 * other libraries run after ours, and what they free is in later snapshots. */
static uint64_t
end_of(const struct recording_part *part, const struct process *process)
{
	const struct recording_snapshots
	    *list = &part->snapshots[atomic_load(&part->snapshot_choice) & 1];
	const struct recording_snapshot
	    *peak = &part->peak_at[atomic_load(&part->peak_choice) & 1];
	uint64_t end = atomic_load(&part->end_ns), seen = process->end_ns;

	if (end == 0)
		end = seen;
	for (size_t i = 0; i < min_size(list->count, RECORDING_SNAPSHOTS); i++)
		if (list->list[i].ns <= seen)
			end = max_size(end, list->list[i].ns);
	if (atomic_load(&part->peak_live) != 0 && peak->ns <= seen)
		end = max_size(end, peak->ns);
	return max_size(end, process->start_ns);
}

static void
add_losses(struct merge *merge, const struct recording_part *part)
{
	merge->lost_modules += atomic_load(&part->lost_modules);
	merge->lost_sites += atomic_load(&part->lost_sites);
	merge->lost_blocks += atomic_load(&part->lost_blocks) / RECORDING_ONE;
	merge->lost_bytes += atomic_load(&part->lost_bytes);
}

static bool
add_all(struct adding *adding, const struct recording *recording)
{
	find_factors(adding);
	if (!add_modules(adding) || !add_sites(adding) ||
	    !add_unsampled(adding))
		return false;
	recording_each_block(
	    recording, adding->process, adding->part, add_lifetime, adding);
	return add_moments(adding);
}

static bool
add_part(struct adding *adding, const struct recording *recording)
{
	struct recording_part *part = adding->part;
	struct merge *merge = adding->merge;
	bool done;

	adding->end_ns = end_of(part, adding->process);
	adding->sites = min_size(atomic_load(&part->sites), RECORDING_SITES);
	adding->site = calloc(adding->sites, sizeof(*adding->site));
	if (adding->site == NULL)
		return false;
	if (merge->process_count == 0 ||
	    adding->process->start_ns < merge->start_ns)
		merge->start_ns = adding->process->start_ns;
	merge->end_ns = max_size(merge->end_ns, adding->end_ns);
	done = add_all(adding, recording);
	add_losses(merge, part);
	merge->process_count++;
	free(adding->site);
	return done;
}

bool
merge_add(struct merge *merge, const struct recording *recording,
    const struct process *process)
{
	struct adding *adding = calloc(1, sizeof(*adding));
	bool done = true;

	if (adding == NULL)
		return false;
	adding->merge = merge;
	adding->process = process;
	adding->part = recording_map(recording, process);
	if (adding->part != NULL) {
		done = add_part(adding, recording);
		recording_unmap(adding->part);
	}
	free(adding);
	return done;
}

void
merge_end(struct merge *merge)
{
	for (size_t i = 0; i < merge->module_count; i++)
		free(merge->modules[i].path);
	for (size_t i = 0; i < merge->site_count; i++)
		free(merge->sites[i].frames);
	free(merge->modules);
	free(merge->sites);
	free(merge->index);
	free(merge->spans);
	free(merge->moments);
	free(merge->lives);
}

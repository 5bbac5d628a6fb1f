/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.c - see engine.h.
 */
#include "outside/engine.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/page.h"
#include "spec/spec.h"

#define HEADERS_MAX 64
#define NOTES_MAX 4096 /* bytes of one segment of notes that are looked at */

/* A file that is mapped from its beginning. */
struct image {
	const struct remote *remote;
	uint64_t start;
	uint64_t bias; /* of its addresses */
	const char *path;
};

/* ---- The table ----------------------------------------------------------- */

/* By pointers that are those of the other process. */
static bool
read_at(const struct image *image, const void *from, void *to, size_t bytes)
{
	return from != NULL &&
	    remote_read(image->remote, (uintptr_t)from, to, bytes);
}

/* What lies in a record lies in it whole, and no record is larger than there is
 * place for here: else the table is damaged. */
struct extent {
	uint64_t end, bytes;
};

static bool
are_inside(const struct extent *extents, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (extents[i].end > extents[i].bytes ||
		    extents[i].bytes > ENGINE_RECORD)
			return false;
	return true;
}

#define WORD_AT(offset, bytes) \
	{ \
		(uint64_t)(offset) + 8, bytes \
	}
#define ARRAY_AT(offset, count, each, bytes) \
	{ \
		(uint64_t)(offset) + (uint64_t)(count) * (each), bytes \
	}

static bool
is_sane_arena(const struct layout_arena *a)
{
	const struct extent extents[] = {
		WORD_AT(a->heap_inherited, a->heap_bytes),
		WORD_AT(a->heap_requests, a->heap_bytes),
		WORD_AT(a->heap_arena_count, a->heap_bytes),
		WORD_AT(a->heap_depot_bytes, a->heap_bytes),
		WORD_AT(a->heap_depot_blocks, a->heap_bytes),
		ARRAY_AT(a->heap_slot, a->heap_slot_max, 8, a->heap_bytes),
		WORD_AT(a->cache_next, a->cache_bytes),
		WORD_AT(a->cache_heap, a->cache_bytes),
		ARRAY_AT(a->cache_bin, a->bins, a->bin_bytes, a->cache_bytes),
		ARRAY_AT(a->cache_requests, a->bins, 8, a->cache_bytes),
		WORD_AT(a->bin_head, a->bin_bytes),
		WORD_AT(a->bin_block, a->bin_bytes),
		WORD_AT(a->bin_limit, a->bin_bytes),
		ARRAY_AT(a->bin_countdown, 1, 4, a->bin_bytes),
		WORD_AT(a->slot_arena, a->slot_bytes),
		WORD_AT(a->slot_requests, a->slot_bytes),
		WORD_AT(a->large_given, a->large_bytes),
		WORD_AT(a->large_taken, a->large_bytes),
		WORD_AT(a->large_active, a->large_bytes),
	};

	return are_inside(extents, ARRAY_SIZE(extents)) &&
	    a->bins <= ENGINE_BINS && a->smalls <= ENGINE_SMALLS &&
	    a->larges <= ENGINE_LARGES;
}

static bool
is_sane_source(const struct layout_source *s)
{
	const struct extent extents[] = {
		WORD_AT(s->source_first, s->source_bytes),
		WORD_AT(s->source_size, s->source_bytes),
		WORD_AT(s->source_committed, s->source_bytes),
		WORD_AT(s->source_spec, s->source_bytes),
		WORD_AT(s->source_account, s->source_bytes),
		ARRAY_AT(s->source_refused, 1, 1, s->source_bytes),
		WORD_AT(s->source_granule, s->source_bytes),
		WORD_AT(s->spec_size, s->spec_bytes),
		ARRAY_AT(s->spec_grow, 1, 1, s->spec_bytes),
		ARRAY_AT(s->spec_source, 1, 4, s->spec_bytes),
		ARRAY_AT(s->spec_page, 1, 4, s->spec_bytes),
		ARRAY_AT(s->spec_nodes, SPEC_NODES_MAX / 64, 8, s->spec_bytes),
		WORD_AT(s->account_limit, s->account_bytes),
		WORD_AT(s->account_peak, s->account_bytes),
		WORD_AT(s->segment_base, s->segment_bytes),
		WORD_AT(s->segment_length, s->segment_bytes),
		WORD_AT(s->segment_next, s->segment_bytes),
		WORD_AT(s->segment_file_system, s->segment_bytes),
	};

	return are_inside(extents, ARRAY_SIZE(extents));
}

static bool
is_sane(const struct engine *engine)
{
	const struct layout *k = &engine->layout;
	const struct extent extents[] = {
		WORD_AT(k->kind_handle, k->kind_bytes),
		WORD_AT(k->kind_name, k->kind_bytes),
		WORD_AT(k->kind_text, k->kind_bytes),
		WORD_AT(k->kind_local, k->kind_bytes),
		WORD_AT(k->kind_failures, k->kind_bytes),
		WORD_AT(k->kind_spills, k->kind_bytes),
		WORD_AT(k->kind_returns, k->kind_bytes),
	};

	return are_inside(extents, ARRAY_SIZE(extents)) &&
	    k->entry_count <= ENGINE_RECORD && k->entry_bytes == 16 &&
	    is_sane_arena(&engine->arena) && is_sane_source(&engine->source);
}

/* A file that is only mapped, and not loaded, has a table without addresses:
 * then there is no engine. */
static bool
read_table(const struct image *image, uint64_t at, struct engine *engine)
{
	struct layout *layout = &engine->layout;

	if (!remote_read(image->remote, at, layout,
		offsetof(struct layout, debugging)) ||
	    layout->magic != LAYOUT_MAGIC)
		return false;
	engine->version = layout->version;
	if (engine->version != LAYOUT_VERSION)
		return true;
	return remote_read(image->remote, at, layout, sizeof(*layout)) &&
	    layout->process != NULL &&
	    read_at(
		image, layout->arena, &engine->arena, sizeof(engine->arena)) &&
	    read_at(image, layout->source, &engine->source,
		sizeof(engine->source)) &&
	    is_sane(engine) &&
	    read_at(image, engine->arena.bin_sizes, engine->bin_size,
		engine->arena.bins * sizeof(uint32_t)) &&
	    read_at(image, engine->arena.small_start, engine->small_start,
		engine->arena.smalls * sizeof(uint32_t)) &&
	    read_at(image, engine->arena.sizes, engine->size,
		engine->arena.smalls * sizeof(uint64_t));
}

/* "libpoolkind" of "/usr/lib/libpoolkind.so.0.1.0". */
static void
name_engine(const struct image *image, struct engine *engine)
{
	const char *slash = strrchr(image->path, '/');
	const char *base = slash == NULL ? image->path : slash + 1;
	const char *end = strstr(base, ".so");

	snprintf(engine->name, sizeof(engine->name), "%.*s",
	    (int)(end == NULL ? strlen(base) : (size_t)(end - base)), base);
}

/* ---- The note ------------------------------------------------------------ */

/* The address of our note's content in a segment of notes, or 0. */
static uint64_t
note_in(const struct image *image, uint64_t from, uint64_t bytes)
{
	char notes[NOTES_MAX];
	size_t length = min_size(bytes, sizeof(notes)), at = 0;

	if (!remote_read(image->remote, from, notes, length))
		return 0;
	while (at + sizeof(Elf64_Nhdr) <= length) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)(notes + at);
		size_t name = at + sizeof(*note);
		size_t content = name + align_up(note->n_namesz, 4);

		if (note->n_namesz > length || note->n_descsz > length ||
		    content + note->n_descsz > length)
			return 0;
		if (note->n_type == LAYOUT_NOTE_TYPE &&
		    note->n_descsz == sizeof(int32_t) &&
		    note->n_namesz == sizeof(LAYOUT_NOTE) &&
		    memcmp(notes + name, LAYOUT_NOTE, sizeof(LAYOUT_NOTE)) == 0)
			return from + content;
		at = content + align_up(note->n_descsz, 4);
	}
	return 0;
}

/* Of an image with 64-bit program headers, which are in its first page in all
 * that linkers make; returns how many, 0 for what is none. */
static unsigned
read_headers(struct image *image, Elf64_Phdr headers[HEADERS_MAX])
{
	Elf64_Ehdr elf;

	if (!remote_read(image->remote, image->start, &elf, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_phentsize != sizeof(*headers) || elf.e_phnum > HEADERS_MAX ||
	    !remote_read(image->remote, image->start + elf.e_phoff, headers,
		elf.e_phnum * sizeof(*headers)))
		return 0;
	for (unsigned i = 0; i < elf.e_phnum; i++)
		if (headers[i].p_type == PT_LOAD) {
			image->bias = image->start -
			    align_down(headers[i].p_vaddr, system_page());
			return elf.e_phnum;
		}
	return 0;
}

static bool
find_engine(struct image *image, struct engine *engine)
{
	Elf64_Phdr headers[HEADERS_MAX];
	unsigned count = read_headers(image, headers);
	int32_t distance;
	uint64_t note;

	for (unsigned i = 0; i < count; i++) {
		if (headers[i].p_type != PT_NOTE)
			continue;
		note = note_in(image, image->bias + headers[i].p_vaddr,
		    headers[i].p_memsz);
		if (note != 0 &&
		    remote_read(
			image->remote, note, &distance, sizeof(distance)) &&
		    read_table(
			image, note + (uint64_t)(int64_t)distance, engine))
			return true;
	}
	return false;
}

/* ---- What is mapped ------------------------------------------------------ */

/* A line of maps: that of a file from its beginning on, if it can be read.
 * Programs and libraries are mapped privately; what is shared may be a device,
 * of which a read is not without effect. */
static bool
is_image(char *line, struct image *image)
{
	unsigned long start, offset;
	char readable, shared;
	int path = 0;

	if (sscanf(line, "%lx-%*x %c%*2c%c %lx %*s %*s %n", &start, &readable,
		&shared, &offset, &path) != 4 ||
	    readable != 'r' || shared != 'p' || offset != 0 || path == 0 ||
	    line[path] != '/')
		return false;
	line[strcspn(line, "\n")] = '\0';
	image->start = start;
	image->path = line + path;
	return true;
}

bool
engines_find(const struct remote *remote,
    bool (*visit)(void *to, const struct engine *engine), void *to)
{
	struct image image = { .remote = remote };
	struct engine *engine = malloc(sizeof(*engine));
	FILE *maps = remote_file(remote, "maps");
	char *line = NULL;
	size_t size = 0;
	bool more = engine != NULL && maps != NULL, done = more;

	while (more && getline(&line, &size, maps) > 0) {
		memset(engine, 0, sizeof(*engine));
		if (!is_image(line, &image) || !find_engine(&image, engine))
			continue;
		name_engine(&image, engine);
		more = visit(to, engine);
	}
	if (maps != NULL)
		fclose(maps);
	free(line);
	free(engine);
	return done;
}

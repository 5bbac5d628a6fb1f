/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * needed.c - see needed.h.
 *
 * The order is that of ld.so(8): RPATH where there is no RUNPATH,
 * LD_LIBRARY_PATH, RUNPATH, the cache, the folder of the dynamic linker,
 * /lib64, /usr/lib64, /lib, /usr/lib; in each of them first what is for this
 * processor (glibc-hwcaps). $ORIGIN and $LIB are understood; a folder with
 * another "$" is passed over.
 */
#include "rules/needed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/word.h"
#include "rules/elf_file.h"
#include "rules/ld_cache.h"
#include "rules/ld_path.h"
#include "rules/source_path.h"

#define CACHE "/etc/ld.so.cache"

/* What libraries are looked for with. */
struct finder {
	struct modules *modules;
	struct ld_cache cache;
	char linker_folder[PATH_MAX]; /* "": not known */
	char *program_rpath;          /* also counts for what it needs */
	char program_origin[PATH_MAX];
};

/* ---- Where --------------------------------------------------------------- */

static void
folder_of(const char *path, char folder[PATH_MAX])
{
	char real[PATH_MAX], *slash;

	folder[0] = '\0';
	if (realpath(path, real) == NULL)
		return;
	slash = strrchr(real, '/');
	*slash = '\0';
	strcpy(folder, real);
}

static bool
is_library(const char *path)
{
	struct elf_file elf;
	bool is = elf_file_read(path, &elf) == 0 && !elf.is_foreign;

	elf_file_end(&elf);
	return is;
}

/* FOLDER/NAME, or NAME in that folder below it which is for the processor as
 * the linker prefers it. */
static bool
is_in_folder(const char *folder, const char *name, char path[PATH_MAX])
{
	const char *processor;

	for (unsigned i = 0; (processor = ld_processor(i)) != NULL; i++)
		if (snprintf(path, PATH_MAX, "%s/glibc-hwcaps/%s/%s", folder,
			processor, name) < PATH_MAX &&
		    is_library(path))
			return true;
	return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX &&
	    is_library(path);
}

/* LIST has colons or semicolons between its folders; NULL has none. */
static bool
is_in(const struct finder *finder, const char *list, const char *origin,
    const char *name, char path[PATH_MAX])
{
	struct ld_tokens tokens = { origin, ld_lib(finder->linker_folder) };
	char expanded[PATH_MAX];

	while (list != NULL) {
		struct word folder = word_until(list, ":;");

		if (folder.length > 0 && ld_expand(folder, &tokens, expanded) &&
		    is_in_folder(expanded, name, path))
			return true;
		list += folder.length;
		list = *list != '\0' ? list + 1 : NULL;
	}
	return false;
}

static bool
is_in_cache_for(const struct finder *finder, const char *processor,
    const char *name, char path[PATH_MAX])
{
	const char *found;
	size_t at = 0;

	while ((found = ld_cache_find(&finder->cache, name, processor, &at)) !=
	    NULL)
		if (snprintf(path, PATH_MAX, "%s", found) < PATH_MAX &&
		    is_library(path))
			return true;
	return false;
}

static bool
is_in_cache(const struct finder *finder, const char *name, char path[PATH_MAX])
{
	const char *processor;

	for (unsigned i = 0; (processor = ld_processor(i)) != NULL; i++)
		if (is_in_cache_for(finder, processor, name, path))
			return true;
	return is_in_cache_for(finder, "", name, path);
}

/* Finds NAME, which WHO needs, a file in ORIGIN. */
static bool
find(const struct finder *finder, const struct elf_file *who,
    const char *origin, const char *name, char path[PATH_MAX])
{
	struct ld_tokens tokens = { origin, ld_lib(finder->linker_folder) };

	if (strchr(name, '/') != NULL)
		return ld_expand(word_of(name), &tokens, path) &&
		    is_library(path);
	if (who->runpath == NULL &&
	    (is_in(finder, who->rpath, origin, name, path) ||
		is_in(finder, finder->program_rpath, finder->program_origin,
		    name, path)))
		return true;
	return is_in(finder, getenv("LD_LIBRARY_PATH"), origin, name, path) ||
	    is_in(finder, who->runpath, origin, name, path) ||
	    is_in_cache(finder, name, path) ||
	    is_in(finder, finder->linker_folder, origin, name, path) ||
	    is_in(
		finder, "/lib64:/usr/lib64:/lib:/usr/lib", origin, name, path);
}

/* ---- What ---------------------------------------------------------------- */

/* Two programs may need different files of one name. */
static bool
is_there(const struct modules *modules, const char *path)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL)
		return false;
	for (size_t i = 0; i < modules->count; i++)
		if (modules->list[i].real != NULL &&
		    strcmp(modules->list[i].real, real) == 0)
			return true;
	return false;
}

static int
add(struct modules *modules, const char *path, const char *name,
    const struct elf_file *elf)
{
	struct rules_file *file = modules_add(modules, path, name);

	if (file == NULL)
		return -1;
	memcpy(file->build_id, elf->build_id, sizeof(file->build_id));
	file->build_id_bytes = elf->build_id_bytes;
	return 0;
}

/* Adds the file at PATH, if it is one and is not there yet. */
static int
add_file(struct modules *modules, const char *path, const char *name)
{
	struct elf_file elf;
	int result = 0;

	if (is_there(modules, path))
		return 0;
	if (elf_file_read(path, &elf) == 0)
		result = add(modules, path, source_path_name(name), &elf);
	elf_file_end(&elf);
	return result;
}

static int
add_named(struct finder *finder, const struct elf_file *who, const char *origin,
    const char *name)
{
	char path[PATH_MAX];

	return find(finder, who, origin, name, path) ?
	    add_file(finder->modules, path, name) :
	    0;
}

static int
add_interpreter(struct finder *finder, const struct elf_file *program)
{
	const char *path = program->interpreter;

	if (path == NULL)
		return 0;
	folder_of(path, finder->linker_folder);
	return add_file(finder->modules, path, path);
}

/* What module number I needs is added behind it, to be looked at in turn. */
static int
add_what_it_needs(struct finder *finder, size_t i)
{
	char origin[PATH_MAX];
	struct elf_file elf;
	int result = 0;

	if (finder->modules->list[i].path == NULL)
		return 0;
	folder_of(finder->modules->list[i].path, origin);
	if (elf_file_read(finder->modules->list[i].path, &elf) == 0)
		for (size_t j = 0; j < elf.needed_count && result == 0; j++)
			result = add_named(finder, &elf, origin, elf.needed[j]);
	elf_file_end(&elf);
	return result;
}

static int
add_all(struct finder *finder, struct elf_file *program, const char *path)
{
	size_t first = finder->modules->count;
	char real[PATH_MAX];

	if (is_there(finder->modules, path) || realpath(path, real) == NULL)
		return 0;
	folder_of(path, finder->program_origin);
	if (program->runpath == NULL)
		finder->program_rpath = program->rpath;
	if (add(finder->modules, path, source_path_name(real), program) != 0 ||
	    add_interpreter(finder, program) != 0)
		return -1;
	for (size_t i = first; i < finder->modules->count; i++)
		if (add_what_it_needs(finder, i) != 0)
			return -1;
	return 0;
}

int
needed_add(struct modules *modules, const char *path)
{
	struct finder finder = { .modules = modules };
	struct elf_file elf;
	int result = 0;

	if (elf_file_read(path, &elf) == 0 && !elf.is_foreign) {
		ld_cache_open(&finder.cache, CACHE);
		result = add_all(&finder, &elf, path);
		ld_cache_close(&finder.cache);
	}
	elf_file_end(&elf);
	return result;
}

/* Finds NAME as the linker of the program that comes first does, for nobody in
 * particular. */
static bool
find_for_program(struct modules *modules, const char *name, char path[PATH_MAX])
{
	struct finder finder = { .modules = modules };
	const struct elf_file nobody = { false };
	struct elf_file program = { false };
	bool is_found;

	if (modules->count > 0 && modules->list[0].path != NULL &&
	    elf_file_read(modules->list[0].path, &program) == 0 &&
	    program.interpreter != NULL)
		folder_of(program.interpreter, finder.linker_folder);
	ld_cache_open(&finder.cache, CACHE);
	is_found = find(&finder, &nobody, "", name, path);
	ld_cache_close(&finder.cache);
	elf_file_end(&program);
	return is_found;
}

int
needed_add_preloaded(struct modules *modules, const char *list)
{
	char name[PATH_MAX], path[PATH_MAX];

	while (list != NULL && *list != '\0') {
		struct word one = word_until(list, ": ");

		if (one.length > 0 && one.length < sizeof(name)) {
			memcpy(name, one.text, one.length);
			name[one.length] = '\0';
			if (find_for_program(modules, name, path) &&
			    needed_add(modules, path) != 0)
				return -1;
		}
		list += one.length;
		list += *list != '\0';
	}
	return 0;
}

/* ---- What rules name ----------------------------------------------------- */

static bool
is_called(const struct rules_file *file, const char *name)
{
	size_t length = strlen(name);

	if (strchr(name, '/') != NULL)
		return file->path != NULL && source_path_is(file->path, name);
	return strncmp(file->name, name, length) == 0 &&
	    (file->name[length] == '\0' || file->name[length] == '.' ||
		file->name[length] == '-');
}

/* What has just this name comes before what begins with it. */
struct rules_file *
needed_find(struct modules *modules, const char *name)
{
	for (size_t i = 0; i < modules->count; i++)
		if (strcmp(modules->list[i].name, name) == 0)
			return &modules->list[i];
	for (size_t i = 0; i < modules->count; i++)
		if (is_called(&modules->list[i], name))
			return &modules->list[i];
	return NULL;
}

struct rules_file *
needed_add_library(struct modules *modules, const char *name)
{
	char path[PATH_MAX];
	struct elf_file elf;
	int result = 0;

	if (!find_for_program(modules, name, path))
		return modules_add(modules, NULL, source_path_name(name));
	if (elf_file_read(path, &elf) == 0)
		result = add(modules, path, source_path_name(name), &elf);
	elf_file_end(&elf);
	return result == 0 ? &modules->list[modules->count - 1] : NULL;
}

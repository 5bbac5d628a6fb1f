/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhat_modules.c - see dhat_modules.h.
 *
 * Of each file with code the log has two lines, the second with the address of
 * its .text as the file has it and as the process does:
 *
 *	--PID-- Reading syms from PATH
 *	--PID--    svma 0xADDRESS, avma 0xADDRESS
 */
#include "profile/dhat_modules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "base/grow.h"
#include "rules/elf_file.h"

#define FILE_LINE "-- Reading syms from "
#define ADDRESS_LINE "--    svma "

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory for the modules of a program");
}

/* What follows WHAT in the line at TEXT, which ends at END; NULL: it is another
 * line. The line may have been begun by what else was printed. */
static const char *
behind(const char *text, const char *end, const char *what)
{
	const char *found = memmem(
	    text, (size_t)(end - text), what, strlen(what));

	return found != NULL ? found + strlen(what) : NULL;
}

/* Where its code is, and its build-id, are what the file says. */
static int
add(struct dhat_modules *modules, const char *path, size_t length,
    uint64_t bias)
{
	struct dhat_module *list = list_grow(modules->list, modules->count,
			       &modules->room, sizeof(*list)),
			   *module;
	struct elf_file elf;

	if (list == NULL)
		return no_memory();
	modules->list = list;
	module = &list[modules->count];
	*module = (struct dhat_module){ .path = strndup(path, length),
		.bias = bias };
	if (module->path == NULL)
		return no_memory();
	modules->count++;
	if (elf_file_read(module->path, &elf) != 0)
		return 0;
	if (elf.code_count > 0) {
		module->begin = bias + elf.code[0].begin;
		module->end = bias + elf.code[elf.code_count - 1].end;
	}
	module->build_id_size = min_size(
	    elf.build_id_bytes, PROFILE_BUILD_ID_MAX);
	memcpy(module->build_id, elf.build_id, module->build_id_size);
	elf_file_end(&elf);
	return 0;
}

int
dhat_modules_read(struct dhat_modules *modules, const char *log)
{
	const char *path = NULL, *at;
	size_t length = 0;

	for (const char *end; *log != '\0'; log = end + (*end != '\0')) {
		unsigned long long in_file, loaded;

		end = log + strcspn(log, "\n");
		at = behind(log, end, FILE_LINE);
		if (at != NULL) {
			path = at;
			length = (size_t)(end - at);
			continue;
		}
		at = behind(log, end, ADDRESS_LINE);
		if (path == NULL || at == NULL ||
		    sscanf(at, "%llx, avma %llx", &in_file, &loaded) != 2)
			continue;
		if (add(modules, path, length, loaded - in_file) != 0)
			return -1;
		path = NULL;
	}
	return 0;
}

void
dhat_modules_free(struct dhat_modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		free(modules->list[i].path);
	free(modules->list);
	*modules = (struct dhat_modules){ .list = NULL };
}

const struct dhat_module *
dhat_module_at(
    const struct dhat_modules *modules, uint64_t address, const char *path)
{
	for (size_t i = modules->count; i-- > 0;) {
		const struct dhat_module *module = &modules->list[i];

		if (address >= module->begin && address < module->end &&
		    (path == NULL || strcmp(path, module->path) == 0))
			return module;
	}
	return NULL;
}

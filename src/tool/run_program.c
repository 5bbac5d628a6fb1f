/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_program.c - the program that `poolkind run` starts: where it is, and
 * whether a library can be preloaded into it. See run_program.h.
 */
#include "tool/run_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/word.h"
#include "rules/elf_file.h"
#include "tool/commands.h"

/* ---- Where it is --------------------------------------------------------- */

/* 0 if PATH is a file that may be executed, else an error number. */
static int
try_path(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? EISDIR : EACCES;
	return access(path, X_OK) == 0 ? 0 : errno;
}

/* What has that name and may not be executed is passed over, but told if there
 * is no other. */
static int
search(const char *name, struct word folders, char path[PATH_MAX])
{
	struct word folder;
	int error = ENOENT, one;

	while (word_next(&folders, ':', &folder)) {
		if (folder.length == 0)
			folder = word_of(".");
		if (snprintf(path, PATH_MAX, "%.*s/%s", WORD(folder), name) >=
		    PATH_MAX)
			continue;
		one = try_path(path);
		if (one == 0)
			return 0;
		if (one == EACCES || one == EISDIR)
			error = one;
	}
	return error;
}

int
program_search(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");

	if (*name == '\0' || strlen(name) >= PATH_MAX)
		return *name == '\0' ? ENOENT : ENAMETOOLONG;
	if (strchr(name, '/') == NULL)
		return search(name,
		    word_of(folders != NULL ? folders : "/bin:/usr/bin"), path);
	strcpy(path, name);
	return try_path(path);
}

int
program_find(const char *name, char path[PATH_MAX])
{
	int error = program_search(name, path);

	if (error == 0)
		return 0;
	fail("cannot run \"%s\": %s", name, error_name(error));
	return error == ENOENT ? NOT_FOUND : NOT_STARTED;
}

/* ---- What it is ---------------------------------------------------------- */

bool
program_is_script(
    const char *path, char interpreter[PATH_MAX], char argument[PATH_MAX])
{
	FILE *file = fopen(path, "re");
	char line[256];
	size_t got = 0;

	interpreter[0] = argument[0] = '\0';
	if (file != NULL) {
		got = fread(line, 1, sizeof(line) - 1, file);
		fclose(file);
	}
	line[got] = '\0';
	return sscanf(line, "#!%*[ \t]%255s%*[ \t]%255[^\n]", interpreter,
		   argument) > 0 ||
	    sscanf(line, "#!%255s%*[ \t]%255[^\n]", interpreter, argument) > 0;
}

static int
refuse(const char *path, const char *why)
{
	fail("\"%s\" %s", path, why);
	return NOT_UNDERSTOOD;
}

/* With a file's capabilities as with its set-user-ID bit the dynamic linker
 * takes no library from a user's folder. */
static bool
has_more_rights(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
		return true;
	if ((status.st_mode & S_ISGID) != 0 && status.st_gid != getgid())
		return true;
	return getuid() != 0 &&
	    getxattr(path, "security.capability", NULL, 0) > 0;
}

/* A file that cannot be read may be a good program all the same; what it is
 * then remains to be seen. A dynamic linker that is started by its name has no
 * interpreter, but a name as a library. */
int
program_check(const char *path)
{
	char interpreter[PATH_MAX], argument[PATH_MAX];
	struct elf_file elf;
	int status = 0;

	if (program_is_script(path, interpreter, argument))
		path = interpreter;
	if (has_more_rights(path))
		return refuse(path,
		    "has more rights than who starts it: into such a program "
		    "nothing is preloaded");
	if (elf_file_read(path, &elf) != 0)
		return 0;
	if (elf.is_foreign)
		status = refuse(path,
		    "is for another processor, or of 32 bits: there is no "
		    "libpoolkind-malloc for it");
	else if (elf.interpreter == NULL && elf.soname == NULL)
		status = refuse(path,
		    "is linked statically: nothing can be preloaded into it; "
		    "link it without -static");
	elf_file_end(&elf);
	return status;
}

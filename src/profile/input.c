/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.c - see input.h.
 */
#include "profile/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/compressed.h"
#include "profile/dhat_modules.h"

#define FIRST_BYTES ((size_t)64 << 10)

/* The next bytes, into what is at least as large again as what is there. */
static int
read_more(const char *path, gzFile from, char **content, size_t *size)
{
	size_t room = *size == 0 ? FIRST_BYTES : 2 * *size;
	char *more;
	int got;

	if (*size > PROFILE_FILE_MAX)
		return error_set(EFBIG, "%s is larger than any profile", path);
	more = realloc(*content, room + 1);
	if (more == NULL)
		return error_set(ENOMEM, "no memory to read %s", path);
	*content = more;
	got = gzread(from, more + *size, (unsigned)(room - *size));
	if (got < 0)
		return compressed_failed(path, from);
	*size += (size_t)got;
	more[*size] = '\0';
	return got;
}

char *
input_read(const char *path, size_t *size)
{
	char *content = NULL;
	gzFile from = compressed_open(path, false);
	int got;

	*size = 0;
	if (from == NULL)
		return NULL;
	do
		got = read_more(path, from, &content, size);
	while (got > 0);
	/* What ends in the middle of a block is only found out here. */
	if (gzclose(from) == Z_BUF_ERROR && got == 0)
		got = error_set(EINVAL, "%s is cut short", path);
	if (got == 0)
		return content;
	free(content);
	return NULL;
}

bool
input_is_json(const char *content)
{
	return content[strspn(content, " \t\r\n")] == '{';
}

static struct profile *
parse(const char *path, const char *content, size_t size)
{
	if (size == 0)
		error_set(EINVAL, "%s is empty", path);
	else if (input_is_json(content))
		return dhat_parse(path, content, NULL);
	else
		return pprof_parse(path, content, size);
	return NULL;
}

struct profile *
profile_read(const char *path)
{
	size_t size;
	char *content = input_read(path, &size);
	struct profile *profile;

	if (content == NULL)
		return NULL;
	profile = parse(path, content, size);
	free(content);
	return profile;
}

static void
read_modules(struct dhat_modules *modules, const char *log)
{
	size_t size;
	char *content = input_read(log, &size);

	if (content != NULL)
		dhat_modules_read(modules, content);
	free(content);
}

struct profile *
profile_read_dhat(const char *path, const char *log)
{
	size_t size;
	char *content = input_read(path, &size);
	struct dhat_modules modules = { .list = NULL };
	struct profile *profile = NULL;

	if (content == NULL)
		return NULL;
	read_modules(&modules, log);
	if (input_is_json(content))
		profile = dhat_parse(path, content, &modules);
	else
		error_set(EINVAL, "%s is no file of Valgrind's dhat", path);
	dhat_modules_free(&modules);
	free(content);
	return profile;
}

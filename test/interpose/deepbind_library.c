/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deepbind_library.c - what deepbind.c opens; its RUNPATH is $ORIGIN/inner.
 * With -DINNER it is the library that lies there.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef INNER
const char *name(void);
const char *
name(void)
{
	return "inner";
}
#else
void *make(size_t size);
void *resize(void *block, size_t size);
void release(void *block);
void both(void);
const char *find(const char *name);

void *
make(size_t size)
{
	return malloc(size);
}

void *
resize(void *block, size_t size)
{
	return realloc(block, size);
}

void
release(void *block)
{
	free(block);
}

/* Blocks that functions of the C library make, and the caller frees. */
void
both(void)
{
	char *copy = strdup("abc"), *text = NULL, *line = NULL;
	size_t size = 0;
	FILE *file = fopen("/proc/self/status", "r");

	free(copy);
	if (asprintf(&text, "%d", 42) > 0)
		free(text);
	if (file != NULL && getline(&line, &size, file) > 0)
		free(line);
	if (file != NULL)
		fclose(file);
}

/* What the library NAME says of itself; why it cannot be opened. */
const char *
find(const char *name)
{
	void *handle = dlopen(name, RTLD_NOW | RTLD_DEEPBIND);
	const char *(*say)(void);

	if (handle == NULL)
		return dlerror();
	*(void **)&say = dlsym(handle, "name");
	return say();
}

static __attribute__((constructor)) void
start(void)
{
	both();
}
#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* defect.c - defect WORD DIRECTORY [SECONDS [THREADS]]: see defect.h. */
#include "defect.h"

#include <memkind.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

const char *directory;
int seconds = 5, threads = 4;

static const struct {
	const char *word;
	int (*show)(void);
} defects[] = {
	{ "calloc", show_calloc },
	{ "capacity", show_capacity },
	{ "config", show_config },
	{ "descriptor", show_descriptor },
	{ "detect", show_detect },
	{ "exhausted", show_exhausted },
	{ "exit", show_exit },
	{ "fixed-calloc", show_fixed_calloc },
	{ "foreign", show_foreign },
	{ "fork", show_fork },
	{ "growth", show_growth },
	{ "kinds", show_kinds },
	{ "leak", show_leak },
	{ "local", show_local },
	{ "many-kinds", show_many_kinds },
	{ "names", show_names },
	{ "null-directory", show_null_directory },
	{ "null-kind", show_null_kind },
	{ "pages", show_pages },
	{ "policy", show_policy },
	{ "room", show_room },
	{ "thread-leak", show_thread_leak },
	{ "threads", show_threads },
	{ "ties", show_ties },
};

int
complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	return BAD;
}

size_t
used_bytes(void)
{
	struct statvfs system;

	if (statvfs(directory, &system) != 0)
		abort();
	return (system.f_blocks - system.f_bfree) * system.f_frsize;
}

size_t
status_bytes(const char *field)
{
	char line[256];
	size_t kib = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			kib = strtoul(line + strlen(field), NULL, 10);
	if (file != NULL)
		fclose(file);
	return kib * KIB;
}

/* The library's own records may be in either. */
void
spoil_heap(void)
{
	void *blocks[128];

	for (int i = 0; i < 128; i++) {
		size_t size = (size_t)(i / 2) * 8 + 8;

		blocks[i] = i % 2 ? malloc(size) :
				    memkind_malloc(MEMKIND_DEFAULT, size);
		memset(blocks[i], 0xff, size);
	}
	for (int i = 0; i < 128; i++)
		if (i % 2)
			free(blocks[i]);
		else
			memkind_free(MEMKIND_DEFAULT, blocks[i]);
}

void *
spoilt_region(size_t bytes)
{
	void *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED)
		abort();
	return memset(region, 0xff, bytes);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 99;
	directory = argv[2];
	if (argc > 3)
		seconds = atoi(argv[3]);
	if (argc > 4)
		threads = atoi(argv[4]);
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++)
		if (strcmp(argv[1], defects[i].word) == 0)
			return defects[i].show();
	return 98;
}

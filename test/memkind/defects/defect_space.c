/* SPDX-License-Identifier: BSD-2-Clause */
/* defect_space.c - defects of kinds in files: room that cannot be had, space
 * that does not come back, addresses and descriptors. See defect.h. */
#include <errno.h>
#include <fcntl.h>
#include <memkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "defect.h"

/* A kind in which all was freed had room for a sixteenth of it. */
int
show_room(void)
{
	static void *blocks[1025];
	int first = 0, second = 0;
	memkind_t kind;

	MUST(memkind_create_pmem(directory, 16 * MIB, &kind) == 0, "no kind");
	while ((blocks[first] = memkind_malloc(kind, 16 * KIB)) != NULL)
		first++;
	for (int i = 0; i < first; i++)
		memkind_free(kind, blocks[i]);
	while ((blocks[second] = memkind_malloc(kind, 16 * KIB)) != NULL)
		second++;
	MUST(second >= first * 98 / 100,
	    "%d blocks at first, %d after all were freed", first, second);
	return GOOD;
}

/* The file grew with each block, however few there were at a time. */
int
show_growth(void)
{
	struct memkind_config *config = memkind_config_new();
	size_t before = used_bytes(), after;
	memkind_t kind;
	void *live;

	memkind_config_set_path(config, directory);
	memkind_config_set_size(config, 0);
	memkind_config_set_memory_usage_policy(
	    config, MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE);
	MUST(memkind_create_pmem_with_config(config, &kind) == 0, "no kind");
	memkind_config_delete(config);
	live = memkind_malloc(kind, MIB);
	for (int i = 0; i < 3000; i++) {
		void *next = memkind_malloc(kind, MIB);

		MUST(next != NULL, "no room after %d blocks", i);
		memset(next, 1, MIB);
		memkind_free(kind, live);
		live = next;
		after = used_bytes() - before;
		MUST(after <= 24 * MIB, "%zu MiB for 1 MiB after %d blocks",
		    after / MIB, i + 1);
	}
	return GOOD;
}

/* The directory by a path of LENGTH characters or more. */
static const char *
long_path(size_t length)
{
	static char path[4096];

	strcpy(path, directory);
	while (strlen(path) < length)
		strcat(path, "/");
	return path;
}

/* Without a limit a kind had no capacity, as the path had no end. */
int
show_capacity(void)
{
	for (size_t length = 1; length < 200; length++) {
		memkind_t kind;

		spoil_heap();
		MUST(memkind_create_pmem(long_path(length), 0, &kind) == 0,
		    "no kind");
		MUST(memkind_get_capacity(kind) > 0,
		    "no capacity with a path of %zu characters", length);
		MUST(memkind_destroy_kind(kind) == 0, "not destroyed");
	}
	return GOOD;
}

/* Programs that were started had the file open, too. */
int
show_descriptor(void)
{
	memkind_t kind;

	MUST(memkind_create_pmem(directory, 0, &kind) == 0, "no kind");
	MUST(memkind_malloc(kind, MIB) != NULL, "no block");
	for (int fd = 3; fd < 256; fd++) {
		struct stat file;

		if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
		    file.st_nlink == 0)
			MUST(fcntl(fd, F_GETFD) & FD_CLOEXEC,
			    "descriptor %d stays open over exec", fd);
	}
	return GOOD;
}

/* Each kind that was made and destroyed left addresses behind. */
int
show_leak(void)
{
	size_t before = 0, after;

	for (int i = 0; i < 120; i++) {
		memkind_t kind;

		if (i == 20)
			before = status_bytes("VmSize:");
		MUST(memkind_create_pmem(directory, 16 * MIB, &kind) == 0,
		    "no kind after %d", i);
		MUST(memkind_malloc(kind, 100000) != NULL, "no block");
		MUST(memkind_destroy_kind(kind) == 0, "not destroyed");
	}
	after = status_bytes("VmSize:");
	MUST(after < before + 16 * MIB, "100 kinds left %zu MiB of addresses",
	    (after - before) / MIB);
	return GOOD;
}

/* A policy that is none was refused, but the kind was there. */
int
show_policy(void)
{
	struct memkind_config *config = memkind_config_new();
	memkind_t const nothing = (memkind_t)&config;
	memkind_t kind = nothing;
	size_t before = status_bytes("VmSize:"), after;

	memkind_config_set_path(config, directory);
	memkind_config_set_size(config, 16 * MIB);
	memkind_config_set_memory_usage_policy(
	    config, (memkind_mem_usage_policy)7);
	for (int i = 0; i < 20; i++)
		MUST(memkind_create_pmem_with_config(config, &kind) ==
			MEMKIND_ERROR_INVALID,
		    "policy 7 is one");
	memkind_config_delete(config);
	after = status_bytes("VmSize:");
	MUST(kind == nothing, "refused, and there is a kind");
	MUST(after < before + 64 * MIB, "20 refusals took %zu MiB of addresses",
	    (after - before) / MIB);
	return GOOD;
}

/* A new configuration had what malloc found. */
int
show_config(void)
{
	for (int i = 0; i < 20; i++) {
		struct memkind_config *config;
		memkind_t kind;

		spoil_heap();
		config = memkind_config_new();
		memkind_config_set_path(config, directory);
		MUST(memkind_create_pmem_with_config(config, &kind) == 0,
		    "no kind with size and policy as they are at first");
		memkind_config_delete(config);
	}
	return GOOD;
}

int
show_null_directory(void)
{
	memkind_t kind;

	MUST(memkind_create_pmem(NULL, 0, &kind) != 0, "no directory is one");
	return GOOD;
}

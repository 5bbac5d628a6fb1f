/* SPDX-License-Identifier: BSD-2-Clause */
/* defect_threads.c - defects that threads show: in one kind that grows and
 * shrinks, and on processors of several nodes. See defect.h. */
#include <memkind.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "defect.h"

#define SLOTS 64
#define LARGEST (512 * KIB)

static memkind_t the_kind;
static atomic_int broken;
static atomic_long had, refused;

static uint64_t
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec;
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Small ones mostly, large ones now and then. */
static size_t
some_size(uint32_t *seed)
{
	unsigned shift = next(seed) % 12;

	return 2 * sizeof(size_t) + next(seed) % (LARGEST >> shift);
}

/* A block has its size at both ends. */
static size_t *
make_block(uint32_t *seed)
{
	size_t words = some_size(seed) / sizeof(size_t);
	size_t *block = memkind_malloc(the_kind, words * sizeof(size_t));

	if (block == NULL) {
		atomic_fetch_add(&refused, 1);
		return NULL;
	}
	atomic_fetch_add(&had, 1);
	block[0] = block[words - 1] = words;
	return block;
}

static void
free_block(size_t *block)
{
	if (block != NULL && block[block[0] - 1] != block[0])
		atomic_store(&broken, 1);
	if (!atomic_load(&broken))
		memkind_free(the_kind, block);
}

/* In turns many blocks and few, so that the kind grows and shrinks. */
static void *
grow_and_shrink(void *number)
{
	size_t *slots[SLOTS] = { NULL };
	uint32_t seed = (uint32_t)(uintptr_t)number * 7919 + 1;
	uint64_t end = now() + (uint64_t)seconds;

	for (unsigned step = 0; now() < end && !atomic_load(&broken); step++) {
		unsigned most = step / 500 % 2 ? SLOTS : 4;
		unsigned slot = next(&seed) % SLOTS;

		free_block(slots[slot]);
		slots[slot] = slot < most ? make_block(&seed) : NULL;
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		free_block(slots[slot]);
	return NULL;
}

/* Threads in one kind in a file corrupted its heap. */
int
show_threads(void)
{
	pthread_t *all = calloc((size_t)threads, sizeof(*all));

	MUST(memkind_create_pmem(directory, 0, &the_kind) == 0, "no kind");
	for (int i = 0; i < threads; i++)
		MUST(pthread_create(&all[i], NULL, grow_and_shrink,
			 (void *)(intptr_t)i) == 0,
		    "no thread");
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	free(all);
	printf("%ld blocks had, %ld refused\n", had, refused);
	MUST(!atomic_load(&broken), "a block was changed");
	MUST(had > refused / 10, "hardly a block was had");
	MUST(memkind_destroy_kind(the_kind) == 0, "not destroyed");
	return GOOD;
}

/* ---- Several nodes ------------------------------------------------------- */

/* Runs on the processors of NODE from now on: false if it has none. */
static bool
move_to(unsigned node)
{
	char path[64], list[4096] = "";
	cpu_set_t cpus;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist",
	    node);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(list, sizeof(list), file) == NULL)
		list[0] = '\0';
	fclose(file);
	CPU_ZERO(&cpus);
	for (char *at = list; *at >= '0' && *at <= '9';) {
		long from = strtol(at, &at, 10);
		long to = *at == '-' ? strtol(at + 1, &at, 10) : from;

		for (; from <= to; from++)
			CPU_SET((size_t)from, &cpus);
		at += *at == ',';
	}
	return CPU_COUNT(&cpus) != 0 &&
	    sched_setaffinity(0, sizeof(cpus), &cpus) == 0;
}

/* The node of the page at ADDR, or an error below 0. */
static int
node_of(void *addr)
{
	void *page = (void *)((uintptr_t)addr & ~(uintptr_t)4095);
	int status = -1;

	syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0);
	return status;
}

/* Whether blocks of MEMKIND_HBW are of NODE. The first ones may be those that
 * the thread cached where it was before. */
static bool
all_are_on(int node)
{
	enum { COUNT = 600, CACHED = 200, SIZE = 20000 };
	static char *blocks[COUNT];
	bool good = true;

	for (int i = 0; i < COUNT; i++) {
		blocks[i] = memkind_malloc(MEMKIND_HBW, SIZE);
		if (blocks[i] == NULL)
			return false;
		memset(blocks[i], 1, SIZE);
		if (i >= CACHED && node_of(blocks[i] + SIZE / 2) != node) {
			printf("block %d is of node %d, and not ", i,
			    node_of(blocks[i] + SIZE / 2));
			good = false;
			break;
		}
	}
	for (int i = 0; i < COUNT; i++) {
		memkind_free(MEMKIND_HBW, blocks[i]);
		blocks[i] = NULL;
	}
	return good;
}

/* A thread that had moved to another node went on with the memory of the
 * one before. */
int
show_local(void)
{
	unsigned nodes[2], count = 0;
	char list[32];

	for (unsigned node = 0; node < 64 && count < 2; node++)
		if (move_to(node))
			nodes[count++] = node;
	if (count < 2)
		return UNSHOWN;
	snprintf(list, sizeof(list), "%u,%u", nodes[0], nodes[1]);
	setenv("MEMKIND_HBW_NODES", list, 1);
	for (int round = 0; round < 4; round++)
		MUST(move_to(nodes[round % 2]) &&
			all_are_on((int)nodes[round % 2]),
		    "on node %u, round %d", nodes[round % 2], round);
	return GOOD;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp_nodes.c - on which nodes the memory of OpenMP's allocators lies, asked
 * of the kernel. For the machine that test/host/run boots: where the memory of
 * high bandwidth and of large capacity is there, VM_PROFILE and VM_KMEM_NODE
 * say.
 */
#include <sched.h>
#include <sys/syscall.h>

#include "../memkind/openmp/openmp.h"

#define PAGE ((size_t)4096)
#define NODES 64
#define THREADS 4
#define MIB ((size_t)1 << 20)

/* A set of nodes, a bit each. */
typedef unsigned long nodes;

/* Where such memory lies; 0 where the machine has none, and any memory serves:
 * that of nodes with processors, as it comes. */
static nodes fast, large;
static nodes all, with_cpus;

/* ---- What the kernel says ------------------------------------------------ */

/* The node of a page; below 0 if it has none. One that the kernel is just
 * moving nearer to its thread has none, until it was touched once more. */
static int
node_of(char *page)
{
	int node = -1;

	for (int tries = 0; tries < 100 && node < 0; tries++) {
		void *start = page;

		*(volatile char *)page;
		if (syscall(SYS_move_pages, 0, 1, &start, NULL, &node, 0) != 0)
			return -1;
	}
	return node;
}

/* The nodes of the pages at P; 0 if one has none. */
static nodes
nodes_of(void *p, size_t bytes)
{
	char *from = (char *)((uintptr_t)p & ~(PAGE - 1));
	char *end = (char *)p + bytes;
	nodes found = 0;

	for (; from < end; from += PAGE) {
		int node = node_of(from);

		if (node < 0)
			return 0;
		found |= 1UL << node;
	}
	return found;
}

/* "0-2,7" as a set. */
static nodes
read_nodes(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned first, last;
	nodes found = 0;
	char mark;

	while (file != NULL && fscanf(file, "%u", &first) == 1) {
		last = first;
		mark = (char)getc(file);
		if (mark == '-' && fscanf(file, "%u", &last) == 1)
			mark = (char)getc(file);
		while (first <= last && first < NODES)
			found |= 1UL << first++;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

/* Moves this thread to one processor: the threads of a team to all of them. */
static void
stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- Blocks -------------------------------------------------------------- */

/* Whether BYTES were FOUND on all the nodes WANTED and on no other. */
static bool
is_wanted(size_t bytes, nodes found, nodes wanted)
{
	if (wanted == 0 ? found != 0 && (found & ~with_cpus) == 0 :
			  found == wanted)
		return true;
	printf(
	    "# %zu bytes on nodes %#lx, not on %#lx\n", bytes, found, wanted);
	return false;
}

/* As is_wanted(), of a new block. */
static bool
block_lies_on(omp_allocator_handle_t from, size_t bytes, nodes wanted)
{
	char *p = omp_alloc(bytes, from);
	nodes found;

	if (p == NULL)
		return false;
	memset(p, 1, bytes);
	found = nodes_of(p, bytes);
	omp_free(p, from);
	return is_wanted(bytes, found, wanted);
}

/* From threads on each processor, in blocks of all sorts. */
static bool
lies_on(omp_allocator_handle_t from, nodes wanted)
{
	int wrong = 0;

#pragma omp parallel num_threads(THREADS) reduction(+ : wrong)
	{
		stay_on(omp_get_thread_num());
		wrong += !block_lies_on(from, 8 * MIB, wanted);
		for (size_t size = 100; size < MIB && wanted != all; size *= 3)
			wrong += !block_lies_on(from, size, wanted);
	}
	return wrong == 0;
}

static omp_allocator_handle_t
spread_over(omp_memspace_handle_t space)
{
	omp_alloctrait_t traits[] = { { omp_atk_partition,
	    omp_atv_interleaved } };

	return omp_init_allocator(space, 1, traits);
}

/* One block, each part of it touched by a thread of its own. */
static void
shared_block(void)
{
	char *p = omp_alloc(16 * MIB, omp_high_bw_mem_alloc);

#pragma omp parallel for num_threads(THREADS) schedule(static)
	for (size_t i = 0; i < 16 * MIB; i += PAGE)
		p[i] = 1;
	p[16 * MIB - 1] = 1; /* it need not begin with a page */
	CHECK("a block that all threads touch",
	    fast == 0 || is_wanted(16 * MIB, nodes_of(p, 16 * MIB), fast));
	omp_free(p, omp_high_bw_mem_alloc);
}

static void
private_variables(void)
{
	char bytes[20000];
	int wrong = 0;

#pragma omp parallel num_threads(THREADS) private(bytes) reduction(+ : wrong) \
    allocate(omp_high_bw_mem_alloc : bytes)
	{
		memset(bytes, 1, sizeof(bytes));
		wrong += fast != 0 && nodes_of(bytes, sizeof(bytes)) != fast;
	}
	CHECK("private variables by the clause", wrong == 0);
}

int
main(void)
{
	const char *profile = getenv("VM_PROFILE");
	const char *kmem = getenv("VM_KMEM_NODE");

	if (profile == NULL) {
		printf("1..0 # SKIP not in the machine of test/host/run\n");
		return 0;
	}
	all = read_nodes("/sys/devices/system/node/has_memory");
	with_cpus = read_nodes("/sys/devices/system/node/has_cpu");
	fast = strcmp(profile, "full") == 0 || strcmp(profile, "cxl") == 0 ?
	    1UL << 2 :
	    0;
	large = kmem == NULL || *kmem == '\0' ? 0 : 1UL << atoi(kmem);

	CHECK("omp_high_bw_mem_alloc", lies_on(omp_high_bw_mem_alloc, fast));
	CHECK(
	    "omp_large_cap_mem_alloc", lies_on(omp_large_cap_mem_alloc, large));
	CHECK("omp_default_mem_alloc", lies_on(omp_default_mem_alloc, 0));
	CHECK("interleaved", lies_on(spread_over(omp_default_mem_space), all));
	if (fast != 0)
		CHECK("high bandwidth, interleaved",
		    lies_on(spread_over(omp_high_bw_mem_space), fast));
	if (large != 0)
		CHECK("large capacity, interleaved",
		    lies_on(spread_over(omp_large_cap_mem_space), large));
	shared_block();
	private_variables();
	return failures != 0;
}

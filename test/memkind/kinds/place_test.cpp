/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the memory of static kinds lies: as the kernel tells it of this
 * machine, and as it would be on others, which HWLOC_XMLFILE puts in place of
 * this one. */
#include "../memkind_test.h"

#include <cstdio>

#include <sched.h>
#include <unistd.h>

extern "C" {
int memkind_hbw_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *mask, unsigned long maxnode);
int memkind_regular_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *mask, unsigned long maxnode);
int memkind_dax_kmem_all_get_mbind_nodemask(
    memkind_t kind, unsigned long *mask, unsigned long maxnode);
int memkind_thread_get_arena(memkind_t kind, unsigned *arena, size_t flags);
}

using namespace engine;
using namespace memkinds;

namespace {

/* The line of /proc/self/numa_maps for the mapping of ADDR. */
std::string
policy_at(const void *addr)
{
	std::string found;
	char line[1024];
	uintptr_t start, at = reinterpret_cast<uintptr_t>(addr);
	FILE *maps = fopen("/proc/self/numa_maps", "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx", &start) == 1 && start <= at)
			found = line;
	if (maps)
		fclose(maps);
	return found;
}

/* What /proc/self/smaps says under WORD of the mapping of ADDR. */
std::string
smaps_at(const void *addr, const char *word)
{
	std::string found;
	char line[1024];
	uintptr_t from, to, at = reinterpret_cast<uintptr_t>(addr);
	bool inside = false;
	FILE *maps = fopen("/proc/self/smaps", "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			inside = from <= at && at < to;
		else if (inside && strncmp(line, word, strlen(word)) == 0)
			found = line + strlen(word);
	}
	if (maps)
		fclose(maps);
	return found;
}

bool
has(const std::string &text, const char *part)
{
	return text.find(part) != std::string::npos;
}

/* Three MiB of KIND with a page behind each. */
char *
touched(memkind_t kind)
{
	char *block = static_cast<char *>(memkind_malloc(kind, 3 * MIB));
	if (block)
		memset(block, 1, 3 * MIB);
	return block;
}

} // namespace

/* ---- This machine -------------------------------------------------------- */

TEST(MemkindPlace, ThePolicyIsTheKinds)
{
	if (access("/proc/self/numa_maps", R_OK) != 0)
		GTEST_SKIP() << "this kernel has no NUMA nodes";
	const struct {
		memkind_t kind;
		const char *policy;
	} table[] = {
		{ MEMKIND_DEFAULT, " default" },
		{ MEMKIND_INTERLEAVE, " interleave" },
		{ MEMKIND_HBW_INTERLEAVE, " interleave:0" },
		{ MEMKIND_DAX_KMEM_INTERLEAVE, " interleave:0" },
		{ MEMKIND_HBW_PREFERRED, " prefer" },
		{ MEMKIND_DAX_KMEM_PREFERRED, " prefer" },
		{ MEMKIND_HIGHEST_CAPACITY_PREFERRED, " prefer" },
	};
	for (auto &one : table) {
		char *block = touched(one.kind);
		ASSERT_NE(nullptr, block) << name_of(one.kind);
		std::string line = policy_at(block);
		EXPECT_TRUE(has(line, one.policy))
		    << name_of(one.kind) << ": " << line;
		memkind_free(one.kind, block);
	}
}

TEST(MemkindPlace, PagesAreOnTheKindsNodes)
{
	for (const Static &one : statics()) {
		if (memkind_check_available(*one.kind) != 0)
			continue;
		bool on_first = has(one.name, "HBW") || has(one.name, "KMEM");
		size_t bytes[1024] = { 0 }, all = 0;
		char *block = touched(*one.kind);
		ASSERT_NE(nullptr, block) << one.name;
		EXPECT_EQ(0, poolkind_block_nodes(block, bytes, 1024));
		for (size_t on_node : bytes)
			all += on_node;
		EXPECT_GE(all, 3 * MIB) << one.name;
		if (on_first) {
			EXPECT_EQ(all, bytes[0]) << one.name;
		}
		memkind_free(*one.kind, block);
	}
}

TEST(MemkindPlace, InterleavedMemoryHasNoTransparentHugePages)
{
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0)
		GTEST_SKIP() << "this kernel has no transparent huge pages";
	for (memkind_t kind : { MEMKIND_INTERLEAVE, MEMKIND_HBW_INTERLEAVE }) {
		char *block = touched(kind);
		ASSERT_NE(nullptr, block);
		std::string flags = smaps_at(block, "VmFlags:");
		EXPECT_TRUE(has(flags, " nh")) << flags;
		memkind_free(kind, block);
	}
}

TEST(MemkindPlace, HugePagesAreHuge)
{
	if (memkind_check_available(MEMKIND_HUGETLB) != 0)
		GTEST_SKIP() << "this machine has no huge pages";
	char *block = touched(MEMKIND_HUGETLB);
	if (!block)
		GTEST_SKIP() << "all huge pages are in use";
	std::string size = smaps_at(block, "KernelPageSize:");
	EXPECT_TRUE(has(size, " 2048 kB")) << size;
	memkind_free(MEMKIND_HUGETLB, block);
}

/* ---- The four undeclared functions --------------------------------------- */

TEST(MemkindMask, IsWrittenWhole)
{
	unsigned long mask[4] = { ~0UL, ~0UL, ~0UL, ~0UL };
	EXPECT_EQ(0, memkind_hbw_all_get_mbind_nodemask(nullptr, mask, 128));
	EXPECT_EQ(1u, mask[0]);
	EXPECT_EQ(0u, mask[1]);
	EXPECT_EQ(~0UL, mask[2]) << "beyond its end";
	mask[0] = ~0UL;
	EXPECT_EQ(
	    0, memkind_dax_kmem_all_get_mbind_nodemask(MEMKIND_HBW, mask, 64));
	EXPECT_EQ(1u, mask[0]);
	mask[0] = 0;
	EXPECT_EQ(0, memkind_regular_all_get_mbind_nodemask(nullptr, mask, 64));
	EXPECT_NE(0u, mask[0]);
}

TEST(MemkindMask, ArenasHaveNumbers)
{
	unsigned arena = 4711, other = 4711;
	EXPECT_EQ(0, memkind_thread_get_arena(MEMKIND_REGULAR, &arena, 0));
	EXPECT_EQ(0, memkind_thread_get_arena(MEMKIND_HBW, &other, 0));
	EXPECT_NE(4711u, arena);
	EXPECT_NE(arena, other);
	EXPECT_EQ(0, memkind_thread_get_arena(nullptr, &arena, 0));
}

/* ---- Other machines ------------------------------------------------------ */

static void
say_nodes(const char *name, int error, unsigned long mask)
{
	printf("%s=", name);
	if (error != 0)
		printf("%d", error);
	for (unsigned node = 0; error == 0 && node < 64; node++)
		if (mask >> node & 1)
			printf("%s%u", mask & ((1UL << node) - 1) ? "," : "",
			    node);
	printf(" ");
}

MEMKIND_PROGRAM(nodes)
{
	unsigned long mask = 0;
	int error = memkind_regular_all_get_mbind_nodemask(nullptr, &mask, 64);
	say_nodes("regular", error, mask);
	error = memkind_hbw_all_get_mbind_nodemask(nullptr, &mask, 64);
	say_nodes("hbw", error, mask);
	error = memkind_dax_kmem_all_get_mbind_nodemask(nullptr, &mask, 64);
	say_nodes("kmem", error, mask);
	return 0;
}

/* Of some kinds, as seen from the first CPU: code and GiB. */
MEMKIND_PROGRAM(sizes)
{
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	for (memkind_t kind : { MEMKIND_DEFAULT, MEMKIND_REGULAR,
		 MEMKIND_HIGHEST_CAPACITY, MEMKIND_HIGHEST_CAPACITY_PREFERRED,
		 MEMKIND_HIGHEST_CAPACITY_LOCAL, MEMKIND_LOWEST_LATENCY_LOCAL,
		 MEMKIND_HIGHEST_BANDWIDTH_LOCAL, MEMKIND_HBW, MEMKIND_HBW_ALL,
		 MEMKIND_HBW_PREFERRED, MEMKIND_HBW_INTERLEAVE,
		 MEMKIND_DAX_KMEM, MEMKIND_DAX_KMEM_ALL }) {
		int error = memkind_check_available(kind);
		ssize_t bytes = memkind_get_capacity(kind);
		printf("%d:%zd ", error, bytes > 0 ? bytes >> 30 : bytes);
	}
	return 0;
}

static std::string
on(const char *machine, const char *program)
{
	return said_by(program,
	    { std::string("HWLOC_XMLFILE=" MACHINES "/") + machine + ".xml" });
}

TEST(MemkindMachine, NodesOfEachFamily)
{
	EXPECT_EQ("regular=0,1 hbw=2,3 kmem=-1 ", on("hbm-flat", "nodes"));
	EXPECT_EQ("regular=0,1 hbw=0,1 kmem=-1 ", on("hbm-only", "nodes"));
	EXPECT_EQ("regular=0,1 hbw=-20 kmem=-1 ", on("no-hmat", "nodes"));
	EXPECT_EQ("regular=0,1,2,3 hbw=4,5,6,7 kmem=-1 ", on("knl", "nodes"));
	EXPECT_EQ("regular=0,1 hbw=-20 kmem=2,3 ", on("kmem", "nodes"));
	EXPECT_EQ("regular=0 hbw=1,2,3 kmem=-1 ", on("ties", "nodes"));
}

TEST(MemkindMachine, HighBandwidthMemory)
{
	EXPECT_EQ("0:384 0:256 0:256 0:-1 0:128 0:128 0:64 "
		  "0:64 0:128 0:-1 0:128 -1:-1 -1:-1 ",
	    on("hbm-flat", "sizes"));
}

TEST(MemkindMachine, WithoutTheFirmwaresTable)
{
	EXPECT_EQ("0:384 0:256 0:256 0:-1 0:128 -20:-1 -20:-1 "
		  "-20:-1 -20:-1 -20:-1 -20:-1 -1:-1 -1:-1 ",
	    on("no-hmat", "sizes"));
}

/* Where several nodes are equals, kinds that prefer are there too. */
TEST(MemkindMachine, Ties)
{
	EXPECT_EQ("0:28 0:8 0:24 0:-1 0:8 0:4 0:4 "
		  "0:12 0:20 0:-1 0:20 -1:-1 -1:-1 ",
	    on("ties", "sizes"));
	EXPECT_EQ("0:128 0:128 0:128 0:-1 0:32 0:32 0:32 "
		  "-20:-1 -20:-1 -20:-1 -20:-1 -1:-1 -1:-1 ",
	    on("four-sockets", "sizes"));
}

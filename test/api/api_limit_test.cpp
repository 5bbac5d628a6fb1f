/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits that are a part of what a kind's memory has: what they come to here,
 * and that they hold. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <sys/statvfs.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* The bytes behind NAME in a file that has such lines; 0 without one. */
size_t
kib_in(const std::string &path, const std::string &name)
{
	std::ifstream file(path);

	for (std::string line; std::getline(file, line);) {
		size_t at = line.find(name);

		if (at != std::string::npos)
			return KIB *
			    strtoull(
				line.c_str() + at + name.size(), nullptr, 10);
	}
	return 0;
}

size_t
memory_of_node(unsigned node)
{
	return kib_in(
	    "/sys/devices/system/node/node" + std::to_string(node) + "/meminfo",
	    "MemTotal:");
}

/* Of all nodes that the process may use. */
size_t
memory_here()
{
	Kind kind = open_kind("dram");
	unsigned long mask[16] = {};
	size_t sum = 0;

	EXPECT_EQ(0, poolkind_get_nodes(kind.get(), mask, 1024));
	for (unsigned node = 0; node < 1024; node++)
		if (mask[node / 64] >> node % 64 & 1)
			sum += memory_of_node(node);
	return sum != 0 ? sum : kib_in("/proc/meminfo", "MemTotal:");
}

size_t
pages(size_t bytes)
{
	return bytes / KIND_PAGE * KIND_PAGE;
}

size_t
limit_of(const std::string &text)
{
	return stats_of(open_kind(text).get()).limit;
}

/* In a child, so that nobody else has the variables. */
void
as_rank(const char *name, const char *value, const std::function<void()> &body)
{
	in_child(60, [&] {
		for (const char *other :
		    { "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
			"MV2_COMM_WORLD_LOCAL_SIZE", "PMI_LOCAL_SIZE",
			"PALS_LOCAL_SIZE", "SLURM_STEP_TASKS_PER_NODE",
			"SLURM_TASKS_PER_NODE", "SLURM_NTASKS_PER_NODE" })
			unsetenv(other);
		if (name != nullptr)
			setenv(name, value, 1);
		body();
	});
}

} // namespace

TEST(ApiLimit, IsAPartOfTheNodes)
{
	size_t one = memory_of_node(0);

	if (one == 0)
		GTEST_SKIP() << "this machine does not say what node 0 has";
	EXPECT_EQ(pages(one / 2), limit_of("nodes:0,limit=50%"));
	EXPECT_EQ(pages(one), limit_of("nodes:0,limit=100%"));
	EXPECT_EQ(pages(one / 100), limit_of("nodes:0,limit=1%"));
	EXPECT_EQ(pages(one / 2), limit_of("nodes:0,size=1G,limit=50%"))
	    << "whatever addresses it has";
	EXPECT_EQ(
	    pages(one / 2), limit_of("nodes:0,policy=preferred,limit=50%"));
}

TEST(ApiLimit, IsAPartOfAllMemory)
{
	EXPECT_EQ(pages(memory_here() / 4), limit_of("dram,limit=25%"));
	EXPECT_EQ(pages(memory_here() / 4), limit_of("nodes:all,limit=25%"));
	EXPECT_EQ(memory_here() / 4 / (2 * MIB) * (2 * MIB),
	    limit_of("dram,page=thp,limit=25%"))
	    << "in whole pages";
}

TEST(ApiLimit, IsAPartOfAFileOrOfItsFileSystem)
{
	struct statvfs status;

	ASSERT_EQ(0, statvfs("/dev/shm", &status));
	size_t all = status.f_blocks * status.f_frsize;

	EXPECT_EQ(32 * MIB, limit_of("file:/dev/shm,size=64M,limit=50%"));
	if (all == 0)
		all = kib_in("/proc/meminfo", "MemTotal:");
	EXPECT_EQ(pages(all / 2), limit_of("file:/dev/shm,limit=50%"));
	EXPECT_EQ(pages(all / 2),
	    limit_of("file:/dev/shm,size=64M,grow=yes,limit=50%"))
	    << "a size that is a beginning is none";
}

TEST(ApiLimit, IsAPartOfARegion)
{
	Region region(8 * MIB);
	poolkind *kind = poolkind_open_region(
	    region.start(), region.size(), "limit=25%", 0);

	ASSERT_NE(nullptr, kind) << poolkind_errormsg();
	EXPECT_EQ(2 * MIB, stats_of(kind).limit);
	poolkind_close(kind);
}

TEST(ApiLimit, TextKeepsThePartAndResolvedHasBytes)
{
	Kind kind = open_kind("file:/dev/shm,size=64M,limit=50%");

	EXPECT_STREQ(
	    "file:/dev/shm,size=64M,limit=50%", poolkind_text(kind.get()));
	EXPECT_STREQ(
	    "file:/dev/shm,size=64M,limit=32M", poolkind_resolved(kind.get()));
	EXPECT_EQ(0, poolkind_set_limit(kind.get(), 4 * MIB));
	EXPECT_EQ(4 * MIB, stats_of(kind.get()).limit);
	EXPECT_EQ(0, poolkind_set_limit(kind.get(), 0));
	EXPECT_EQ(0u, stats_of(kind.get()).limit);
}

TEST(ApiLimit, ThatIsAPartHolds)
{
	Kind kind = open_kind("file:/dev/shm,size=16M,limit=50%");
	std::vector<void *> blocks;

	for (void *block;
	     (block = poolkind_malloc(kind.get(), MIB)) != nullptr;)
		blocks.push_back(block);
	EXPECT_GE(blocks.size(), 6u);
	EXPECT_LE(blocks.size(), 8u);
	EXPECT_LE(stats_of(kind.get()).peak, 8 * MIB);
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_check(kind.get()));
}

TEST(ApiLimit, IsAShare)
{
	as_rank("OMPI_COMM_WORLD_LOCAL_SIZE", "4", [] {
		EXPECT_EQ(
		    16 * MIB, limit_of("file:/dev/shm,size=64M,limit=share"));
		EXPECT_EQ(
		    pages(memory_here() / 4), limit_of("dram,limit=share"));
		Kind kind = open_kind("file:/dev/shm,size=64M,limit=share");
		EXPECT_STREQ("file:/dev/shm,size=64M,limit=share",
		    poolkind_text(kind.get()));
		EXPECT_STREQ("file:/dev/shm,size=64M,limit=16M",
		    poolkind_resolved(kind.get()));
		Kind chain = open_kind(
		    "nodes:1000,limit=share > dram,limit=share");
		EXPECT_STREQ("dram,limit=share", poolkind_text(chain.get()));
	});
	as_rank("SLURM_NTASKS_PER_NODE", "1", [] {
		EXPECT_EQ(
		    64 * MIB, limit_of("file:/dev/shm,size=64M,limit=share"));
	});
}

/* The last alternative would do, but that the job does not say is no lack of
 * the machine's. */
TEST(ApiLimit, IsNoShareWhereNobodyCountsRanks)
{
	as_rank(nullptr, nullptr, [] {
		for (const char *text :
		    { "dram,limit=share", "nodes:0,limit=share|dram",
			"dram > nodes:0,limit=share" }) {
			EXPECT_REFUSED(poolkind_open(text, 0) == nullptr,
			    EINVAL, "SLURM_NTASKS_PER_NODE is set");
			EXPECT_SENTENCE("OMPI_COMM_WORLD_LOCAL_SIZE, ");
		}
	});
	as_rank("MPI_LOCALNRANKS", "four", [] {
		EXPECT_REFUSED(poolkind_open("dram,limit=share", 0) == nullptr,
		    EINVAL, "MPI_LOCALNRANKS=four is not how many");
	});
}

TEST(ApiLimit, ThatIsTooSmallIsToldWhenTheKindIsOpened)
{
	EXPECT_REFUSED(
	    poolkind_open("file:/dev/shm,size=64K,limit=1%", 0) == nullptr,
	    EINVAL,
	    "limit=655 is less than one page of " + std::to_string(KIND_PAGE) +
		" bytes");
	EXPECT_REFUSED(poolkind_open("file:/dev/shm,size=1M,reserve=yes,"
				     "limit=50%",
			   0) == nullptr,
	    EINVAL, "more than limit= comes to here, 524288 bytes");
	as_rank("MPI_LOCALNRANKS", "4294967295", [] {
		EXPECT_REFUSED(
		    poolkind_open("file:/dev/shm,size=64K,limit=share", 0) ==
			nullptr,
		    EINVAL, "less than one page");
	});
}

TEST(ApiLimit, OfWhatIsNotThere)
{
	EXPECT_REFUSED(poolkind_open("nodes:1000,limit=50%", 0) == nullptr,
	    ENODEV, "node 1000 does not exist");
	EXPECT_REFUSED(poolkind_open("file:/no/such,limit=50%", 0) == nullptr,
	    ENOENT, "/no/such");
	EXPECT_STREQ("dram,limit=50%",
	    poolkind_text(
		open_kind("nodes:1000,limit=50%|dram,limit=50%").get()));
}

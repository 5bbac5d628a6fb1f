/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 1: a block handed out is committed. Whatever is used up, the answer is
 * NULL with ENOMEM, and no signal ever. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

/* Allocates blocks of SIZE until NULL and writes every byte of each. */
std::vector<void *>
use_up(poolkind *kind, size_t size, size_t most = SIZE_MAX)
{
	std::vector<void *> blocks;
	blocks.reserve(1 << 16);
	while (blocks.size() < most) {
		errno = 0;
		void *block = poolkind_malloc(kind, size);
		if (!block) {
			EXPECT_EQ(ENOMEM, errno);
			break;
		}
		memset(block, 0x77, size);
		blocks.push_back(block);
	}
	return blocks;
}

void
give_back(poolkind *kind, std::vector<void *> &blocks)
{
	for (void *block : blocks)
		poolkind_free(kind, block);
	blocks.clear();
}

struct rlimit
no_more_addresses(size_t beyond)
{
	struct rlimit before, now;
	getrlimit(RLIMIT_AS, &before);
	now = before;
	now.rlim_cur = facts().address + beyond;
	EXPECT_EQ(0, setrlimit(RLIMIT_AS, &now));
	return before;
}

} // namespace

class ApiFullFileSystem : public testing::TestWithParam<size_t> {};

TEST_P(ApiFullFileSystem, IsEnomem)
{
	Directory directory("/tmp");
	size_t size = GetParam();
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 8 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=64M");
		for (int round = 0; round < 3; round++) {
			std::vector<void *> blocks = use_up(kind.get(), size);
			EXPECT_GE(blocks.size() * size, 7 * MIB) << round;
			EXPECT_LE(blocks.size() * size, 8 * MIB);
			for (void *block : blocks)
				ASSERT_TRUE(all_bytes_are(block, size, 0x77));
			give_back(kind.get(), blocks);
		}
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	});
}

INSTANTIATE_TEST_SUITE_P(Sizes, ApiFullFileSystem,
    testing::Values(100, 4096, 20000, 65536, 1000000));

TEST(ApiFull, FileSystemFilledBySomebodyElse)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=64M");
		std::vector<void *> blocks = use_up(kind.get(), 30000, 100);
		ASSERT_EQ(100u, blocks.size());
		put_filler(directory.path(), SIZE_MAX);
		for (void *block : blocks)
			memset(block, 0x78, 30000);
		std::vector<void *> more = use_up(kind.get(), 100);
		EXPECT_LE(more.size(), 5 * MIB / 100);
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 5 * MIB));
		remove_filler(directory.path());
		void *block = poolkind_malloc(kind.get(), 5 * MIB);
		EXPECT_NE(nullptr, block) << "there is room again";
		poolkind_free(kind.get(), block);
	});
}

TEST(ApiFull, FileSystemFullBetweenFreeAndMalloc)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=64M");
		std::vector<void *> blocks = use_up(kind.get(), 65536);
		give_back(kind.get(), blocks);
		poolkind_trim(kind.get());
		put_filler(directory.path(), SIZE_MAX);
		blocks = use_up(kind.get(), 65536);
		EXPECT_EQ(0u, blocks.size());
		void *calloced = poolkind_calloc(kind.get(), 1, 65536);
		EXPECT_EQ(nullptr, calloced);
		EXPECT_EQ(
		    nullptr, poolkind_aligned_alloc(kind.get(), 65536, 100000));
		remove_filler(directory.path());
		blocks = use_up(kind.get(), 65536);
		EXPECT_GE(blocks.size(), 240u);
	});
}

TEST(ApiFull, TwoKindsShareAFileSystem)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		std::string spec = "file:" + directory.path() + ",size=64M";
		Kind one = open_kind(spec), two = open_kind(spec);
		std::vector<void *> first = use_up(one.get(), 50000);
		EXPECT_EQ(nullptr, poolkind_malloc(two.get(), 1 * MIB));
		give_back(one.get(), first);
		EXPECT_EQ(0, poolkind_trim(one.get()));
		std::vector<void *> second = use_up(two.get(), 50000);
		EXPECT_GE(second.size(), 14 * MIB / 57344);
	});
}

TEST(ApiFull, GrowingKindStopsWhereTheFileSystemDoes)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind(
		    "file:" + directory.path() + ",size=2M,grow=yes");
		std::vector<void *> blocks = use_up(kind.get(), 50000);
		EXPECT_GE(blocks.size(), 14 * MIB / 57344);
	});
}

TEST(ApiFull, PoolAndLimit)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	for (std::string spec : { "file:" + directory + ",size=14M",
		 "file:" + directory + ",size=64M,limit=14M",
		 "file:" + directory + ",size=2M,grow=yes,limit=14M",
		 std::string("dram,limit=14M") })
		in_child(30, [&] {
			Kind kind = open_kind(spec);
			for (size_t size : { 100, 5000, 1000000 }) {
				std::vector<void *> blocks = use_up(
				    kind.get(), size);
				EXPECT_GE(blocks.size() * size, 11 * MIB)
				    << spec << " " << size;
				EXPECT_LE(blocks.size() * size, 14 * MIB);
				give_back(kind.get(), blocks);
			}
		});
}

TEST(ApiFull, GrowingKindOutgrowsItsSize)
{
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=2M,grow=yes");
	std::vector<void *> blocks = use_up(kind.get(), 50000, 1000);
	EXPECT_EQ(1000u, blocks.size());
	void *large = poolkind_malloc(kind.get(), 12 * MIB);
	EXPECT_NE(nullptr, large) << "a block larger than the kind was";
	poolkind_free(kind.get(), large);
	give_back(kind.get(), blocks);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

TEST(ApiFull, FileSizeLimit)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	in_child(30, [&] {
		Kind before = open_kind("file:" + directory + ",size=14M");
		struct rlimit limit = { 4 * MIB, 4 * MIB };
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
		Kind kind = open_kind(
		    "file:" + directory + ",size=1M,grow=yes");
		for (size_t size : { 100, 50000 }) {
			std::vector<void *> blocks = use_up(
			    kind.get(), size, 12 * MIB / size);
			EXPECT_GE(blocks.size() * size, 900 * KIB);
			give_back(kind.get(), blocks);
		}
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 16 * MIB))
		    << "no file may be so large";
		std::vector<void *> blocks = use_up(before.get(), 50000);
		EXPECT_GE(blocks.size(), 200u)
		    << "that file has its length already";
		struct sigaction action;
		ASSERT_EQ(0, sigaction(SIGXFSZ, nullptr, &action));
		EXPECT_EQ(SIG_DFL, action.sa_handler);
		sigset_t pending;
		sigpending(&pending);
		EXPECT_FALSE(sigismember(&pending, SIGXFSZ));
	});
}

class ApiNoAddresses : public testing::TestWithParam<size_t> {
protected:
	void
	SetUp() override
	{
		if (has_address_sanitizer() || has_thread_sanitizer())
			GTEST_SKIP() << "the sanitizer needs its addresses";
	}
};

TEST_P(ApiNoAddresses, IsEnomemAndRecovers)
{
	size_t size = GetParam();
	in_child(60, [&] {
		Kind kind = open_kind("dram");
		std::vector<void *> all;
		all.reserve(1 << 21);
		no_more_addresses(96 * MIB);
		for (int round = 0; round < 3; round++) {
			std::vector<void *>().swap(all);
			Chain chain;
			size_t blocks = chain.fill(kind.get(), size);
			EXPECT_LE(blocks * size, 200 * MIB);
			EXPECT_GE(blocks * size, 8 * MIB);
			EXPECT_EQ(blocks, chain.free_all(kind.get()));
		}
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	});
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ApiNoAddresses, testing::Values(16, 100, 4096, 100000, 3000000));

TEST_F(ApiNoAddresses, OpenFailsWithEnomem)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	for (std::string spec :
	    { std::string("dram"), "file:" + directory + ",size=16M" })
		in_child(30, [&] {
			std::vector<poolkind *> kinds;
			kinds.reserve(10000);
			struct rlimit before = no_more_addresses(64 * MIB);
			while (kinds.size() < 5000) {
				errno = 0;
				poolkind *kind = poolkind_open(spec.c_str(), 0);
				if (!kind)
					break;
				kinds.push_back(kind);
				void *block = poolkind_malloc(kind, 100);
				if (block)
					memset(block, 1, 100);
			}
			EXPECT_EQ(ENOMEM, errno);
			EXPECT_STRNE("", poolkind_errormsg());
			for (poolkind *kind : kinds)
				EXPECT_EQ(0, poolkind_close(kind));
			ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
			Kind kind = open_kind(spec);
			EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 100));
		});
}

/* Whatever the limit is, a kind has not taken what its records need, nor what
 * the next kind does. */
TEST_F(ApiNoAddresses, SomeAreLeftForRecordsAndOtherKinds)
{
	for (size_t beyond = 24 * MIB; beyond < 96 * MIB; beyond += 2 * MIB)
		in_child(30, [&] {
			no_more_addresses(beyond);
			Kind kind = open_kind("dram");
			EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 100))
			    << beyond / MIB << " MiB";
			if (beyond < 48 * MIB)
				return;
			Kind other = open_kind("dram");
			EXPECT_NE(nullptr, poolkind_malloc(other.get(), 100))
			    << beyond / MIB << " MiB, the second";
		});
}

TEST_F(ApiNoAddresses, RegionNeedsNone)
{
	in_child(30, [&] {
		Region region(16 * MIB);
		Kind kind(poolkind_open_region(
		    region.start(), region.size(), nullptr, 0));
		ASSERT_NE(nullptr, kind.get());
		poolkind_free(kind.get(), poolkind_malloc(kind.get(), 100));
		no_more_addresses(32 * MIB);
		Chain chain;
		EXPECT_GE(
		    chain.fill(kind.get(), 4096), nearly_all(16 * MIB, 4096));
	});
}

TEST(ApiFull, NoHugePageLeft)
{
	Kind kind(poolkind_open("dram,page=2M", 0));
	if (!kind)
		GTEST_SKIP() << poolkind_errormsg();
	in_child(20, [&] {
		std::vector<void *> blocks = use_up(kind.get(), 100000, 10000);
		give_back(kind.get(), blocks);
		blocks = use_up(kind.get(), 100, 10000);
		give_back(kind.get(), blocks);
	});
}

TEST(ApiFull, ReservedKindNeedsNoMore)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind(
		    "file:" + directory.path() + ",size=8M,reserve=yes");
		put_filler(directory.path(), SIZE_MAX);
		for (int round = 0; round < 2; round++) {
			std::vector<void *> blocks = use_up(kind.get(), 65536);
			EXPECT_GE(blocks.size(), 127u);
			give_back(kind.get(), blocks);
		}
	});
}

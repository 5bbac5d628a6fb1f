/* SPDX-License-Identifier: BSD-2-Clause */
/* Laws 2 and 9: limit, trim, check, and a kind's account. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

class ApiStats : public EveryKind {};
ENGINE_EVERY_KIND(ApiStats);

/* What a quiet kind's numbers must say of each other. */
void
expect_consistent(poolkind *kind)
{
	Stats stats = stats_of(kind);
	EXPECT_LE(stats.live + stats.cached, stats.committed);
	EXPECT_LE(stats.committed, stats.peak);
	EXPECT_LE(stats.resident, stats.committed);
	EXPECT_GE(stats.allocations, stats.frees);
	EXPECT_LE(stats.peak, stats.limit ? stats.limit : SIZE_MAX);
	EXPECT_LE(stats.peak, stats.size ? stats.size : SIZE_MAX);
	EXPECT_EQ(0, poolkind_check(kind)) << poolkind_errormsg();
}

} // namespace

TEST_P(ApiStats, FreshKindHoldsNothing)
{
	Stats stats = stats_of(kind());
	EXPECT_EQ(0u, stats.live);
	EXPECT_EQ(0u, stats.cached);
	EXPECT_EQ(0u, stats.committed);
	EXPECT_EQ(0u, stats.resident);
	EXPECT_EQ(0u, stats.allocations);
	EXPECT_EQ(0u, stats.frees);
	expect_consistent(kind());
}

TEST_P(ApiStats, LimitAndSizeAreTold)
{
	std::string source = GetParam();
	Stats stats = stats_of(kind());
	EXPECT_EQ(source == "limited" ? 128 * MIB : 0, stats.limit);
	EXPECT_EQ(
	    source == "file" || source == "region" ? 128 * MIB : 0, stats.size);
}

TEST_P(ApiStats, LiveIsTheSumOfUsableSizes)
{
	std::vector<void *> blocks;
	size_t live = 0;
	for (size_t size = 1; size < 300000; size += 1 + size / 8) {
		blocks.push_back(poolkind_malloc(kind(), size));
		ASSERT_NE(nullptr, blocks.back());
		live += poolkind_usable_size(blocks.back());
		ASSERT_EQ(live, stats_of(kind()).live) << size;
	}
	Stats stats = stats_of(kind());
	EXPECT_EQ(blocks.size(), stats.allocations - stats.frees);
	expect_consistent(kind());
	for (void *block : blocks) {
		live -= poolkind_usable_size(block);
		poolkind_free(kind(), block);
		ASSERT_EQ(live, stats_of(kind()).live);
	}
	stats = stats_of(kind());
	EXPECT_EQ(0u, stats.live);
	EXPECT_EQ(stats.allocations, stats.frees);
	EXPECT_GE(stats.allocations, blocks.size());
	expect_consistent(kind());
}

TEST_P(ApiStats, CountsEveryFormOfAllocation)
{
	Stats before = stats_of(kind());
	std::vector<void *> blocks;
	for (int i = 0; i < 100; i++) {
		blocks.push_back(poolkind_malloc(kind(), 100));
		blocks.push_back(poolkind_calloc(kind(), 10, 1000));
		blocks.push_back(poolkind_aligned_alloc(kind(), 4096, 10));
		blocks.push_back(poolkind_realloc(kind(), nullptr, 100000));
		blocks.push_back(nullptr);
		EXPECT_EQ(
		    0, poolkind_posix_memalign(kind(), &blocks.back(), 64, 64));
	}
	Stats after = stats_of(kind());
	EXPECT_EQ(500u, after.allocations - before.allocations);
	for (size_t i = 0; i < blocks.size(); i++)
		if (i % 3 == 0)
			poolkind_free(nullptr, blocks[i]);
		else
			poolkind_free(kind(), blocks[i]);
	after = stats_of(kind());
	EXPECT_EQ(500u, after.frees - before.frees);
	EXPECT_EQ(0u, after.live);
}

TEST_P(ApiStats, LiveLeavesOutWhatThreadsCache)
{
	std::atomic<int> ready(0);
	std::atomic<bool> stop(false);
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			Chain chain;
			chain.fill(kind(), 256, 500);
			chain.free_all(kind());
			ready++;
			while (!stop)
				std::this_thread::yield();
		});
	while (ready < 4)
		std::this_thread::yield();
	EXPECT_EQ(0u, stats_of(kind()).live);
	expect_consistent(kind());
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, stats_of(kind()).live);
	expect_consistent(kind());
	poolkind_trim(kind());
	EXPECT_EQ(0u, stats_of(kind()).cached);
}

TEST_P(ApiStats, CommittedAndResidentFollowUse)
{
	void *block = poolkind_malloc(kind(), 8 * MIB);
	ASSERT_NE(nullptr, block);
	memset(block, 1, 8 * MIB);
	Stats stats = stats_of(kind());
	EXPECT_GE(stats.committed, 8 * MIB);
	EXPECT_GE(stats.resident, 8 * MIB);
	EXPECT_LT(stats.committed, 16 * MIB);
	EXPECT_GE(stats.peak, 8 * MIB);
	poolkind_free(kind(), block);
	EXPECT_EQ(0, poolkind_trim(kind())) << poolkind_errormsg();
	stats = stats_of(kind());
	EXPECT_EQ(0u, stats.committed);
	EXPECT_EQ(0u, stats.resident);
	EXPECT_GE(stats.peak, 8 * MIB);
	expect_consistent(kind());
}

TEST(ApiStatsOwn, OtherKindsDoNotShow)
{
	Kind one = open_kind("dram"), two = open_kind("dram");
	poolkind_free(one.get(), poolkind_malloc(one.get(), 100));
	Stats before = stats_of(one.get());
	Chain chain;
	chain.fill(two.get(), 1000, 10000);
	Stats after = stats_of(one.get());
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	chain.free_all(two.get());
	EXPECT_EQ(0, poolkind_trim(two.get()));
	after = stats_of(one.get());
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* ---- The struct over versions ------------------------------------------- */

TEST(ApiStatsStruct, SmallerAndLargerOnes)
{
	Kind kind = open_kind("dram,limit=64M");
	void *block = poolkind_malloc(kind.get(), 1000);
	Stats whole = stats_of(kind.get());
	for (size_t size = 1; size <= sizeof(whole); size++) {
		unsigned char partial[sizeof(whole)];
		memset(partial, 0xee, sizeof(partial));
		ASSERT_EQ(
		    0, poolkind_get_stats(kind.get(), (Stats *)partial, size))
		    << size;
		EXPECT_EQ(0, memcmp(partial, &whole, size)) << size;
		EXPECT_TRUE(
		    all_bytes_are(partial + size, sizeof(whole) - size, 0xee))
		    << size;
	}
	alignas(8) unsigned char larger[sizeof(whole) + 256];
	memset(larger, 0xee, sizeof(larger));
	ASSERT_EQ(
	    0, poolkind_get_stats(kind.get(), (Stats *)larger, sizeof(larger)));
	EXPECT_EQ(0, memcmp(larger, &whole, sizeof(whole)));
	EXPECT_TRUE(all_bytes_are(larger + sizeof(whole), 256, 0));
	poolkind_free(kind.get(), block);
}

TEST(ApiStatsStruct, RefusesNullAndNothing)
{
	Kind kind = open_kind("dram");
	Stats stats;
	EXPECT_REFUSED(
	    poolkind_get_stats(kind.get(), nullptr, sizeof(stats)) == -1,
	    EINVAL, "");
	EXPECT_STRNE("", poolkind_errormsg());
	EXPECT_REFUSED(
	    poolkind_get_stats(kind.get(), &stats, 0) == -1, EINVAL, "");
}

/* ---- Limit -------------------------------------------------------------- */

TEST(ApiLimit, IsNeverExceeded)
{
	for (size_t block : { 16, 500, 4096, 30000, 100000, 3000000 }) {
		Kind kind = open_kind("dram,limit=14M");
		std::atomic<bool> stop(false);
		std::atomic<unsigned> over(0);
		std::thread watcher([&] {
			Stats stats;
			while (!stop) {
				poolkind_get_stats(
				    kind.get(), &stats, sizeof(stats));
				over += stats.committed > 14 * MIB ||
				    stats.peak > 14 * MIB;
			}
		});
		for (int round = 0; round < 3; round++) {
			Chain chain;
			EXPECT_GE(chain.fill(kind.get(), block),
			    12 * MIB / block / 2);
			chain.free_all(kind.get());
		}
		stop = true;
		watcher.join();
		EXPECT_EQ(0u, over) << block;
		expect_consistent(kind.get());
	}
}

TEST(ApiLimit, IsFullyUsable)
{
	for (size_t block : { 64, 1024, 4096, 65536, 1048576 }) {
		Kind kind = open_kind("dram,limit=14M");
		Chain chain;
		EXPECT_GE(
		    chain.fill(kind.get(), block), nearly_all(14 * MIB, block))
		    << block;
		EXPECT_EQ(chain.count(), chain.count());
	}
}

TEST(ApiLimit, OfAFileKindBelowItsSize)
{
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=32M,limit=8M");
	Chain chain;
	EXPECT_GE(chain.fill(kind.get(), 4096), nearly_all(8 * MIB, 4096));
	EXPECT_LE(stats_of(kind.get()).peak, 8 * MIB);
	EXPECT_EQ(0, poolkind_set_limit(kind.get(), 0));
	EXPECT_GE(chain.fill(kind.get(), 4096), nearly_all(23 * MIB, 4096));
}

TEST(ApiLimit, Raised)
{
	Kind kind = open_kind("dram,limit=4M");
	Chain chain;
	chain.fill(kind.get(), 65536);
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 65536));
	errno = 4242;
	ASSERT_EQ(0, poolkind_set_limit(kind.get(), 8 * MIB));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(8 * MIB, stats_of(kind.get()).limit);
	EXPECT_GE(chain.fill(kind.get(), 65536), 62u);
	ASSERT_EQ(0, poolkind_set_limit(kind.get(), 0));
	EXPECT_EQ(0u, stats_of(kind.get()).limit);
	EXPECT_EQ(1000u, chain.fill(kind.get(), 65536, 1000));
	chain.free_all(kind.get());
}

TEST(ApiLimit, LoweredTrimsAndStands)
{
	Kind kind = open_kind("dram");
	void *keep[8];
	for (void *&block : keep) {
		block = poolkind_malloc(kind.get(), 1 * MIB);
		ASSERT_NE(nullptr, block);
		paint(block, 1 * MIB, 6);
	}
	Chain chain;
	chain.fill(kind.get(), 100000, 100);
	chain.free_all(kind.get());
	ASSERT_EQ(0, poolkind_set_limit(kind.get(), 4 * MIB));
	EXPECT_LE(stats_of(kind.get()).committed, 8 * MIB + 512 * KIB);
	errno = 0;
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 65536));
	EXPECT_EQ(ENOMEM, errno);
	for (int i = 0; i < 4; i++)
		poolkind_free(kind.get(), keep[i]);
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 65536));
	for (int i = 4; i < 6; i++) {
		EXPECT_TRUE(painted(keep[i], 1 * MIB, 6));
		poolkind_free(kind.get(), keep[i]);
	}
	void *block = poolkind_malloc(kind.get(), 1 * MIB);
	EXPECT_NE(nullptr, block);
	EXPECT_LE(stats_of(kind.get()).committed, 4 * MIB);
	poolkind_free(kind.get(), block);
	for (int i = 6; i < 8; i++) {
		EXPECT_TRUE(painted(keep[i], 1 * MIB, 6));
		poolkind_free(kind.get(), keep[i]);
	}
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

TEST(ApiLimit, SmallOnes)
{
	for (size_t limit : { KIND_PAGE, 16 * KIND_PAGE, 256 * KIND_PAGE }) {
		Kind kind = open_kind("dram,limit=" + std::to_string(limit));
		Chain chain;
		for (size_t block : { 64, 4096, 100000 }) {
			chain.fill(kind.get(), block, 100000);
			EXPECT_LE(stats_of(kind.get()).peak, limit);
			chain.free_all(kind.get());
		}
		void *block = poolkind_malloc(kind.get(), 4096);
		EXPECT_TRUE(block != nullptr || limit == KIND_PAGE);
		poolkind_free(kind.get(), block);
	}
}

/* ---- Trim and check ----------------------------------------------------- */

TEST_P(ApiStats, TrimGivesBackAllThatHoldsNoBlock)
{
	void *keep = poolkind_malloc(kind(), 64);
	ASSERT_NE(nullptr, keep);
	paint(keep, 64, 1);
	for (size_t size : { 16, 200, 5000, 70000, 2000000 }) {
		Chain chain;
		chain.fill(kind(), size, 16 * MIB / size);
		EXPECT_EQ(chain.count(), chain.count());
		chain.free_all(kind());
		errno = 4242;
		ASSERT_EQ(0, poolkind_trim(kind())) << poolkind_errormsg();
		EXPECT_EQ(4242, errno);
		Stats stats = stats_of(kind());
		EXPECT_EQ(0u, stats.cached) << size;
		EXPECT_LE(stats.committed, 64 * KIB) << size;
		EXPECT_LE(stats.resident, 64 * KIB) << size;
		EXPECT_TRUE(painted(keep, 64, 1));
	}
	poolkind_free(kind(), keep);
	ASSERT_EQ(0, poolkind_trim(kind()));
	EXPECT_EQ(0u, stats_of(kind()).committed);
	expect_consistent(kind());
}

TEST(ApiTrim, GivesFileSpaceBack)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=28M");
		EXPECT_EQ(32 * MIB, free_bytes(directory.path()))
		    << "opening takes no space";
		for (size_t size : { 64, 4096, 1000000 }) {
			Chain chain;
			chain.fill(kind.get(), size);
			EXPECT_LE(free_bytes(directory.path()), 5 * MIB);
			chain.free_all(kind.get());
			ASSERT_EQ(0, poolkind_trim(kind.get()));
			EXPECT_EQ(32 * MIB, free_bytes(directory.path()))
			    << size;
		}
	});
}

TEST(ApiTrim, OneLiveBlockDoesNotHoldTheFile)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=28M");
		Chain before, after;
		before.fill(kind.get(), 4096, 3000);
		void *keep = poolkind_malloc(kind.get(), 4096);
		paint(keep, 4096, 2);
		after.fill(kind.get(), 4096, 3000);
		before.free_all(kind.get());
		after.free_all(kind.get());
		ASSERT_EQ(0, poolkind_trim(kind.get()));
		EXPECT_GE(free_bytes(directory.path()), 32 * MIB - 64 * KIB);
		EXPECT_TRUE(painted(keep, 4096, 2));
	});
}

TEST_P(ApiStats, CheckHoldsInEveryState)
{
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
	Chain small, large;
	small.fill(kind(), 48, 20000);
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
	large.fill(kind(), 300000, 20);
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
	small.free_all(kind());
	errno = 4242;
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
	EXPECT_EQ(4242, errno);
	large.free_all(kind());
	poolkind_trim(kind());
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
}

TEST_P(ApiStats, CheckAmidOtherThreads)
{
	std::atomic<bool> stop(false);
	std::thread other([&] {
		while (!stop) {
			Chain chain;
			chain.fill(kind(), 3000, 2000);
			chain.free_all(kind());
		}
	});
	for (int i = 0; i < 50; i++) {
		EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
		Stats stats = stats_of(kind());
		EXPECT_LE(stats.live, 128 * MIB);
		EXPECT_EQ(0, poolkind_trim(kind()));
	}
	stop = true;
	other.join();
	expect_consistent(kind());
}

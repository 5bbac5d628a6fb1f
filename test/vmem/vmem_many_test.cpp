/* SPDX-License-Identifier: BSD-2-Clause */
/* Many pools: 128 at once, thousands one after the other, and as many as there
 * can be; and a child of fork() that looks at a pool. */
#include "vmem_test.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <malloc.h>
#include <unistd.h>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

/* Like POOLS regions of the smallest size, one after the other. */
struct Row {
	explicit Row(size_t count) : region(count * MIN) {}
	Pool
	make(size_t number)
	{
		return Pool(
		    vmem_create_in_region(region.start() + number * MIN, MIN));
	}
	Region region;
};

/* ROUNDS of BODY after a tenth of them as warm-up leave the process as it was,
 * but for BYTES of memory that moved. */
void
expect_no_leak(
    unsigned rounds, size_t bytes, const std::function<void(unsigned)> &body)
{
	for (unsigned i = 0; i < rounds / 10 + 1; i++)
		body(i);
	malloc_trim(0);
	Facts before = facts();
	for (unsigned i = 0; i < rounds && !testing::Test::HasFailure(); i++)
		body(i);
	Facts after = facts();
	EXPECT_EQ(before.descriptors, after.descriptors);
	EXPECT_LE(after.mappings, before.mappings + 20);
	EXPECT_LE(after.address, before.address + 64 * MIB);
	if (!has_address_sanitizer() && !has_thread_sanitizer()) {
		EXPECT_LE(after.resident, before.resident + bytes);
	}
}

} // namespace

TEST(VmemMany, HundredTwentyEightInOneThread)
{
	Row row(128);
	for (unsigned round = 0; round < 10; round++) {
		std::vector<Pool> all;
		std::vector<char *> blocks;
		for (unsigned i = 0; i < 128; i++) {
			all.push_back(row.make(i));
			ASSERT_NE(nullptr, all.back().get()) << vmem_errormsg();
			blocks.push_back(static_cast<char *>(
			    vmem_malloc(all.back().get(), 3000)));
			ASSERT_NE(nullptr, blocks.back());
			paint(blocks.back(), 3000, i + round);
		}
		for (unsigned i = 0; i < 128; i++) {
			ASSERT_TRUE(painted(blocks[i], 3000, i + round)) << i;
			ASSERT_TRUE(lies_in(blocks[i], 3000,
			    start_of(all[i]) + PAGE, MIN - PAGE));
			if ((i + round) % 3 == 0)
				vmem_free(all[i].get(), blocks[i]);
		}
		for (unsigned i = 0; i < 128; i++)
			all[(i * 37 + round) % 128].reset();
	}
}

TEST(VmemMany, ThousandsOfRegionPoolsOneAfterTheOther)
{
	in_child(60, [] {
		Region region(MIN);
		expect_no_leak(8000, MIB / 2, [&](unsigned round) {
			Pool pool = make_pool(region);
			ASSERT_NE(nullptr, vmem_malloc(pool.get(), 3000));
			void *block = vmem_malloc(pool.get(), 50000);
			ASSERT_NE(nullptr, block);
			if (round % 2)
				vmem_free(pool.get(), block);
		});
	});
}

TEST(VmemMany, DirectoryPoolsOneAfterTheOther)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	in_child(60, [&] {
		expect_no_leak(400, MIB / 2, [&](unsigned) {
			Pool pool = make_pool(directory);
			ASSERT_NE(nullptr, vmem_malloc(pool.get(), 3000));
			ASSERT_NE(nullptr, vmem_malloc(pool.get(), 50000));
		});
		if (!has_thread_sanitizer()) { /* which has one */
			EXPECT_EQ(1u, facts().threads);
		}
	});
}

TEST(VmemMany, PoolsThatShortThreadsUsed)
{
	in_child(60, [] {
		Region region(MIN);
		expect_no_leak(300, 2 * MIB, [&](unsigned) {
			Pool pool = make_pool(region);
			std::vector<std::thread> threads;
			for (int i = 0; i < 4; i++)
				threads.emplace_back([&] {
					Blocks blocks;
					blocks.fill(pool.get(), 500, 100);
				});
			for (std::thread &thread : threads)
				thread.join();
		});
	});
}

TEST(VmemMany, AsManyAsThereCanBe)
{
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer needs the address space";
	in_child(60, [] {
		const size_t most = 33000;
		Row row(most);
		std::vector<VMEM *> all;
		for (size_t i = 0; i < most; i++) {
			forget_error();
			VMEM *pool = row.make(i).release();
			if (!pool)
				break;
			all.push_back(pool);
			if (i % 16 == 0) {
				ASSERT_NE(nullptr, vmem_malloc(pool, 64)) << i;
			}
		}
		EXPECT_NE(0, errno);
		expect_sentence({});
		EXPECT_GE(all.size(), 4000u);
		EXPECT_LT(all.size(), most);
		for (size_t i = 0; i < all.size(); i += 100) {
			EXPECT_EQ(1, vmem_check(all[i])) << i;
			EXPECT_NE(nullptr, vmem_malloc(all[i], 100)) << i;
		}
		for (int i = 0; i < 3; i++) {
			vmem_delete(all.back());
			all.back() = row.make(all.size() - 1).release();
			ASSERT_NE(nullptr, all.back()) << vmem_errormsg();
			EXPECT_NE(nullptr, vmem_malloc(all.back(), 5000));
			EXPECT_EQ(nullptr, row.make(all.size()).get());
		}
		for (VMEM *pool : all)
			vmem_delete(pool);
		EXPECT_NE(nullptr, row.make(0).get());
	});
}

/* ---- At the same moment -------------------------------------------------- */

namespace {

/* Runs BODY in four threads that begin together; the sum of what it gives. */
int
at_once(const std::function<int()> &body)
{
	std::atomic<int> ready(0), sum(0);
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			for (ready++; ready < 4;)
				std::this_thread::yield();
			sum += body();
		});
	for (std::thread &thread : threads)
		thread.join();
	return sum;
}

} // namespace

TEST(VmemAtOnce, OnePoolIsMadeOfARegionAndDeletedOnce)
{
	in_child(20, [] {
		Region region(MIN);
		VMEM *pool = reinterpret_cast<VMEM *>(region.start());
		auto make = [&] {
			return vmem_create_in_region(region.start(), MIN) ==
			    pool;
		};
		auto remove = [&] {
			errno = 0;
			vmem_delete(pool);
			return errno == 0;
		};
		for (int round = 0; round < 200; round++) {
			ASSERT_EQ(1, at_once(make)) << round;
			ASSERT_EQ(1, vmem_check(pool)) << vmem_errormsg();
			ASSERT_NE(nullptr, vmem_malloc(pool, 100));
			ASSERT_EQ(1, at_once(remove)) << round;
			ASSERT_EQ(-1, vmem_check(pool));
		}
	});
}

/* ---- After fork() ------------------------------------------------------- */

TEST(VmemFork, WhatTheChildWritesTheParentSees)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Pool pool = make_pool(directory);
	char *small = vmem_strdup(pool.get(), "the parent's");
	char *large = static_cast<char *>(vmem_calloc(pool.get(), 1, MIB));
	ASSERT_TRUE(small && large);
	Ending ending = run_in_child(10, [&] {
		strcpy(small, "the child's");
		paint(large, MIB, 8);
		_exit(0);
	});
	EXPECT_EQ("exited with status 0", ending.text());
	EXPECT_STREQ("the child's", small);
	EXPECT_TRUE(painted(large, MIB, 8));
	EXPECT_EQ(1, vmem_check(pool.get()));
	vmem_free(pool.get(), small);
	vmem_free(pool.get(), large);
	expect_filled(pool.get(), MIN, 65536);
}

TEST(VmemFork, TheChildMakesPoolsOfItsOwn)
{
	ENGINE_PLACE_OR_SKIP(directory, 2 * MIN);
	Pool pool = make_pool(directory);
	ASSERT_NE(nullptr, vmem_malloc(pool.get(), 1000));
	in_child(10, [&] {
		Region region(MIN);
		for (int round = 0; round < 10; round++) {
			Pool mine = make_pool(directory);
			Pool other = make_pool(region);
			ASSERT_TRUE(mine && other);
			expect_filled(mine.get(), MIN, 65536);
			expect_filled(other.get(), MIN - PAGE, 65536);
		}
	});
	EXPECT_EQ(1, vmem_check(pool.get()));
	expect_filled(pool.get(), MIN - 8 * PAGE, 65536);
}

TEST(VmemFork, WhileThreadsUseAPool)
{
	Region region(MIN);
	Pool pool = make_pool(region);
	std::atomic<bool> stop(false);
	std::vector<std::thread> threads;
	for (int i = 0; i < 2; i++)
		threads.emplace_back([&] {
			while (!stop) {
				Blocks blocks;
				blocks.fill(pool.get(), 300, 50);
				blocks.free_all(pool.get());
			}
		});
	for (int round = 0; round < 20; round++)
		in_child(10, [&] {
			Region other(MIN);
			Pool mine = make_pool(other);
			EXPECT_NE(nullptr, vmem_malloc(mine.get(), 100));
		});
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(1, vmem_check(pool.get()));
}

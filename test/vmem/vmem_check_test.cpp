/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_check(): 1 for a sound pool, 0 for pools that overlap, -1 for what is no
 * pool; and what pools that overlap hand out. */
#include "vmem_test.h"

#include <sys/mman.h>

#include <thread>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

class VmemCheck : public EveryPool {};
VMEM_EVERY_POOL(VmemCheck);

/* All of [START, START + BYTES) that POOL hands out in blocks of a page. */
size_t
blocks_within(VMEM *pool, const char *start, size_t bytes)
{
	size_t inside = 0;
	std::vector<char *> blocks;
	while (void *block = vmem_malloc(pool, PAGE))
		blocks.push_back(static_cast<char *>(block));
	for (char *block : blocks) {
		inside += block < start + bytes && block + PAGE > start;
		memset(block, 0x33, PAGE);
		vmem_free(pool, block);
	}
	EXPECT_FALSE(blocks.empty());
	return inside;
}

/* Two pools, of 16 MiB each; the second begins OFFSET after the first. */
struct Pair {
	explicit Pair(size_t offset)
	    : region(40 * MIB, true), low(region.start()),
	      high(region.start() + offset)
	{
	}
	Pool
	make(char *start)
	{
		Pool pool(vmem_create_in_region(start, SIZE));
		EXPECT_NE(nullptr, pool.get()) << vmem_errormsg();
		return pool;
	}
	static const size_t SIZE = 16 * MIB;
	Region region;
	char *low, *high;
};

/* That of two pools at FIRST and SECOND, made in this order, both are told to
 * overlap and the second serves nothing of the first. */
void
expect_kept_apart(Pair &pair, char *first, char *second)
{
	Pool one = pair.make(first);
	ASSERT_NE(nullptr, one.get());
	char *block = static_cast<char *>(vmem_malloc(one.get(), MIB));
	EXPECT_EQ(1, vmem_check(one.get()));
	Pool two = pair.make(second);
	ASSERT_NE(nullptr, two.get());
	forget_error();
	EXPECT_EQ(0, vmem_check(one.get()));
	EXPECT_EQ(0, vmem_check(two.get()));
	EXPECT_EQ(0, errno);
	expect_sentence({});
	EXPECT_EQ(0u, blocks_within(two.get(), first, Pair::SIZE));
	paint(block, MIB, 9);
	EXPECT_EQ(0u, blocks_within(two.get(), first, Pair::SIZE));
	EXPECT_TRUE(painted(block, MIB, 9));
	vmem_free(one.get(), block);
	two.reset();
	EXPECT_EQ(1, vmem_check(one.get()));
	two = pair.make(second);
	EXPECT_EQ(0, vmem_check(one.get()));
	one.reset();
	EXPECT_EQ(1, vmem_check(two.get()));
	EXPECT_NE(nullptr, vmem_malloc(two.get(), 100000));
}

} // namespace

TEST_P(VmemCheck, ASoundPool)
{
	forget_error();
	std::string text = vmem_errormsg();
	EXPECT_EQ(1, vmem_check(pool()));
	std::vector<void *> blocks;
	for (size_t size : { 1, 100, 4096, 5000, 100000, 1000000 }) {
		blocks.push_back(vmem_malloc(pool(), size));
		EXPECT_EQ(1, vmem_check(pool())) << size;
	}
	for (void *block : blocks) {
		vmem_free(pool(), block);
		EXPECT_EQ(1, vmem_check(pool()));
	}
	for (size_t size : { 64, 65536 }) {
		Blocks full;
		full.fill(pool(), size);
		EXPECT_EQ(1, vmem_check(pool()));
		full.free_all(pool());
		EXPECT_EQ(1, vmem_check(pool()));
	}
	errno = 4242;
	EXPECT_EQ(1, vmem_check(pool()));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(text, vmem_errormsg());
}

TEST_P(VmemCheck, WhileOthersAllocate)
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 3; i++)
		threads.emplace_back([&] {
			for (size_t round = 0; round < 300; round++) {
				Blocks blocks;
				blocks.fill(pool(), 16 << round % 12, 30);
				blocks.free_all(pool());
			}
		});
	for (int round = 0; round < 200; round++)
		EXPECT_EQ(1, vmem_check(pool())) << vmem_errormsg();
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST_P(VmemCheck, WhatUsersWriteIsNotLookedAt)
{
	char *block = static_cast<char *>(vmem_malloc(pool(), 5 * MIB));
	memset(block, 0xff, 5 * MIB);
	EXPECT_EQ(1, vmem_check(pool()));
	vmem_free(pool(), block);
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST(VmemCheckNone, WhatIsNoPool)
{
	Region region(MIN, true);
	char here[64] = { 0 };
	for (void *other :
	    { static_cast<void *>(here), static_cast<void *>(region.start()),
		static_cast<void *>(nullptr), (void *)0x1000 }) {
		forget_error();
		EXPECT_EQ(-1, vmem_check(static_cast<VMEM *>(other))) << other;
		EXPECT_EQ(0, errno);
		EXPECT_EQ(nullptr, strstr(vmem_errormsg(), "4711")) << other;
		EXPECT_STRNE("", vmem_errormsg());
	}
	Pool pool = make_pool(region);
	EXPECT_EQ(
	    -1, vmem_check(reinterpret_cast<VMEM *>(region.start() + PAGE)));
	EXPECT_EQ(-1, vmem_check(reinterpret_cast<VMEM *>(region.start() + 1)));
	VMEM *deleted = pool.get();
	EXPECT_EQ(1, vmem_check(deleted));
	pool.reset();
	EXPECT_EQ(-1, vmem_check(deleted));
	pool = make_pool(region);
	EXPECT_EQ(1, vmem_check(deleted)) << "the same address again";
}

/* ---- Pools that overlap ------------------------------------------------- */

TEST(VmemOverlap, TheEndOfALivePool)
{
	for (size_t offset : { MIB, 8 * MIB, 16 * MIB - PAGE }) {
		SCOPED_TRACE(offset);
		Pair pair(offset);
		expect_kept_apart(pair, pair.low, pair.high);
	}
}

TEST(VmemOverlap, TheBeginningOfALivePool)
{
	for (size_t offset : { MIB, 8 * MIB, 16 * MIB - PAGE }) {
		SCOPED_TRACE(offset);
		Pair pair(offset);
		expect_kept_apart(pair, pair.high, pair.low);
	}
}

TEST(VmemOverlap, NeighboursDoNot)
{
	Pair pair(Pair::SIZE);
	Pool low = pair.make(pair.low), high = pair.make(pair.high);
	EXPECT_EQ(1, vmem_check(low.get()));
	EXPECT_EQ(1, vmem_check(high.get()));
	expect_filled(low.get(), Pair::SIZE - PAGE, 65536);
	expect_filled(high.get(), Pair::SIZE - PAGE, 65536);
}

TEST(VmemOverlap, APoolAroundAnother)
{
	Region region(48 * MIB, true);
	char *middle = region.start() + 16 * MIB;
	Pool inner(vmem_create_in_region(middle, MIN));
	ASSERT_NE(nullptr, inner.get());
	Pool outer = make_pool(region);
	EXPECT_EQ(0, vmem_check(inner.get()));
	EXPECT_EQ(0, vmem_check(outer.get()));
	EXPECT_EQ(0u, blocks_within(outer.get(), middle, MIN));
	expect_filled(inner.get(), MIN - PAGE, 65536);
	EXPECT_NE(nullptr, vmem_malloc(outer.get(), 15 * MIB));
	inner.reset();
	EXPECT_EQ(1, vmem_check(outer.get()));
}

TEST(VmemOverlap, OfThree)
{
	Region region(40 * MIB, true);
	auto make = [&](size_t offset) {
		return Pool(
		    vmem_create_in_region(region.start() + offset, 16 * MIB));
	};
	Pool low = make(0), high = make(20 * MIB);
	EXPECT_EQ(1, vmem_check(low.get()));
	EXPECT_EQ(1, vmem_check(high.get()));
	Pool middle = make(10 * MIB);
	ASSERT_TRUE(low && middle && high) << vmem_errormsg();
	EXPECT_EQ(0, vmem_check(low.get()));
	EXPECT_EQ(0, vmem_check(middle.get()));
	EXPECT_EQ(0, vmem_check(high.get()));
	EXPECT_EQ(0u, blocks_within(middle.get(), region.start(), 16 * MIB));
	EXPECT_EQ(0u,
	    blocks_within(middle.get(), region.start() + 20 * MIB, 16 * MIB));
	low.reset();
	EXPECT_EQ(0, vmem_check(middle.get()));
	high.reset();
	EXPECT_EQ(1, vmem_check(middle.get()));
}

/* What the first handed out before the second came stays as it was, also
 * where the second begins. */
TEST(VmemOverlap, BlocksOfTheFirstStay)
{
	Pair pair(8 * MIB);
	Pool one = pair.make(pair.low);
	std::vector<char *> blocks;
	while (void *block = vmem_malloc(one.get(), 65536)) {
		blocks.push_back(static_cast<char *>(block));
		paint(block, 65536, 3);
	}
	Pool two = pair.make(pair.high);
	ASSERT_NE(nullptr, two.get());
	blocks_within(two.get(), pair.low, Pair::SIZE);
	EXPECT_EQ(0, signal_on_touch(pair.high))
	    << "the first may have a block there";
	if (HasFailure())
		return;
	for (char *block : blocks) {
		ASSERT_TRUE(painted(block, 65536, 3));
		vmem_free(one.get(), block);
	}
	two.reset();
	EXPECT_EQ(1, vmem_check(one.get()));
	expect_filled(one.get(), Pair::SIZE - PAGE, 65536);
}

/* A pool whose owner unmaps part of it is damaged, and whole again when the
 * addresses are there again. */
TEST(VmemCheckDamage, AddressesThatAreGone)
{
	Region region(MIN, true);
	Pool pool = make_pool(region);
	char *page = region.start() + 5 * MIB;

	ASSERT_EQ(1, vmem_check(pool.get()));
	ASSERT_EQ(0, munmap(page, PAGE));
	forget_error();
	EXPECT_EQ(0, vmem_check(pool.get()));
	EXPECT_EQ(0, errno);
	expect_sentence({ "mapped" });
	ASSERT_EQ(page,
	    mmap(page, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ(1, vmem_check(pool.get())) << vmem_errormsg();
}

TEST(VmemCheckDamage, OfAPoolInADirectory)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Pool pool = make_pool(directory);
	char *end = start_of(pool) + PAGE + MIN;

	ASSERT_EQ(0, munmap(end - 2 * PAGE, PAGE));
	EXPECT_EQ(0, vmem_check(pool.get()));
	ASSERT_NE(MAP_FAILED,
	    mmap(end - 2 * PAGE, PAGE, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Every byte of a pool can be had: of each size 99 % of the whole blocks that
 * fit, again after it was filled with another, and in any mix of sizes. */
#include "vmem_test.h"

#include <thread>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;
const size_t SIZES[] = { 16, 64, 256, 1024, 4096, 65536, 1048576 };

class VmemFill : public EveryPool {};
VMEM_EVERY_POOL(VmemFill);

unsigned
next_random(unsigned &seed)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

/* Blocks of random sizes: 8 MiB at most, half of that each time that one is
 * not to be had, down to a byte. Returns what was asked for in all. */
size_t
fill_at_random(VMEM *pool, unsigned seed, std::vector<void *> &blocks)
{
	size_t sum = 0;
	for (size_t most = 8 * MIB; most > 0;) {
		size_t size = 1 + next_random(seed) % most;
		void *block = vmem_malloc(pool, size);
		if (!block) {
			most /= 2;
			continue;
		}
		memset(block, static_cast<int>(size), size);
		blocks.push_back(block);
		sum += size;
	}
	return sum;
}

} // namespace

TEST_P(VmemFill, EachSize)
{
	for (size_t size : SIZES)
		expect_filled(pool(), room(), size);
	EXPECT_EQ(1, vmem_check(pool())) << vmem_errormsg();
}

TEST_P(VmemFill, EachSizeAfterEveryOther)
{
	for (size_t first : SIZES)
		for (size_t second : SIZES) {
			Blocks blocks;
			size_t most = 2 * MIB / first + 1;
			blocks.fill(pool(), first, most);
			blocks.free_all(pool());
			if (second >= 4096)
				expect_filled(pool(), room(), second);
		}
}

/* From large to small: what one thread's arena keeps may lie between what is
 * free, and a larger block does not fit on either side. */
TEST_P(VmemFill, EachSizeInAThreadOfItsOwn)
{
	for (size_t size : { 1048576, 65536, 64 })
		std::thread([&] {
			expect_filled(pool(), room(), size);
		}).join();
	expect_filled(pool(), room(), 4096);
}

TEST_P(VmemFill, OneBlockOf8MiB)
{
	void *block = vmem_malloc(pool(), 8 * MIB);
	ASSERT_NE(nullptr, block);
	memset(block, 1, 8 * MIB);
	EXPECT_NE(nullptr, vmem_malloc(pool(), 4 * MIB));
	vmem_free(pool(), block);
	for (size_t size : { 16, 4096, 100000 }) {
		Blocks blocks;
		blocks.fill(pool(), size);
		blocks.free_all(pool());
		block = vmem_malloc(pool(), 8 * MIB);
		ASSERT_NE(nullptr, block) << "after " << size;
		vmem_free(pool(), block);
	}
}

TEST_P(VmemFill, MoreThan7MiBInAnyMix)
{
	for (unsigned seed = 1; seed <= 30; seed++) {
		std::vector<void *> blocks;
		EXPECT_GT(fill_at_random(pool(), seed, blocks), 7 * MIB)
		    << seed;
		for (void *block : blocks)
			vmem_free(pool(), block);
	}
	EXPECT_EQ(1, vmem_check(pool())) << vmem_errormsg();
	expect_filled(pool(), room(), 65536);
}

TEST_P(VmemFill, MixedUseLeavesAPoolThatCanBeFilled)
{
	unsigned seed = 1;
	std::vector<void *> blocks;
	for (int step = 0; step < 60000; step++) {
		unsigned number = next_random(seed);
		size_t size = 1 + number % (number % 8 ? 300 : 60000);
		void *block = vmem_malloc(pool(), size);
		if (block)
			blocks.push_back(block);
		if (!block || number % 3 == 0) {
			size_t victim = number % blocks.size();
			vmem_free(pool(), blocks[victim]);
			blocks[victim] = blocks.back();
			blocks.pop_back();
		}
	}
	for (void *block : blocks)
		vmem_free(pool(), block);
	expect_filled(pool(), room(), 1048576);
	EXPECT_EQ(1, vmem_check(pool())) << vmem_errormsg();
}

TEST(VmemFillRegion, WhereverItBegins)
{
	Region region(24 * MIB);
	size_t up = 4 * MIB -
	    reinterpret_cast<uintptr_t>(region.start()) % (4 * MIB);
	for (size_t offset :
	    { size_t(0), PAGE, MIB + PAGE, 2 * MIB, 4 * MIB - PAGE }) {
		char *start = region.start() + up + offset;
		Pool pool(vmem_create_in_region(start, MIN));
		ASSERT_NE(nullptr, pool.get()) << vmem_errormsg();
		for (size_t size : { 256, 4096, 65536, 1048576 })
			expect_filled(pool.get(), MIN - PAGE, size);
	}
}

TEST(VmemFillDirectory, LargerPools)
{
	ENGINE_PLACE_OR_SKIP(directory, 40 * MIB);
	for (size_t size : { 20 * MIB, 40 * MIB - PAGE }) {
		Pool pool = make_pool(directory, size);
		ASSERT_NE(nullptr, pool.get());
		for (size_t block : { size_t(1024), size_t(65536), 8 * MIB })
			expect_filled(pool.get(), size, block);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, the numbers of blocks, and those of threads. */
#include <map>
#include <random>

#include "trace_test.h"

extern "C" {
#include "trace/addresses.h"
#include "trace/blocks.h"
#include "trace/threads.h"
}

namespace {

/* Against a map: with so few addresses most are taken out of a run. */
TEST(Addresses, AsAMapHasThem)
{
	std::mt19937 random(1);
	std::map<uint64_t, uint32_t> expected;
	struct addresses all = {};
	uint32_t block;

	for (unsigned i = 0; i < 200000; i++) {
		const uint64_t address = 16 * (1 + random() % 5000);
		const auto known = expected.find(address);

		if (known == expected.end()) {
			ASSERT_FALSE(addresses_take(&all, address, &block));
			ASSERT_TRUE(addresses_add(&all, address, i));
			expected[address] = i;
		} else {
			ASSERT_TRUE(addresses_take(&all, address, &block));
			ASSERT_EQ(block, known->second);
			expected.erase(known);
		}
		ASSERT_EQ(all.count, expected.size());
	}
	for (const auto &one : expected) {
		ASSERT_TRUE(addresses_take(&all, one.first, &block));
		ASSERT_EQ(block, one.second);
	}
	EXPECT_EQ(all.count, 0u);
	addresses_add(&all, 16, 1);
	addresses_clear(&all);
	EXPECT_FALSE(addresses_take(&all, 16, &block));
	addresses_end(&all);
}

TEST(Blocks, NumberGivenBackLastComesFirst)
{
	struct blocks all = {};

	EXPECT_EQ(blocks_add(&all, 100), 0u);
	EXPECT_EQ(blocks_add(&all, 0), 1u);
	EXPECT_EQ(blocks_add(&all, 30), 2u);
	EXPECT_TRUE(blocks_drop(&all, 0));
	EXPECT_TRUE(blocks_drop(&all, 1));
	EXPECT_FALSE(blocks_drop(&all, 1));
	EXPECT_FALSE(blocks_drop(&all, 3));
	EXPECT_FALSE(blocks_resize(&all, 0, 1));
	EXPECT_EQ(blocks_add(&all, 5), 1u);
	EXPECT_EQ(blocks_add(&all, 5), 0u);
	EXPECT_EQ(blocks_add(&all, 5), 3u);
	EXPECT_TRUE(blocks_resize(&all, 2, 200));
	EXPECT_EQ(all.live, 215u);
	EXPECT_EQ(all.peak, 215u);
	EXPECT_TRUE(blocks_resize(&all, 2, 1));
	EXPECT_EQ(all.live, 16u);
	EXPECT_EQ(all.peak, 215u);
	blocks_clear(&all);
	EXPECT_FALSE(blocks_drop(&all, 0));
	EXPECT_EQ(blocks_add(&all, 1), 0u);
	EXPECT_EQ(all.peak, 1u);
	blocks_end(&all);
}

TEST(Threads, NoughtAtFirst)
{
	struct threads all = {};

	*threads_number(&all, 3) = 5;
	*threads_number(&all, 100000) = 6;
	EXPECT_EQ(*threads_number(&all, 3), 5u);
	EXPECT_EQ(*threads_number(&all, 4), 0u);
	threads_clear(&all);
	EXPECT_EQ(*threads_number(&all, 3), 0u);
	EXPECT_EQ(*threads_number(&all, 100000), 0u);
	threads_end(&all);
}

} /* namespace */

/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of a sample, as the probes otel_memory:alloc and free tell of them
 * while somebody listens: each is told of as freed once, however it goes, and
 * is a block as all others are. */
#include "../lib/aligned.h"
#include "kind_test.h"

#include <cstring>

namespace {

class Sampled : public ::testing::Test {
protected:
	void
	SetUp() override
	{
		if (!glue_listen(true))
			GTEST_SKIP() << "built without <sys/sdt.h>";
	}
	void
	TearDown() override
	{
		glue_listen(false);
	}
};

/* COUNT blocks of SIZE bytes, of which some are of the sample. */
std::vector<void *>
blocks_of(poolkind *kind, size_t size, unsigned count)
{
	std::vector<void *> blocks;

	for (unsigned i = 0; i < count; i++) {
		blocks.push_back(poolkind_malloc(kind, size));
		EXPECT_NE(blocks.back(), nullptr);
		memset(blocks.back(), static_cast<int>(i), size);
	}
	return blocks;
}

bool
has_kept(const std::vector<void *> &blocks, size_t size)
{
	std::vector<char> wanted(size);

	for (size_t i = 0; i < blocks.size(); i++) {
		memset(wanted.data(), static_cast<int>(i), size);
		if (memcmp(blocks[i], wanted.data(), size) != 0)
			return false;
	}
	return true;
}

} // namespace

TEST_F(Sampled, AreFoundWhenTheyAreFreed)
{
	Kind kind("dram");

	for (size_t size : { size_t(64), size_t(5000), 20 * KIB, 64 * KIB,
		 100 * KIB, 256 * KIB, 3000 * KIB }) {
		auto blocks = blocks_of(
		    kind, size, static_cast<unsigned>((32 * MIB) / size));

		EXPECT_GT(glue_sampled(), 0u) << size;
		EXPECT_TRUE(has_kept(blocks, size));
		for (void *block : blocks) {
			EXPECT_GE(poolkind_usable_size(block), size);
			EXPECT_EQ(poolkind_of(block), kind);
			poolkind_free(kind, block);
		}
		EXPECT_EQ(glue_sampled(), 0u) << size;
	}
}

/* Also by another thread, and by no name, after nobody listens any more. */
TEST_F(Sampled, AreFoundWhoeverFreesThem)
{
	Kind kind("dram");
	auto blocks = blocks_of(kind, 1000, 20000);

	EXPECT_GT(glue_sampled(), 0u);
	glue_listen(false);
	std::thread([&] {
		for (size_t i = 0; i < blocks.size(); i++)
			poolkind_free(i % 2 != 0 ?
				nullptr :
				static_cast<poolkind *>(kind),
			    blocks[i]);
	}).join();
	EXPECT_EQ(glue_sampled(), 0u);
	blocks = blocks_of(kind, 1000, 20000);
	EXPECT_EQ(glue_sampled(), 0u) << "nobody listens";
	for (void *block : blocks)
		poolkind_free(kind, block);
}

TEST_F(Sampled, MoveWhenTheyAreResized)
{
	Kind kind("dram");

	for (size_t size : { size_t(500), 60 * KIB, 200 * KIB }) {
		auto blocks = blocks_of(
		    kind, size, static_cast<unsigned>((16 * MIB) / size));

		EXPECT_GT(glue_sampled(), 0u);
		glue_listen(false);
		for (void *&block : blocks) {
			block = poolkind_realloc(kind, block, size + 8);
			ASSERT_NE(block, nullptr);
		}
		EXPECT_EQ(glue_sampled(), 0u);
		EXPECT_TRUE(has_kept(blocks, size));
		for (void *block : blocks)
			poolkind_free(kind, block);
		glue_listen(true);
	}
}

TEST_F(Sampled, AreZeroAndAlignedAsOthersAre)
{
	Kind kind("dram");
	std::vector<char> zero(100 * KIB);
	std::vector<void *> blocks;

	for (size_t size : { size_t(300), 40 * KIB, 100 * KIB })
		for (size_t sum = 0; sum < 16 * MIB; sum += size) {
			void *block = poolkind_calloc(kind, 1, size);

			ASSERT_EQ(memcmp(block, zero.data(), size), 0);
			memset(block, 1, size);
			poolkind_free(kind, block);
		}
	for (size_t alignment = 64; alignment <= 64 * KIB; alignment *= 4)
		for (int i = 0; i < 500; i++) {
			void *block = poolkind_aligned_alloc(
			    kind, alignment, 3000);

			ASSERT_TRUE(is_aligned_to(block, alignment));
			blocks.push_back(block);
		}
	EXPECT_GT(glue_sampled(), 0u);
	for (void *block : blocks)
		poolkind_free(kind, block);
	EXPECT_EQ(glue_sampled(), 0u);
}

/* What a full kind has can be had again, listener or not. */
TEST_F(Sampled, LeaveAKindWithALimitItsBlocks)
{
	Kind kind("dram,limit=8M");

	for (int round = 0; round < 3; round++) {
		std::vector<void *> blocks;
		void *block;

		while ((block = poolkind_malloc(kind, 2000)) != nullptr)
			blocks.push_back(block);
		EXPECT_GT(blocks.size() * 2000, 5 * MIB);
		for (void *one : blocks)
			poolkind_free(kind, one);
		EXPECT_EQ(glue_sampled(), 0u);
	}
}

TEST_F(Sampled, GoWithTheirKind)
{
	Kind stays("dram");
	auto blocks = blocks_of(stays, 1000, 20000);
	unsigned live = glue_sampled();

	EXPECT_GT(live, 0u);
	{
		Kind goes("dram");

		blocks_of(goes, 1000, 20000);
		EXPECT_GT(glue_sampled(), live);
	}
	EXPECT_EQ(glue_sampled(), live);
	for (void *block : blocks)
		poolkind_free(stays, block);
	EXPECT_EQ(glue_sampled(), 0u);
}

/* A child has its own, as it has the blocks. */
TEST_F(Sampled, AreOfBothBehindAFork)
{
	Kind kind("dram");
	auto blocks = blocks_of(kind, 1000, 20000);
	unsigned live = glue_sampled();
	auto free_all = [&] {
		for (void *block : blocks)
			poolkind_free(kind, block);
		return glue_sampled() == 0 ? 0 : 1;
	};

	EXPECT_GT(live, 0u);
	EXPECT_EQ(forked(free_all), 0);
	EXPECT_EQ(glue_sampled(), live);
	EXPECT_EQ(free_all(), 0);
}

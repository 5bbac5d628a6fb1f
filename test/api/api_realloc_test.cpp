/* SPDX-License-Identifier: BSD-2-Clause */
/* realloc: NULL, zero, grow, shrink, across kinds, and failures. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <vector>

#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

class ApiRealloc : public EveryKind {};
ENGINE_EVERY_KIND(ApiRealloc);

const size_t SIZES[] = { 1, 8, 16, 17, 100, 128, 1000, 1024, 4000, 4096, 4097,
	14336, 14337, 16384, 20000, 65536, 100000, 262144, 1000000, 2097152,
	5000000 };

} // namespace

TEST_P(ApiRealloc, OfNullIsMalloc)
{
	for (size_t size : SIZES) {
		void *block = poolkind_realloc(kind(), nullptr, size);
		ASSERT_NE(nullptr, block);
		EXPECT_GE(poolkind_usable_size(block), size);
		EXPECT_EQ(kind(), poolkind_of(block));
		poolkind_free(kind(), block);
	}
	void *block = poolkind_realloc(kind(), nullptr, 0);
	EXPECT_NE(nullptr, block) << "PTR NULL is poolkind_malloc()";
	poolkind_free(kind(), block);
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST_P(ApiRealloc, ToZeroFrees)
{
	for (size_t size : SIZES)
		for (poolkind *by : { kind(), (poolkind *)nullptr }) {
			void *block = poolkind_malloc(kind(), size);
			ASSERT_NE(nullptr, block);
			errno = 4242;
			EXPECT_EQ(nullptr, poolkind_realloc(by, block, 0));
			EXPECT_EQ(4242, errno);
			EXPECT_EQ(0u, stats_of(kind()).live) << size;
		}
}

TEST_P(ApiRealloc, KeepsContentBetweenAllSizes)
{
	for (size_t from : SIZES)
		for (size_t to : SIZES) {
			void *block = poolkind_malloc(kind(), from);
			ASSERT_NE(nullptr, block);
			paint(block, from, 5);
			block = poolkind_realloc(kind(), block, to);
			ASSERT_NE(nullptr, block) << from << " to " << to;
			ASSERT_TRUE(painted(block, std::min(from, to), 5))
			    << from << " to " << to;
			ASSERT_GE(poolkind_usable_size(block), to);
			static_cast<char *>(unknown(block))[to - 1] = 1;
			poolkind_free(kind(), block);
		}
	EXPECT_EQ(0u, stats_of(kind()).live);
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
}

TEST_P(ApiRealloc, GrowsByTheByteAmongNeighbours)
{
	void *blocks[8] = {};
	for (size_t size = 1; size < 3000; size++)
		for (unsigned i = 0; i < 8; i++) {
			void *next = poolkind_realloc(i % 2 ? kind() : nullptr,
			    blocks[i] ? blocks[i] : poolkind_malloc(kind(), 1),
			    size);
			ASSERT_NE(nullptr, next);
			ASSERT_TRUE(painted(next, blocks[i] ? size - 1 : 0, i));
			blocks[i] = next;
			paint(next, size, i);
		}
	for (void *block : blocks)
		poolkind_free(kind(), block);
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST_P(ApiRealloc, WithoutAKindStaysInItsOwn)
{
	void *block = poolkind_malloc(kind(), 10);
	for (size_t size : SIZES) {
		block = poolkind_realloc(nullptr, block, size);
		ASSERT_NE(nullptr, block);
		EXPECT_EQ(kind(), poolkind_of(block));
	}
	poolkind_free(nullptr, block);
}

TEST_P(ApiRealloc, MovesABlockOfAnotherKind)
{
	Kind other = open_kind("dram");
	for (size_t from : SIZES)
		for (size_t to : { from, from / 2 + 1, from * 2 }) {
			void *block = poolkind_malloc(other.get(), from);
			ASSERT_NE(nullptr, block);
			paint(block, from, 9);
			block = poolkind_realloc(kind(), block, to);
			ASSERT_NE(nullptr, block);
			EXPECT_EQ(kind(), poolkind_of(block));
			EXPECT_TRUE(painted(block, std::min(from, to), 9));
			EXPECT_EQ(0u, stats_of(other.get()).live);
			poolkind_free(kind(), block);
		}
}

TEST_P(ApiRealloc, ImpossibleSizesKeepTheBlock)
{
	for (size_t from : SIZES) {
		void *block = poolkind_malloc(kind(), from);
		ASSERT_NE(nullptr, block);
		paint(block, from, 3);
		for (size_t to : { SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2 }) {
			errno = 0;
			EXPECT_EQ(nullptr,
			    poolkind_realloc(
				kind(), block, (size_t)unknown((void *)to)));
			EXPECT_EQ(ENOMEM, errno);
			EXPECT_TRUE(painted(block, from, 3));
		}
		poolkind_free(kind(), block);
	}
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST(ApiReallocFull, KeepsTheBlockWhenTheKindIsFull)
{
	ENGINE_PLACE_OR_SKIP(directory, 8 * MIB);
	for (std::string spec : { "file:" + directory + ",size=4M",
		 std::string("dram,limit=4M") }) {
		Kind kind = open_kind(spec);
		for (size_t from : { 100, 4096, 65536, 1000000 }) {
			void *block = poolkind_malloc(kind.get(), from);
			ASSERT_NE(nullptr, block);
			paint(block, from, 4);
			Chain chain;
			chain.fill(kind.get(), 8192);
			chain.fill(kind.get(), 64);
			errno = 0;
			EXPECT_EQ(nullptr,
			    poolkind_realloc(kind.get(), block, 2 * MIB));
			EXPECT_EQ(ENOMEM, errno);
			EXPECT_TRUE(painted(block, from, 4));
			EXPECT_EQ(kind.get(), poolkind_of(block));
			poolkind_free(kind.get(), block);
			kind = open_kind(spec);
		}
	}
}

TEST(ApiReallocFull, ABlockThatShrinksWhereItIsIsNoFailure)
{
	Kind full = open_kind("dram,limit=2M");
	void *block = poolkind_malloc(full.get(), 10000);
	Chain chain;
	chain.fill(full.get(), 4096);
	chain.fill(full.get(), 1024);
	size_t failures = stats_of(full.get()).failures;
	EXPECT_EQ(block, poolkind_realloc(full.get(), block, 1000));
	EXPECT_EQ(failures, stats_of(full.get()).failures);
	EXPECT_EQ(nullptr, poolkind_realloc(full.get(), block, 100000));
	EXPECT_EQ(failures + 1, stats_of(full.get()).failures);
	poolkind_free(full.get(), block);
}

TEST(ApiReallocFull, KeepsABlockThatCannotMoveToAFullKind)
{
	Kind full = open_kind("dram,limit=2M"), other = open_kind("dram");
	Chain chain;
	chain.fill(full.get(), 4096);
	chain.fill(full.get(), 1024);
	void *block = poolkind_malloc(other.get(), 50000);
	paint(block, 50000, 8);
	errno = 0;
	EXPECT_EQ(nullptr, poolkind_realloc(full.get(), block, 50000));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_TRUE(painted(block, 50000, 8));
	EXPECT_EQ(other.get(), poolkind_of(block));
	poolkind_free(other.get(), block);
}

TEST(ApiReallocForeign, IsEinval)
{
	Kind kind = open_kind("dram");
	int here = 7;
	std::vector<char> heap(1000);
	for (void *foreign :
	    { (void *)&here, (void *)heap.data(), (void *)8 }) {
		for (size_t size : { 0, 10, 100000 }) {
			EXPECT_REFUSED(
			    !poolkind_realloc(kind.get(), foreign, size),
			    EINVAL, "");
			EXPECT_REFUSED(
			    !poolkind_realloc(nullptr, foreign, size), EINVAL,
			    "");
		}
	}
	EXPECT_STRNE("", poolkind_errormsg());
	EXPECT_EQ(7, here);
	EXPECT_REFUSED(!poolkind_realloc(nullptr, nullptr, 10), EINVAL, "");
	EXPECT_EQ(0u, stats_of(kind.get()).live);
}

TEST(ApiReallocFull, ShrinkingInPlaceGivesRoomBack)
{
	Kind kind = open_kind("dram,limit=8M");
	void *block = poolkind_malloc(kind.get(), 7 * MIB);
	ASSERT_NE(nullptr, block);
	block = poolkind_realloc(kind.get(), block, 1 * MIB);
	ASSERT_NE(nullptr, block);
	void *other = poolkind_malloc(kind.get(), 5 * MIB);
	EXPECT_NE(nullptr, other);
	poolkind_free(kind.get(), other);
	poolkind_free(kind.get(), block);
}

/* Blocks that are resized in place go back in other sizes than they came in, so
 * that free ones of some sizes come up that nobody asks for. */
TEST(ApiReallocOften, HoldsNoMoreWithTime)
{
	Kind kind = open_kind("dram");
	std::vector<void *> blocks(200);
	std::minstd_rand random(1);
	auto below = [&](size_t limit) { return random() % limit; };

	for (int i = 0; i < 1000000; i++) {
		void *&block = blocks[below(blocks.size())];
		size_t size = 16 + below((size_t)16 << below(13));

		block = poolkind_realloc(kind.get(), block, size);
		ASSERT_NE(nullptr, block);
	}
	EXPECT_LT(stats_of(kind.get()).committed, 24 * MIB);
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
}

/* Two blocks that grow in turn, again and again, by half of what they have: so
 * the thread's cache has blocks of all these sizes. */
TEST(ApiReallocOften, LargeBlocksOftenGrowWhereTheyAre)
{
	Kind kind = open_kind("dram");
	unsigned grown = 0, moved = 0;

	for (int round = 0; round < 50; round++) {
		void *blocks[2] = { poolkind_malloc(kind.get(), 16 * KIB),
			poolkind_malloc(kind.get(), 16 * KIB) };

		for (size_t size = 24 * KIB; size <= MIB; size += size / 2)
			for (void *&block : blocks) {
				void *before = block;
				block = poolkind_realloc(
				    kind.get(), block, size);
				ASSERT_NE(nullptr, block);
				moved += block != before;
				grown++;
			}
		for (void *block : blocks)
			poolkind_free(kind.get(), block);
	}
	EXPECT_LT(moved, grown * 3 / 4);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
}

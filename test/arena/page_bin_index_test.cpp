/* SPDX-License-Identifier: BSD-2-Clause */
/* What is freed goes into the bin that its page is entered with. */
#include "arena_test.h"

namespace {

/* Fills the heap with blocks of SIZE, and frees them, so that the cache has
 * room for some more. */
void
use_every_page(const Heap &heap, size_t size)
{
	heap.free_all(heap.fill(size));
	heap.fill(size, 4);
}

/* The block comes back for the next request of its size, and for no other. */
void
expect_in_bin(const Heap &heap, char *block)
{
	size_t size = block_usable(block);

	EXPECT_TRUE(rig_free(heap, block));
	EXPECT_EQ(rig_cached(heap) % 8, 0u);
	ASSERT_EQ(heap.malloc(size), block) << size;
	EXPECT_EQ(block_usable(block), size);
}

} // namespace

TEST(PageBinIndex, IsThatOfThePagesLastUse)
{
	Heap heap("dram,size=8M");
	const size_t sizes[] = { 16, 48 * KIB, 320, 64 * KIB, 5 * KIB, 20 * KIB,
		8, 14 * KIB };

	for (size_t size : sizes) {
		char *block = heap.malloc(size);

		expect_in_bin(heap, block);
		heap.free(block);
		use_every_page(heap, size);
	}
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(PageBinIndex, IsNoneWithinALargeBlock)
{
	Heap heap("dram,size=8M");

	/* Their slabs are large enough to be used again as they are. */
	use_every_page(heap, 320);
	for (size_t large : { 32 * KIB, 64 * KIB, 100 * KIB, MIB }) {
		size_t size = max_size(large, 8 * PAGE_BYTES);
		char *block = heap.malloc(size);

		for (size_t at = PAGE_BYTES; at < size; at += PAGE_BYTES)
			EXPECT_FALSE(rig_free(heap, block + at)) << size;
		EXPECT_TRUE(rig_free(heap, block));
	}
}

TEST(PageBinIndex, IsNoneWhereNothingIs)
{
	Heap heap("dram,size=8M");
	char *block = heap.malloc(64);

	EXPECT_FALSE(rig_free(heap, block + MIB)) << "never used";
	heap.free(block);
	use_every_page(heap, 64);
	rig_drain(heap);
	heap.free(heap.malloc(64));
	EXPECT_FALSE(rig_free(heap, block + MIB)) << "used no more";
}

/* In a heap whose quota has room for full bins of all these sizes, which are
 * those of blocks without a slab. */
TEST(PageBinIndex, FollowsABlockThatGrowsAndShrinksInPlace)
{
	Heap heap("dram,size=64M");

	use_every_page(heap, 320);
	rig_drain(heap);
	char *block = heap.malloc(10 * PAGE_BYTES);

	for (size_t pages : { 16, 5, 12, 8 }) {
		size_t size = pages * PAGE_BYTES;

		ASSERT_TRUE(rig_resize(block, size)) << size;
		ASSERT_NO_FATAL_FAILURE(expect_in_bin(heap, block));
		for (size_t at = PAGE_BYTES; at < size; at += PAGE_BYTES)
			EXPECT_FALSE(rig_free(heap, block + at)) << size;
	}
	heap.free(block);
}

TEST(PageBinIndex, IsFoundInEverySegment)
{
	Heap heap("dram");
	std::vector<char *> blocks;

	/* The first segment has 64 MiB, the next ones are larger. */
	for (size_t held = 0; held < 200 * MIB; held += 8 * MIB) {
		blocks.push_back(heap.malloc(8 * MIB));
		for (size_t size : { 24, 700, 9000, 40000 })
			blocks.push_back(heap.malloc(size));
	}
	for (char *block : blocks)
		if (block_usable(block) <= 64 * KIB)
			expect_in_bin(heap, block);
	heap.free_all(blocks);
	EXPECT_EQ(rig_live(heap), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(PageBinIndex, OfAnAlignedBlockIsThatOfItsSize)
{
	Heap heap("dram,size=8M");

	use_every_page(heap, 64);
	for (size_t alignment : { 64 * KIB, 256 * KIB })
		for (size_t size : { 100, 16000, 65536, 100000 }) {
			char *block = (char *)rig_allocate(
			    heap, size, alignment, false);

			ASSERT_NE(block, nullptr);
			if (block_usable(block) <= 64 * KIB)
				expect_in_bin(heap, block);
			heap.free(block);
		}
}

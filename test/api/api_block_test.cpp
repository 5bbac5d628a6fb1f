/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of every source: malloc, calloc, aligned forms, free, usable size. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include <sys/mman.h>

#include "../lib/aligned.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

class ApiBlock : public EveryKind {};
ENGINE_EVERY_KIND(ApiBlock);

/* Sizes around every power of two up to MOST. */
std::vector<size_t>
interesting_sizes(size_t most)
{
	std::vector<size_t> sizes;
	for (size_t power = 1; power <= most; power *= 2)
		for (size_t size :
		    { power - 1, power, power + 1, power + power / 2 })
			sizes.push_back(size);
	return sizes;
}

} // namespace

TEST_P(ApiBlock, EverySizeIsAlignedAndWritable)
{
	for (size_t size = 1; size <= 20000; size++) {
		void *block = poolkind_malloc(kind(), size);
		ASSERT_NE(nullptr, block) << size;
		ASSERT_TRUE(is_aligned_to(block, size <= 8 ? 8 : 16)) << size;
		memset(block, 0x11, size);
		poolkind_free(kind(), block);
	}
	for (size_t size : interesting_sizes(16 * MIB)) {
		char *block = static_cast<char *>(
		    poolkind_malloc(kind(), size));
		ASSERT_NE(nullptr, block) << size;
		ASSERT_TRUE(is_aligned_to(block, size <= 8 ? 8 : 16)) << size;
		if (size)
			block[0] = block[size - 1] = 1;
		poolkind_free(kind(), block);
	}
}

TEST_P(ApiBlock, BlocksDoNotOverlap)
{
	std::vector<void *> blocks;
	std::vector<size_t> sizes = interesting_sizes(256 * KIB);
	for (unsigned round = 0; round < 4; round++)
		for (size_t i = 0; i < sizes.size(); i++) {
			blocks.push_back(poolkind_malloc(kind(), sizes[i]));
			ASSERT_NE(nullptr, blocks.back());
			paint(blocks.back(), sizes[i], blocks.size());
		}
	for (size_t i = 0; i < blocks.size(); i++) {
		ASSERT_TRUE(painted(blocks[i], sizes[i % sizes.size()], i + 1))
		    << sizes[i % sizes.size()];
		poolkind_free(kind(), blocks[i]);
	}
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
}

/* All forms, sizes and alignments mixed, freed and taken again: the usable
 * bytes of no two blocks that live at the same time overlap. */
TEST_P(ApiBlock, UsableBytesNeverOverlap)
{
	std::map<char *, size_t> live;
	unsigned seed = 1;
	auto random = [&seed] {
		seed = seed * 1664525 + 1013904223;
		return seed >> 7;
	};
	for (int step = 0; step < 60000; step++) {
		if (live.size() > 1500 || (live.size() > 500 && random() % 2)) {
			auto victim = live.lower_bound(
			    live.begin()->first + random() % (64 * MIB));
			if (victim == live.end())
				victim = live.begin();
			ASSERT_EQ(victim->second,
			    poolkind_usable_size(victim->first));
			poolkind_free(kind(), victim->first);
			live.erase(victim);
			continue;
		}
		size_t size = 1 + random() % (200000 >> random() % 10);
		size_t alignment = (size_t)16 << random() % 11;
		char *block = static_cast<char *>(random() % 3 == 0 ?
			poolkind_aligned_alloc(kind(), alignment, size) :
			poolkind_malloc(kind(), size));
		if (block && random() % 4 == 0)
			block = static_cast<char *>(poolkind_realloc(
			    kind(), block, size = 1 + random() % 200000));
		ASSERT_NE(nullptr, block) << size;
		size_t usable = poolkind_usable_size(block);
		ASSERT_GE(usable, size);
		auto next = live.lower_bound(block);
		ASSERT_TRUE(next == live.end() || block + usable <= next->first)
		    << size << " bytes reach into the next block";
		ASSERT_TRUE(next == live.begin() ||
		    std::prev(next)->first + std::prev(next)->second <= block)
		    << size << " bytes lie in the block before";
		live[block] = usable;
	}
	for (auto &block : live)
		poolkind_free(kind(), block.first);
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST_P(ApiBlock, SizeZeroGivesUniquePointers)
{
	std::set<void *> seen;
	std::vector<void *> blocks;
	for (int i = 0; i < 200; i++) {
		blocks.push_back(poolkind_malloc(kind(), 0));
		blocks.push_back(poolkind_calloc(kind(), 0, 8));
		blocks.push_back(poolkind_calloc(kind(), 8, 0));
		blocks.push_back(poolkind_aligned_alloc(kind(), 64, 0));
		void *aligned = nullptr;
		EXPECT_EQ(0, poolkind_posix_memalign(kind(), &aligned, 8, 0));
		blocks.push_back(aligned);
	}
	for (void *block : blocks) {
		ASSERT_NE(nullptr, block);
		ASSERT_TRUE(seen.insert(block).second);
		EXPECT_EQ(kind(), poolkind_of(block));
	}
	for (void *block : blocks)
		poolkind_free(kind(), block);
}

TEST_P(ApiBlock, SuccessLeavesErrnoAlone)
{
	for (size_t size : { 0, 1, 100, 5000, 100000, 3000000 }) {
		errno = 4242;
		void *block = poolkind_malloc(kind(), size);
		block = poolkind_realloc(kind(), block, size + 100);
		void *zeroed = poolkind_calloc(kind(), size, 2);
		void *aligned = poolkind_aligned_alloc(kind(), 4096, size);
		ASSERT_TRUE(block && zeroed && aligned);
		poolkind_usable_size(block);
		poolkind_of(block);
		poolkind_free(kind(), block);
		poolkind_free(nullptr, zeroed);
		poolkind_free_sized(kind(), aligned, size);
		EXPECT_EQ(4242, errno) << size;
	}
}

TEST_P(ApiBlock, ImpossibleSizesAreEnomem)
{
	const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 4095,
		SIZE_MAX - 2 * MIB, SIZE_MAX / 2 + 1, (size_t)PTRDIFF_MAX,
		(size_t)1 << 62 };
	for (size_t size : sizes) {
		size = (size_t)unknown((void *)size);
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind(), size));
		EXPECT_EQ(ENOMEM, errno);
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_calloc(kind(), size, 1));
		EXPECT_EQ(ENOMEM, errno);
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_aligned_alloc(kind(), 4096, size));
		EXPECT_EQ(ENOMEM, errno);
		errno = 4242;
		void *out = this;
		EXPECT_EQ(
		    ENOMEM, poolkind_posix_memalign(kind(), &out, 64, size));
		EXPECT_EQ(nullptr, out);
		EXPECT_EQ(4242, errno);
	}
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
}

TEST_P(ApiBlock, EnomemLeavesTheSentenceAlone)
{
	ASSERT_EQ(nullptr, poolkind_open("dram,limt=1", 0));
	std::string before = poolkind_errormsg();
	size_t size = (size_t)unknown((void *)(SIZE_MAX / 2));
	EXPECT_EQ(nullptr, poolkind_malloc(kind(), size));
	EXPECT_EQ(before, poolkind_errormsg());
}

/* ---- calloc ------------------------------------------------------------- */

TEST_P(ApiBlock, CallocIsZeroInDirtyMemory)
{
	std::vector<size_t> sizes = interesting_sizes(1 * MIB);
	for (int round = 0; round < 3; round++) {
		std::vector<void *> blocks;
		for (size_t size : sizes) {
			void *block = poolkind_calloc(kind(), 1, size);
			ASSERT_NE(nullptr, block) << size;
			ASSERT_TRUE(all_bytes_are(block, size, 0)) << size;
			memset(block, 0xff, size);
			blocks.push_back(block);
		}
		for (void *block : blocks)
			poolkind_free(kind(), block);
		if (round == 1) {
			EXPECT_EQ(0, poolkind_trim(kind()));
		}
	}
}

TEST(ApiCalloc, IsZeroInARegionThatIsNot)
{
	for (size_t size : { 16, 100, 4096, 20000, 65536, 300000 }) {
		Region region(2 * MIB, true);
		Kind kind(poolkind_open_region(
		    region.start(), region.size(), nullptr, 0));
		ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
		size_t blocks = 0;
		while (void *block = poolkind_calloc(kind.get(), 1, size)) {
			ASSERT_TRUE(all_bytes_are(block, size, 0)) << size;
			blocks++;
		}
		EXPECT_GT(blocks, 2 * MIB / size / 2);
	}
}

TEST(ApiCalloc, IsZeroWhereAFullFileKindIsUsedAgain)
{
	ENGINE_PLACE_OR_SKIP(directory, 8 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=4M");
	for (size_t size : { 64, 4096, 16384, 1000000 }) {
		std::vector<char *> blocks;
		while (char *block = static_cast<char *>(
			   poolkind_calloc(kind.get(), size, 1))) {
			ASSERT_TRUE(all_bytes_are(block, size, 0)) << size;
			memset(block, 0xff, size);
			blocks.push_back(block);
		}
		EXPECT_GT(blocks.size(), 4 * MIB / size / 2) << size;
		for (char *block : blocks)
			poolkind_free(kind.get(), block);
	}
}

TEST_P(ApiBlock, CallocProductOverflowIsEnomem)
{
	const size_t products[][2] = { { SIZE_MAX, 2 }, { 2, SIZE_MAX },
		{ SIZE_MAX / 2 + 1, 2 }, { (size_t)1 << 32, (size_t)1 << 32 },
		{ ((size_t)1 << 32) + 1, (size_t)1 << 32 },
		{ SIZE_MAX, SIZE_MAX } };
	for (auto &product : products) {
		size_t count = (size_t)unknown((void *)product[0]);
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_calloc(kind(), count, product[1]));
		EXPECT_EQ(ENOMEM, errno);
	}
}

/* ---- aligned ------------------------------------------------------------ */

TEST_P(ApiBlock, EveryAlignmentUpTo32MiB)
{
	for (size_t alignment = 1; alignment <= 32 * MIB; alignment *= 2)
		for (size_t size :
		    { (size_t)0, (size_t)1, (size_t)100, (size_t)4097,
			(size_t)70000, alignment, alignment + 1 }) {
			char *block = static_cast<char *>(
			    poolkind_aligned_alloc(kind(), alignment, size));
			ASSERT_NE(nullptr, block) << alignment << " " << size;
			ASSERT_TRUE(is_aligned_to(block, alignment));
			ASSERT_GE(poolkind_usable_size(block), size);
			if (size)
				block[0] = block[size - 1] = 1;
			poolkind_free(kind(), block);
		}
}

TEST_P(ApiBlock, AlignedBlocksLiveTogether)
{
	std::vector<void *> blocks;
	for (size_t alignment = 16; alignment <= 2 * MIB; alignment *= 2) {
		blocks.push_back(
		    poolkind_aligned_alloc(kind(), alignment, 3000));
		ASSERT_NE(nullptr, blocks.back()) << alignment;
		ASSERT_TRUE(is_aligned_to(blocks.back(), alignment));
		paint(blocks.back(), 3000, blocks.size());
	}
	for (size_t i = 0; i < blocks.size(); i++) {
		EXPECT_TRUE(painted(blocks[i], 3000, i + 1));
		poolkind_free(kind(), blocks[i]);
	}
}

/* Whatever lies on top in the thread's cache. */
TEST_P(ApiBlock, AlignedBlocksAreAlignedAfterOthersWereFreed)
{
	const size_t alignment = 64 * KIB;
	void *odd = poolkind_malloc(kind(), 20 * KIB);
	uint64_t before = stats_of(kind()).allocations;

	for (unsigned round = 0; round < 20; round++) {
		std::vector<void *> blocks;

		for (int i = 0; i < 5; i++)
			blocks.push_back(poolkind_malloc(kind(), 16 * KIB));
		for (void *block : blocks)
			poolkind_free(kind(), block);
		void *block = poolkind_aligned_alloc(kind(), alignment, 64);
		ASSERT_NE(nullptr, block);
		EXPECT_TRUE(is_aligned_to(block, alignment));
		EXPECT_EQ(
		    round * 6u + 6, stats_of(kind()).allocations - before);
		poolkind_free(kind(), block);
	}
	poolkind_free(kind(), odd);
}

/* A block that was aligned and comes out of the cache goes back to those of its
 * own size, whatever room there is in the cache for others. */
TEST_P(ApiBlock, AlignedBlocksServeTheirOwnSizeAgain)
{
	std::vector<void *> blocks;

	for (size_t size = 72 * KIB; size <= 512 * KIB; size += 8 * KIB) {
		poolkind_free(kind(), poolkind_malloc(kind(), size));
		blocks.push_back(poolkind_malloc(kind(), size));
	}
	for (size_t size = 16; size <= 64 * KIB; size *= 2)
		for (int round = 0; round < 3; round++)
			poolkind_free(kind(),
			    poolkind_aligned_alloc(kind(), 8 * KIB, size));
	for (size_t size = 72 * KIB; size <= 512 * KIB; size += 8 * KIB) {
		blocks.push_back(poolkind_malloc(kind(), size));
		EXPECT_TRUE(blocks.back() == nullptr ||
		    poolkind_usable_size(blocks.back()) >= size)
		    << size;
	}
	for (void *block : blocks)
		poolkind_free(kind(), block);
}

TEST_P(ApiBlock, AlignedAllocRefusesWhatIsNoPowerOfTwo)
{
	for (size_t alignment :
	    { (size_t)0, (size_t)3, (size_t)24, (size_t)4097, SIZE_MAX }) {
		alignment = (size_t)unknown((void *)alignment);
		EXPECT_REFUSED(!poolkind_aligned_alloc(kind(), alignment, 64),
		    EINVAL, std::to_string(alignment));
	}
}

TEST_P(ApiBlock, HugeAlignmentsAreEnomem)
{
	for (size_t alignment : { (size_t)1 << 62, (size_t)1 << 63 }) {
		errno = 0;
		alignment = (size_t)unknown((void *)alignment);
		EXPECT_EQ(
		    nullptr, poolkind_aligned_alloc(kind(), alignment, 64));
		EXPECT_EQ(ENOMEM, errno);
	}
}

TEST_P(ApiBlock, PosixMemalign)
{
	for (size_t alignment = sizeof(void *); alignment <= 32 * MIB;
	     alignment *= 2) {
		void *block = this;
		errno = 4242;
		ASSERT_EQ(
		    0, poolkind_posix_memalign(kind(), &block, alignment, 100));
		EXPECT_EQ(4242, errno);
		EXPECT_TRUE(is_aligned_to(block, alignment));
		poolkind_free(kind(), block);
	}
	for (size_t alignment : { (size_t)0, (size_t)1, (size_t)4, (size_t)12,
		 (size_t)24, SIZE_MAX }) {
		void *block = this;
		errno = 4242;
		EXPECT_EQ(EINVAL,
		    poolkind_posix_memalign(kind(), &block, alignment, 100));
		EXPECT_EQ(nullptr, block);
		EXPECT_EQ(4242, errno);
	}
}

/* ---- usable size and free ----------------------------------------------- */

TEST_P(ApiBlock, UsableSizeIsWritable)
{
	std::vector<void *> blocks;
	std::vector<size_t> usable;
	for (size_t size : interesting_sizes(256 * KIB)) {
		void *block = unknown(poolkind_malloc(kind(), size));
		ASSERT_NE(nullptr, block);
		blocks.push_back(block);
		usable.push_back(poolkind_usable_size(block));
		ASSERT_GE(usable.back(), size);
		paint(block, usable.back(), blocks.size());
	}
	for (size_t i = 0; i < blocks.size(); i++) {
		EXPECT_EQ(usable[i], poolkind_usable_size(blocks[i]));
		EXPECT_TRUE(painted(blocks[i], usable[i], i + 1));
		poolkind_free(kind(), blocks[i]);
	}
}

TEST(ApiUsableSize, OfNullAndForeignPointersIsZero)
{
	int here;
	static int there;
	EXPECT_EQ(0u, poolkind_usable_size(nullptr));
	std::vector<char> heap(1000);
	for (void *foreign : { (void *)&here, (void *)&there,
		 (void *)heap.data(), (void *)8, (void *)-1 }) {
		EXPECT_REFUSED(poolkind_usable_size(foreign) == 0, EINVAL, "");
		EXPECT_STRNE("", poolkind_errormsg());
	}
}

TEST_P(ApiBlock, FreeTakesNull)
{
	errno = 4242;
	poolkind_free(kind(), nullptr);
	poolkind_free(nullptr, nullptr);
	poolkind_free_sized(kind(), nullptr, 100);
	EXPECT_EQ(4242, errno);
}

TEST_P(ApiBlock, FreeWithoutAKindFindsIt)
{
	for (size_t size : interesting_sizes(1 * MIB)) {
		void *block = poolkind_malloc(kind(), size);
		ASSERT_NE(nullptr, block);
		poolkind_free(nullptr, block);
	}
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST_P(ApiBlock, FreeSizedFreesEverySize)
{
	for (size_t size : interesting_sizes(1 * MIB)) {
		errno = 4242;
		poolkind_free_sized(
		    kind(), poolkind_malloc(kind(), size), size);
		poolkind_free_sized(
		    kind(), poolkind_aligned_alloc(kind(), 256, size), size);
		EXPECT_EQ(4242, errno) << size << poolkind_errormsg();
	}
	EXPECT_EQ(0u, stats_of(kind()).live);
}

TEST_P(ApiBlock, BlockOfAnotherKindGoesHome)
{
	Kind other = open_kind("dram,name=other");
	for (size_t size : { 10, 1000, 20000, 5000000 }) {
		void *block = poolkind_malloc(kind(), size);
		ASSERT_NE(nullptr, block);
		poolkind_free(other.get(), block);
		EXPECT_EQ(0u, stats_of(kind()).live) << size;
		block = poolkind_malloc(other.get(), size);
		poolkind_free(kind(), block);
		EXPECT_EQ(0u, stats_of(other.get()).live) << size;
	}
	Chain chain;
	chain.fill(other.get(), 64, 1000);
	chain.free_all(kind());
	chain.fill(kind(), 64, 1000);
	for (const void *block = poolkind_malloc(other.get(), 64); block;
	     block = nullptr)
		EXPECT_EQ(other.get(), poolkind_of(block));
	EXPECT_EQ(1000u, chain.free_all(kind()));
	EXPECT_EQ(0, poolkind_check(kind())) << poolkind_errormsg();
	EXPECT_EQ(0, poolkind_check(other.get())) << poolkind_errormsg();
}

TEST_P(ApiBlock, ForeignPointersAreLeftAlone)
{
	int here = 7;
	static int there[4096];
	std::vector<char> heap(100000, 7);
	void *mapped = mmap(
	    nullptr, 1 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *pointers[] = { &here, there, heap.data(), heap.data() + 50000,
		mapped, (void *)8, (void *)-1, (void *)(intptr_t)INT64_MIN };
	for (void *foreign : pointers)
		for (poolkind *by : { kind(), (poolkind *)nullptr }) {
			errno = 0;
			poolkind_free(by, foreign);
			EXPECT_EQ(EINVAL, errno);
			errno = 0;
			poolkind_free_sized(by, foreign, 4);
			EXPECT_EQ(EINVAL, errno);
		}
	EXPECT_STRNE("", poolkind_errormsg());
	EXPECT_EQ(7, here);
	EXPECT_TRUE(all_bytes_are(heap.data(), heap.size(), 7));
	munmap(mapped, 1 * MIB);
	void *block = poolkind_malloc(kind(), 100);
	EXPECT_NE(nullptr, block);
	poolkind_free(kind(), block);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of every sort of kind: malloc, calloc, posix_memalign; how they end
 * where there is none. realloc and what is told of a block: owner_test.cpp. */
#include "../../lib/aligned.h"
#include "../memkind_test.h"

using namespace engine;
using namespace memkinds;

namespace {

class MemkindBlock : public EverySort {};
MEMKIND_EVERY_SORT(MemkindBlock);

const size_t BEYOND[] = { size_t(1) << 62, PTRDIFF_MAX, size_t(PTRDIFF_MAX) + 1,
	SIZE_MAX - 4095, SIZE_MAX };

/* SIZE, of which the compiler knows nothing. */
size_t
hidden(size_t size)
{
	return reinterpret_cast<size_t>(
	    unknown(reinterpret_cast<void *>(size)));
}

} // namespace

TEST_P(MemkindBlock, EverySizeIsAlignedAndWritable)
{
	for (size_t size = 1; size < 3 * MIB; size += 1 + size / 7) {
		errno = NO_ERRNO;
		void *block = memkind_malloc(kind(), size);
		ASSERT_NE(nullptr, block) << size;
		EXPECT_EQ(NO_ERRNO, errno);
		ASSERT_TRUE(is_aligned_to(block, size <= 8 ? 8 : 16)) << size;
		ASSERT_GE(memkind_malloc_usable_size(kind(), block), size);
		paint(block, memkind_malloc_usable_size(kind(), block), 1);
		EXPECT_EQ(kind(), memkind_detect_kind(block));
		memkind_free(kind(), block);
	}
}

TEST_P(MemkindBlock, BlocksDoNotOverlap)
{
	std::vector<std::pair<void *, size_t>> blocks;
	for (unsigned round = 0; round < 3; round++)
		for (size_t size = 1; size < 200000; size += 1 + size / 5) {
			void *block = memkind_malloc(kind(), size);
			ASSERT_NE(nullptr, block);
			paint(block, size, blocks.size());
			blocks.push_back({ block, size });
		}
	for (size_t i = 0; i < blocks.size(); i++) {
		ASSERT_TRUE(painted(blocks[i].first, blocks[i].second, i));
		memkind_free(kind(), blocks[i].first);
	}
}

/* ---- Nothing, and too much ----------------------------------------------- */

TEST_P(MemkindBlock, NoBytesAreNoBlock)
{
	MEMKIND_NO_BLOCK(memkind_malloc(kind(), 0), NO_ERRNO);
	MEMKIND_NO_BLOCK(memkind_calloc(kind(), 0, 0), NO_ERRNO);
	MEMKIND_NO_BLOCK(memkind_calloc(kind(), 0, 10), NO_ERRNO);
	MEMKIND_NO_BLOCK(memkind_calloc(kind(), 10, 0), NO_ERRNO);
	MEMKIND_NO_BLOCK(memkind_realloc(kind(), nullptr, 0), NO_ERRNO);
}

TEST_P(MemkindBlock, TooMuchIsEnomem)
{
	for (size_t size : BEYOND) {
		MEMKIND_NO_BLOCK(memkind_malloc(kind(), hidden(size)), ENOMEM);
		MEMKIND_NO_BLOCK(
		    memkind_calloc(kind(), 1, hidden(size)), ENOMEM);
		MEMKIND_NO_BLOCK(
		    memkind_realloc(kind(), nullptr, hidden(size)), ENOMEM);
		void *block = this;
		errno = NO_ERRNO;
		EXPECT_EQ(ENOMEM,
		    memkind_posix_memalign(kind(), &block, 64, hidden(size)));
		EXPECT_EQ(nullptr, block);
		EXPECT_EQ(NO_ERRNO, errno);
	}
	void *block = memkind_malloc(kind(), 100);
	EXPECT_NE(nullptr, block) << "works on";
	memkind_free(kind(), block);
}

TEST_P(MemkindBlock, CallocSeesThatTheProductOverflows)
{
	const size_t half = size_t(1) << 63, root = size_t(1) << 32;
	const size_t pairs[][2] = { { half, 2 }, { half + 1, 2 }, { 2, half },
		{ root, root }, { root + 1, root }, { SIZE_MAX, SIZE_MAX },
		{ SIZE_MAX / 8 + 2, 8 }, { 3, SIZE_MAX / 3 + 1 } };
	for (auto &pair : pairs)
		MEMKIND_NO_BLOCK(
		    memkind_calloc(kind(), hidden(pair[0]), hidden(pair[1])),
		    ENOMEM);
}

TEST_P(MemkindBlock, CallocClearsWhatWasUsed)
{
	for (size_t size : { 1, 100, 4096, 16384, 100000, 3000000 }) {
		for (int round = 0; round < 3; round++) {
			void *block = memkind_malloc(kind(), size);
			ASSERT_NE(nullptr, block);
			memset(block, 0xa5, size);
			memkind_free(kind(), block);
			block = memkind_calloc(kind(), 1, size);
			ASSERT_NE(nullptr, block);
			EXPECT_TRUE(all_bytes_are(block, size, 0)) << size;
			memset(block, 0xa5, size);
			memkind_free(kind(), block);
		}
	}
	void *block = memkind_calloc(kind(), 100, 30);
	ASSERT_NE(nullptr, block);
	EXPECT_GE(memkind_malloc_usable_size(kind(), block), 3000u);
	memkind_free(kind(), block);
}

/* ---- Alignment ----------------------------------------------------------- */

TEST_P(MemkindBlock, Aligned)
{
	for (size_t alignment = sizeof(void *); alignment <= 4 * MIB;
	     alignment *= 2)
		for (size_t size : { 1, 100, 5000, 70000 }) {
			void *block = this;
			errno = NO_ERRNO;
			ASSERT_EQ(0,
			    memkind_posix_memalign(
				kind(), &block, alignment, size));
			EXPECT_EQ(NO_ERRNO, errno);
			ASSERT_NE(nullptr, block);
			EXPECT_TRUE(is_aligned_to(block, alignment));
			memset(block, 0x5a, size);
			EXPECT_EQ(kind(), memkind_detect_kind(block));
			memkind_free(kind(), block);
		}
}

TEST_P(MemkindBlock, AlignmentsThatAreNone)
{
	for (size_t alignment :
	    { size_t(0), size_t(1), size_t(2), size_t(4), size_t(7), size_t(12),
		size_t(24), size_t(4097), (size_t(1) << 63) + 8, SIZE_MAX }) {
		void *block = this;
		errno = NO_ERRNO;
		EXPECT_EQ(EINVAL,
		    memkind_posix_memalign(
			kind(), &block, hidden(alignment), 100));
		EXPECT_EQ(nullptr, block) << alignment;
		EXPECT_EQ(NO_ERRNO, errno);
	}
	for (int bit : { 48, 62, 63 }) {
		void *block = this;
		EXPECT_EQ(ENOMEM,
		    memkind_posix_memalign(
			kind(), &block, hidden(size_t(1) << bit), 100));
		EXPECT_EQ(nullptr, block) << bit;
	}
}

/* Of no bytes an alignment is looked at first, but not in MEMKIND_DEFAULT. */
TEST_P(MemkindBlock, AlignedOfNoBytes)
{
	void *block = this;
	errno = NO_ERRNO;
	EXPECT_EQ(0, memkind_posix_memalign(kind(), &block, 64, 0));
	EXPECT_EQ(nullptr, block);
	block = this;
	EXPECT_EQ(is("DEFAULT") ? 0 : EINVAL,
	    memkind_posix_memalign(kind(), &block, hidden(7), 0));
	EXPECT_EQ(nullptr, block);
	EXPECT_EQ(NO_ERRNO, errno);
}

/* ---- No kind ------------------------------------------------------------- */

TEST(MemkindNull, IsNoKindToAllocateFrom)
{
	MEMKIND_NO_BLOCK(memkind_malloc(nullptr, 10), EINVAL);
	MEMKIND_NO_BLOCK(memkind_calloc(nullptr, 1, 10), EINVAL);
	for (size_t size : { 0, 10 })
		MEMKIND_NO_BLOCK(
		    memkind_realloc(nullptr, nullptr, size), EINVAL);
	void *block = &block;
	EXPECT_EQ(EINVAL, memkind_posix_memalign(nullptr, &block, 64, 10));
	EXPECT_EQ(nullptr, block);
}

/* ---- Requests of no bytes that get a block ------------------------------- */

TEST_P(MemkindBlock, NoBytesAreABlockWhereThatIsAllowed)
{
	memkind_set_allow_zero_allocs(kind(), true);
	void *blocks[4] = { memkind_malloc(kind(), 0),
		memkind_calloc(kind(), 0, 10), memkind_calloc(kind(), 10, 0),
		memkind_realloc(kind(), nullptr, 0) };
	void *aligned = nullptr;
	EXPECT_EQ(0, memkind_posix_memalign(kind(), &aligned, 64, 0));
	EXPECT_NE(nullptr, aligned);
	EXPECT_EQ(kind(), memkind_detect_kind(aligned));
	for (void *block : blocks) {
		EXPECT_NE(nullptr, block);
		EXPECT_EQ(kind(), memkind_detect_kind(block));
	}
	EXPECT_NE(blocks[0], blocks[1]);
	EXPECT_EQ(nullptr, memkind_realloc(kind(), blocks[0], 0)) << "a free";
	memkind_free(kind(), aligned);
	for (int i = 1; i < 4; i++)
		memkind_free(kind(), blocks[i]);
	memkind_set_allow_zero_allocs(kind(), false);
	MEMKIND_NO_BLOCK(memkind_malloc(kind(), 0), NO_ERRNO);
}

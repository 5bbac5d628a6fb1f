/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks: sizes at both ends, alignment, zeroes, copies of strings, and what
 * a block that goes to the wrong pool does. */
#include "../lib/aligned.h"
#include "vmem_test.h"

#include <map>
#include <set>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

class VmemBlock : public EveryPool {};
VMEM_EVERY_POOL(VmemBlock);

/* Takes all that can be had of POOL. */
void
take_all(VMEM *pool)
{
	for (size_t size : { 65536, 4096, 100, 64, 8 })
		while (vmem_malloc(pool, size)) {
		}
}

} // namespace

TEST_P(VmemBlock, EverySizeIsUsableAndAligned)
{
	std::map<char *, size_t> blocks;
	for (size_t size = 1; size < 200000; size += 1 + size / 32) {
		char *block = static_cast<char *>(vmem_malloc(pool(), size));
		ASSERT_NE(nullptr, block) << size;
		size_t usable = vmem_malloc_usable_size(pool(), block);
		ASSERT_GE(usable, size);
		ASSERT_TRUE(is_aligned_to(block, size < 16 ? 8 : 16)) << size;
		ASSERT_TRUE(lies_in(block, usable, first(), room()));
		paint(block, usable, static_cast<unsigned>(size));
		blocks[block] = size;
		if (size % 3 == 0) {
			vmem_free(pool(), block);
			blocks.erase(block);
		}
	}
	for (auto &entry : blocks)
		EXPECT_TRUE(painted(entry.first,
		    vmem_malloc_usable_size(pool(), entry.first),
		    static_cast<unsigned>(entry.second)))
		    << entry.second;
}

TEST_P(VmemBlock, UsableSizesAreClose)
{
	const size_t bounds[][2] = { { 10, 8 }, { 100, 16 }, { 200, 32 },
		{ 500, 64 }, { 1000, 128 }, { 2000, 256 }, { 3000, 512 },
		{ MIB, 4 * MIB }, { 5 * MIB, 4 * MIB }, { 9 * MIB, 4 * MIB } };
	for (auto &bound : bounds) {
		void *block = vmem_malloc(pool(), bound[0]);
		ASSERT_NE(nullptr, block) << bound[0];
		size_t usable = vmem_malloc_usable_size(pool(), block);
		EXPECT_GE(usable, bound[0]);
		EXPECT_LE(usable, bound[0] + bound[1]);
		vmem_free(pool(), block);
	}
}

TEST_P(VmemBlock, UsableSizeOfNothingIsZero)
{
	errno = 4242;
	EXPECT_EQ(0u, vmem_malloc_usable_size(pool(), nullptr));
	EXPECT_EQ(4242, errno);
	std::string here(100, ' ');
	EXPECT_EQ(0u, vmem_malloc_usable_size(pool(), &here));
	EXPECT_EQ(0u, vmem_malloc_usable_size(pool(), &here[0]));
}

TEST_P(VmemBlock, SizeZeroIsABlock)
{
	std::set<void *> blocks;
	for (int i = 0; i < 100; i++) {
		blocks.insert(vmem_malloc(pool(), 0));
		blocks.insert(vmem_calloc(pool(), 0, 8));
		blocks.insert(vmem_calloc(pool(), 8, 0));
		blocks.insert(vmem_calloc(pool(), 0, SIZE_MAX));
		blocks.insert(vmem_calloc(pool(), 0, 0));
		blocks.insert(vmem_realloc(pool(), nullptr, 0));
		blocks.insert(vmem_aligned_alloc(pool(), 64, 0));
	}
	EXPECT_EQ(700u, blocks.size());
	EXPECT_EQ(0u, blocks.count(nullptr));
	for (void *block : blocks) {
		EXPECT_GE(vmem_malloc_usable_size(pool(), block), 1u);
		vmem_free(pool(), block);
	}
	void *none = vmem_malloc(pool(), 0);
	EXPECT_EQ(8u, vmem_malloc_usable_size(pool(), none));
}

TEST_P(VmemBlock, SuccessLeavesErrnoAndTheTextAlone)
{
	forget_error();
	std::string text = vmem_errormsg();
	errno = 4242;
	void *block = vmem_malloc(pool(), 100);
	block = vmem_realloc(pool(), block, 100000);
	vmem_free(pool(), block);
	vmem_free(pool(), nullptr);
	vmem_free(pool(), vmem_calloc(pool(), 10, 1000));
	vmem_free(pool(), vmem_aligned_alloc(pool(), 4096, 10));
	vmem_free(pool(), vmem_strdup(pool(), "text"));
	vmem_free(pool(), vmem_wcsdup(pool(), L"text"));
	EXPECT_EQ(nullptr, vmem_realloc(pool(), vmem_malloc(pool(), 9), 0));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(text, vmem_errormsg());
}

TEST_P(VmemBlock, SizesThatCannotBe)
{
	for (size_t size :
	    { size_t(15) * MIB, size_t(1) << 40, size_t(1) << 62, SIZE_MAX / 2,
		SIZE_MAX / 2 + 1, SIZE_MAX - 4096, SIZE_MAX - 1, SIZE_MAX }) {
		VMEM_NO_BLOCK(vmem_malloc(pool(), size), ENOMEM);
		VMEM_NO_BLOCK(vmem_calloc(pool(), size, 1), ENOMEM);
		VMEM_NO_BLOCK(vmem_calloc(pool(), 1, size), ENOMEM);
		VMEM_NO_BLOCK(vmem_realloc(pool(), nullptr, size), ENOMEM);
		VMEM_NO_BLOCK(vmem_aligned_alloc(pool(), 16, size), ENOMEM);
		VMEM_NO_BLOCK(vmem_aligned_alloc(pool(), 4096, size), ENOMEM);
	}
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST_P(VmemBlock, AFullPoolSaysSoAndGoesOn)
{
	void *one = vmem_malloc(pool(), 100);
	take_all(pool());
	VMEM_NO_BLOCK(vmem_malloc(pool(), 100), ENOMEM);
	VMEM_NO_BLOCK(vmem_calloc(pool(), 10, 10), ENOMEM);
	VMEM_NO_BLOCK(vmem_realloc(pool(), one, 1000), ENOMEM);
	VMEM_NO_BLOCK(vmem_aligned_alloc(pool(), 64, 100), ENOMEM);
	std::string text(100, 't');
	std::wstring wide(25, L't');
	VMEM_NO_BLOCK(vmem_strdup(pool(), text.c_str()), ENOMEM);
	VMEM_NO_BLOCK(vmem_wcsdup(pool(), wide.c_str()), ENOMEM);
	vmem_free(pool(), one);
	EXPECT_NE(nullptr, vmem_malloc(pool(), 100));
}

/* ---- Each way to a block ------------------------------------------------ */

TEST_P(VmemBlock, CallocIsZeroWhereOthersWrote)
{
	for (size_t size : { 900, 4096, 50000, 3000000 }) {
		void *dirty = vmem_malloc(pool(), 12 * MIB);
		ASSERT_NE(nullptr, dirty) << size;
		memset(dirty, 0xff, 12 * MIB);
		vmem_free(pool(), dirty);
		std::vector<void *> blocks;
		while (void *block = vmem_calloc(pool(), 1, size)) {
			ASSERT_TRUE(all_bytes_are(block, size, 0)) << size;
			memset(block, 0xff, size);
			blocks.push_back(block);
		}
		for (void *block : blocks)
			vmem_free(pool(), block);
		void *again = vmem_calloc(pool(), size, 1);
		EXPECT_TRUE(all_bytes_are(again, size, 0)) << size;
		vmem_free(pool(), again);
	}
}

TEST_P(VmemBlock, CallocMultiplies)
{
	char *block = static_cast<char *>(vmem_calloc(pool(), 1000, 3000));
	ASSERT_NE(nullptr, block);
	EXPECT_GE(vmem_malloc_usable_size(pool(), block), 3000000u);
	EXPECT_TRUE(all_bytes_are(block, 3000000, 0));
	VMEM_NO_BLOCK(vmem_calloc(pool(), SIZE_MAX, 2), ENOMEM);
	VMEM_NO_BLOCK(vmem_calloc(pool(), 2, SIZE_MAX), ENOMEM);
	size_t half = size_t(1) << 32;
	VMEM_NO_BLOCK(vmem_calloc(pool(), half, half), ENOMEM);
	VMEM_NO_BLOCK(vmem_calloc(pool(), SIZE_MAX, SIZE_MAX), ENOMEM);
}

TEST_P(VmemBlock, AlignedToAnyPowerOfTwo)
{
	for (size_t alignment = 1; alignment <= 4 * MIB; alignment *= 2)
		for (size_t size : { 0, 1, 3, 100, 5000, 100000 }) {
			char *block = static_cast<char *>(
			    vmem_aligned_alloc(pool(), alignment, size));
			ASSERT_NE(nullptr, block) << alignment << " " << size;
			EXPECT_TRUE(is_aligned_to(block, alignment))
			    << alignment;
			size_t usable = vmem_malloc_usable_size(pool(), block);
			EXPECT_GE(usable, size);
			ASSERT_TRUE(lies_in(block, usable, first(), room()));
			memset(block, 1, usable);
			vmem_free(pool(), block);
		}
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST_P(VmemBlock, AlignmentsThatCannotBe)
{
	for (size_t alignment : { size_t(0), size_t(3), size_t(24),
		 size_t(4097), SIZE_MAX, SIZE_MAX - 1 })
		VMEM_NO_BLOCK(
		    vmem_aligned_alloc(pool(), alignment, 100), EINVAL);
	for (int bit : { 40, 50, 62, 63 })
		VMEM_NO_BLOCK(
		    vmem_aligned_alloc(pool(), size_t(1) << bit, 100), ENOMEM);
	size_t most = size_t(1) << 63;
	VMEM_NO_BLOCK(vmem_aligned_alloc(pool(), most, SIZE_MAX), ENOMEM);
}

TEST(VmemLargeRegion, LargeAlignments)
{
	Region region(GIB);
	Pool pool = make_pool(region);
	for (size_t alignment = 8 * MIB; alignment <= 128 * MIB; alignment *= 2)
		for (size_t size : { size_t(1), size_t(70000), 33 * MIB }) {
			void *block = vmem_aligned_alloc(
			    pool.get(), alignment, size);
			ASSERT_NE(nullptr, block) << alignment << " " << size;
			EXPECT_TRUE(is_aligned_to(block, alignment));
			vmem_free(pool.get(), block);
		}
}

TEST_P(VmemBlock, CopiesOfStrings)
{
	std::string large(3000000, 'x');
	for (const char *text :
	    { "", "a", "some text", "\xc3\xa9t\xc3\xa9", large.c_str() }) {
		char *copy = vmem_strdup(pool(), text);
		ASSERT_NE(nullptr, copy);
		EXPECT_STREQ(text, copy);
		EXPECT_TRUE(lies_in(copy, strlen(text) + 1, first(), room()));
		vmem_free(pool(), copy);
	}
}

TEST_P(VmemBlock, CopiesOfWideStrings)
{
	std::wstring large(500000, L'\x20ac');
	for (const wchar_t *text :
	    { L"", L"a", L"some text", L"\x3b1\x1f600", large.c_str() }) {
		wchar_t *copy = vmem_wcsdup(pool(), text);
		size_t bytes = (wcslen(text) + 1) * sizeof(wchar_t);
		ASSERT_NE(nullptr, copy);
		EXPECT_EQ(0, memcmp(text, copy, bytes));
		EXPECT_TRUE(lies_in(copy, bytes, first(), room()));
		EXPECT_GE(vmem_malloc_usable_size(pool(), copy), bytes);
		vmem_free(pool(), copy);
	}
}

/* ---- The wrong pool ----------------------------------------------------- */

TEST_P(VmemBlock, FreedThroughAnotherPoolGoesHome)
{
	Region region(VMEM_MIN_POOL);
	Pool other = make_pool(region);
	for (size_t size : { 100, 5000, 65536, 9000000 }) {
		std::vector<void *> blocks;
		while (void *block = vmem_malloc(pool(), size))
			blocks.push_back(block);
		ASSERT_FALSE(blocks.empty());
		for (void *block : blocks)
			vmem_free(other.get(), block);
		expect_filled(pool(), room() - 8 * PAGE, 4096);
		EXPECT_EQ(1, vmem_check(pool()));
		EXPECT_EQ(1, vmem_check(other.get()));
	}
	expect_filled(other.get(), VMEM_MIN_POOL - PAGE, 65536);
}

/* Whichever pool serves it then, nothing of it is lost. */
TEST_P(VmemBlock, ReallocThroughAnotherPool)
{
	Region region(VMEM_MIN_POOL);
	Pool other = make_pool(region);
	char *block = static_cast<char *>(vmem_malloc(pool(), 100));
	paint(block, 100, 3);
	VMEM *through[] = { other.get(), pool() };
	int turn = 0;
	for (size_t size : { 200, 10000, 200000, 6000000, 100, 5000 }) {
		block = static_cast<char *>(
		    vmem_realloc(through[turn++ % 2], block, size));
		ASSERT_NE(nullptr, block) << size;
		ASSERT_TRUE(lies_in(block, size, first(), room()) ||
		    lies_in(block, size, region.start(), region.size()));
		ASSERT_TRUE(painted(block, 100, 3)) << size;
	}
	EXPECT_EQ(nullptr, vmem_realloc(other.get(), block, 0));
	expect_filled(pool(), room(), 65536);
	expect_filled(other.get(), VMEM_MIN_POOL - PAGE, 65536);
}

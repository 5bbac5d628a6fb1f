/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks that have an owner: realloc, free and what is told of them, by their
 * kind, by another and by none; pointers that are no block; threads. */
#include "../memkind_test.h"

#include <atomic>
#include <thread>

#include <sys/mman.h>

using namespace engine;
using namespace memkinds;

namespace {

class MemkindOwner : public EverySort {};
MEMKIND_EVERY_SORT(MemkindOwner);

size_t
hidden(size_t size)
{
	return reinterpret_cast<size_t>(
	    unknown(reinterpret_cast<void *>(size)));
}

/* Blocks of KIND that live, in bytes. */
size_t
live(memkind_t kind)
{
	return stat_now(kind, MEMKIND_STAT_TYPE_ALLOCATED);
}

} // namespace

/* ---- realloc ------------------------------------------------------------- */

TEST_P(MemkindOwner, ReallocKeepsTheContent)
{
	const size_t sizes[] = { 10, 100, 20, 5000, 4000, 70000, 3000000,
		2500000, 100, 4 * MIB, 1 };
	for (memkind_t by : { kind(), memkind_t(nullptr) }) {
		void *block = memkind_realloc(kind(), nullptr, sizes[0]);
		ASSERT_NE(nullptr, block);
		paint(block, sizes[0], 1);
		for (size_t i = 1; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			errno = NO_ERRNO;
			block = memkind_realloc(by, block, sizes[i]);
			ASSERT_NE(nullptr, block);
			EXPECT_EQ(NO_ERRNO, errno);
			EXPECT_TRUE(painted(
			    block, std::min(sizes[i], sizes[i - 1]), 1));
			EXPECT_EQ(kind(), memkind_detect_kind(block));
			paint(block, sizes[i], 1);
		}
		memkind_free(kind(), block);
	}
}

TEST_P(MemkindOwner, ReallocToNoBytesFrees)
{
	size_t before = live(kind());
	for (memkind_t by : { kind(), memkind_t(nullptr) }) {
		void *block = memkind_malloc(kind(), 50000);
		ASSERT_NE(nullptr, block);
		EXPECT_LT(before, live(kind()));
		MEMKIND_NO_BLOCK(memkind_realloc(by, block, 0), NO_ERRNO);
		EXPECT_EQ(before, live(kind()));
	}
}

TEST_P(MemkindOwner, ReallocThatFailsLeavesTheBlock)
{
	void *block = memkind_malloc(kind(), 1000);
	ASSERT_NE(nullptr, block);
	paint(block, 1000, 3);
	for (size_t size : { size_t(1) << 62, SIZE_MAX })
		for (memkind_t by : { kind(), memkind_t(nullptr) })
			MEMKIND_NO_BLOCK(
			    memkind_realloc(by, block, hidden(size)), ENOMEM);
	EXPECT_TRUE(painted(block, 1000, 3));
	EXPECT_EQ(kind(), memkind_detect_kind(block));
	memkind_free(kind(), block);
}

TEST_P(MemkindOwner, ReallocByAnotherKindMovesThere)
{
	memkind_t other = is("REGULAR") ? MEMKIND_DEFAULT : MEMKIND_REGULAR;
	void *block = memkind_malloc(kind(), 3000);
	ASSERT_NE(nullptr, block);
	paint(block, 3000, 5);
	block = memkind_realloc(other, block, 6000);
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(other, memkind_detect_kind(block));
	EXPECT_TRUE(painted(block, 3000, 5));
	memkind_free(other, block);
}

/* ---- free ---------------------------------------------------------------- */

TEST_P(MemkindOwner, FreeOfNothing)
{
	errno = NO_ERRNO;
	memkind_free(kind(), nullptr);
	memkind_free(nullptr, nullptr);
	EXPECT_EQ(NO_ERRNO, errno);
}

/* By its kind, by no kind and by another it goes back to where it came from,
 * and no other kind hands it out. */
TEST_P(MemkindOwner, FreeGoesHome)
{
	memkind_t other = is("REGULAR") ? MEMKIND_DEFAULT : MEMKIND_REGULAR;
	size_t before = live(kind());
	for (size_t size : { 8, 64, 1000, 20000, 3000000 })
		for (memkind_t by : { kind(), memkind_t(nullptr), other }) {
			void *block = memkind_malloc(kind(), size);
			ASSERT_NE(nullptr, block);
			errno = NO_ERRNO;
			memkind_free(by, block);
			EXPECT_EQ(NO_ERRNO, errno);
			EXPECT_EQ(before, live(kind())) << size;
			void *next = memkind_malloc(other, size);
			EXPECT_NE(block, next);
			EXPECT_EQ(other, memkind_detect_kind(next));
			memkind_free(other, next);
		}
}

TEST(MemkindForeign, PointersAreAnswered)
{
	int here = 7;
	static int there[4096];
	std::vector<char> heap(100000, 7);
	void *mapped = mmap(
	    nullptr, MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (void *foreign : { (void *)&here, (void *)there, (void *)&heap[0],
		 (void *)&heap[50000], mapped, (void *)8, (void *)-1 }) {
		foreign = unknown(foreign);
		EXPECT_EQ(nullptr, memkind_detect_kind(foreign));
		EXPECT_EQ(0u, memkind_malloc_usable_size(nullptr, foreign));
		EXPECT_EQ(
		    0u, memkind_malloc_usable_size(MEMKIND_DEFAULT, foreign));
		EXPECT_EQ(nullptr, memkind_defrag_reallocate(nullptr, foreign));
		MEMKIND_NO_BLOCK(memkind_realloc(nullptr, foreign, 10), EINVAL);
		MEMKIND_NO_BLOCK(
		    memkind_realloc(MEMKIND_REGULAR, foreign, 10), EINVAL);
		for (memkind_t by :
		    { memkind_t(nullptr), MEMKIND_DEFAULT, MEMKIND_REGULAR }) {
			errno = 0;
			memkind_free(by, foreign);
			EXPECT_EQ(EINVAL, errno);
		}
	}
	EXPECT_EQ(7, here);
	EXPECT_TRUE(all_bytes_are(&heap[0], heap.size(), 7));
	munmap(mapped, MIB);
}

/* ---- What is told of a block --------------------------------------------- */

TEST_P(MemkindOwner, UsableSize)
{
	EXPECT_EQ(0u, memkind_malloc_usable_size(kind(), nullptr));
	EXPECT_EQ(0u, memkind_malloc_usable_size(nullptr, nullptr));
	void *block = memkind_malloc(kind(), 1000);
	size_t usable = memkind_malloc_usable_size(kind(), block);
	EXPECT_GE(usable, 1000u);
	EXPECT_EQ(usable, memkind_malloc_usable_size(nullptr, block));
	EXPECT_EQ(usable, memkind_malloc_usable_size(MEMKIND_HUGETLB, block));
	memkind_free(kind(), block);
}

TEST(MemkindDetect, Nothing)
{
	EXPECT_EQ(nullptr, memkind_detect_kind(nullptr));
}

/* ---- Moving to a denser place -------------------------------------------- */

TEST_P(MemkindOwner, DefragLeavesWhatIsNotWorthMoving)
{
	EXPECT_EQ(nullptr, memkind_defrag_reallocate(kind(), nullptr));
	EXPECT_EQ(nullptr, memkind_defrag_reallocate(nullptr, nullptr));
	for (size_t size : { 100, 100000, 3000000 }) {
		void *block = memkind_malloc(kind(), size);
		ASSERT_NE(nullptr, block);
		EXPECT_EQ(nullptr, memkind_defrag_reallocate(kind(), block))
		    << size;
		memkind_free(kind(), block);
	}
}

/* Of many small blocks one in sixteen is left. Going through them as programs
 * do moves most, keeps what is in them, and leaves fewer pages in use. */
TEST_P(MemkindOwner, DefragMakesTheHeapDenser)
{
	const size_t COUNT = 65536, SIZE = 112;
	std::vector<void *> blocks(COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		blocks[i] = memkind_malloc(kind(), SIZE);
		ASSERT_NE(nullptr, blocks[i]);
		paint(blocks[i], SIZE, i);
	}
	for (size_t i = 0; i < COUNT; i++)
		if (i % 16)
			memkind_free(kind(), blocks[i]);
	size_t before = stat_now(kind(), MEMKIND_STAT_TYPE_ACTIVE), moved = 0;
	for (size_t i = 0; i < COUNT; i += 16) {
		void *now = memkind_defrag_reallocate(
		    i % 32 ? kind() : nullptr, blocks[i]);
		if (now) {
			moved++;
			EXPECT_NE(blocks[i], now);
			EXPECT_EQ(kind(), memkind_detect_kind(now));
			blocks[i] = now;
		}
		ASSERT_TRUE(painted(blocks[i], SIZE, i));
	}
	EXPECT_GT(moved, COUNT / 16 / 2);
	EXPECT_LT(stat_now(kind(), MEMKIND_STAT_TYPE_ACTIVE), before / 2);
	for (size_t i = 0; i < COUNT; i += 16) {
		EXPECT_TRUE(painted(blocks[i], SIZE, i));
		memkind_free(kind(), blocks[i]);
	}
}

/* ---- Threads ------------------------------------------------------------- */

/* Each allocates, and frees what another allocated. */
TEST_P(MemkindOwner, BlocksGoFromThreadToThread)
{
	const unsigned THREADS = 8, SLOTS = 64;
	static std::atomic<size_t *> slots[SLOTS];
	std::atomic<unsigned> wrong{ 0 };
	std::vector<std::thread> threads;
	size_t before = live(kind());
	for (unsigned number = 0; number < THREADS; number++)
		threads.emplace_back([&, number] {
			unsigned seed = number * 7919 + 1;
			for (int step = 0; step < 5000; step++) {
				seed = seed * 1103515245 + 12345;
				size_t words = 2 + (seed >> 12) % 500;
				size_t *block = static_cast<size_t *>(
				    memkind_malloc(kind(), words * 8));
				if (block)
					block[0] = block[words - 1] = words;
				block = slots[seed >> 16 & (SLOTS - 1)]
					    .exchange(block);
				if (!block)
					continue;
				wrong += block[block[0] - 1] != block[0];
				memkind_free(
				    step % 2 ? kind() : nullptr, block);
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	for (auto &slot : slots)
		memkind_free(nullptr, slot.exchange(nullptr));
	EXPECT_EQ(0u, wrong);
	EXPECT_EQ(before, live(kind()));
}

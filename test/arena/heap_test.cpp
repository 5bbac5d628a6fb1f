/* SPDX-License-Identifier: BSD-2-Clause */
/* Heaps: their hooks, their arenas, what a pointer tells, and NULL. */
#include "arena_test.h"

#include <set>

TEST(Hooks, TakeFromTheSourceAndGiveAllBack)
{
	Heap heap("dram,size=16M");
	std::vector<char *> blocks = heap.fill(128 * KIB);

	EXPECT_EQ(blocks.size(), 128u);
	EXPECT_EQ(heap.stats().spans, 16 * MIB);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
	heap.free_all(blocks);
	rig_drain(heap);
	EXPECT_EQ(heap.stats().spans, 0u);
	source_trim(rig_source(heap));
	EXPECT_EQ(heap.stats().committed, 0u);
}

/* The heap's records are not among what it hands out. */
TEST(Hooks, HandOutEveryByte)
{
	Heap heap("file:/dev/shm,size=4M");

	EXPECT_EQ(
	    rig_allocate(heap, 4 * MIB, 1, false), source_base(heap.source()));
}

TEST(Hooks, ZeroWhatIsAskedToBeZero)
{
	Heap heap("dram,size=8M");

	for (int i = 0; i < 20; i++) {
		char *block = (char *)rig_allocate(heap, 3 * MIB, 1, true);
		ASSERT_NE(block, nullptr);
		for (size_t at = 0; at < 3 * MIB; at += 511)
			ASSERT_EQ(block[at], 0) << at;
		memset(block, 1, 3 * MIB);
		heap.free(block);
	}
}

TEST(Hooks, GrowABlockWhereItIsWhenThereIsRoom)
{
	Heap heap("dram,size=8M");
	char *block = (char *)rig_allocate(heap, MIB, 1, false);

	EXPECT_TRUE(rig_resize(block, 4 * MIB));
	memset(block, 1, 4 * MIB);
	EXPECT_EQ(block_usable(block), 4 * MIB);
	EXPECT_FALSE(rig_resize(block, 9 * MIB));
	EXPECT_TRUE(rig_resize(block, MIB));
	EXPECT_FALSE(rig_resize(block, 100)) << "small blocks lie elsewhere";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* What jemalloc has of two heaps never becomes one, though they are side by
 * side and arenas change hands. */
TEST(Hooks, KeepHeapsApart)
{
	for (int round = 0; round < 20; round++) {
		Heap a("dram,size=2M"), b("dram,size=2M");
		std::vector<char *> of_a, of_b;

		for (int i = 0; i < 200; i++) {
			of_a.push_back(a.malloc(8 * KIB));
			of_b.push_back(b.malloc(8 * KIB));
		}
		for (char *block : of_a)
			EXPECT_EQ(source_owner_of(block), (struct rig *)a);
		a.free_all(of_a);
		a.close();
		for (char *block : of_b)
			EXPECT_TRUE(block_is_of(b, block));
		b.free_all(of_b);
		EXPECT_TRUE(rig_is_sound(b)) << error_text();
	}
}

TEST(Arenas, AreOneUntilThreadsMeet)
{
	Heap heap("dram");

	EXPECT_EQ(rig_arenas(heap), 0u) << "made at first need";
	heap.malloc(64);
	Worker worker;
	worker.run([&] { heap.fill(1024, 2000); });
	EXPECT_EQ(rig_arenas(heap), 1u);
}

/* Threads that take blocks of SIZE, past the caches, until there are two arenas
 * and each has served some. */
static void
contend_for(Heap &heap, size_t size)
{
	std::vector<std::thread> threads;
	std::atomic<bool> stop{ false };

	for (int i = 0; i < 6; i++)
		threads.emplace_back([&] {
			while (!stop)
				if (void *p = rig_allocate(
					heap, size, 1, false))
					rig_free(heap, p);
		});
	for (int i = 0; i < 20000 &&
	     (rig_arenas(heap) < 2 || rig_arena_requests(heap, 1) == 0);
	     i++)
		usleep(1000);
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
}

TEST(Arenas, AreMoreWhenThreadsContend)
{
	Heap heap("dram");

	contend_for(heap, 4 * KIB);
	ASSERT_GE(rig_arenas(heap), 2u);
	EXPECT_GT(rig_arena_requests(heap, 1), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* Threads that have no cache, since they take large blocks alone. */
TEST(Arenas, AreSharedOutAmongThreadsWithLargeBlocks)
{
	Heap heap("dram");

	contend_for(heap, 256 * KIB);
	ASSERT_GE(rig_arenas(heap), 2u);
	EXPECT_GT(rig_arena_requests(heap, 1), 0u);
}

TEST(Arenas, ServeTheNextHeapWhenTheirsIsClosed)
{
	std::set<unsigned> indices;

	for (int i = 0; i < 200; i++) {
		Heap heap("dram,size=2M");

		EXPECT_EQ(heap.fill(64 * KIB, 20).size(), 20u);
		EXPECT_EQ(rig_blocks(heap), 20u) << "nothing of the last heap";
		indices.insert(rig_arena(heap, 0));
	}
	EXPECT_EQ(indices.size(), 1u);
}

TEST(BlockOf, KnowsBlocksOfAllSizesAndTheirHeap)
{
	Heap a("dram"), b("file:/dev/shm,size=8M");

	for (size_t size = 1; size < 3 * MIB; size += size / 2 + 1) {
		char *block = (size % 2 ? a : b).malloc(size);

		ASSERT_NE(block, nullptr) << size;
		EXPECT_TRUE(block_is_of(size % 2 ? a : b, block)) << size;
		EXPECT_GE(block_usable(block), size);
		EXPECT_LT(block_usable(block), size + size / 2 + 4097);
	}
}

TEST(BlockOf, AnswersForeignPointers)
{
	Heap heap("dram");
	int on_stack;
	std::string on_heap(100, 'x');

	char *block = heap.malloc(8);
	for (const void *ptr : { (const void *)&on_stack,
		 (const void *)(block + 32 * MIB), /* in nobody's hands */
		 (const void *)((uintptr_t)block | (uintptr_t)1 << 60),
		 (const void *)&heap, (const void *)on_heap.data(),
		 (const void *)"text", (const void *)8,
		 (const void *)UINTPTR_MAX, (const void *)((uintptr_t)1 << 47),
		 (const void *)(UINTPTR_MAX / 3),
		 (const void *)((uintptr_t)1 << 56), (const void *)nullptr }) {
		EXPECT_TRUE(block_is_of(nullptr, ptr)) << ptr;
		if (ptr != nullptr) {
			EXPECT_FALSE(rig_free(heap, (void *)ptr)) << ptr;
		}
	}
}

TEST(BlockOf, AnswersInteriorPointers)
{
	Heap heap("dram");
	char *large = heap.malloc(MIB), *small = heap.malloc(256);

	for (size_t at : { (size_t)1, (size_t)16, 4 * KIB, 512 * KIB,
		 MIB - 4 * KIB, MIB - 1 }) {
		EXPECT_TRUE(block_is_of(nullptr, large + at)) << at;
		EXPECT_FALSE(rig_free(heap, large + at)) << at;
	}
	for (size_t at : { (size_t)1, (size_t)16, (size_t)255 })
		EXPECT_TRUE(block_is_of(nullptr, small + at)) << at;
	EXPECT_EQ(source_owner_of(large + 512 * KIB), (struct rig *)heap);
}

TEST(BlockOf, KnowsThatLargeBlocksWereFreed)
{
	Heap heap("dram,size=8M");
	char *block = heap.malloc(MIB);

	heap.free(block);
	EXPECT_TRUE(block_is_of(nullptr, block)) << "waits in its arena";
	rig_drain(heap);
	EXPECT_TRUE(block_is_of(nullptr, block)) << "given back";
	char *other = heap.malloc(64);
	heap.close();
	EXPECT_TRUE(block_is_of(nullptr, other)) << "its heap is closed";
	EXPECT_TRUE(block_is_of(nullptr, block));
}

/* A full heap in which nothing happened is not searched again: its caches are
 * not emptied, which would count as a change. */
TEST(Full, IsAnsweredAtOnceTheNextTime)
{
	for (size_t size :
	    { (size_t)16, 3 * KIB + 512, 16 * KIB, 64 * KIB, MIB }) {
		Heap heap("file:/dev/shm,size=4M");
		Worker worker;

		worker.run([&] { heap.fill(16, 100); });
		heap.fill(size);
		for (int i = 0; i < 2; i++)
			EXPECT_EQ(heap.malloc(size), nullptr);
		uint64_t freed = source_freed(heap.source());
		/* Would be emptied by anyone who looks for room. */
		worker.run([&] { EXPECT_TRUE(rig_enter_cache(heap)); });
		for (int i = 0; i < 1000; i++)
			ASSERT_EQ(heap.malloc(size), nullptr) << size;
		worker.run([&] { rig_leave_cache(heap); });
		EXPECT_EQ(source_freed(heap.source()), freed);
	}
}

/* Whatever way memory came free, the next try finds it. */
TEST(Full, IsForgottenWhenSomethingChanges)
{
	Heap heap("dram,size=8M");
	char *large = heap.malloc(6 * MIB);

	auto is_full = [&] {
		return heap.malloc(4 * MIB) == nullptr &&
		    heap.malloc(4 * MIB) == nullptr;
	};
	EXPECT_TRUE(is_full());
	EXPECT_TRUE(rig_resize(large, MIB));
	char *block = heap.malloc(4 * MIB);
	EXPECT_NE(block, nullptr) << "shrunk where it was";
	EXPECT_TRUE(is_full());
	heap.free(block);
	block = heap.malloc(4 * MIB);
	EXPECT_NE(block, nullptr) << "freed";
	heap.free(block);
	rig_set_limit(heap, 2 * MIB);
	rig_drain(heap);
	EXPECT_TRUE(is_full());
	rig_set_limit(heap, 0);
	EXPECT_NE(heap.malloc(4 * MIB), nullptr) << "limit taken away";
}

TEST(Full, IsForgottenWhenOneBlockLiesInACache)
{
	Heap heap("file:/dev/shm,size=1M");
	Worker worker;
	std::vector<char *> blocks = heap.fill(32);

	for (size_t i = 0; i < 50; i++) {
		EXPECT_EQ(heap.malloc(32), nullptr);
		EXPECT_EQ(heap.malloc(32), nullptr);
		worker.run([&] { heap.free(blocks[i]); });
		ASSERT_EQ(heap.malloc(32), blocks[i]) << "was in its cache";
	}
}

/* A heap that has room, and whose arena for a while has no memory for the
 * records of extents, is not full for good: nothing in it changes when there is
 * some again. The large block makes what jemalloc needs besides, and which is
 * asked for with the source's memory; small ones use its records up. */
TEST(Full, IsNotRememberedWhereRecordsAreShort)
{
	Heap heap("dram,size=1G");

	heap.free(heap.malloc(GIB - 4 * MIB));
	heap.free(heap.malloc(16 * KIB));
	os_fault_at(OS_MAP_RECORDS, 1, ENOMEM, true);
	std::vector<char *> blocks = heap.fill(16 * KIB);
	if (blocks.size() >= (GIB - 16 * MIB) / (16 * KIB))
		GTEST_SKIP() << "jemalloc had records for all";
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(heap.malloc(3 * MIB), nullptr);
	os_fault_at(OS_MAP_RECORDS, 0, 0, false);
	EXPECT_NE(heap.malloc(3 * MIB), nullptr);
}

/* What is free in an arena is not lost where jemalloc has no memory for the
 * record of a part of it. */
TEST(Full, LosesNothingWhereRecordsAreShort)
{
	Heap heap("dram,size=1G");

	heap.free(heap.malloc(GIB - 4 * MIB));
	heap.free(heap.malloc(16 * KIB));
	char *large = heap.malloc(64 * MIB);
	os_fault_at(OS_MAP_RECORDS, 1, ENOMEM, true);
	std::vector<char *> blocks = heap.fill(16 * KIB);
	ASSERT_TRUE(rig_is_sound(heap));
	heap.free(large);
	heap.malloc(3 * MIB);
	EXPECT_TRUE(rig_is_sound(heap));
	os_fault_at(OS_MAP_RECORDS, 0, 0, false);
	EXPECT_NE(heap.malloc(60 * MIB), nullptr);
}

/* Nor where its tree has no leaf for the place where it is cut: one is for a
 * GiB, or for four. */
TEST(Full, LosesNothingWhereLeavesAreShort)
{
	for (size_t i = 0; i < 4; i++) {
		Heap heap("dram,size=128G", true);
		char *large = heap.malloc(40 * GIB);

		ASSERT_NE(large, nullptr);
		os_fault_at(OS_MAP_RECORDS, 1, ENOMEM, true);
		heap.free(large);
		heap.malloc((17 + 5 * i) * GIB);
		EXPECT_TRUE(rig_is_sound(heap));
		os_fault_at(OS_MAP_RECORDS, 0, 0, false);
	}
}

/* A slab may have become free, so a heap that was full is worth a try. */
TEST(Heap, ChangesWhenABlockIsMoved)
{
	Heap heap("dram");
	std::vector<char *> blocks = heap.fill(128, 20000);
	unsigned moved = 0;

	for (size_t i = 0; i < blocks.size(); i++)
		if (i % 10 != 0)
			heap.free(blocks[i]);
	rig_drain(heap);
	for (size_t i = 0; i < blocks.size(); i += 10) {
		uint64_t before = rig_epoch(heap);

		if (rig_defragment(blocks[i]) == nullptr)
			continue;
		moved++;
		EXPECT_GT(rig_epoch(heap), before);
	}
	/* Of larger slabs few have less than the others. */
	EXPECT_GT(moved, PAGE_BYTES == 4 * KIB ? 100u : 0u);
}

/* ---- What waits, goes while others are used ------------------------------ */

namespace {

/* Pages of a heap that nobody calls any more stay committed for a while. */
void
expect_given_back(const Heap &idle, const std::function<void()> &use_another)
{
	char *block = idle.malloc(4 * MIB);

	memset(block, 1, 4 * MIB);
	source_keep_idle(idle.source(), 10000);
	rig_keep_nothing(idle);
	idle.free(block);
	use_another();
	EXPECT_GE(idle.stats().committed, 4 * MIB) << "it is early";
	os_clock_advance(11000);
	use_another();
	EXPECT_LT(idle.stats().committed, MIB);
}

} // namespace

TEST(Decay, AHeapGivesBackWhenAnotherIsShortOfBlocks)
{
	Heap idle("dram,size=16M"), used("dram");

	expect_given_back(idle, [&] {
		for (size_t size : { 100, 100000 })
			used.free(used.malloc(size));
		rig_drain(used);
		os_clock_advance(1000);
	});
}

TEST(Decay, AHeapGivesBackWhileAnotherIsServedByItsCache)
{
	Heap idle("dram,size=16M"), used("dram");

	used.free(used.malloc(100));
	expect_given_back(idle, [&] {
		os_clock_advance(1000);
		for (int i = 0; i < 2000; i++)
			used.free(used.malloc(100));
	});
}

TEST(Decay, AHeapIsNotClosedWhileItDecays)
{
	Heap used("dram");
	std::atomic<bool> over{ false };
	std::thread decayer([&] {
		while (!over) {
			os_clock_advance(1000);
			used.free(used.malloc(MIB));
		}
	});

	for (int i = 0; i < 1000; i++) {
		Heap brief("dram,size=16M");

		source_keep_idle(brief.source(), 1);
		for (int pair = 0; pair < 10; pair++)
			brief.free(brief.malloc(MIB));
	}
	over = true;
	decayer.join();
	EXPECT_TRUE(rig_is_sound(used)) << error_text();
}

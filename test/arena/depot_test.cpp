// SPDX-License-Identifier: BSD-2-Clause
/* The depot: what passes from one thread's cache to another's, and that it
 * hides no memory. */
#include "arena_test.h"

#include <algorithm>
#include <set>

namespace {

constexpr size_t SIZE = 512;
constexpr size_t MANY = 1000; /* blocks: more than a cache holds of SIZE */

/* Has a thread allocate blocks, free them, and end. */
std::vector<char *>
left_by_a_thread(const Heap &heap, size_t size = SIZE, size_t count = MANY)
{
	std::vector<char *> blocks;

	std::thread([&] {
		blocks = heap.fill(size, count);
		heap.free_all(blocks);
	}).join();
	return blocks;
}

/* Lets time pass, and has somebody come by. */
void
wait_a_second(const Heap &other)
{
	os_clock_advance(1000);
	other.free(other.malloc(3 * MIB));
}

} // namespace

TEST(Depot, HandsOnWhatAThreadFreed)
{
	Heap heap("dram");
	std::vector<char *> left = left_by_a_thread(heap);
	std::set<char *> known(left.begin(), left.end());

	EXPECT_GE(rig_depot(heap), MANY * SIZE);
	EXPECT_EQ(rig_cached(heap), rig_depot(heap));
	EXPECT_EQ(rig_live(heap), 0u);
	std::vector<char *> blocks = heap.fill(SIZE, MANY);
	EXPECT_LT(rig_depot(heap), MANY * SIZE / 10);
	size_t again = 0;
	for (char *block : blocks)
		again += known.erase(block);
	EXPECT_GT(again, MANY * 9 / 10) << "each once";
	heap.free_all(blocks);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Depot, TakesWhatOneThreadDropsAndNeedsAgain)
{
	Heap heap("dram");
	std::vector<char *> blocks = heap.fill(SIZE, MANY);
	std::set<char *> known(blocks.begin(), blocks.end());

	std::reverse(blocks.begin(), blocks.end());
	heap.free_all(blocks);
	EXPECT_GT(rig_depot(heap), MANY * SIZE / 2);
	size_t again = 0;
	for (char *block : heap.fill(SIZE, MANY))
		again += known.erase(block);
	EXPECT_GT(again, MANY * 9 / 10);
}

TEST(Depot, HoldsAnEighthOfWhatIsHandedOut)
{
	Heap heap("dram");

	left_by_a_thread(heap, 64 * KIB, 64);
	EXPECT_GT(rig_depot(heap), 3 * MIB / 4);
	EXPECT_LE(rig_depot(heap), MIB) << "in any case";
	rig_drain(heap);
	void *large = rig_allocate(heap, 64 * MIB, 1, false);
	left_by_a_thread(heap, 64 * KIB, 256);
	EXPECT_GT(rig_depot(heap), 7 * MIB);
	EXPECT_LE(rig_depot(heap), (64 + 16) * MIB / 8);
	heap.free(large);
}

/* More than it takes at first, and more bytes. */
TEST(Depot, LearnsHowMuchIsNeededAgain)
{
	constexpr size_t SMALL = 64, COUNT = 100000, FIRST = 16 * KIB;
	Heap heap("dram"), other("dram");
	std::vector<char *> blocks = heap.fill(SMALL, COUNT);

	heap.free_all(blocks);
	EXPECT_LE(rig_depot(heap), FIRST * SMALL);
	/* One round, unless a second passes in it. */
	for (int i = 0; i < 20 && rig_depot(heap) <= COUNT * SMALL * 9 / 10;
	     i++) {
		blocks = heap.fill(SMALL, COUNT);
		heap.free_all(blocks);
	}
	EXPECT_GT(rig_depot(heap), COUNT * SMALL * 9 / 10);
	for (int i = 0; i < 3; i++)
		wait_a_second(other);
	EXPECT_EQ(rig_depot(heap), 0u);
	blocks = heap.fill(SMALL, COUNT);
	heap.free_all(blocks);
	EXPECT_LE(rig_depot(heap), FIRST * SMALL) << "forgotten";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* As a program has it that resizes blocks in place: it frees more of some sizes
 * than it ever allocates. */
TEST(Depot, HasRoomThatASizeEarnedForNoOther)
{
	constexpr size_t SMALL = 64, COUNT = 100000;
	Heap heap("dram");
	std::vector<char *> blocks = heap.fill(SMALL, COUNT);

	for (int i = 0; i < 5; i++) {
		heap.free_all(blocks);
		blocks = heap.fill(SMALL, COUNT);
	}
	left_by_a_thread(heap, 64 * KIB, 256);
	EXPECT_GT(rig_depot(heap), 2 * MIB);
	EXPECT_LE(rig_depot(heap), 4 * MIB);
	heap.free_all(blocks);
	EXPECT_GT(rig_depot(heap), COUNT * SMALL * 9 / 10) << "its own";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Depot, LearnsNothingBeyondTheQuota)
{
	Heap heap("dram,size=64M");

	for (int i = 0; i < 4; i++) {
		std::vector<char *> blocks = heap.fill(64, 100000);

		heap.free_all(blocks);
		EXPECT_LE(rig_depot(heap), 2 * MIB) << "half of a sixteenth";
	}
	void *large = rig_allocate(heap, 63 * MIB, 1, false);
	EXPECT_NE(large, nullptr);
	heap.free(large);
}

TEST(Depot, CountsForTheQuotaOfABoundedHeap)
{
	for (const char *text :
	    { "dram,size=16M", "dram,limit=16M", "file:/dev/shm,size=16M" }) {
		Heap heap(text);

		left_by_a_thread(heap, SIZE, 10000);
		EXPECT_GT(rig_depot(heap), 256 * KIB) << text;
		EXPECT_LE(rig_depot(heap), 512 * KIB) << "half of a sixteenth";
		EXPECT_EQ(rig_quota_used(heap), rig_depot(heap));
	}
}

/* It never keeps a bin from holding a block at all. */
TEST(Depot, GivesWayToABin)
{
	Heap heap("dram,size=4M");

	left_by_a_thread(heap, 64, 30000);
	ASSERT_GT(rig_depot(heap), 100 * KIB);
	heap.free(heap.malloc(24 * KIB));
	for (size_t size : { 28 * KIB, 32 * KIB, 40 * KIB, 64 * KIB }) {
		char *block = heap.malloc(size);

		heap.free(block);
		EXPECT_EQ(heap.malloc(size), block) << size;
	}
	EXPECT_EQ(rig_depot(heap), 0u);
}

TEST(Depot, IsEmptiedBeforeNull)
{
	Heap heap("dram,size=16M");

	left_by_a_thread(heap, SIZE, 20000);
	ASSERT_GT(rig_depot(heap), 0u);
	void *large = rig_allocate(heap, 15 * MIB, 1, false);
	EXPECT_NE(large, nullptr);
	EXPECT_EQ(rig_depot(heap), 0u);
	heap.free(large);
}

/* A heap that said NULL is tried again when what was freed since lies in the
 * depot, and may serve another size from there. */
TEST(Depot, WakesAHeapThatWasFull)
{
	Heap heap("dram,size=16M");
	Worker worker;
	std::vector<char *> blocks = heap.fill(SIZE);

	EXPECT_EQ(rig_allocate(heap, MIB, 1, false), nullptr);
	EXPECT_EQ(rig_allocate(heap, MIB, 1, false), nullptr);
	worker.run([&] { heap.free_all(blocks); });
	EXPECT_NE(rig_allocate(heap, MIB, 1, false), nullptr);
}

TEST(Depot, IsEmptiedWithTheCaches)
{
	Heap heap("dram");

	left_by_a_thread(heap);
	rig_drain(heap);
	EXPECT_EQ(rig_depot(heap), 0u);
	EXPECT_EQ(rig_quota_used(heap), 0u);
	left_by_a_thread(heap);
	size_t depot = rig_depot(heap);
	rig_set_limit(heap, 16 * depot - 1);
	EXPECT_EQ(rig_depot(heap), 0u) << "when a limit falls below it";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Depot, GivesBackWhatNobodyTakes)
{
	Heap heap("dram"), other("dram");

	left_by_a_thread(heap);
	left_by_a_thread(heap, 256 * KIB, 8);
	ASSERT_GT(rig_depot(heap), 3 * MIB / 4);
	for (int i = 0; i < 3; i++)
		wait_a_second(other);
	EXPECT_EQ(rig_depot(heap), 0u);
	EXPECT_EQ(rig_quota_used(heap), 0u);
}

/* A thousand lie there, and of these a hundred are in use again and again. */
TEST(Depot, KeepsWhatIsTakenNowAndThen)
{
	Heap heap("dram"), other("dram");

	left_by_a_thread(heap);
	for (int i = 0; i < 4; i++) {
		left_by_a_thread(heap, SIZE, 100);
		wait_a_second(other);
	}
	EXPECT_GE(rig_depot(heap), 100 * SIZE);
	EXPECT_LT(rig_depot(heap), 400 * SIZE);
}

/* Of what is left more goes than stays, and nothing twice. */
TEST(Depot, KeepsWhatIsLeftWhole)
{
	Heap heap("dram"), other("dram");

	left_by_a_thread(heap, SIZE, 50);
	for (int i = 0; i < 2; i++) {
		left_by_a_thread(heap, SIZE, 4);
		wait_a_second(other);
	}
	ASSERT_GT(rig_depot(heap), 0u);
	ASSERT_LT(rig_depot(heap), 25 * SIZE);
	std::vector<char *> blocks = heap.fill(SIZE, MANY);
	EXPECT_EQ(std::set<char *>(blocks.begin(), blocks.end()).size(), MANY);
}

/* What is on its way from here to the arenas is in neither: who empties the
 * heap before he says NULL waits for it. */
TEST(Depot, KeepsThoseWhoEmptyItWaiting)
{
	Heap heap("dram,size=16M"), other("dram");
	bool locked = false;

	left_by_a_thread(heap, 32 * KIB, 32);
	ASSERT_GT(rig_depot(heap), 0u);
	wait_a_second(other);
	os_clock_advance(1000);
	rig_stop_arenas();
	std::thread thread([&] { other.free(other.malloc(3 * MIB)); });
	for (int i = 0; i < 5000 && !locked; i++) {
		locked = rig_is_locked(heap);
		usleep(1000);
	}
	rig_let_arenas_go();
	thread.join();
	EXPECT_TRUE(locked);
	EXPECT_EQ(rig_depot(heap), 0u);
}

TEST(Depot, GoesWithItsHeap)
{
	Heap first("dram");
	size_t records;

	left_by_a_thread(first);
	first.close();
	records = record_bytes_in_use();
	for (int i = 0; i < 10; i++) {
		Heap heap("dram");

		left_by_a_thread(heap);
	}
	EXPECT_EQ(record_bytes_in_use(), records);
}

/* What a child inherits as its parent's is not the child's to hand out. */
TEST(Depot, IsTheParentsWhereMemoryIsShared)
{
	Heap heap("file:/dev/shm,size=16M,fork=shared");
	std::vector<char *> left = left_by_a_thread(heap);
	std::set<char *> known(left.begin(), left.end());

	ASSERT_GT(rig_depot(heap), 0u);
	EXPECT_EQ(forked([&] {
		for (size_t i = 0; i < MANY; i++)
			if (known.count(heap.malloc(SIZE)) != 0)
				return 1;
		return rig_depot(heap) == 0 ? 0 : 2;
	}),
	    0);
	EXPECT_GT(rig_depot(heap), 0u);
	EXPECT_EQ(known.count(heap.malloc(SIZE)), 1u);
}

TEST(Depot, IsNothingInAChildThatIsRefused)
{
	Heap heap("file:/dev/shm,size=16M,fork=refuse");

	left_by_a_thread(heap);
	EXPECT_EQ(forked([&] {
		return heap.malloc(SIZE) != nullptr ? 1 :
		    rig_depot(heap) != 0            ? 2 :
						      0;
	}),
	    0);
}

TEST(Depot, IsTheChildsOwnWhereMemoryIs)
{
	Heap heap("dram");
	std::vector<char *> left = left_by_a_thread(heap);

	std::set<char *> known(left.begin(), left.end());
	EXPECT_EQ(forked([&] {
		size_t again = 0;
		for (char *block : heap.fill(SIZE, MANY)) {
			again += known.erase(block);
			memset(block, 1, SIZE);
		}
		return again < MANY * 9 / 10 ? 1 : rig_is_sound(heap) ? 0 : 2;
	}),
	    0);
	EXPECT_GE(rig_depot(heap), MANY * SIZE);
}

/* Blocks that other threads free, while the heap is emptied and the process
 * forks, reach one thread at a time. */
TEST(Depot, GivesEachBlockToOneThread)
{
	Heap heap("dram,size=32M");
	std::atomic<bool> stop{ false };
	std::atomic<size_t> wrong{ 0 }, rounds{ 0 };
	std::atomic<char *> slots[512] = {};
	std::vector<std::thread> threads;

	for (unsigned seed = 1; seed <= 4; seed++)
		threads.emplace_back([&, seed] {
			for (unsigned i = seed; !stop; i = i * 1103515245 + 1) {
				std::vector<char *> own = heap.fill(192, 100);

				for (char *block : own) {
					memset(block, (int)seed, 192);
					block = slots[(i += 7) >> 8 & 511]
						    .exchange(block);
					if (block == nullptr)
						continue;
					wrong += block[0] != block[191];
					heap.free(block);
				}
				rounds++;
			}
		});
	for (int i = 0; i < 200 || rounds < 20000; i++) {
		if (i % 50 == 0) {
			EXPECT_EQ(forked([&] {
				char *block = heap.malloc(192);
				return block != nullptr ? 0 : 1;
			}),
			    0);
		}
		rig_drain(heap);
	}
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	for (std::atomic<char *> &slot : slots)
		if (slot != nullptr)
			heap.free(slot);
	EXPECT_EQ(wrong, 0u);
	EXPECT_EQ(rig_blocks(heap), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread caches: what they may hold, who can empty them, and when they go. */
#include "arena_test.h"

#include <climits>
#include <sys/mman.h>

namespace {

/* Frees and takes blocks of every class a cache serves. */
void
churn(const Heap &heap, unsigned rounds)
{
	std::vector<char *> blocks;

	for (unsigned i = 0; i < rounds; i++)
		for (size_t size = 8; size <= MIB; size += size / 3) {
			if (char *block = heap.malloc(size))
				blocks.push_back(block);
			if (blocks.size() > 64) {
				heap.free_all(blocks);
				blocks.clear();
			}
		}
	heap.free_all(blocks);
}

} // namespace

TEST(Cache, KeepsWhatItsThreadFreed)
{
	Heap heap("dram");
	char *block = heap.malloc(100);

	heap.free(block);
	EXPECT_GT(rig_cached(heap), 0u);
	EXPECT_EQ(rig_live(heap), 0u);
	EXPECT_EQ(heap.malloc(100), block);
	EXPECT_EQ(rig_live(heap), block_usable(block));
}

TEST(Cache, KeepsALargeBlockForTheNextOfItsClass)
{
	Heap heap("dram");
	char *block = heap.malloc(300000);
	size_t usable = block_usable(block);

	EXPECT_GE(usable, 300000u);
	heap.free(block);
	EXPECT_EQ(rig_cached(heap), usable);
	EXPECT_FALSE(rig_free(heap, block)) << "freed twice";
	EXPECT_EQ(block_usable(block), 0u);
	EXPECT_EQ(heap.malloc(290000), block);
	memset(block, 1, block_usable(block));
	heap.free(block);
	EXPECT_NE(heap.malloc(400000), block);
}

TEST(Cache, HandsOutABlockOfAnAlignmentAgain)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "its sizes are for pages of 4 KiB";
	Heap heap("dram");
	char *block = (char *)rig_allocate(heap, 100, 64 * KIB, false);
	std::vector<char *> others = heap.fill(16 * KIB, 4);

	heap.free_all(others);
	heap.free(block);
	EXPECT_EQ(rig_allocate(heap, 100, 64 * KIB, false), block);
	EXPECT_EQ(
	    (uintptr_t)rig_allocate(heap, 100, 64 * KIB, false) % (64 * KIB),
	    0u)
	    << "another";
	EXPECT_EQ(rig_requests(heap), 7u);
}

TEST(Cache, HandsOutTheBlockAboveOneOfAnAlignmentOnce)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "its sizes are for pages of 4 KiB";
	Heap heap("dram");
	char *block = (char *)rig_allocate(heap, 100, 64 * KIB, false);
	std::vector<char *> others;

	for (char *other : heap.fill(16 * KIB, 8))
		if ((uintptr_t)other % (64 * KIB) != 0 && others.size() < 3)
			others.push_back(other);
	heap.free(block);
	heap.free_all(others);
	EXPECT_EQ(rig_allocate(heap, 100, 64 * KIB, false), block);
	for (char *other : heap.fill(16 * KIB, 3))
		EXPECT_NE(other, block);
}

TEST(Cache, GivesLargeBlocksBackThatNobodyTakes)
{
	Heap heap("dram"), used("dram");
	Worker worker;

	worker.run([&] { heap.free(heap.malloc(MIB)); });
	heap.free(heap.malloc(128 * KIB));
	EXPECT_EQ(rig_cached(heap), MIB + 128 * KIB);
	for (int i = 0; i < 3; i++) {
		os_clock_advance(1000);
		heap.free(heap.malloc(128 * KIB));
		used.free(used.malloc(100000 + i * 1000000));
	}
	EXPECT_EQ(rig_cached(heap), 128 * KIB) << "which is in use";
	for (int i = 0; i < 3; i++) {
		os_clock_advance(1000);
		used.free(used.malloc(100000 + i * 1000000));
	}
	EXPECT_EQ(rig_cached(heap), 0u);
	char *again = heap.malloc(MIB);
	EXPECT_TRUE(block_is_of(heap, again));
	heap.free(again);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Cache, HoldsFewLargeBlocks)
{
	Heap heap("dram");
	std::vector<char *> blocks;

	for (int round = 0; round < 3; round++) {
		for (size_t size = 80 * KIB; size <= MIB; size += 32 * KIB)
			for (int i = 0; i < 4; i++)
				blocks.push_back(heap.malloc(size));
		heap.free_all(blocks);
		blocks.clear();
		EXPECT_LE(rig_cached(heap) - rig_depot(heap), 4 * MIB);
		EXPECT_GT(rig_cached(heap) - rig_depot(heap), 2 * MIB);
	}
}

TEST(Cache, WastesNothingOfABoundedHeap)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "its sizes are for pages of 4 KiB";
	Heap heap("dram,size=32M");
	char *block = heap.malloc(200000);

	EXPECT_EQ(block_usable(block), 49 * 4096u);
	heap.free(block);
	EXPECT_EQ(rig_cached(heap), 0u);
	block = heap.malloc(192 * KIB);
	EXPECT_EQ(block_usable(block), 192 * KIB);
	heap.free(block);
	EXPECT_EQ(rig_cached(heap), 192 * KIB);
	block = heap.malloc(190000);
	EXPECT_EQ(block_usable(block), 47 * 4096u);
	heap.free(block);
}

TEST(Cache, HoldsAtMostASixteenthOfALimitedHeapTogether)
{
	for (const char *text : { "dram,size=8M", "dram,limit=8M",
		 "dram,size=64M,limit=8M", "file:/dev/shm,size=8M" }) {
		Heap heap(text);
		Worker workers[12];

		EXPECT_EQ(rig_quota_max(heap), 8 * MIB / 16) << text;
		for (Worker &worker : workers) {
			worker.run([&] { churn(heap, 20); });
			EXPECT_LE(rig_cached(heap), rig_quota_used(heap));
			EXPECT_LE(rig_quota_used(heap), 8 * MIB / 16);
		}
		EXPECT_GT(rig_quota_used(heap), 8 * MIB / 64)
		    << "they do hold some";
	}
}

TEST(Cache, HoldsAtMostASixteenthWhileAllAreBusy)
{
	Heap heap("dram,size=4M");
	std::atomic<unsigned> busy{ 8 };
	std::atomic<bool> too_much{ false };
	std::vector<std::thread> threads;

	for (int i = 0; i < 8; i++)
		threads.emplace_back([&] {
			churn(heap, 100);
			busy--;
		});
	while (busy != 0)
		too_much = too_much || rig_quota_used(heap) > 4 * MIB / 16;
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_FALSE(too_much);
	EXPECT_EQ(rig_quota_used(heap), rig_depot(heap))
	    << "all threads are gone";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Cache, IsEmptiedWhenTheLimitFallsBelowIt)
{
	Heap heap("dram");

	churn(heap, 100);
	size_t used = rig_quota_used(heap);
	ASSERT_GT(used, 64 * KIB);
	rig_set_limit(heap, used * 16 - 1);
	EXPECT_EQ(rig_quota_used(heap), 0u);
	EXPECT_EQ(rig_cached(heap), 0u);
	rig_set_limit(heap, 0);
	churn(heap, 1);
	EXPECT_GT(rig_quota_used(heap), 0u);
}

/* A thread takes back what lies in the caches of all others. */
TEST(Cache, IsEmptiedByWhoeverNeedsItsBlocks)
{
	Heap heap("dram,size=2M");
	Worker workers[4];

	for (Worker &worker : workers)
		worker.run([&] { heap.free_all(heap.fill(1024, 60)); });
	EXPECT_GT(rig_cached(heap), 0u);
	EXPECT_NE(rig_allocate(heap, 1792 * KIB, 1, false), nullptr);
	EXPECT_EQ(rig_cached(heap), 0u);
}

/* Whoever empties it waits until its owner has left, not longer. */
TEST(Cache, IsNotTouchedWhileItsOwnerIsInside)
{
	Heap heap("dram");
	Worker owner;
	std::atomic<bool> drained{ false };

	owner.run([&] {
		heap.free(heap.malloc(64));
		EXPECT_TRUE(rig_enter_cache(heap));
	});
	std::thread drainer([&] {
		rig_drain(heap);
		drained = true;
	});
	usleep(50000);
	EXPECT_FALSE(drained);
	owner.run([&] { rig_leave_cache(heap); });
	drainer.join();
	EXPECT_EQ(rig_cached(heap), 0u);
	owner.run([&] { EXPECT_NE(heap.malloc(64), nullptr); });
}

/* Nobody slips into a cache that is about to be emptied. */
TEST(Cache, IsNotEnteredBeforeItIsEmptied)
{
	Heap heap("dram");
	Worker inside, outside;
	std::atomic<bool> entered{ false };

	inside.run([&] {
		heap.free(heap.malloc(64));
		EXPECT_TRUE(rig_enter_cache(heap));
	});
	outside.run([&] { heap.free(heap.malloc(64)); });
	std::thread drainer([&] { rig_drain(heap); });
	while (!rig_is_locked(heap))
		std::this_thread::yield();
	std::thread waiter([&] {
		usleep(50000);
		EXPECT_FALSE(entered);
		inside.run([&] { rig_leave_cache(heap); });
	});
	outside.run([&] {
		usleep(10000);
		heap.free(heap.malloc(64));
		entered = true;
	});
	waiter.join();
	drainer.join();
}

TEST(Cache, IsDrainedWhileItsOwnersGoOn)
{
	Heap heap("dram,size=16M");
	std::atomic<bool> stop{ false };
	std::atomic<size_t> wrong{ 0 }, rounds{ 0 };
	std::vector<std::thread> threads;

	for (unsigned char mine = 1; mine <= 4; mine++)
		threads.emplace_back([&, mine] {
			std::vector<char *> blocks(32, nullptr);
			for (size_t i = 0; !stop; i++) {
				char *&block = blocks[i * 7 % 32];
				if (block != nullptr) {
					wrong += block[0] != mine ||
					    block[199] != mine;
					heap.free(block);
				}
				block = heap.malloc(200);
				if (block != nullptr)
					memset(block, mine, 200);
				rounds++;
			}
			for (char *block : blocks)
				if (block != nullptr)
					heap.free(block);
		});
	for (int drains = 0; drains < 5000 || rounds < 400000; drains++)
		rig_drain(heap);
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(wrong, 0u);
	EXPECT_EQ(rig_live(heap), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Cache, GoesWithItsThread)
{
	Heap heap("dram");
	Heap other("dram");

	heap.free(heap.malloc(64));
	std::thread([&] {
		heap.free(heap.malloc(64));
		other.free(other.malloc(64));
	}).join();
	size_t records = record_bytes_in_use();
	uint64_t requests = rig_requests(heap);
	for (int i = 0; i < 50; i++)
		std::thread([&] {
			heap.free(heap.malloc(64));
			other.free(other.malloc(64));
		}).join();
	EXPECT_EQ(rig_caches(heap), 1u);
	EXPECT_EQ(rig_caches(other), 0u);
	EXPECT_EQ(rig_requests(heap) - requests, 50u) << "still counted";
	EXPECT_EQ(rig_blocks(heap), 0u);
	EXPECT_EQ(record_bytes_in_use(), records);
}

/* A thread that comes has the record of one that ended, and nothing of what
 * that one had: not its caches, nor the cache that it would free into next. */
TEST(Cache, GoesBeforeTheNextThreadComes)
{
	const void *record[2] = { nullptr, nullptr };
	Heap after("dram");
	char *block = nullptr;

	{
		Heap heap("dram");

		std::thread([&] {
			heap.free(heap.malloc(64));
			after.free(after.malloc(64));
			record[0] = rig_thread();
		}).join();
	}
	Heap heap("dram");
	/* Would stand where a record was, if it was given back. */
	void *page = mmap(
	    nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	std::thread([&] {
		block = after.malloc(64);
		EXPECT_EQ(rig_caches(heap), 0u);
		EXPECT_EQ(rig_caches(after), 1u);
		heap.free(heap.malloc(64));
		record[1] = rig_thread();
	}).join();
	EXPECT_EQ(record[1], record[0]);
	EXPECT_EQ(rig_live(after), block_usable(block));
	EXPECT_EQ(rig_blocks(heap), 0u);
	after.free(block);
	munmap(page, 1);
}

/* More end at once than records are kept. */
TEST(Cache, GoesWithEachOfManyThreads)
{
	Heap heap("dram");
	pthread_barrier_t all;

	pthread_barrier_init(&all, nullptr, 40);
	for (int round = 0; round < 3; round++) {
		std::vector<std::thread> threads;

		for (int i = 0; i < 40; i++)
			threads.emplace_back([&] {
				heap.free(heap.malloc(64));
				pthread_barrier_wait(&all);
			});
		for (std::thread &thread : threads)
			thread.join();
	}
	pthread_barrier_destroy(&all);
	EXPECT_EQ(rig_caches(heap), 0u);
	EXPECT_EQ(rig_blocks(heap), 0u);
	EXPECT_EQ(rig_requests(heap), 120u);
}

/* Destructors that run after the cache's free blocks, and make some, for as
 * long as the thread calls destructors. */
TEST(Cache, IsDoneWithoutAtTheEndOfAThread)
{
	static Heap *home;
	static pthread_key_t key;
	static int calls;
	Heap heap("dram");

	home = &heap;
	heap.malloc(8);
	pthread_key_create(&key, [](void *block) {
		home->free(block);
		home->free(home->malloc(32));
		calls++;
		void *again = home->malloc(100);
		if (pthread_setspecific(key, again) != 0 ||
		    calls == PTHREAD_DESTRUCTOR_ITERATIONS)
			home->free(again);
	});
	std::thread([&] { pthread_setspecific(key, heap.malloc(100)); }).join();
	EXPECT_EQ(calls, PTHREAD_DESTRUCTOR_ITERATIONS);
	EXPECT_EQ(rig_blocks(heap), 1u);
	EXPECT_EQ(rig_caches(heap), 1u) << "none was made after the end";
	pthread_key_delete(key);
}

/* The thread's record is used for the next heap of the same number. */
TEST(Cache, GoesWithItsHeap)
{
	Worker worker;
	unsigned id = 0;
	size_t records = 0;

	for (int i = 0; i < 100; i++) {
		Heap heap("dram");

		if (i > 0) {
			EXPECT_EQ(rig_id(heap), id) << "recycled";
		}
		id = rig_id(heap);
		worker.run([&] { heap.free(heap.malloc(64)); });
		heap.fill(64, 100);
		EXPECT_EQ(rig_caches(heap), 2u);
		heap.close();
		if (i == 10)
			records = record_bytes_in_use();
	}
	EXPECT_EQ(record_bytes_in_use(), records);
}

TEST(Cache, TakesBlocksThatOtherThreadsMade)
{
	Heap heap("dram,size=4M");
	Worker worker;

	for (int i = 0; i < 200; i++) {
		std::vector<char *> blocks;
		worker.run([&] { blocks = heap.fill(512, 1000); });
		ASSERT_EQ(blocks.size(), 1000u);
		heap.free_all(blocks);
	}
	EXPECT_EQ(rig_live(heap), 0u);
}

/* A thread that the scheduler prefers would keep the one that it waits for from
 * running, if it did not sleep. */
TEST(Cache, IsWaitedForAsleep)
{
	Heap heap("dram,size=4M");
	std::atomic<bool> inside{ false }, leave{ false };
	struct timespec before, after;

	std::thread owner([&] {
		heap.free(heap.malloc(64));
		ASSERT_TRUE(rig_enter_cache(heap));
		inside = true;
		while (!leave)
			usleep(1000);
		rig_leave_cache(heap);
	});
	while (!inside)
		usleep(1000);
	std::thread other([&] {
		usleep(300000);
		leave = true;
	});
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	rig_drain(heap);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	owner.join();
	other.join();
	EXPECT_LT((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000,
	    60);
}

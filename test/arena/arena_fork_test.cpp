/* SPDX-License-Identifier: BSD-2-Clause */
/* Heaps over fork, with threads inside their caches and arenas. */
#include "arena_test.h"

namespace {

/* Threads that allocate and free without a pause until told to stop. */
class Busy {
public:
	Busy(const Heap &heap, unsigned count)
	{
		for (unsigned i = 0; i < count; i++)
			threads.emplace_back([&, i] { work(heap, i); });
		while (started != count)
			std::this_thread::yield();
	}
	~Busy()
	{
		stop = true;
		for (std::thread &thread : threads)
			thread.join();
	}

private:
	void
	work(const Heap &heap, unsigned seed)
	{
		std::vector<char *> blocks(64, nullptr);

		started++;
		for (size_t i = seed; !stop; i += 17) {
			char *&block = blocks[i * 31 % 64];
			size_t size = i % 97 == 0 ? 100 * KIB : 8 + i % 3000;

			if (block != nullptr)
				rig_free(heap, block);
			block = heap.malloc(size);
			if (block != nullptr)
				block[0] = 1;
		}
		for (char *block : blocks)
			if (block != nullptr)
				rig_free(heap, block);
	}
	std::atomic<unsigned> started{ 0 };
	std::atomic<bool> stop{ false };
	std::vector<std::thread> threads;
};

/* Does what a program might do with the heap in the child. */
int
use(const Heap &heap)
{
	for (size_t size : { (size_t)16, (size_t)700, 20 * KIB, 200 * KIB })
		for (int i = 0; i < 50; i++) {
			char *block = heap.malloc(size);
			if (block == nullptr)
				return 1;
			block[size - 1] = 1;
			heap.free(block);
		}
	rig_drain(heap);
	return rig_is_sound(heap) ? 0 : 2;
}

} // namespace

class ForkBusy : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Sources, ForkBusy,
    testing::Values("dram", "dram,size=32M", "file:/dev/shm,size=32M,fork=copy",
	"file:/dev/shm,size=16M,grow=yes,fork=copy"));

TEST_P(ForkBusy, LeavesAHeapThatWorksInBoth)
{
	Heap heap(GetParam()), idle("dram");

	idle.malloc(8);
	{
		Busy busy(heap, 4);
		for (int i = 0; i < 25; i++)
			ASSERT_EQ(forked([&] {
				int result = use(heap);
				return result != 0 ? result : use(idle);
			}),
			    0)
			    << i;
	}
	EXPECT_EQ(rig_blocks(heap), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* A thread that stands inside its cache is waited for, like one that is about
 * to leave. */
TEST(Fork, WaitsForThreadsThatAreInside)
{
	Heap heap("dram");
	Worker owner;
	std::atomic<bool> left{ false };

	owner.run([&] {
		heap.free(heap.malloc(64));
		EXPECT_TRUE(rig_enter_cache(heap));
	});
	std::thread leaver([&] {
		usleep(50000);
		left = true;
		owner.run([&] { rig_leave_cache(heap); });
	});
	EXPECT_EQ(forked([&] { return left ? use(heap) : 9; }), 0);
	leaver.join();
}

/* A thread that knocks at an arena as nobody may be there counts itself in and
 * out again. In the child it is not there to do the second, and nobody could
 * stop the arenas any more: not for a check, nor for the next fork. */
TEST(Fork, DoesNotWaitForOneThatIsGone)
{
	static Heap *home;
	Heap heap("dram");

	home = &heap;
	heap.free(heap.malloc(64));
	EXPECT_EQ(forked_by([] { return rig_fork_amid_knock(*home); },
		      [&] { return use(heap); }),
	    0);
}

/* What the caches of threads held that the child does not have is free there;
 * their records are gone. */
TEST(Fork, ReapsTheCachesOfThreadsThatAreGone)
{
	Heap heap("dram,size=8M");
	Worker workers[3];

	std::thread([&] { heap.free_all(heap.fill(512, 300)); }).join();
	heap.free(heap.malloc(64));
	size_t mine = record_bytes_in_use();
	for (Worker &worker : workers)
		worker.run([&] { heap.free_all(heap.fill(512, 30)); });
	EXPECT_EQ(rig_caches(heap), 4u);
	EXPECT_EQ(forked([&] {
		if (rig_caches(heap) != 1 || rig_live(heap) != 0)
			return 1;
		if (record_bytes_in_use() > mine)
			return 2;
		return rig_allocate(heap, 7 * MIB, 1, false) ? 0 : 3;
	}),
	    0);
	EXPECT_EQ(rig_caches(heap), 4u);
}

TEST(Fork, GoesOnInThreadsOfTheChild)
{
#if defined(__SANITIZE_THREAD__)
	GTEST_SKIP() << "ThreadSanitizer takes no new threads after a fork";
#endif
	Heap heap("dram");
	Worker worker;

	worker.run([&] { heap.free(heap.malloc(64)); });
	heap.free(heap.malloc(64));
	EXPECT_EQ(forked([&] {
		int result = 3;
		std::thread([&] { result = use(heap); }).join();
		/* And the child's own drain reaches its threads. */
		std::thread holder([&] { heap.free(heap.malloc(64)); });
		holder.join();
		return result != 0 ? result : forked([&] { return use(heap); });
	}),
	    0);
}

/* A block of a heap that the child was refused can be freed, into nothing. */
TEST(Fork, RefusedLeavesNothingToTouch)
{
	Heap heap("file:/dev/shm,size=8M,fork=refuse");
	char *small = heap.malloc(64), *large = heap.malloc(MIB);
	Worker worker;

	worker.run([&] { heap.free_all(heap.fill(64, 50)); });
	heap.free(heap.malloc(64));
	EXPECT_EQ(forked([&] {
		if (heap.malloc(64) != nullptr || heap.malloc(MIB) != nullptr)
			return 1;
		rig_free(heap, small);
		rig_free(heap, large);
		rig_drain(heap);
		if (heap.malloc(64) != nullptr)
			return 2;
		rig_close(heap);
		return 0;
	}),
	    0);
	small[0] = large[0] = 1;
	heap.free(small);
	EXPECT_EQ(heap.malloc(64), small);
}

/* The child gives back nothing of a shared file by itself: the parent goes on
 * using the pages that lay in its threads' caches. */
TEST(Fork, SharedLeavesTheParentItsPages)
{
	Heap heap("file:/dev/shm,size=8M,fork=shared");
	Worker worker;
	std::vector<char *> blocks;

	worker.run([&] {
		blocks = heap.fill(16 * KIB, 8);
		heap.free_all(blocks);
	});
	EXPECT_GT(rig_cached(heap), 0u);
	rig_keep_nothing(heap);
	for (int i = 0; i < 3; i++) {
		for (char *block : blocks)
			memset(block, 0x77, 16 * KIB);
		EXPECT_EQ(forked([&] { return 0; }), 0);
		for (char *block : blocks)
			ASSERT_EQ(block[8 * KIB], 0x77);
	}
}

/* A child that never calls the heap, and has others that it calls: what was
 * free at the fork the parent has handed out since. */
TEST(Fork, SharedDoesNotDecayInTheChild)
{
	Heap heap("file:/dev/shm,size=16M,fork=shared"), other("dram");
	int go[2], status;
	char byte = 0;

	ASSERT_EQ(pipe(go), 0);
	heap.free_all(heap.fill(100000, 100));
	heap.free_all(heap.fill(500, 1000));
	other.free(other.malloc(200000));
	pid_t child = rig_fork();
	if (child == 0) {
		bool told = read(go[0], &byte, 1) == 1;
		for (int i = 0; i < 20; i++) {
			os_clock_advance(5000);
			other.free(other.malloc(200000));
		}
		_exit(told ? 0 : 1);
	}
	std::vector<char *> blocks = heap.fill(100000, 100);
	for (char *block : blocks)
		memset(block, 42, 100000);
	EXPECT_EQ(write(go[1], &byte, 1), 1);
	EXPECT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(blocks.size(), 100u);
	for (char *block : blocks)
		for (size_t i = 0; i < 100000; i += 1000)
			ASSERT_EQ(block[i], 42);
	close(go[0]);
	close(go[1]);
}

/* In the child the heap has arenas of its own; the blocks that it has from its
 * parent stay where they are, can be freed, and leave room to nobody. */
TEST(Fork, SharedBeginsAnewInTheChild)
{
	Heap heap("file:/dev/shm,size=8M,fork=shared");
	char *small = heap.malloc(64), *large = heap.malloc(MIB);
	char *base = static_cast<char *>(source_base(heap.source()));

	heap.free(heap.malloc(64));
	EXPECT_EQ(forked([&] {
		if (rig_caches(heap) != 0 || rig_arenas(heap) != 0)
			return 1;
		if (rig_resize(large, 2 * MIB) || rig_resize(large, MIB / 2) ||
		    rig_defragment(small) != nullptr)
			return 2;
		rig_free(heap, small);
		rig_free(heap, large);
		std::vector<char *> own = heap.fill(MIB, 8);
		for (char *block : own)
			if (block + MIB > base && block < base + 8 * MIB)
				return 3;
		for (char *block : own)
			heap.free(block);
		char *again = heap.malloc(64);
		if (again == nullptr || again == small || own.size() < 7)
			return 4;
		return rig_is_sound(heap) ? 0 : 5;
	}),
	    0);
	EXPECT_EQ(heap.malloc(64) != nullptr, true);
}

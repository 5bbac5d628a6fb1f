// SPDX-License-Identifier: BSD-2-Clause
/* The thread that gives back what idle heaps hold: its life, its sleep and its
 * work. The clock is the test's own, but for the thread's pauses. */
#include "arena_test.h"

#include <csignal>

#include "../lib/background.h"

namespace {

constexpr size_t SIZE = 1000;
const char *const WITH = "dram,background=yes";

/* Allocates blocks of SIZE and frees them. */
void
burst(const Heap &heap, size_t bytes)
{
	std::vector<char *> blocks = heap.fill(SIZE, bytes / SIZE);

	for (char *block : blocks)
		memset(block, 1, SIZE);
	heap.free_all(blocks);
}

/* Whether the heap's bytes fall so low while time passes and nobody calls. */
bool
falls_to(const Heap &heap, size_t bytes)
{
	return eventually([&] {
		os_clock_advance(100);
		return heap.stats().committed <= bytes;
	});
}

/* The same to the last; timers of the thread go by the test's clock, too. */
bool
empties(const Heap &heap)
{
	return eventually([&] {
		os_clock_advance(100);
		rig_wake();
		return heap.stats().committed == 0;
	});
}

/* Whether the one thread sleeps without a timer: futex(2), whose fourth
 * argument is NULL. */
bool
sleeps_for_good()
{
	std::vector<std::string> threads = background_threads();
	unsigned long number, argument[4] = { 1, 1, 1, 1 };

	if (threads.size() != 1 ||
	    sscanf(background_file(threads[0] + "syscall").c_str(),
		"%lu %lx %lx %lx %lx", &number, &argument[0], &argument[1],
		&argument[2], &argument[3]) != 5)
		return false;
	return argument[3] == 0;
}

uint64_t
field(const std::string &path, const std::string &name, int base)
{
	std::string text = background_file(path + "status");
	size_t at = text.find("\n" + name + ":");

	return at == std::string::npos ?
	    0 :
	    std::stoull(text.substr(at + name.size() + 2), nullptr, base);
}

} // namespace

TEST(Background, IsNotThereUnlessAHeapWantsIt)
{
	ASSERT_TRUE(is_alone());
	Heap heap("dram"), other("dram,background=no");

	burst(heap, MIB);
	burst(other, MIB);
	os_clock_advance(1000);
	burst(heap, MIB);
	EXPECT_EQ(other_threads(), 0u);
	Heap wants(WITH);
	EXPECT_EQ(other_threads(), 0u) << "before its first block";
	heap.free(heap.malloc(3 * MIB));
	EXPECT_TRUE(background_comes()) << "at a slow path of whichever heap";
}

TEST(Background, GivesABurstBackWhileNobodyCalls)
{
	Heap heap(WITH);

	burst(heap, 32 * MIB);
	EXPECT_TRUE(falls_to(heap, MIB)) << heap.stats().committed;
	burst(heap, 32 * MIB);
	EXPECT_TRUE(falls_to(heap, MIB)) << "again";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(Background, GivesBackWhatCachesOfIdleThreadsHold)
{
	Heap heap(WITH);
	Worker worker;

	worker.run([&] {
		for (size_t size = 8; size <= 64 * KIB; size *= 2)
			heap.free_all(heap.fill(size, 64 * KIB / size));
	});
	EXPECT_GT(rig_cached(heap), 256 * KIB);
	EXPECT_TRUE(empties(heap)) << heap.stats().committed;
	EXPECT_EQ(rig_cached(heap), 0u);
	worker.run([&] { burst(heap, MIB); });
	EXPECT_TRUE(empties(heap)) << "again";
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

/* A bin that is used keeps its blocks, those beside it do not. */
TEST(Background, LeavesWhatIsUsedInCaches)
{
	Heap heap(WITH);
	auto use = [&] {
		heap.free(heap.malloc(64));
		os_clock_advance(100);
		rig_wake();
	};

	heap.free_all(heap.fill(64, 100));
	heap.free_all(heap.fill(SIZE, 60));
	EXPECT_GT(rig_cached(heap), 60 * SIZE);
	EXPECT_TRUE(eventually([&] {
		use();
		return rig_cached(heap) <= 128 * 64;
	}));
	for (int i = 0; i < 300; i++) {
		use();
		usleep(1000);
	}
	EXPECT_GT(rig_cached(heap), 32 * 64u) << "more than a bin has at first";
}

TEST(Background, SleepsWithoutATimerWhenNothingWaits)
{
	Heap heap(WITH);

	burst(heap, 4 * MIB);
	ASSERT_TRUE(background_comes());
	if (background_file(background_threads()[0] + "syscall").empty())
		GTEST_SKIP() << "the kernel does not say what threads wait for";
	EXPECT_TRUE(empties(heap));
	EXPECT_TRUE(eventually(sleeps_for_good));
	burst(heap, 4 * MIB);
	EXPECT_TRUE(falls_to(heap, MIB)) << "and is woken";
	EXPECT_TRUE(empties(heap));
	EXPECT_TRUE(eventually(sleeps_for_good));
	heap.close();
	EXPECT_TRUE(is_alone()) << "also to end";
}

TEST(Background, HasANameAndHandlesNoSignals)
{
	/* libc unblocks some with the first thread of a process. */
	std::thread([] {}).join();
	Heap heap(WITH);

	burst(heap, MIB);
	ASSERT_TRUE(background_comes());
	uint64_t blocked = field(background_threads()[0], "SigBlk", 16);
	for (int signal : { SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGPROF, SIGUSR1,
		 SIGCHLD, SIGWINCH, SIGRTMIN, SIGRTMAX })
		EXPECT_NE(blocked >> (signal - 1) & 1, 0u) << signal;
	/* setuid(2) and its like wait for an answer by each thread. */
	ASSERT_EQ(blocked >> 32 & 1, 0u);
	EXPECT_EQ(setuid(getuid()), 0);
}

TEST(Background, IsOneForAllAndEndsWithTheLast)
{
	Heap heap("dram"), first(WITH), second(WITH);

	burst(first, MIB);
	burst(second, MIB);
	ASSERT_TRUE(background_comes());
	std::string thread = background_threads()[0];
	first.close();
	os_clock_advance(1000);
	burst(second, MIB);
	EXPECT_EQ(background_threads(), std::vector<std::string>{ thread });
	second.close();
	EXPECT_TRUE(is_alone());
	{
		Heap third(WITH);
		burst(third, MIB);
		EXPECT_TRUE(background_comes()) << "another one";
		EXPECT_TRUE(falls_to(third, MIB / 2));
	}
	EXPECT_TRUE(is_alone());
	burst(heap, MIB);
}

TEST(Background, IsTriedAgainWhereItCannotBeMade)
{
	ASSERT_TRUE(is_alone());
	Heap heap(WITH);

	os_fault_at(OS_CLONE, 1, EAGAIN, true);
	burst(heap, MIB);
	EXPECT_EQ(other_threads(), 0u);
	os_fault_at(OS_CLONE, 0, 0, false);
	os_clock_advance(1000);
	burst(heap, MIB);
	EXPECT_TRUE(background_comes());
}

/* Forks in the middle of its work, of which the child has none of its own
 * until it allocates. */
TEST(BackgroundFork, EachSideHasItsOwn)
{
	Heap heap(WITH);
	std::vector<char *> kept = heap.fill(SIZE, 1000);

	for (int i = 0; i < 40; i++) {
		burst(heap, 2 * MIB);
		os_clock_advance(500);
		EXPECT_EQ(forked([&] {
			if (other_threads() != 0)
				return 1;
			heap.free_all(kept);
			burst(heap, 2 * MIB);
			if (!background_comes())
				return 2;
			if (i % 8 == 0 && !empties(heap))
				return 3;
			return rig_is_sound(heap) ? 0 : 4;
		}),
		    0);
	}
	heap.free_all(kept);
	EXPECT_TRUE(empties(heap));
	EXPECT_EQ(rig_live(heap), 0u);
	EXPECT_TRUE(rig_is_sound(heap)) << error_text();
}

TEST(BackgroundFork, NoneForAHeapThatTheChildIsRefused)
{
	Heap refused("file:/dev/shm,size=4M,background=yes"), heap("dram");

	burst(refused, MIB);
	ASSERT_TRUE(background_comes());
	EXPECT_EQ(forked([&] {
		burst(heap, MIB);
		os_clock_advance(1000);
		burst(heap, MIB);
		return (int)other_threads();
	}),
	    0);
}

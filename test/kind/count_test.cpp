/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks that a facade counts: for the kind they are of, by their usable size,
 * whichever thread has them, over fork and after threads and kinds are gone. */
#include "kind_test.h"

#include <atomic>

extern "C" {
void *poolkind_malloc_counted(poolkind *kind, size_t size);
void *poolkind_realloc_counted(poolkind *kind, void *ptr, size_t size);
bool poolkind_free_counted(void *ptr);
void poolkind_count(const void *ptr, bool counts);
size_t poolkind_counted(const poolkind *kind);
size_t poolkind_counted_about(const poolkind *kind);
}

namespace {

/* A block, and its usable size added to SUM. */
void *
take(poolkind *kind, size_t size, size_t &sum)
{
	void *block = poolkind_malloc_counted(kind, size);

	EXPECT_NE(block, nullptr);
	sum += poolkind_usable_size(block);
	return block;
}

} // namespace

TEST(Count, IsOfUsableBytes)
{
	Kind kind("dram"), other("dram");
	std::vector<void *> blocks;
	size_t sum = 0;

	EXPECT_EQ(poolkind_counted(kind), 0u);
	for (size_t size : { size_t(1), size_t(100), 5 * KIB, 64 * KIB,
		 64 * KIB + 1, 3000 * KIB })
		for (int i = 0; i < 300; i++) {
			if (size > 5 * KIB && i > 3)
				break;
			blocks.push_back(take(kind, size, sum));
			EXPECT_EQ(poolkind_counted(kind), sum);
			EXPECT_EQ(poolkind_counted_about(kind), sum);
		}
	for (void *block : blocks) {
		sum -= poolkind_usable_size(block);
		EXPECT_TRUE(poolkind_free_counted(block));
		EXPECT_EQ(poolkind_counted(kind), sum);
	}
	EXPECT_EQ(sum, 0u);
	EXPECT_EQ(poolkind_counted(other), 0u);
}

/* Those of others are counted as they come, and no block twice. */
TEST(Count, TakesBlocksInAndLeavesThemOut)
{
	Kind kind("dram");
	void *block = poolkind_calloc(kind, 10, 100), *plain;
	int local;

	EXPECT_EQ(poolkind_counted(kind), 0u);
	poolkind_count(block, true);
	EXPECT_EQ(poolkind_counted(kind), poolkind_usable_size(block));
	poolkind_count(block, false);
	EXPECT_EQ(poolkind_counted(kind), 0u);
	poolkind_count(nullptr, true);
	poolkind_count(&local, true);
	EXPECT_FALSE(poolkind_free_counted(nullptr));
	EXPECT_FALSE(poolkind_free_counted(&local));
	EXPECT_EQ(poolkind_counted(kind), 0u);
	poolkind_free(kind, block);
	/* One that never counted brings the sum below zero, which is 0. */
	plain = poolkind_malloc(kind, 100);
	EXPECT_TRUE(poolkind_free_counted(plain));
	EXPECT_EQ(poolkind_counted(kind), 0u);
	EXPECT_EQ(poolkind_counted_about(nullptr), 0u);
}

TEST(Count, FollowsABlockThatIsResized)
{
	Kind kind("dram"), other("dram,limit=16M");
	size_t sum = 0;
	void *block = take(kind, 100, sum);

	for (size_t size : { 101, 99, 5000, 100000, 3000000, 2000000, 50 }) {
		block = poolkind_realloc_counted(kind, block, size);
		ASSERT_NE(block, nullptr);
		EXPECT_EQ(poolkind_counted(kind), poolkind_usable_size(block));
	}
	block = poolkind_realloc_counted(other, block, 7000);
	EXPECT_EQ(poolkind_counted(kind), 0u);
	EXPECT_EQ(poolkind_counted(other), poolkind_usable_size(block));
	sum = poolkind_counted(other);
	EXPECT_EQ(poolkind_realloc_counted(other, block, 64 << 20), nullptr);
	EXPECT_EQ(poolkind_counted(other), sum);
	EXPECT_TRUE(poolkind_free_counted(block));
	EXPECT_EQ(poolkind_counted(other), 0u);
}

TEST(Count, IsOfTheKindThatABlockCameFrom)
{
	Kind full("dram,limit=2M");
	Kind kind("dram,limit=16M");
	size_t sum = 0;
	void *one = take(kind, 100, sum);

	EXPECT_EQ(poolkind_counted(full), 0u);
	EXPECT_EQ(poolkind_malloc_counted(full, 16 << 20), nullptr);
	EXPECT_EQ(poolkind_counted(full), 0u);
	EXPECT_TRUE(poolkind_free_counted(one));
	EXPECT_EQ(poolkind_counted(kind), 0u);
}

/* What threads have gathered is not lost with them, nor with their caches. */
TEST(Count, OutlivesThreads)
{
	Kind kind("dram");
	std::vector<void *> blocks(8);
	std::vector<std::thread> threads;
	size_t sum = 0;

	for (void *&block : blocks)
		threads.emplace_back([&] {
			for (int i = 0; i < 5000; i++) {
				block = poolkind_malloc_counted(kind, 100);
				poolkind_free_counted(block);
			}
			block = poolkind_malloc_counted(kind, 100);
		});
	for (std::thread &thread : threads)
		thread.join();
	for (void *block : blocks)
		sum += poolkind_usable_size(block);
	EXPECT_EQ(poolkind_counted(kind), sum);
	EXPECT_EQ(poolkind_counted_about(kind), sum);
	poolkind_trim(kind);
	EXPECT_EQ(poolkind_counted(kind), sum);
	for (void *block : blocks)
		EXPECT_TRUE(poolkind_free_counted(block));
	EXPECT_EQ(poolkind_counted(kind), 0u);
}

TEST(Count, BeginsAnewWithTheNextKind)
{
	for (int i = 0; i < 10; i++) {
		Kind kind("dram");
		EXPECT_EQ(poolkind_counted(kind), 0u);
		EXPECT_NE(poolkind_malloc_counted(kind, 300), nullptr);
		EXPECT_NE(poolkind_malloc_counted(kind, 300 * KIB), nullptr);
	}
}

TEST(Count, IsOneForAllLocalities)
{
	const unsigned nodes[] = { 0, 0 };
	poolkind *kind = kind_open_local(nodes, 2);
	size_t sum = 0;
	void *one, *other = nullptr;

	ASSERT_NE(kind, nullptr) << poolkind_errormsg();
	one = take(kind, 100, sum);
	std::thread([&] { other = take(kind, 100 * KIB, sum); }).join();
	EXPECT_EQ(poolkind_counted(kind), sum);
	EXPECT_EQ(poolkind_counted_about(kind), sum);
	EXPECT_TRUE(poolkind_free_counted(one));
	EXPECT_TRUE(poolkind_free_counted(other));
	EXPECT_EQ(poolkind_counted(kind), 0u);
	poolkind_close(kind);
}

/* The child has what its parent had, also what other threads had gathered, and
 * whether its blocks are in its heap or in one that it inherited. */
TEST(Count, IsInAChild)
{
	for (const char *text : { "dram", "file:/dev/shm,size=32M,fork=copy",
		 "file:/dev/shm,size=32M,fork=private" }) {
		Kind kind(text);
		std::atomic<bool> taken(false), done(false);
		size_t sum = 0, of_other = 0;
		void *mine = take(kind, 100, sum), *theirs = nullptr;
		std::thread thread([&] {
			theirs = take(kind, 1000, of_other);
			taken = true;
			while (!done)
				std::this_thread::yield();
		});

		while (!taken)
			std::this_thread::yield();
		sum += of_other;
		EXPECT_EQ(forked([&] {
			if (poolkind_counted(kind) != sum)
				return 1;
			if (!poolkind_free_counted(mine) ||
			    !poolkind_free_counted(theirs) ||
			    poolkind_counted(kind) != 0)
				return 2;
			mine = poolkind_malloc_counted(kind, 100);
			return poolkind_counted(kind) ==
				poolkind_usable_size(mine) ?
			    0 :
			    3;
		}),
		    0)
		    << text;
		EXPECT_EQ(poolkind_counted(kind), sum);
		done = true;
		thread.join();
		poolkind_free_counted(mine);
		poolkind_free_counted(theirs);
		EXPECT_EQ(poolkind_counted(kind), 0u);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Many threads in one pool, many pools in many threads, and pools that are
 * deleted while threads still have cached blocks of them. */
#include "vmem_test.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

class VmemThread : public EveryPool {};
VMEM_EVERY_POOL(VmemThread);

void
run_threads(unsigned count, const std::function<void(unsigned)> &body)
{
	std::vector<std::thread> threads;
	for (unsigned i = 0; i < count; i++)
		threads.emplace_back(body, i);
	for (std::thread &thread : threads)
		thread.join();
}

/* Blocks that hold their size and a number, in slots that threads share. */
struct Slots {
	static const size_t COUNT = 512;
	std::atomic<size_t *> slot[COUNT] = {};

	/* Puts BLOCK, or nothing, into a slot, and takes what was there. */
	size_t *
	exchange(size_t at, size_t *block)
	{
		return slot[at % COUNT].exchange(block);
	}
};

bool
intact(const size_t *block)
{
	size_t words = block[0] / sizeof(size_t);
	return block[words - 1] == block[0] && block[words / 2] == block[0];
}

size_t *
marked_block(VMEM *pool, size_t size)
{
	size &= ~size_t(7);
	size_t *block = static_cast<size_t *>(vmem_malloc(pool, size));
	if (block)
		block[0] = block[size / 16] = block[size / 8 - 1] = size;
	return block;
}

/* Allocates, and frees what another thread allocated. */
void
exchange_blocks(VMEM *pool, Slots &slots, unsigned number)
{
	unsigned seed = number * 7919 + 1;
	for (int step = 0; step < 8000; step++) {
		seed = seed * 1103515245 + 12345;
		size_t most = (seed >> 9) % 32 ? 600 : 50000;
		size_t size = 24 + (seed >> 12) % most;
		size_t *block = marked_block(pool, size);
		block = slots.exchange(seed >> 16, block);
		if (!block)
			continue;
		if (!intact(block)) {
			ADD_FAILURE() << "a block was changed";
			return;
		}
		vmem_free(pool, block);
	}
}

/* Threads that do what they are told, one thing after the other, and are idle
 * in between, with their caches. */
class Workers {
public:
	explicit Workers(unsigned count)
	{
		for (unsigned i = 0; i < count; i++)
			threads_.emplace_back([this, i] { work(i); });
	}
	~Workers()
	{
		do_all(nullptr);
		for (std::thread &thread : threads_)
			thread.join();
	}
	void
	do_all(std::function<void(unsigned)> task)
	{
		std::unique_lock<std::mutex> lock(mutex_);
		task_ = task;
		left_ = threads_.size();
		turn_++;
		changed_.notify_all();
		changed_.wait(lock, [this] { return left_ == 0; });
	}

private:
	void
	work(unsigned number)
	{
		for (unsigned seen = 0;;) {
			std::unique_lock<std::mutex> lock(mutex_);
			changed_.wait(lock, [&] { return turn_ != seen; });
			seen = turn_;
			std::function<void(unsigned)> task = task_;
			lock.unlock();
			if (task)
				task(number);
			lock.lock();
			if (--left_ == 0)
				changed_.notify_all();
			if (!task)
				return;
		}
	}
	std::mutex mutex_;
	std::condition_variable changed_;
	std::function<void(unsigned)> task_;
	size_t left_ = 0;
	unsigned turn_ = 0;
	std::vector<std::thread> threads_;
};

} // namespace

TEST_P(VmemThread, SixteenInOnePool)
{
	Slots slots;
	run_threads(16,
	    [&](unsigned number) { exchange_blocks(pool(), slots, number); });
	for (size_t i = 0; i < Slots::COUNT; i++)
		if (size_t *block = slots.exchange(i, nullptr)) {
			EXPECT_TRUE(intact(block));
			vmem_free(pool(), block);
		}
	EXPECT_EQ(1, vmem_check(pool())) << vmem_errormsg();
	expect_filled(pool(), room(), 4096);
}

TEST_P(VmemThread, NoBlockIsGivenTwice)
{
	std::vector<char *> blocks[8];
	run_threads(8, [&](unsigned number) {
		while (void *block = vmem_malloc(pool(), 1000)) {
			blocks[number].push_back(static_cast<char *>(block));
			paint(block, 1000, number);
		}
	});
	size_t sum = 0;
	for (unsigned number = 0; number < 8; number++) {
		sum += blocks[number].size();
		for (char *block : blocks[number])
			ASSERT_TRUE(painted(block, 1000, number));
	}
	EXPECT_LE(sum, room() / 1000);
	EXPECT_GE(sum, room() / 1024 * 9 / 10);
}

TEST(VmemThreads, EachWithPoolsOfItsOwn)
{
	run_threads(16, [](unsigned number) {
		Region region(MIN);
		for (int round = 0; round < 30; round++) {
			Pool pool = make_pool(region);
			ASSERT_NE(nullptr, pool.get());
			char *block = static_cast<char *>(
			    vmem_malloc(pool.get(), 10000));
			ASSERT_NE(nullptr, block);
			paint(block, 10000, number);
			Blocks blocks;
			blocks.fill(pool.get(), 100, 100);
			EXPECT_TRUE(painted(block, 10000, number));
			EXPECT_EQ(1, vmem_check(pool.get()));
		}
	});
}

TEST(VmemThreads, PoolsInDirectoriesAtOnce)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIN);
	run_threads(4, [&](unsigned number) {
		for (int round = 0; round < 8; round++) {
			Pool pool = make_pool(directory);
			ASSERT_NE(nullptr, pool.get());
			void *block = vmem_calloc(pool.get(), 1, MIB);
			ASSERT_NE(nullptr, block);
			EXPECT_TRUE(all_bytes_are(block, MIB, 0));
			paint(block, MIB, number);
			EXPECT_TRUE(painted(block, MIB, number));
		}
	});
}

/* ---- Deleted under threads that have cached blocks ----------------------- */

TEST(VmemThreads, APoolTakesThePlaceOfOneThatIdleThreadsCache)
{
	Region region(MIN, true);
	Workers workers(8);
	for (unsigned round = 0; round < 30; round++) {
		Pool pool = make_pool(region);
		ASSERT_NE(nullptr, pool.get());
		std::vector<char *> kept[8];
		workers.do_all([&](unsigned number) {
			Blocks blocks;
			blocks.fill(pool.get(), 64 << round % 8, 200);
			blocks.free_all(pool.get());
			for (int i = 0; i < 100; i++) {
				void *block = vmem_calloc(pool.get(), 1, 1500);
				ASSERT_TRUE(all_bytes_are(block, 1500, 0));
				paint(block, 1500, number + round);
				kept[number].push_back(
				    static_cast<char *>(block));
			}
		});
		for (unsigned number = 0; number < 8; number++)
			for (char *block : kept[number]) {
				ASSERT_TRUE(
				    painted(block, 1500, number + round));
				ASSERT_TRUE(
				    lies_in(block, 1500, region.start(), MIN));
			}
		EXPECT_EQ(1, vmem_check(pool.get()));
	}
}

TEST(VmemThreads, EndingAfterTheirPoolWasDeleted)
{
	Region region(MIN);
	Pool next;
	{
		Workers workers(8);
		Pool pool = make_pool(region);
		workers.do_all([&](unsigned) {
			Blocks blocks;
			for (size_t size : { 16, 100, 3000, 20000 }) {
				blocks.fill(pool.get(), size, 30);
				blocks.free_all(pool.get());
			}
		});
		pool.reset();
		next = make_pool(region);
		ASSERT_NE(nullptr, vmem_malloc(next.get(), 100));
	}
	EXPECT_EQ(1, vmem_check(next.get()));
	size_t left = MIN - PAGE - 65536;
	expect_filled(next.get(), left, 4096);
}

/* What ended threads had cached is to be had again: every page of it, though
 * it lies in pieces. */
TEST_P(VmemThread, EndingGivesBackWhatTheyCached)
{
	for (int round = 0; round < 10; round++)
		run_threads(4, [&](unsigned) {
			for (size_t size : { 16, 200, 4096, 30000 }) {
				Blocks blocks;
				blocks.fill(pool(), size, 100);
				blocks.free_all(pool());
			}
		});
	expect_filled(pool(), room(), 4096);
}

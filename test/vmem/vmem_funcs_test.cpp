/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_set_funcs(): which of the program's functions are called, when, and
 * that every block they gave comes back to them. */
#include "vmem_test.h"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

std::atomic<long> mallocs, frees, others, bytes, strangers, printed;
std::atomic<bool> give_nothing;

const uint64_t GUARD = 0x5ca1ab1e0ddba11dull;

/* A word that only our blocks have lies in front of each, and its size before
 * that; so a block is aligned to 8 bytes and no more. */
void *
counting_malloc(size_t size)
{
	mallocs++;
	if (give_nothing) {
		errno = ENOMEM;
		return nullptr;
	}
	uint64_t *block = static_cast<uint64_t *>(malloc(size + 24));
	block[1] = size;
	block[2] = GUARD;
	bytes += static_cast<long>(size);
	return block + 3;
}

void
counting_free(void *ptr)
{
	if (!ptr)
		return;
	uint64_t *block = static_cast<uint64_t *>(ptr) - 3;
	frees++;
	if (block[2] != GUARD) {
		strangers++;
		return;
	}
	block[2] = 0;
	bytes -= static_cast<long>(block[1]);
	free(block);
}

/* A second pair, to tell whose block is freed. */
void *
second_malloc(size_t size)
{
	return malloc(size);
}

void
second_free(void *ptr)
{
	others++;
	free(ptr);
}

void *
never_realloc(void *, size_t)
{
	others++;
	return nullptr;
}

char *
never_strdup(const char *)
{
	others++;
	return nullptr;
}

void
counting_print(const char *text)
{
	printed += static_cast<long>(strlen(text));
}

VMEM *printed_twice;

/* The text is the printing thread's own, whatever another one prints of the
 * same pool meanwhile. */
void
print_between(const char *text)
{
	static thread_local bool is_other;
	if (is_other)
		return;
	std::string before = text;
	std::thread([] {
		is_other = true;
		vmem_stats_print(printed_twice, "gmabl");
	}).join();
	EXPECT_EQ(before, text);
}

class VmemFuncs : public testing::Test {
protected:
	void
	SetUp() override
	{
		mallocs = frees = others = bytes = strangers = printed = 0;
		give_nothing = false;
		vmem_set_funcs(counting_malloc, counting_free, never_realloc,
		    never_strdup, counting_print);
	}
	void
	TearDown() override
	{
		vmem_set_funcs(nullptr, nullptr, nullptr, nullptr, nullptr);
		EXPECT_EQ(0, bytes);
		EXPECT_EQ(0, strangers);
		EXPECT_EQ(0, others);
		if (!give_nothing) {
			EXPECT_EQ(mallocs.load(), frees.load());
		}
	}
	Region region_{ VMEM_MIN_POOL }, second_{ VMEM_MIN_POOL };
};

} // namespace

TEST_F(VmemFuncs, StateIsTakenAtTheFirstBlockAndGivenBack)
{
	Pool pool = make_pool(region_);
	EXPECT_EQ(0, mallocs);
	EXPECT_EQ(1, vmem_check(pool.get()));
	EXPECT_EQ(0, mallocs);
	EXPECT_NE(nullptr, vmem_malloc(pool.get(), 100));
	EXPECT_GE(mallocs, 1);
	EXPECT_GE(bytes, 4 * 1024);
	EXPECT_LE(bytes, 8 * 1024);
	long taken = bytes;
	std::thread([&] { vmem_malloc(pool.get(), 5000); }).join();
	expect_filled(pool.get(), VMEM_MIN_POOL - 4 * PAGE, 4096);
	EXPECT_EQ(taken, bytes) << "once for each pool";
	pool.reset();
	EXPECT_EQ(0, bytes);
	EXPECT_EQ(mallocs.load(), frees.load());
}

TEST_F(VmemFuncs, EveryWayToAFirstBlock)
{
	for (auto way : WAYS_TO_A_BLOCK) {
		Pool pool = make_pool(region_);
		long before = mallocs;
		EXPECT_NE(nullptr, way(pool.get()));
		EXPECT_GT(mallocs, before);
		EXPECT_GE(bytes, 4 * 1024);
		pool.reset();
		EXPECT_EQ(0, bytes);
		give_nothing = true;
		pool = make_pool(region_);
		ASSERT_NE(nullptr, pool.get());
		before = mallocs;
		VMEM_NO_BLOCK(way(pool.get()), ENOMEM);
		EXPECT_GT(mallocs, before);
		give_nothing = false;
		mallocs = frees = 0;
	}
}

TEST_F(VmemFuncs, APoolWithoutBlocksTakesNothing)
{
	make_pool(region_).reset();
	ENGINE_PLACE_OR_SKIP(directory, VMEM_MIN_POOL);
	make_pool(directory).reset();
	EXPECT_EQ(0, mallocs);
	EXPECT_EQ(0, frees);
}

TEST_F(VmemFuncs, AMallocThatGivesNothing)
{
	ENGINE_PLACE_OR_SKIP(directory, VMEM_MIN_POOL);
	give_nothing = true;
	Pool one = make_pool(region_), two = make_pool(directory);
	ASSERT_TRUE(one && two);
	for (VMEM *pool : { one.get(), two.get() }) {
		for (size_t size : { 1, 1000, 100000 })
			VMEM_NO_BLOCK(vmem_malloc(pool, size), ENOMEM);
		EXPECT_EQ(1, vmem_check(pool));
	}
	EXPECT_GE(mallocs, 2);
	one.reset();
	two.reset();
	EXPECT_EQ(0, frees);
}

TEST_F(VmemFuncs, APoolWorksOnceThereIsStateForIt)
{
	give_nothing = true;
	Pool pool = make_pool(region_);
	VMEM_NO_BLOCK(vmem_malloc(pool.get(), 100), ENOMEM);
	give_nothing = false;
	EXPECT_NE(nullptr, vmem_malloc(pool.get(), 100));
	pool.reset();
	EXPECT_EQ(0, bytes);
	mallocs = frees = 0;
}

TEST_F(VmemFuncs, StateGoesBackToTheFunctionsThatGaveIt)
{
	Pool pool = make_pool(region_);
	ASSERT_NE(nullptr, vmem_malloc(pool.get(), 100));
	vmem_set_funcs(second_malloc, second_free, nullptr, nullptr, nullptr);
	Pool other = make_pool(second_);
	ASSERT_NE(nullptr, vmem_malloc(other.get(), 100));
	pool.reset();
	EXPECT_EQ(0, bytes);
	EXPECT_EQ(0, others);
	other.reset();
	EXPECT_GE(others, 1);
	EXPECT_EQ(0, strangers);
	others = 0;
}

TEST_F(VmemFuncs, NullStandsForTheLibrarysOwn)
{
	vmem_set_funcs(nullptr, nullptr, nullptr, nullptr, nullptr);
	Pool pool = make_pool(region_);
	EXPECT_NE(nullptr, vmem_malloc(pool.get(), 100));
	vmem_set_funcs(counting_malloc, nullptr, nullptr, nullptr, nullptr);
	Pool other = make_pool(second_);
	EXPECT_NE(nullptr, vmem_malloc(other.get(), 100));
	other.reset();
	vmem_set_funcs(nullptr, counting_free, nullptr, nullptr, nullptr);
	other = make_pool(second_);
	EXPECT_NE(nullptr, vmem_malloc(other.get(), 100));
	other.reset();
	pool.reset();
	EXPECT_EQ(0, mallocs) << "both are used when both are set";
	EXPECT_EQ(0, frees);
}

TEST_F(VmemFuncs, ManyPoolsAndThreads)
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 8; i++)
		threads.emplace_back([] {
			Region region(VMEM_MIN_POOL);
			for (int round = 0; round < 50; round++) {
				Pool pool = make_pool(region);
				Blocks blocks;
				EXPECT_EQ(20u,
				    blocks.fill(
					pool.get(), 100 << round % 8, 20));
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_GE(mallocs, 400);
	EXPECT_EQ(mallocs.load(), frees.load());
}

TEST_F(VmemFuncs, FirstBlocksOfManyThreadsAtOnce)
{
	for (int round = 0; round < 50; round++) {
		Pool pool = make_pool(region_);
		std::atomic<int> ready(0);
		std::vector<std::thread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back([&] {
				for (ready++; ready < 4;)
					std::this_thread::yield();
				EXPECT_NE(nullptr, vmem_malloc(pool.get(), 64));
			});
		for (std::thread &thread : threads)
			thread.join();
		EXPECT_LE(bytes, 8 * 1024);
		pool.reset();
		ASSERT_EQ(0, bytes);
	}
}

TEST_F(VmemFuncs, StatisticsArePrinted)
{
	Pool pool = make_pool(region_);
	vmem_stats_print(pool.get(), nullptr);
	EXPECT_GT(printed, 100);
	long before = printed;
	vmem_set_funcs(nullptr, nullptr, nullptr, nullptr, nullptr);
	testing::internal::CaptureStderr();
	vmem_stats_print(pool.get(), nullptr);
	EXPECT_GT(testing::internal::GetCapturedStderr().size(), 100u);
	EXPECT_EQ(before, printed);
}

TEST_F(VmemFuncs, TwoThreadsPrintOnePool)
{
	Pool pool = make_pool(region_);
	ASSERT_NE(nullptr, vmem_malloc(pool.get(), 100));
	ASSERT_GE(bytes, 4 * 1024);
	printed_twice = pool.get();
	vmem_set_funcs(
	    counting_malloc, counting_free, nullptr, nullptr, print_between);
	for (int round = 0; round < 2; round++)
		vmem_stats_print(pool.get(), nullptr);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the engine's own records. */
#include "../lib/watch.h"
#include "os_test.h"

#include <atomic>
#include <thread>

namespace {

struct Held {
	char *record;
	size_t bytes;
	char fill;
};

bool
holds(const Held &held)
{
	for (size_t i = 0; i < held.bytes; i++)
		if (held.record[i] != held.fill)
			return false;
	return true;
}

} // namespace

TEST(Records, AreZeroedAlignedAndApart)
{
	const size_t sizes[] = { 0, 1, 63, 64, 65, 200, 4096, 5000, 32768,
		32769, 65536, 300000 };
	size_t before = record_bytes_in_use();
	std::vector<Held> all;
	char fill = 1;

	for (int round = 0; round < 20; round++)
		for (size_t bytes : sizes) {
			char *record = (char *)record_new(bytes);

			ASSERT_NE(record, nullptr);
			EXPECT_TRUE(is_aligned((size_t)record, 64));
			EXPECT_TRUE(all_zero(record, bytes));
			memset(record, fill, bytes);
			all.push_back({ record, bytes, fill });
			fill = (char)(fill % 100 + 1);
		}
	for (const Held &held : all) {
		EXPECT_TRUE(holds(held)) << held.bytes;
		record_free(held.record, held.bytes);
	}
	EXPECT_EQ(record_bytes_in_use(), before);
}

TEST(Records, ServeTheNextOfTheirSizeZeroedAgain)
{
	for (size_t bytes : { (size_t)64, (size_t)1000, 32 * KIB }) {
		void *first = record_new(bytes), *second;

		memset(first, 1, bytes);
		record_free(first, bytes);
		second = record_new(bytes);
		EXPECT_EQ(second, first);
		EXPECT_TRUE(all_zero(second, bytes));
		record_free(second, bytes);
	}
}

/* A reader without a lock may look at a small record after it was freed. */
TEST(Records, StayMappedWhenSmallAndGoWhenLarge)
{
	void *small = record_new(32 * KIB), *large = record_new(MIB);

	record_free(small, 32 * KIB);
	record_free(large, MIB);
	EXPECT_TRUE(mapped((void *)align_down((size_t)small, PAGE_BYTES)));
	EXPECT_FALSE(mapped(large));
}

TEST(Records, CountWhatIsInUse)
{
	size_t before = record_bytes_in_use();
	void *small = record_new(100), *large = record_new(100000);

	EXPECT_GE(record_bytes_in_use() - before, 100100u);
	EXPECT_LE(record_bytes_in_use() - before, 128 + 100000 + PAGE_BYTES);
	record_free(small, 100);
	record_free(large, 100000);
	EXPECT_EQ(record_bytes_in_use(), before);
}

TEST(Records, DoNotGrowWhenTheyAreReused)
{
	size_t before;

	for (int round = 0; round < 2000; round++) {
		void *records[50];

		if (round == 10)
			before = address_space_bytes();
		for (size_t i = 0; i < 50; i++)
			records[i] = record_new(i * i * 30);
		for (size_t i = 0; i < 50; i++)
			record_free(records[i], i * i * 30);
	}
	EXPECT_EQ(address_space_bytes(), before);
}

/* What a chunk has left when a larger record needs a new one is used too. */
TEST(Records, WasteNoChunk)
{
	std::vector<Held> all;
	size_t before = address_space_bytes(), taken = 0, grown;
	auto take = [&](size_t bytes) {
		all.push_back({ (char *)record_new(bytes), bytes, 0 });
		taken += bytes;
	};

	for (int round = 0; round < 150; round++) {
		take(64);
		for (int i = 0; i < 7; i++)
			take(32 * KIB);
	}
	for (int round = 0; round < 150; round++)
		for (size_t bytes = 16 * KIB; bytes >= 64; bytes /= 2)
			take(bytes);
	grown = address_space_bytes() - before;
	EXPECT_LE(grown, taken + taken / 50);
	for (const Held &held : all)
		record_free(held.record, held.bytes);
}

TEST(Records, SayWhenThereIsNoMemory)
{
	size_t before = record_bytes_in_use();

	EXPECT_EQ(record_new(SIZE_MAX), nullptr);
	EXPECT_EQ(record_new(SIZE_MAX / 2), nullptr);
	record_free(nullptr, 64);
	EXPECT_EQ(record_bytes_in_use(), before);
}

TEST(Records, SurviveThatTheSystemRefusesAChunk)
{
#ifndef POOLKIND_DEBUG
	GTEST_SKIP() << "needs the fault injection of the debug library";
#endif
	std::vector<void *> taken;
	size_t before = record_bytes_in_use();

	os_fault_at(OS_MAP, 1, ENOMEM, true);
	EXPECT_EQ(record_new(MIB), nullptr);
	while (void *record = record_new(16 * KIB))
		taken.push_back(record);
	EXPECT_EQ(record_bytes_in_use() - before, taken.size() * 16 * KIB);
	os_fault_at(OS_MAP, 0, 0, false);
	taken.push_back(record_new(16 * KIB));
	EXPECT_NE(taken.back(), nullptr);
	for (void *record : taken)
		record_free(record, 16 * KIB);
	EXPECT_EQ(record_bytes_in_use(), before);
}

TEST(Records, MayBeUsedByManyThreads)
{
	size_t before = record_bytes_in_use();
	std::vector<std::thread> threads;
	std::atomic<int> wrong{ 0 }, ready{ 0 };

	for (int t = 1; t <= 4; t++)
		threads.emplace_back([&wrong, &ready, t] {
			Held held[8] = {};

			for (ready++; ready < 4;)
				sched_yield();
			for (size_t n = 0; n < 200000; n++) {
				Held &one = held[n % 8];

				wrong += !holds(one);
				record_free(one.record, one.bytes);
				one = { (char *)record_new(64), 64, (char)t };
				wrong += !all_zero(one.record, one.bytes);
				memset(one.record, t, one.bytes);
			}
			for (const Held &one : held)
				record_free(one.record, one.bytes);
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(record_bytes_in_use(), before);
}

/* Another thread that held the lock would hold it in the child for ever. */
TEST(Records, KeepOtherThreadsOutDuringAFork)
{
	std::atomic<bool> done{ false };

	records_prefork();
	std::thread other([&] {
		record_free(record_new(200), 200);
		done = true;
	});
	usleep(50000);
	EXPECT_FALSE(done);
	records_postfork();
	other.join();
	EXPECT_TRUE(done);
}

TEST(Records, CanBeUsedInTheChildOfAFork)
{
	for (int round = 0; round < 20; round++) {
		pid_t child;
		int status = -1;

		records_prefork();
		child = fork();
		records_postfork();
		if (child == 0)
			_exit(record_new(200) == nullptr);
		EXPECT_EQ(watch_wait(child, 60, &status), nullptr);
		EXPECT_EQ(status, 0);
	}
}

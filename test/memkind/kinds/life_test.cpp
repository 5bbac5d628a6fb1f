/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of kinds: destroyed once or twice, with blocks in them and in the
 * caches of threads; what is left of them; and how many can be alive. */
#include "../memkind_test.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <sys/resource.h>

using namespace engine;
using namespace memkinds;

namespace {

const size_t MIN = MEMKIND_PMEM_MIN_SIZE;

/* How many kinds a program can have made at once. */
const size_t MADE = 4000;

void
allow_descriptors(rlim_t count)
{
	struct rlimit limit = { count, count };
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

} // namespace

TEST(MemkindDestroy, StaticKindsStay)
{
	for (const Static &one : statics())
		EXPECT_EQ(0, memkind_destroy_kind(*one.kind)) << one.name;
	void *block = memkind_malloc(MEMKIND_REGULAR, 100);
	EXPECT_EQ(0, memkind_destroy_kind(MEMKIND_REGULAR));
	EXPECT_EQ(MEMKIND_REGULAR, memkind_detect_kind(block));
	memkind_free(MEMKIND_REGULAR, block);
}

TEST(MemkindDestroy, WhatIsNoKind)
{
	EXPECT_EQ(MEMKIND_ERROR_INVALID, memkind_destroy_kind(nullptr));
	int here;
	EXPECT_EQ(MEMKIND_ERROR_INVALID,
	    memkind_destroy_kind(reinterpret_cast<memkind_t>(&here)));
}

TEST(MemkindDestroy, TwiceAndAllThatComesAfter)
{
	memkind_t kind = nullptr;
	ASSERT_EQ(0, memkind_create_pmem("/tmp", 0, &kind));
	void *block = memkind_malloc(kind, 1000);
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(0, memkind_destroy_kind(kind));
	EXPECT_EQ(MEMKIND_ERROR_INVALID, memkind_destroy_kind(kind));
	EXPECT_EQ(MEMKIND_ERROR_INVALID, memkind_check_available(kind));
	EXPECT_EQ(-1, memkind_get_capacity(kind));
	size_t value = 4711;
	EXPECT_EQ(MEMKIND_ERROR_INVALID,
	    memkind_get_stat(kind, MEMKIND_STAT_TYPE_ACTIVE, &value));
	EXPECT_EQ(4711u, value);
	EXPECT_EQ(nullptr, memkind_detect_kind(block));
	MEMKIND_NO_BLOCK(memkind_malloc(kind, 100), EINVAL);
	MEMKIND_NO_BLOCK(memkind_calloc(kind, 1, 100), EINVAL);
	MEMKIND_NO_BLOCK(memkind_realloc(kind, nullptr, 100), EINVAL);
	EXPECT_NE(0, memkind_posix_memalign(kind, &block, 64, 100));
	EXPECT_EQ(nullptr, block);
	memkind_free(kind, nullptr);
	memkind_set_allow_zero_allocs(kind, true);
}

/* The next one does not inherit what was said of the one before. */
TEST(MemkindDestroy, TheNextOneIsNew)
{
	for (int round = 0; round < 3; round++) {
		Made kind = make_pmem("/tmp");
		EXPECT_EQ(nullptr, memkind_malloc(kind.get(), 0));
		size_t value = 1;
		EXPECT_EQ(0,
		    memkind_get_stat(
			kind.get(), MEMKIND_STAT_TYPE_ALLOCATED, &value));
		EXPECT_EQ(0u, value);
		memkind_set_allow_zero_allocs(kind.get(), true);
		EXPECT_NE(nullptr, memkind_malloc(kind.get(), 0));
		EXPECT_NE(nullptr, memkind_malloc(kind.get(), 100000));
		memkind_update_cached_stats();
	}
}

/* Threads that have cached blocks of a kind, idle while it is destroyed, go on
 * with the next one, and hand out none of the old blocks. */
TEST(MemkindDestroy, ThreadsMayHaveCachedBlocks)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	std::mutex mutex;
	std::condition_variable changed;
	int turn = 0, left = 0;
	Made kind;
	std::vector<std::thread> threads;
	for (int number = 0; number < 4; number++)
		threads.emplace_back([&] {
			for (int seen = 0; seen < 20;) {
				std::unique_lock<std::mutex> lock(mutex);
				changed.wait(lock, [&] { return turn > seen; });
				seen = turn;
				lock.unlock();
				Blocks blocks;
				for (size_t size : { 16, 100, 3000 }) {
					blocks.fill(kind.get(), size, 50);
					EXPECT_EQ(
					    50u, blocks.free_all(kind.get()));
				}
				void *kept = memkind_malloc(kind.get(), 64);
				EXPECT_EQ(
				    kind.get(), memkind_detect_kind(kept));
				lock.lock();
				left--;
				changed.notify_all();
			}
		});
	for (int round = 0; round < 20; round++) {
		std::unique_lock<std::mutex> lock(mutex);
		kind = make_pmem(directory, round % 2 ? MIN : 0);
		left = 4;
		turn++;
		changed.notify_all();
		changed.wait(lock, [&] { return left == 0; });
	}
	for (std::thread &thread : threads)
		thread.join();
}

/* ---- What is left -------------------------------------------------------- */

TEST(MemkindDestroy, NothingIsLeft)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	auto round = [&] {
		Made kind = make_pmem(directory, MIN);
		Blocks blocks;
		blocks.fill(kind.get(), 50000, 100);
		memkind_t none;
		memkind_create_pmem("/nowhere", MIN, &none);
	};
	for (int i = 0; i < 20; i++)
		round();
	Facts before = facts();
	for (int i = 0; i < 300; i++)
		round();
	Facts after = facts();
	EXPECT_EQ(before.descriptors, after.descriptors);
	EXPECT_LE(after.mappings, before.mappings + 4);
	if (!has_address_sanitizer() && !has_thread_sanitizer()) {
		EXPECT_LE(after.address, before.address + 4 * MIB);
		EXPECT_LE(after.resident, before.resident + 4 * MIB);
	}
}

TEST(MemkindDestroy, ThreadsThatEndLeaveNothing)
{
	auto round = [] {
		std::thread([] {
			for (memkind_t kind :
			    { MEMKIND_REGULAR, MEMKIND_HBW, MEMKIND_DEFAULT })
				memkind_free(kind, memkind_malloc(kind, 100));
		}).join();
	};
	for (int i = 0; i < 200; i++)
		round();
	Facts before = facts();
	for (int i = 0; i < 3000; i++)
		round();
	Facts after = facts();
	EXPECT_LE(after.mappings, before.mappings + 4);
	if (!has_address_sanitizer() && !has_thread_sanitizer()) {
		EXPECT_LE(after.resident, before.resident + 128 * KIB);
	}
}

/* ---- How many ------------------------------------------------------------ */

/* Whatever the limit of descriptors; the one after the last is refused, and
 * can be had as soon as one goes. */
TEST(MemkindMany, FourThousandAtOnce)
{
	ENGINE_PLACE_OR_SKIP(directory, 256 * MIB);
	const char *path = directory.c_str();
	in_child(120, [&] {
		allow_descriptors(1024);
		std::vector<memkind_t> kinds(MADE);
		for (size_t i = 0; i < MADE; i++)
			ASSERT_EQ(0,
			    memkind_create_pmem(
				path, i % 2 ? MIN : 0, &kinds[i]))
			    << i << ": " << strerror(errno);
		memkind_t one_more = untouched();
		EXPECT_EQ(MEMKIND_ERROR_TOOMANY,
		    memkind_create_pmem(path, 0, &one_more));
		EXPECT_EQ(untouched(), one_more);
		EXPECT_EQ(0, memkind_destroy_kind(kinds.back()));
		EXPECT_EQ(0, memkind_create_pmem(path, 0, &kinds.back()));
		std::vector<void *> blocks;
		for (size_t i = 0; i < MADE; i += 7) {
			blocks.push_back(memkind_malloc(kinds[i], 100));
			ASSERT_NE(nullptr, blocks.back()) << i;
			paint(blocks.back(), 100, i);
		}
		for (size_t i = 0; i < MADE; i += 7) {
			EXPECT_EQ(kinds[i], memkind_detect_kind(blocks[i / 7]));
			EXPECT_TRUE(painted(blocks[i / 7], 100, i));
		}
		for (memkind_t kind : { MEMKIND_DEFAULT, MEMKIND_REGULAR,
			 MEMKIND_INTERLEAVE, MEMKIND_HBW_ALL }) {
			void *block = memkind_malloc(kind, 100);
			EXPECT_EQ(kind, memkind_detect_kind(block));
		}
		for (memkind_t kind : kinds)
			EXPECT_EQ(0, memkind_destroy_kind(kind));
	});
}

TEST(MemkindMany, ThreadsMakeAndDestroy)
{
	ENGINE_PLACE_OR_SKIP(directory, 8 * MIN);
	std::vector<std::thread> threads;
	for (unsigned number = 0; number < 8; number++)
		threads.emplace_back([&, number] {
			for (unsigned round = 0; round < 60; round++) {
				Made kind = make_pmem(directory, MIN);
				void *block = memkind_malloc(kind.get(), 5000);
				ASSERT_NE(nullptr, block);
				paint(block, 5000, number);
				EXPECT_EQ(
				    kind.get(), memkind_detect_kind(block));
				memkind_update_cached_stats();
				EXPECT_TRUE(painted(block, 5000, number));
			}
		});
	for (std::thread &thread : threads)
		thread.join();
}

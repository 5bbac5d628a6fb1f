/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 5: what a kind or a thread took goes when it goes. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

/* The kernel may list a thread for a moment after it was joined. */
Facts
facts_with_threads(size_t threads)
{
	for (int i = 0; i < 3000 && facts().threads > threads; i++)
		usleep(10000);
	return facts();
}

/* ROUNDS of BODY after a tenth of them as warm-up leave the process as it
 * was. */
void
expect_no_leak(unsigned rounds, const std::function<void(unsigned)> &body)
{
	size_t threads = facts().threads;
	/* Else the C library reserves 64 MiB for a thread, whenever it likes.
	 */
	mallopt(M_ARENA_MAX, 1);
	for (unsigned i = 0; i < rounds / 10; i++)
		body(i);
	Facts before = facts_with_threads(threads);
	for (unsigned i = 0; i < rounds && !testing::Test::HasFailure(); i++)
		body(i);
	Facts after = facts_with_threads(before.threads);
	EXPECT_EQ(before.descriptors, after.descriptors);
	EXPECT_EQ(before.threads, after.threads);
	EXPECT_LE(after.mappings, before.mappings + 40);
	EXPECT_LE(after.address, before.address + 64 * MIB);
	if (!has_address_sanitizer() && !has_thread_sanitizer()) {
		EXPECT_LE(after.resident, before.resident + 4 * MIB);
	}
}

void
open_use_close(const std::string &spec, unsigned round)
{
	Kind kind = open_kind(spec);
	ASSERT_NE(nullptr, kind.get());
	void *small = poolkind_malloc(kind.get(), 100 + round % 1000);
	void *large = poolkind_malloc(kind.get(), 50000);
	ASSERT_TRUE(small && large);
	memset(large, 1, 50000);
	if (round % 2)
		poolkind_free(kind.get(), small);
	if (round % 3)
		poolkind_free(nullptr, large);
}

} // namespace

TEST(ApiLeak, TenThousandDramKinds)
{
	in_child(120, [] {
		expect_no_leak(10000,
		    [](unsigned round) { open_use_close("dram", round); });
	});
}

TEST(ApiLeak, TenThousandFileKinds)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	std::string spec = "file:" + directory + ",size=14M";
	in_child(120, [&] {
		expect_no_leak(10000,
		    [&](unsigned round) { open_use_close(spec, round); });
	});
}

TEST(ApiLeak, TenThousandRegionKinds)
{
	in_child(120, [] {
		Region region(2 * MIB);
		expect_no_leak(10000, [&](unsigned round) {
			Kind kind(
			    poolkind_open_region(region.start(), region.size(),
				round % 2 ? "limit=1M" : nullptr, 0));
			ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
			ASSERT_NE(nullptr, poolkind_malloc(kind.get(), 3000));
		});
	});
}

TEST(ApiLeak, KindsThatSeveralThreadsUsed)
{
	in_child(120, [] {
		expect_no_leak(300, [](unsigned) {
			Kind kind = open_kind("dram");
			std::vector<std::thread> threads;
			for (int i = 0; i < 4; i++)
				threads.emplace_back([&] {
					Chain chain;
					chain.fill(kind.get(), 500, 100);
					if (chain.count() % 2 == 0)
						chain.free_all(kind.get());
				});
			for (std::thread &thread : threads)
				thread.join();
		});
	});
}

/* A worker that outlives the kinds it used: its caches must go with them. */
TEST(ApiLeak, KindsClosedWhileAThreadThatUsedThemLives)
{
	in_child(120, [] {
		std::atomic<poolkind *> task(nullptr);
		std::atomic<bool> stop(false);
		std::thread worker([&] {
			while (!stop) {
				poolkind *kind = task;
				if (!kind)
					continue;
				Chain chain;
				chain.fill(kind, 200, 50);
				chain.free_all(kind);
				task = nullptr;
			}
		});
		expect_no_leak(5000, [&](unsigned) {
			Kind kind = open_kind("dram");
			task = kind.get();
			while (task)
				std::this_thread::yield();
		});
		stop = true;
		worker.join();
	});
}

TEST(ApiLeak, ThousandsOfThreadsOnOneKind)
{
	in_child(120, [] {
		Kind kind = open_kind("dram");
		expect_no_leak(5000, [&](unsigned round) {
			std::thread([&] {
				Chain chain;
				chain.fill(kind.get(), 16 << round % 8, 50);
				chain.free_all(kind.get());
			}).join();
		});
		EXPECT_EQ(0u, stats_of(kind.get()).live);
		EXPECT_LE(stats_of(kind.get()).cached, 4 * MIB);
		poolkind_trim(kind.get());
		EXPECT_EQ(0u, stats_of(kind.get()).cached);
	});
}

TEST(ApiLeak, FillAndTrimLeaveTheAddressSpaceAlone)
{
	in_child(120, [] {
		Kind kind = open_kind("dram");
		expect_no_leak(200, [&](unsigned round) {
			Chain chain;
			size_t size = 64 << round % 14;
			chain.fill(kind.get(), size, 16 * MIB / size);
			chain.free_all(kind.get());
			EXPECT_EQ(0, poolkind_trim(kind.get()));
		});
	});
}

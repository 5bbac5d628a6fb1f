/* SPDX-License-Identifier: BSD-2-Clause */
/* Laws 2 and 6: many threads, that may exit at any moment. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

/* Lets COUNT threads pass together, as often as wanted. */
class Barrier {
public:
	explicit Barrier(unsigned count)
	{
		pthread_barrier_init(&barrier_, nullptr, count);
	}
	~Barrier() { pthread_barrier_destroy(&barrier_); }
	void
	wait()
	{
		pthread_barrier_wait(&barrier_);
	}

private:
	pthread_barrier_t barrier_;
};

/* Sixteen threads fill a kind of 14 MiB with what they can get, free it all
 * and stay alive; then one more wants 8 MiB in one piece. */
void
sixteen_fill_and_stay(const std::string &spec, size_t size)
{
	constexpr unsigned THREADS = 16;
	Kind kind = open_kind(spec);
	ASSERT_NE(nullptr, kind.get());
	Barrier filled(THREADS), freed(THREADS + 1), end(THREADS + 1);
	std::vector<std::thread> threads;
	std::atomic<size_t> total(0);
	for (unsigned i = 0; i < THREADS; i++)
		threads.emplace_back([&, i] {
			Chain chain;
			total += chain.fill(
			    kind.get(), size ? size : (size_t)16 << i % 12);
			filled.wait();
			chain.free_all(kind.get());
			freed.wait();
			end.wait();
		});
	freed.wait();
	EXPECT_GT(total, 0u);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
	EXPECT_LE(stats_of(kind.get()).cached, 14 * MIB / 16);
	std::thread([&] {
		void *large = poolkind_malloc(kind.get(), 8 * MIB);
		EXPECT_NE(nullptr, large) << spec << " size " << size;
		if (large)
			memset(large, 1, 8 * MIB);
		poolkind_free(kind.get(), large);
	}).join();
	end.wait();
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, stats_of(kind.get()).cached);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

} // namespace

TEST(ApiThread, SixteenFillAndFreeAFileKindAndStayAlive)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	for (size_t size : { 0, 16, 64, 1000, 16384, 100000 })
		for (int round = 0; round < 3; round++)
			sixteen_fill_and_stay(
			    "file:" + directory + ",size=14M", size);
}

TEST(ApiThread, SixteenFillAndFreeALimitedKindAndStayAlive)
{
	for (size_t size : { 0, 64, 16384 })
		for (int round = 0; round < 3; round++)
			sixteen_fill_and_stay("dram,limit=14M", size);
}

TEST(ApiThread, CachesOfALimitedKindHoldASixteenthAtMost)
{
	constexpr unsigned THREADS = 48;
	for (std::string spec : { "dram,limit=16M", "dram,limit=256M" }) {
		size_t limit = spec == "dram,limit=16M" ? 16 * MIB : 256 * MIB;
		Kind kind = open_kind(spec);
		Barrier freed(THREADS + 1), end(THREADS + 1);
		std::vector<std::thread> threads;
		for (unsigned i = 0; i < THREADS; i++)
			threads.emplace_back([&] {
				for (size_t size = 16; size <= 32768;
				     size *= 2) {
					Chain chain;
					chain.fill(
					    kind.get(), size, 256 * KIB / size);
					chain.free_all(kind.get());
				}
				freed.wait();
				end.wait();
			});
		freed.wait();
		EXPECT_LE(stats_of(kind.get()).cached, limit / 16);
		EXPECT_EQ(0u, stats_of(kind.get()).live);
		end.wait();
		for (std::thread &thread : threads)
			thread.join();
	}
}

TEST(ApiThread, BlocksAreFreedByOtherThreads)
{
	Kind kind = open_kind("dram");
	constexpr unsigned THREADS = 8, SLOTS = 4096;
	static std::atomic<void *> slots[SLOTS];
	std::atomic<unsigned> wrong(0);
	std::vector<std::thread> threads;
	for (unsigned me = 0; me < THREADS; me++)
		threads.emplace_back([&, me] {
			unsigned seed = me + 1;
			for (int step = 0; step < 60000; step++) {
				seed = seed * 1103515245 + 12345;
				size_t size = 16 + (seed >> 8) % 2000;
				size_t *block = static_cast<size_t *>(
				    poolkind_malloc(kind.get(), size));
				block[0] = size;
				block[1] = size ^ 0x55;
				block = static_cast<size_t *>(
				    slots[(seed >> 4) % SLOTS].exchange(block));
				if (!block)
					continue;
				wrong += block[1] != (block[0] ^ 0x55);
				poolkind_free(
				    seed % 2 ? kind.get() : nullptr, block);
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, wrong);
	for (std::atomic<void *> &slot : slots)
		poolkind_free(kind.get(), slot.exchange(nullptr));
	EXPECT_EQ(0u, stats_of(kind.get()).live);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

/* ---- Threads that exit --------------------------------------------------- */

namespace {

poolkind *exit_kind;
pthread_key_t exit_key;

/* Runs while the thread is torn down, again and again: before and after the
 * engine's own destructor. TSan has no thread any more in the last round. */
void
allocate_while_exiting(void *value)
{
	const intptr_t rounds = PTHREAD_DESTRUCTOR_ITERATIONS -
	    has_thread_sanitizer();
	intptr_t round = reinterpret_cast<intptr_t>(value);
	void *block = poolkind_malloc(exit_kind, 100 * round);
	EXPECT_NE(nullptr, block);
	poolkind_free(exit_kind, block);
	poolkind_open("nosuch", 0);
	EXPECT_STRNE("", poolkind_errormsg());
	if (round < rounds)
		pthread_setspecific(
		    exit_key, reinterpret_cast<void *>(round + 1));
}

} // namespace

TEST(ApiThreadExit, DestructorsMayAllocate)
{
	in_child(60, [] {
		Kind kind = open_kind("dram");
		exit_kind = kind.get();
		ASSERT_EQ(
		    0, pthread_key_create(&exit_key, allocate_while_exiting));
		for (int i = 0; i < 500; i++)
			std::thread([&] {
				if (i % 2)
					poolkind_free(exit_kind,
					    poolkind_malloc(exit_kind, 100));
				pthread_setspecific(exit_key, (void *)1);
			}).join();
		EXPECT_EQ(0u, stats_of(kind.get()).live);
		poolkind_trim(kind.get());
		EXPECT_EQ(0u, stats_of(kind.get()).cached);
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	});
}

TEST(ApiThreadExit, WithManyKindsInItsCaches)
{
	std::vector<Kind> kinds;
	for (int i = 0; i < 300; i++)
		kinds.push_back(open_kind("dram"));
	std::vector<std::thread> threads;
	for (int t = 0; t < 8; t++)
		threads.emplace_back([&] {
			for (const Kind &kind : kinds)
				poolkind_free(kind.get(),
				    poolkind_malloc(kind.get(), 64));
		});
	for (std::thread &thread : threads)
		thread.join();
	for (const Kind &kind : kinds) {
		EXPECT_EQ(0u, stats_of(kind.get()).live);
		poolkind_trim(kind.get());
		EXPECT_EQ(0u, stats_of(kind.get()).cached);
	}
}

TEST(ApiThreadExit, AmidOthersWhoAllocate)
{
	Kind kind = open_kind("dram");
	std::atomic<bool> stop(false);
	std::vector<std::thread> steady;
	for (int i = 0; i < 3; i++)
		steady.emplace_back([&] {
			while (!stop) {
				Chain chain;
				chain.fill(kind.get(), 300, 200);
				chain.free_all(kind.get());
			}
		});
	for (int i = 0; i < 2000; i++)
		std::thread([&] {
			Chain chain;
			chain.fill(kind.get(), 300, i % 50);
			chain.free_all(kind.get());
		}).join();
	stop = true;
	for (std::thread &thread : steady)
		thread.join();
	EXPECT_EQ(0u, stats_of(kind.get()).live);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

/* A cancelled thread must not leave in the middle of a call of the engine. */
TEST(ApiThreadExit, ByCancellation)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer intercepts cancellation";
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	std::string spec = "file:" + directory + ",size=4M,reserve=yes";
	in_child(60, [&] {
		for (int i = 0; i < 50; i++) {
			pthread_t thread;
			ASSERT_EQ(0,
			    pthread_create(
				&thread, nullptr,
				[](void *text) -> void * {
					pthread_cancel(pthread_self());
					poolkind *kind = poolkind_open(
					    (char *)text, 0);
					void *block = poolkind_malloc(
					    kind, 100000);
					poolkind_trim(kind);
					poolkind_free(kind, block);
					poolkind_close(kind);
					return block;
				},
				(void *)spec.c_str()));
			void *result;
			ASSERT_EQ(0, pthread_join(thread, &result));
			EXPECT_NE(nullptr, result);
			EXPECT_NE(PTHREAD_CANCELED, result)
			    << "a call of the engine was a cancellation point";
			open_kind(spec);
		}
	});
}

TEST(ApiThreadExit, TheProcessMayExitWhileThreadsAllocate)
{
	for (int round = 0; round < 30; round++) {
		Ending ending = run_in_child(30, [&] {
			poolkind *mine = open_kind("dram").release();
			for (int i = 0; i < 4; i++)
				std::thread([mine] {
					for (;;) {
						Chain chain;
						chain.fill(mine, 700, 100);
						chain.free_all(mine);
					}
				}).detach();
			usleep(1000 * (round % 5));
			exit(5);
		});
		ASSERT_EQ(Ending::Exited, ending.how) << ending.text();
		ASSERT_EQ(5, ending.code);
	}
}

TEST(ApiThread, KindsComeAndGoWhileOthersAllocate)
{
	Kind stays = open_kind("dram");
	std::vector<std::thread> threads;
	for (int t = 0; t < 6; t++)
		threads.emplace_back([&, t] {
			for (int i = 0; i < 150; i++) {
				Chain chain, own;
				chain.fill(stays.get(), 100 << t, 40);
				Kind kind = open_kind("dram");
				own.fill(kind.get(), 100 << t, 40);
				if (i % 2)
					own.free_all(kind.get());
				kind.reset();
				EXPECT_EQ(40u, chain.free_all(stays.get()));
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, stats_of(stays.get()).live);
}

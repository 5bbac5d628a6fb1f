/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind_on_map(): a registrar that knows of all memory of a kind, and looks
 * that no block lies in memory that it does not know. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

class Registrar {
public:
	static int
	told(void *self, poolkind *, void *start, size_t bytes, int what)
	{
		return static_cast<Registrar *>(self)->hear(
		    reinterpret_cast<uintptr_t>(start), bytes, what);
	}

	/* What a block of the kind has to be, and what it was. */
	void
	handed_out(void *block, size_t bytes)
	{
		std::lock_guard<std::mutex> guard(lock_);
		auto at = reinterpret_cast<uintptr_t>(block);
		EXPECT_TRUE(covers(at, bytes)) << block << " " << bytes;
		blocks_[at] = bytes;
	}
	void
	given_back(void *block)
	{
		std::lock_guard<std::mutex> guard(lock_);
		auto at = reinterpret_cast<uintptr_t>(block);
		EXPECT_TRUE(covers(at, blocks_[at])) << block;
		blocks_.erase(at);
	}
	size_t
	bytes()
	{
		std::lock_guard<std::mutex> guard(lock_);
		size_t sum = 0;
		for (auto &run : runs_)
			sum += run.second;
		return sum;
	}
	size_t
	runs()
	{
		std::lock_guard<std::mutex> guard(lock_);
		return runs_.size();
	}

	std::atomic<size_t> gets{ 0 }, losses{ 0 }, refusals{ 0 };
	std::atomic<unsigned> refuse_each{ 0 }; /* every so many; 0: none */

private:
	int
	hear(uintptr_t at, size_t bytes, int what)
	{
		std::lock_guard<std::mutex> guard(lock_);
		if (what == POOLKIND_LOSES_MEMORY) {
			losses++;
			auto run = runs_.find(at);
			if (run == runs_.end() || run->second != bytes) {
				ADD_FAILURE() << "lost, and never got";
				return 0;
			}
			auto block = blocks_.lower_bound(at);
			EXPECT_TRUE(closing || block == blocks_.end() ||
			    block->first >= at + bytes)
			    << "a block is in what is lost";
			runs_.erase(run);
			return 0;
		}
		gets++;
		auto next = runs_.lower_bound(at);
		EXPECT_TRUE(next == runs_.end() || next->first >= at + bytes);
		EXPECT_TRUE(next == runs_.begin() ||
		    std::prev(next)->first + std::prev(next)->second <= at);
		if (refuse_each != 0 && gets % refuse_each == 0) {
			refusals++;
			return -1;
		}
		runs_[at] = bytes;
		return 0;
	}
	/* Runs lie side by side. */
	bool
	covers(uintptr_t at, size_t bytes)
	{
		uintptr_t end = at + bytes;
		while (at < end) {
			auto run = runs_.upper_bound(at);
			if (run == runs_.begin())
				return false;
			--run;
			if (run->first + run->second <= at)
				return false;
			at = run->first + run->second;
		}
		return true;
	}

	std::mutex lock_;
	std::map<uintptr_t, size_t> runs_, blocks_;

public:
	bool closing = false;
};

class MapHook : public testing::TestWithParam<const char *> {};

INSTANTIATE_TEST_SUITE_P(Kinds, MapHook,
    testing::Values("dram", "dram,limit=24M", "dram,populate=yes,limit=24M",
	"nodes:0,limit=24M", "dram,page=thp,limit=32M",
	"file:/dev/shm,size=24M", "capacity,limit=24M"));

void
churn(poolkind *kind, Registrar &registrar, unsigned seed, int rounds)
{
	struct {
		void *block;
		size_t bytes;
	} held[64] = {};

	for (int i = 0; i < rounds; i++) {
		seed = seed * 1103515245 + 12345;
		auto &one = held[seed >> 20 & 63];
		if (one.block != nullptr) {
			registrar.given_back(one.block);
			poolkind_free(kind, one.block);
			one.block = nullptr;
			continue;
		}
		one.bytes = (seed >> 16 & 15) == 0 ?
		    (seed >> 10 & 1023) * KIB + 1 :
		    (seed >> 8 & 4095) + 1;
		one.block = seed >> 28 == 1 ?
		    poolkind_calloc(kind, 1, one.bytes) :
		    poolkind_malloc(kind, one.bytes);
		if (one.block == nullptr)
			continue;
		registrar.handed_out(one.block, one.bytes);
		memset(one.block, 1, one.bytes);
		if (seed >> 27 == 5)
			poolkind_trim(kind);
		if (seed >> 28 == 7) {
			registrar.given_back(one.block);
			void *moved = poolkind_realloc(
			    kind, one.block, 2 * one.bytes);
			if (moved != nullptr) {
				one.block = moved;
				one.bytes *= 2;
			}
			registrar.handed_out(one.block, one.bytes);
		}
	}
	for (auto &one : held)
		if (one.block != nullptr) {
			registrar.given_back(one.block);
			poolkind_free(kind, one.block);
		}
}

void
churn_on_threads(poolkind *kind, Registrar &registrar, int rounds)
{
	std::thread threads[4];
	unsigned seed = 1;

	for (std::thread &thread : threads)
		thread = std::thread([=, &registrar, seed = seed++] {
			churn(kind, registrar, seed, rounds);
		});
	for (std::thread &thread : threads)
		thread.join();
}

} // namespace

TEST_P(MapHook, NoBlockIsInMemoryThatWasNotToldOf)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	churn_on_threads(kind.get(), registrar, 4000);
	EXPECT_GT(registrar.gets, 0u);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	kind.reset();
	EXPECT_EQ(0u, registrar.runs());
	EXPECT_EQ(registrar.gets, registrar.losses);
}

TEST_P(MapHook, NoBlockIsInMemoryThatWasRefused)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	registrar.refuse_each = 3;
	churn_on_threads(kind.get(), registrar, 2000);
	registrar.refuse_each = 0;
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	kind.reset();
	EXPECT_EQ(0u, registrar.runs());
	EXPECT_EQ(registrar.gets, registrar.losses + registrar.refusals);
}

TEST_P(MapHook, WhatIsThereIsToldOfAtOnceAndLostInTheEnd)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());
	void *block = poolkind_malloc(kind.get(), 3 * MIB);

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	registrar.handed_out(block, 3 * MIB);
	registrar.given_back(block);
	ASSERT_EQ(0, poolkind_on_map(kind.get(), nullptr, nullptr));
	EXPECT_EQ(0u, registrar.runs());
	size_t gets = registrar.gets;
	poolkind_free(kind.get(), block);
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 5 * MIB));
	poolkind_trim(kind.get());
	EXPECT_EQ(gets, registrar.gets);
	registrar.refuse_each = 1;
	block = poolkind_malloc(kind.get(), 3 * MIB);
	errno = 0;
	EXPECT_EQ(-1, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0u, registrar.runs());
	poolkind_free(kind.get(), block);
}

/* What is refused is NULL with ENOMEM, and what was accepted is handed out. */
TEST(MapHookOfOne, ARefusalIsNullAndNothingOfItIsKept)
{
	Registrar registrar;
	Kind kind = open_kind("dram");

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	registrar.refuse_each = 1;
	for (size_t bytes : { size_t{ 64 }, size_t{ 100000 }, 5 * MIB }) {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), bytes));
		EXPECT_EQ(ENOMEM, errno);
	}
	EXPECT_EQ(0u, stats_of(kind.get()).committed);
	registrar.refuse_each = 0;
	EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 64));
}

/* The child is told of nothing, and may have a function of its own. */
TEST(MapHookOfOne, IsNotTheChilds)
{
	Registrar registrar;
	Kind kind = open_kind("dram,limit=32M");

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	std::thread worker([&] { churn(kind.get(), registrar, 9, 20000); });
	for (int i = 0; i < 8; i++) {
		pid_t child = fork();
		if (child == 0) {
			size_t gets = registrar.gets;
			Registrar own;
			void *block = poolkind_malloc(kind.get(), 4 * MIB);
			bool good = registrar.gets == gets &&
			    poolkind_on_map(
				kind.get(), Registrar::told, &own) == 0 &&
			    own.bytes() == stats_of(kind.get()).committed;
			poolkind_free(kind.get(), block);
			poolkind_trim(kind.get());
			good = good && poolkind_check(kind.get()) == 0 &&
			    own.bytes() == stats_of(kind.get()).committed;
			_exit(good ? 0 : 1);
		}
		Ending ending = wait_for(child, 60);
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
	}
	worker.join();
}

TEST(MapHookOfOne, IsRefusedWhatItAsksOfItsKind)
{
	static std::atomic<int> refused{ 0 };
	Kind kind = open_kind("dram,name=asked");

	ASSERT_EQ(0,
	    poolkind_on_map(
		kind.get(),
		[](void *, poolkind *kind, void *, size_t, int what) {
			if (what != POOLKIND_GETS_MEMORY)
				return 0;
			errno = 0;
			EXPECT_EQ(nullptr, poolkind_malloc(kind, 5 * MIB));
			EXPECT_EQ(EDEADLK, errno);
			EXPECT_EQ(-1, poolkind_on_map(kind, nullptr, nullptr));
			EXPECT_EQ(EDEADLK, errno);
			refused++;
			free(unknown(malloc(100)));
			return 0;
		},
		nullptr));
	void *block = poolkind_malloc(kind.get(), 3 * MIB);
	EXPECT_NE(nullptr, block);
	EXPECT_GT(refused, 0);
	poolkind_free(kind.get(), block);
	Kind apart = open_kind("file:/dev/shm,size=4M,fork=private");
	EXPECT_EQ(-1,
	    poolkind_on_map(
		apart.get(),
		[](void *, poolkind *, void *, size_t, int) { return 0; },
		nullptr));
	EXPECT_EQ(ENOTSUP, errno);
}
